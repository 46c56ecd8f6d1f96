"""The state folder: private to its user, and taken by one `up` at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import SettingsError, StateInUse


def take(folder: Path) -> int:
    """Make `folder` if needed and lock it; the descriptor holds the lock until it and its copies are closed.

    Raises StateInUse when another imagesieve holds it, SettingsError when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SettingsError(
            f"IMAGESIEVE_STATE_DIR is {str(folder)!r}, which cannot be used: {error.strerror}; "
            "name a folder you may write"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StateInUse(
            f"the state folder {folder} is in use by another imagesieve{_holder(folder)}; stop that one, "
            "or give this one a folder of its own in IMAGESIEVE_STATE_DIR"
        ) from error
    return descriptor


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


def _holder(folder: Path) -> str:
    try:
        return f" (its supervisord has process number {int((folder / 'supervisord.pid').read_text())})"
    except (OSError, ValueError):
        return ""
