"""The state folder: private to its user, of one watched folder, and taken by one `up` at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shared.errors import SettingsError, StateInUse

WATCHED: Final = "watched"  # a file in the state folder: the watched folder, as bytes of a path


def take(folder: Path) -> int:
    """Make `folder` if needed and lock it; the descriptor holds the lock until it and its copies are closed.

    Raises StateInUse when another imagesieve holds it, SettingsError when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(folder, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StateInUse(
            f"the state folder {folder} is in use by another imagesieve{_holder(folder)}; stop that one, "
            "or give this one a folder of its own in IMAGESIEVE_STATE_DIR"
        ) from error
    return descriptor


def claim(folder: Path, watched: Path) -> None:
    """Keep the state folder for `watched`; the caller holds its lock. Raises SettingsError where it is another's.

    Its records are of that one: with another folder in its place, every file would be taken for deleted.
    """
    file = folder / WATCHED
    try:
        owner = Path(os.fsdecode(file.read_bytes()))
    except FileNotFoundError:
        owner = watched
    except OSError as error:
        raise _unusable(folder, error) from error
    if owner.resolve() != watched.resolve():
        raise SettingsError(
            f"the state folder {folder} belongs to the watched folder {owner}; give {watched} a state folder of its "
            f"own in IMAGESIEVE_STATE_DIR, or remove the file {file} if {owner} was moved or renamed to it"
        )
    written = file.with_name(f"{WATCHED}.new")
    try:
        written.write_bytes(os.fsencode(watched))
        written.replace(file)  # a half written one would be another folder
    except OSError as error:
        raise _unusable(folder, error) from error


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """A folder for the temporary files of all processes: what the killed ones of them left goes with it."""
    place = folder / "tmp"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _unusable(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"IMAGESIEVE_STATE_DIR is {str(folder)!r}, which cannot be used: {error.strerror}; name a folder you may write"
    )


def _holder(folder: Path) -> str:
    try:
        return f" (its supervisord has process number {int((folder / 'supervisord.pid').read_text())})"
    except (OSError, ValueError):
        return ""
