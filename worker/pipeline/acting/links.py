"""A link to its keeper takes the place of a file with the same bytes, and the file takes it back."""

import os
import posixpath
import stat
from contextlib import suppress
from pathlib import Path

from shared.acting.runs import Action, Step
from shared.errors import LeftAlone
from worker.pipeline.acting.contents import (
    copy_contents,
    give_metadata_if_alone,
    holds,
    is_keeper,
    is_original,
    is_part_of,
)
from worker.pipeline.acting.disk import Disk, change_places
from worker.pipeline.acting.inspection import HeldFile, placed
from worker.pipeline.acting.place import Place, check_renamed, is_same_file
from worker.pipeline.acting.removal import remove_copy


def link_text(step: Step) -> str:
    """What the symbolic link says: its keeper, relative to its own folder."""
    return posixpath.relpath(step.keeper, posixpath.dirname(step.path) or ".")


def put_link(action: Action, keeper: HeldFile, file: HeldFile, step: Step, temporary: str, disk: Disk) -> None:
    """Let a link take the place of `file`, in one step. Raises OSError or LeftAlone; then `settle_link` is due."""
    link, hard = file.place.sibling(temporary), action is Action.HARDLINK
    if hard:
        keeper.check()
        disk.link(keeper.place, link)
        check_renamed(link, keeper.status, "its keeper was replaced at the last moment")
        keeper = keeper.seen_anew()
    else:
        disk.symlink(link_text(step), link)
    keeper.check()
    file.check()
    made = link.status()
    if disk.exchange(link, file.place):
        original = link  # under the temporary name now
        try:
            check_renamed(original, file.status, "it was replaced at the last moment")
            file.check_lease()
            # One that is the same file by another path is a link now.
            (keeper.seen_anew() if hard else keeper).check()
            disk.sync(file.place)
            remove_copy(original, keeper.place, step, disk)
        except (LeftAlone, OSError):
            change_places(original, file.place, made, disk)
            raise
    else:

        def check() -> None:
            keeper.check()
            file.check()

        disk.replace(link, file.place, check)
    disk.sync(file.place)


def settle_link(action: Action, root: Path, step: Step, temporary: str, disk: Disk) -> bool:
    """Put in order what was cut off: True where the link stands in the file's place, False where the file does.

    Raises LeftAlone where neither does, or where a hidden file is not to be removed; OSError.
    """
    with placed(root, step.path) as place:
        other = place.sibling(temporary)
        if other.status():
            _settle_hidden(action, root, place, other, step, disk)
        disk.sync(place)
        linked = _is_link(action, root, place, step)
        if not linked and not holds(place, step) and not is_original(place, step):  # an edited one never gave way
            raise LeftAlone("neither it nor the link is there: somebody else moved or changed it")
        return linked


def _settle_hidden(action: Action, root: Path, place: Place, other: Place, step: Step, disk: Disk) -> None:
    """Remove the temporary name, unless it is a file's only copy: then the file gets its own name back."""
    current = place.status()
    if _is_link(action, root, other, step):
        disk.unlink(other)
    elif current is None:
        disk.rename(other, place)
    elif is_same_file(other.status(), current):  # which was cut off before its last call, on an earlier try
        disk.unlink_name(other, place)
    elif _is_link(action, root, place, step):
        # The file itself, or whatever stood at its path; not removed, for its keeper may be gone with the next look.
        change_places(other, place, current, disk)
        _drop(action, root, other, place, step, disk)
    elif holds(place, step) and holds(other, step):
        if is_original(other, step) and not is_original(place, step):
            change_places(other, place, current, disk)
        _drop(action, root, other, place, step, disk)
    else:
        raise LeftAlone(f"something else is at its path now; it is kept beside it as {other.name}")


def _drop(action: Action, root: Path, hidden: Place, path: Place, step: Step, disk: Disk) -> None:
    """What gave its place up goes: a link, which is but a name, or a file whose bytes are at `path`."""
    if hidden.status() is None:  # it was replaced
        return
    if _is_link(action, root, hidden, step):
        disk.unlink(hidden)
    else:
        remove_copy(hidden, path, step, disk)


