"""Paths as they travel: relative to the watched folder, with `/`, as `os.fsdecode` gives them."""

import os
from pathlib import Path
from typing import TypeGuard


def is_below_root(path: object) -> TypeGuard[str]:
    """Whether this is a path as a message may hold it: relative, straight down, of bytes that a file name can have.

    It says nothing of links, which are not followed where the file is opened.
    """
    if not isinstance(path, str) or "\0" in path or {"", ".", ".."}.intersection(path.split("/")):
        return False
    try:
        os.fsencode(path)
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte
        return False
    return True


def absolute(path: Path) -> Path:
    """The same path from the root on; `~` is the home folder."""
    return path.expanduser().absolute()


def absolute_or_none(folder: str) -> str:
    """The same of a folder's name; "" stays."""
    return str(absolute(Path(folder))) if folder else ""


def own_folder(variable: str, usual: str) -> Path | None:
    """imagesieve's folder of one kind, as the XDG base directories have it; None for a user without a home folder.

    variable: names the folder of all programs; usual: where that is below the home folder, if it is not set.
    """
    base = os.environ.get(variable, "")
    if not base.startswith("/"):  # relative ones are invalid, the specification says
        try:
            base = str(Path.home() / usual)
        except RuntimeError:
            return None
    return Path(base) / "imagesieve"


def below_root(folder: str, root: Path) -> str:
    """`folder`, absolute or relative to `root`, as a path below it; `.` is `root` itself. Raises ValueError."""
    relative = Path(os.path.relpath(root / Path(folder).expanduser(), root))
    if os.pardir in relative.parts:
        raise ValueError("name folders below the watched one, absolute or relative to it")
    return str(relative)


def is_in_folder(path: str, folder: str) -> bool:
    """Whether the file at `path` lies in `folder` or below it; `.` holds every file."""
    return folder == "." or path.startswith(folder + "/")


def is_one_folder(one: str, other: str) -> bool:
    """Whether two absolute paths lead to one folder, by whatever links and mounts; the same path always does."""
    try:
        return one == other or Path(one).samefile(other)
    except OSError:
        return False
