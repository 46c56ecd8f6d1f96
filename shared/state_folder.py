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
from shared.version import own_version

MARK: Final = "imagesieve-state"
OWN_PREFIX: Final = ".imagesieve-"  # of all hidden files and folders that are made in a marked folder
WRITER: Final = "imagesieve-version"  # a file in it: the version of imagesieve that used it last
WATCHED: Final = "watched"  # a file in it: the watched folder, as bytes of a path
CONFIG: Final = "config.toml"  # a file in it, if a user makes one: settings
STATE_VERSION: Final = 2  # of what the folder holds; it grows when an older imagesieve could not read it any more

# What every earlier version, which left no mark, wrote at its first start: `up`, the watcher, beat.
_EVIDENCE: Final = (WATCHED, "supervisord.conf", "watcher.alive", "beat.alive", "beat-schedule")
# No foreign thing: what a start that failed in an earlier version left, settings that were written before the first
# start, and what every file system has that is mounted there.
_NOTHING: Final = ("lock", CONFIG, "lost+found")


def open_state_folder(folder: Path) -> None:
    """Make the state folder if needed, and mark it. Raises SettingsError where it is not ours.

    A folder of an earlier version gets its mark, and is otherwise read as it is.
    """
    check_state_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / MARK).exists():
            write_whole(folder / MARK, f"{STATE_VERSION}\n".encode())
        if writer_of(folder) != own_version():
            write_whole(folder / WRITER, f"{own_version()}\n".encode())
    except OSError as error:
        raise unusable(folder, error) from error


def check_state_folder(folder: Path) -> None:
    """Raise SettingsError where this cannot be the state folder; makes nothing.

    It can be where there is nothing yet, an empty folder, or one that an imagesieve no newer than this one made.
    """
    if not str(folder).isprintable():
        raise SettingsError(
            f"the state folder is {str(folder)!r}, with a line break or another character that cannot be shown; "
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
            f"the state folder is {folder}, which holds {foreign[0]!r} and was not made by imagesieve; name a new "
            "or an empty folder for its state"
        )
    if version is not None and version > STATE_VERSION:
        raise SettingsError(
            f"the state folder {folder} was made by a newer imagesieve (its version is {version}, written by "
            f"{writer_of(folder) or 'an unknown one'}; this one, {own_version()}, reads up to {STATE_VERSION}); start "
            "the newer one, or name another folder with --state"
        )


def is_state_folder(folder: Path) -> bool:
    """Whether an imagesieve made this folder, of whatever version. A look at a few names."""
    try:
        return _read_version(folder) is not None
    except SettingsError:
        return True  # it has a mark, which is damaged
    except OSError:
        return False


def writer_of(folder: Path) -> str:
    """The version of imagesieve that used this state folder last; "" where none has left its version."""
    try:
        return (folder / WRITER).read_text(errors="replace").strip()
    except OSError:
        return ""


def watched_by(folder: Path) -> Path | None:
    """The watched folder that a state folder is of; None where that is not written there. Raises OSError."""
    try:
        kept = (folder / WATCHED).read_bytes()
    except FileNotFoundError:
        return None
    return Path(os.fsdecode(kept)) if kept else None  # empty: written by an earlier version before a power cut


def keep_watched(folder: Path, watched: Path) -> None:
    """Write down the watched folder that a state folder is of. Raises OSError."""
    write_whole(folder / WATCHED, os.fsencode(watched))


def _read_version(folder: Path) -> int | None:
    """The version in the mark; 1 for a folder older than the marks; None where no imagesieve made it."""
    try:
        text = (folder / MARK).read_text(errors="replace").strip()
    except FileNotFoundError:
        return 1 if any((folder / name).is_file() for name in _EVIDENCE) else None
    if not text.isdecimal():
        raise SettingsError(
            f"the mark {folder / MARK} of the state folder holds no version; write {STATE_VERSION} into it if "
            "imagesieve made this folder, or name another one with --state"
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
        f"the state folder is {str(folder)!r}, which cannot be used: {why_not(error)}; name a folder you may write"
    )
