"""Names below the target folder of a move."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from shared.errors import LeftAlone

NUMBERS: Final = 1000  # names tried where the own one is taken
LONGEST_NAME: Final = 255  # bytes


def free_place(target: Path, path: str) -> str:
    """A path below the target folder that nothing has: the file's own, or a numbered one. Raises LeftAlone."""
    own = PurePosixPath(path)
    for name in numbered_names(own.name):
        place = str(own.with_name(name))
        try:
            (target / place).lstat()
        except FileNotFoundError:
            return place
        except NotADirectoryError as error:
            raise LeftAlone(f"a file or link in {target} has the name of its folder") from error
    raise LeftAlone(f"{NUMBERS} files of its name are in {target} already")


def is_taken(target: Path, path: str) -> bool:
    """Whether anything has this path below the target folder, or has the name of its folder and is none."""
    try:
        (target / path).lstat()
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        pass
    return True


def numbered_names(name: str) -> Iterator[str]:
    """The name itself, then `name (2).ext` and so on, none longer than file systems take (pure)."""
    own = PurePosixPath(name)
    yield name
    for number in range(2, NUMBERS):
        tail = f" ({number}){own.suffix}"
        stem = os.fsencode(own.stem)[: LONGEST_NAME - len(os.fsencode(tail))]
        yield os.fsdecode(stem) + tail
