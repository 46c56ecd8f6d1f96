"""A file goes into the trash, by the specification of freedesktop.org, version 1.0.

https://specifications.freedesktop.org/trash-spec/latest/

Names are taken by creating the .trashinfo, which fails where anybody else has it, and the file is moved without
overwriting: whoever trashes by the same names at the same time, nothing in the trash is ever lost.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from shared.errors import LeftAlone
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.inspection import HeldFile
from worker.pipeline.acting.place import Place, check_renamed, is_same_file
from worker.pipeline.acting.trash_folder import Trash, opened_trash
from worker.pipeline.acting.trashinfo import INFO_SUFFIX, info_place, make_info, remove_info

NUMBERS_IN_TRASH: Final = 10_000  # names tried where the own one is taken
LONGEST: Final = 255 - len(INFO_SUFFIX)  # bytes of a name


def put_in_trash(file: HeldFile, trash: Trash, info: bytes, disk: Disk, check: Callable[[], None]) -> Path:
    """Move a file that was inspected into the trash; where it is now.

    info: the text of its .trashinfo. check: raises LeftAlone where the file must not go after all; called when it has
    left its path. Info and file are on the disk before its folder forgets it. Raises OSError or LeftAlone; `settle` is
    due then.
    """
    with opened_trash(trash) as (infos, files):
        file.check()
        for name in _names(file.place.name):
            if Place(files, name).status() is None and _put(file, infos, Place(files, name), info, disk, check):
                return trash.folder / "files" / name
    raise LeftAlone(f"{NUMBERS_IN_TRASH:,} files of its name are in the trash already")


def _put(file: HeldFile, infos: int, goal: Place, info: bytes, disk: Disk, check: Callable[[], None]) -> bool:
    """Whether the file has the name of `goal` now: False where another program took it, for an info or for a file."""
    place = info_place(infos, goal.name)
    try:
        made = make_info(place, info, disk)
    except FileExistsError:
        return False
    try:
        disk.rename(file.place, goal)
    except OSError as error:
        if not is_same_file(goal.status(), file.status):  # else `settle` finds it by its .trashinfo
            remove_info(place, made, disk)
        if isinstance(error, FileExistsError):
            return False
        raise
    try:
        check_renamed(goal, file.status, "another file was put in its place at the last moment")
        check()
    except LeftAlone:
        disk.rename(goal, file.place)
        remove_info(place, made, disk)
        raise
    disk.sync(goal, file.place)
    return True


def _names(name: str) -> Iterator[str]:
    """The file's own name, then numbered ones; none too long to have its .trashinfo (pure)."""
    own = Path(name)
    for number in range(1, NUMBERS_IN_TRASH):
        tail = own.suffix if number == 1 else f" {number}{own.suffix}"
        stem = os.fsencode(own.stem)[: max(1, LONGEST - len(os.fsencode(tail)))]
        yield (os.fsdecode(stem) + tail)[:LONGEST]
