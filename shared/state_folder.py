"""The state folder's mark: by it imagesieve knows a folder that it may write into, and who made what is in there.

The mark is a file with the version of what the folder holds. A folder with other things in it and no mark is a user's
and is refused, whatever it is called: what is cleaned up in a state folder must never be somebody's pictures.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

from shared.errors import SettingsError
from shared.permission import why_not

MARK: Final = "imagesieve-state"
OWN_PREFIX: Final = ".imagesieve-"  # of all hidden files and folders that are made in a marked folder
STATE_VERSION: Final = 2  # of what the folder holds; it grows when an older imagesieve could not read it any more

# What every earlier version, which left no mark, wrote at its first start: `up`, the watcher, beat.
_EVIDENCE: Final = ("watched", "supervisord.conf", "watcher.alive", "beat.alive", "beat-schedule")
# No user's: a start that failed in an earlier version, and every file system that is mounted there.
_NOTHING: Final = ("lock", "lost+found")


def open_state_folder(folder: Path) -> None:
    """Make the state folder if needed, and mark it. Raises SettingsError where it is not ours.

    A folder of an earlier version gets its mark, and is otherwise read as it is.
    """
    check_state_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / MARK).exists():
            write_whole(folder / MARK, f"{STATE_VERSION}\n".encode())
    except OSError as error:
        raise unusable(folder, error) from error


def check_state_folder(folder: Path) -> None:
    """Raise SettingsError where this cannot be the state folder; makes nothing.

    It can be where there is nothing yet, an empty folder, or one that an imagesieve no newer than this one made.
    """
    if not str(folder).isprintable():
        raise SettingsError(
            f"IMAGESIEVE_STATE_DIR is {str(folder)!r}, with a line break or another character that cannot be shown; "
            "name a folder without one"
        )
    try:
        if not folder.exists():
            return
        # In this order: of several containers that begin in an empty folder, the first one marks it before all else.
        foreign = _foreign(folder)
        version = _read_version(folder)
    except OSError as error:
        raise unusable(folder, error) from error
    if foreign and version is None:
        raise SettingsError(
            f"IMAGESIEVE_STATE_DIR is {folder}, which holds {foreign[0]!r} and was not made by imagesieve; name a new "
            "or an empty folder for its state"
        )
    if version is not None and version > STATE_VERSION:
        raise SettingsError(
            f"the state folder {folder} was made by a newer imagesieve (its version is {version}, this one reads up to "
            f"{STATE_VERSION}); start the newer one, or name another folder in IMAGESIEVE_STATE_DIR"
        )


def _read_version(folder: Path) -> int | None:
    """The version in the mark; 1 for a folder older than the marks; None where no imagesieve made it."""
    try:
        text = (folder / MARK).read_text(errors="replace").strip()
    except FileNotFoundError:
        return 1 if any((folder / name).is_file() for name in _EVIDENCE) else None
    if not text.isdecimal():
        raise SettingsError(
            f"the mark {folder / MARK} of the state folder holds no version; write {STATE_VERSION} into it if "
            "imagesieve made this folder, or name another one in IMAGESIEVE_STATE_DIR"
        )
    return int(text)


def _foreign(folder: Path) -> list[str]:
    """Names in it by which a folder without a mark is a user's."""
    names = sorted(path.name for path in folder.iterdir())
    return [name for name in names if name not in _NOTHING and not name.startswith(OWN_PREFIX)]


def write_whole(file: Path, data: bytes) -> None:
    """Write a file, for its user alone, as a whole or not at all, also in a power cut. Raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=OWN_PREFIX, dir=file.parent)  # 0600
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """See to it that names in a folder last. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unusable(folder: Path, error: OSError) -> SettingsError:
    """The error for a state folder that cannot be written, or is not a folder."""
    return SettingsError(
        f"IMAGESIEVE_STATE_DIR is {str(folder)!r}, which cannot be used: {why_not(error)}; name a folder you may write"
    )