def take_back(action: Action, root: Path, step: Step, temporary: str, disk: Disk) -> None:
    """Put a file of its own in place of the link. Raises LeftAlone where that cannot be, OSError."""
    with placed(root, step.path) as place:
        copy = place.sibling(temporary)
        if copy.status():
            _go_on(action, root, place, copy, step, disk)
        current = place.status()
        if current is not None and not _is_link(action, root, place, step):
            if not holds(place, step):
                raise LeftAlone("something else is at its path now, which is not overwritten")
            if action is Action.SYMLINK and is_keeper(current, step):
                raise LeftAlone(f"its keeper, which had the path {step.keeper!a}, is at its path now, and stays there")
            if action is Action.SYMLINK or current.st_nlink == 1:  # it is a file of its own already
                give_metadata_if_alone(place, step)
                return
        _write_back(root, place, copy, step, disk)
        _put_copy(action, root, place, current, copy, step, disk)
        disk.sync(place)


def _go_on(action: Action, root: Path, place: Place, copy: Place, step: Step, disk: Disk) -> None:
    """A restore was cut off: the temporary name has its copy, finished or not, or already the link.

    A copy with the file's bytes may be all that is left of them: it gets the file's place, never goes for nothing.
    """
    current = place.status()
    shared = current is not None and current.st_nlink > 1 and holds(place, step)
    if _is_link(action, root, copy, step):
        disk.unlink(copy)
    elif is_same_file(copy.status(), current):  # it has its place already, by a rename that was cut off
        disk.unlink_name(copy, place)
    elif holds(copy, step):
        if current is None:
            disk.rename(copy, place)
        elif shared or _is_link(action, root, place, step):
            _take_place(action, root, copy, place, current, step, disk)
        elif holds(place, step):
            remove_copy(copy, place, step, disk)
        else:
            raise LeftAlone(f"something else is at its path now; it is kept beside it as {copy.name}")
    elif (shared and is_part_of(copy, place)) or _is_part_of_keeper(root, copy, step):
        disk.unlink(copy)
    else:
        raise LeftAlone(
            f"{copy.name} beside it was left by a restore that was cut off, and is not its copy; look at it"
        )


def _is_part_of_keeper(root: Path, copy: Place, step: Step) -> bool:
    if not _keeper_holds(root, step):
        return False
    with placed(root, step.keeper) as keeper:
        return is_part_of(copy, keeper)


def _write_back(root: Path, place: Place, copy: Place, step: Step, disk: Disk) -> None:
    if not _keeper_holds(root, step):
        if place.status() is None or not holds(place, step):  # of a hard link, its own bytes will do
            raise LeftAlone(
                f"its keeper {step.keeper!a}, which has its bytes, is gone or has changed; if a later run moved "
                "it, restore that one first"
            )
        copy_contents(place, copy, step, disk)
        return
    with placed(root, step.keeper) as keeper:
        copy_contents(keeper, copy, step, disk)


def _put_copy(
    action: Action, root: Path, place: Place, current: os.stat_result | None, copy: Place, step: Step, disk: Disk
) -> None:
    """The copy goes to `place`, if what is there is still what was seen."""
    if current is None:
        disk.rename(copy, place)
        return
    try:
        _take_place(action, root, copy, place, current, step, disk)
    except FileNotFoundError:  # its owner has removed the link
        disk.rename(copy, place)
    except LeftAlone:
        with suppress(LeftAlone):
            if holds(place, step):  # else it may be all that is left of its bytes
                remove_copy(copy, place, step, disk)
        with suppress(LeftAlone), placed(root, step.keeper) as keeper:
            if copy.status() and holds(keeper, step):
                remove_copy(copy, keeper, step, disk)
        raise


def _take_place(
    action: Action, root: Path, copy: Place, place: Place, current: os.stat_result | None, step: Step, disk: Disk
) -> None:
    """The copy stands at `place`, and what was seen there goes. Raises LeftAlone: then nothing has changed."""
    made = copy.status()
    change_places(copy, place, current, disk)
    try:
        _drop(action, root, copy, place, step, disk)
    except LeftAlone:
        change_places(copy, place, made, disk)
        raise


def _keeper_holds(root: Path, step: Step) -> bool:
    try:
        with placed(root, step.keeper) as keeper:
            return holds(keeper, step)
    except LeftAlone:
        return False


def _is_link(action: Action, root: Path, place: Place, step: Step) -> bool:
    """Whether what is at `place` is the link that the step makes."""
    status = place.status()
    if status is None:
        return False
    if action is Action.SYMLINK:
        return stat.S_ISLNK(status.st_mode) and os.readlink(place.name, dir_fd=place.folder) == link_text(step)
    try:
        with placed(root, step.keeper) as keeper:
            its = keeper.status()
    except LeftAlone:
        return False
    return is_same_file(status, its)
