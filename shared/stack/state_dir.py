"""The state folder: private to its user, of one watched folder, and taken by one `up` at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shared.errors import SettingsError, StateInUse
from shared.permission import why_not

WATCHED: Final = "watched"  # a file in the state folder: the watched folder, as bytes of a path
MARK: Final = "imagesieve-state"  # a file in the state folder: the version of what is in it
VERSION: Final = 2
# What version 1, which had no mark, put into a state folder; nobody else puts the first two into one.
_OF_VERSION_1: Final = frozenset(
    {"lock", "watched", "watched.new", "redis", "logs", "reports", "actions", "tmp", "flower.auth", "sv.sock",
     "supervisord.conf", "supervisord.pid", "beat-schedule", "beat-schedule-wal", "beat-schedule-shm", "beat.alive",
     "beat-schedule.db", "beat-schedule.dat", "beat-schedule.dir", "beat-schedule.bak", "watcher.alive"}
)  # fmt: skip
_TEMPORARY: Final = "imagesieve-tmp"


def check_own(folder: Path) -> None:
    """Raise SettingsError where `folder` is not one of imagesieve's, or is of a later version. Nothing is changed."""
    try:
        names = {path.name for path in folder.iterdir()}
        version = int((folder / MARK).read_text()) if MARK in names else 1
    except FileNotFoundError:
        return  # it is made
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"IMAGESIEVE_STATE_DIR is {str(folder)!r}, which cannot be used: {error}; name another folder"
        ) from error
    if version > VERSION:
        raise SettingsError(
            f"the state folder {folder} was written by a later imagesieve (version {version} of it, this one knows "
            f"{VERSION}); start that one, or give this one another IMAGESIEVE_STATE_DIR"
        )
    strange = sorted(names - _OF_VERSION_1)
    if version == 1 and strange:
        raise SettingsError(
            f"IMAGESIEVE_STATE_DIR is {str(folder)!r}, which holds {strange[0]!a} and is not a folder of imagesieve's: "
            "name a new or an empty one, for what is in it is imagesieve's to remove"
        )


def take(folder: Path) -> int:
    """Make `folder` if needed and lock it; the descriptor holds the lock until it and its copies are closed.

    Raises StateInUse when another imagesieve holds it, SettingsError when it cannot be written, or is not ours.
    """
    check_own(folder)
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
    try:
        _write(folder / MARK, f"{VERSION}\n".encode())
    except OSError as error:
        os.close(descriptor)
        raise _unusable(folder, error) from error
    return descriptor


def check_claim(folder: Path, watched: Path) -> None:
    """Raise SettingsError where the state folder is kept for another watched folder; the caller holds its lock.

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


def claim(folder: Path, watched: Path) -> None:
    """Keep the state folder for `watched` from now on. Raises SettingsError as `check_claim`."""
    check_claim(folder, watched)
    try:
        _write(folder / WATCHED, os.fsencode(watched))
    except OSError as error:
        raise _unusable(folder, error) from error


def _write(file: Path, data: bytes) -> None:
    """In one step: a half written one would say something else."""
    written = file.with_name(f"{file.name}.new")
    written.write_bytes(data)
    written.replace(file)


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """A folder for the temporary files of all processes: what the killed ones of them left goes with it."""
    place = folder / _TEMPORARY
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _unusable(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"IMAGESIEVE_STATE_DIR is {str(folder)!r}, which cannot be used: {why_not(error)}; name a folder you may write"
    )


def _holder(folder: Path) -> str:
    try:
        return f" (its supervisord has process number {int((folder / 'supervisord.pid').read_text())})"
    except (OSError, ValueError):
        return ""
