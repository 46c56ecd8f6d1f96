"""The .trashinfo beside each file in a trash: it says where the file was, and holds the file's name for it.

A line of our own tells which step of which run made it: only such ones are removed where no file belongs to them. The
specification has other programs pass over lines that they do not know.
"""

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from worker.pipeline.acting.contents import write_all
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.place import Place, is_same_file
from worker.pipeline.acting.trash_folder import Trash

INFO_SUFFIX: Final = ".trashinfo"
_PATH: Final = re.compile(rb"^Path=(.*)$", re.MULTILINE)
_MARK: Final = re.compile(rb"^X-imagesieve-Step=(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Said:
    """What a .trashinfo says. path: where its file was, absolute; None where it is empty, damaged or missing.

    mark: the step that made it, "" where another program did. status: of the .trashinfo itself.
    """

    path: Path | None = None
    mark: str = ""
    status: os.stat_result | None = None


def info_place(infos: int, name: str) -> Place:
    """Where the .trashinfo of a file with this name is. infos: a descriptor of their folder."""
    return Place(infos, name + INFO_SUFFIX)


def info_text(trash: Trash, path: Path, at: datetime, mark: str) -> bytes:
    """What is to be written (pure). path: of the file, absolute. at: local time. mark: of the step."""
    said = os.fsencode(path if trash.home else path.relative_to(trash.base))
    lines = (
        f"[Trash Info]\nPath={quote_from_bytes(said)}\nDeletionDate={at:%Y-%m-%dT%H:%M:%S}\nX-imagesieve-Step={mark}\n"
    )
    return lines.encode("ascii")


def make_info(place: Place, text: bytes, disk: Disk) -> os.stat_result:
    """Make a .trashinfo, which is on the disk when this returns; its status.

    Raises FileExistsError where somebody has its name, OSError; then nothing was made.
    """
    descriptor = disk.create(place)
    made = os.fstat(descriptor)
    try:
        try:
            disk.before("info")
            write_all(descriptor, text, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        disk.sync(place)
    except OSError:
        remove_info(place, made, disk)
        raise
    return made


def remove_info(place: Place, made: os.stat_result | None, disk: Disk) -> None:
    """Remove a .trashinfo, if it is still the very file that was seen: another program may have made its own since."""
    if is_same_file(place.status(), made):
        disk.unlink(place)


def read_info(trash: Trash, name: str) -> Said:
    """What the .trashinfo of the file with this name says; nothing where there is none, or it cannot be read."""
    try:
        with (trash.folder / "info" / (name + INFO_SUFFIX)).open("rb") as info:
            text, status = info.read(), os.fstat(info.fileno())
    except OSError:
        return Said()
    path, mark = _PATH.search(text), _MARK.search(text)
    return Said(
        trash.base / os.fsdecode(unquote_to_bytes(path[1])) if path and path[1] else None,
        os.fsdecode(mark[1]) if mark else "",
        status,
    )
