"""The state folder: private to its user, of one watched folder, and taken by one `up` at a time."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shared.errors import SettingsError, StateInUse
from shared.state_folder import (
    OWN_PREFIX,
    WATCHED,
    keep_watched,
    open_state_folder,
    unusable,
    watched_by,
    write_whole,
)

TEMPORARY: Final = f"{OWN_PREFIX}tmp"  # a folder in it, for the temporary files of all processes
FLOWER_AUTH: Final = "flower.auth"


def take(folder: Path) -> int:
    """Make `folder` if needed and lock it; the descriptor holds the lock until it and its copies are closed.

    Raises StateInUse when another imagesieve holds it, SettingsError when it cannot be written or is not ours.
    """
    open_state_folder(folder)
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unusable(folder, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StateInUse(
            f"the state folder {folder} is in use by another imagesieve{_holder(folder)}; stop that one, "
            "or give this one a folder of its own with --state"
        ) from error
    return descriptor


def check_owner(folder: Path, watched: Path) -> None:
    """Raise SettingsError where the state folder was claimed for another watched folder than `watched`.

    Its records are of that one: with another folder in its place, every file would be taken for deleted.
    """
    try:
        owner = watched_by(folder)
    except OSError as error:
        raise unusable(folder, error) from error
    if owner and owner.resolve() != watched.resolve():
        raise SettingsError(
            f"the state folder {folder} belongs to the watched folder {owner}; give {watched} a state folder of its "
            f"own with --state, or remove the file {folder / WATCHED} if {owner} was moved or renamed to it"
        )


def claim(folder: Path, watched: Path) -> None:
    """Keep the state folder for `watched` from now on; the caller holds its lock. Raises SettingsError.

    To be called when the first record is about to be written, not before: a start that fails claims nothing.
    """
    check_owner(folder, watched)
    try:
        keep_watched(folder, watched)
    except OSError as error:
        raise unusable(folder, error) from error


def flower_auth(folder: Path) -> str:
    """Flower's user and password, made once per state folder; made again where the stored ones do not parse."""
    file = folder / FLOWER_AUTH
    try:
        kept = file.read_text(errors="replace").strip() if file.exists() else ""
        user, _, password = kept.partition(":")
        if not (user and password):
            kept = f"imagesieve:{secrets.token_urlsafe(12)}"
            write_whole(file, kept.encode())
    except OSError as error:
        raise unusable(folder, error) from error
    return kept


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """A folder for the temporary files of all processes, removed with whatever killed processes left in it."""
    place = folder / TEMPORARY
    shutil.rmtree(place, ignore_errors=True)
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise unusable(folder, error) from error
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _holder(folder: Path) -> str:
    try:
        return f" (its supervisord has process number {int((folder / 'supervisord.pid').read_text())})"
    except (OSError, ValueError):
        return ""
