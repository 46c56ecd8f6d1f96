"""A file that was moved away comes back to its path, where nothing is, or the very same bytes."""

import errno
import os

from shared.acting.runs import Step
from shared.errors import LeftAlone
from worker.pipeline.acting.contents import copy_contents, has_mode_and_mtime, holds, is_keeper
from worker.pipeline.acting.disk import Disk, change_places, stands_for_nothing
from worker.pipeline.acting.place import Place, is_same_file
from worker.pipeline.acting.removal import remove_copy
from worker.pipeline.acting.transfer import (
    drop_second_names,
    retire,
    settle_going,
    settle_half,
    transfer,
    unwritten,
)


def bring(source: Place, target: Place, step: Step, temporary: str, disk: Disk) -> None:
    """Move a file back to `target`, where nothing is, or a file with the very same bytes, which it replaces.

    Goes on where an earlier try was cut off. Raises LeftAlone where something else is there, where source and target
    are one name of one file, or where neither has the bytes; OSError.
    """
    if target.sibling(temporary).status() or source.sibling(temporary).status():
        _go_on(source, target, step, temporary, disk)
    if stands_for_nothing(target):
        disk.unlink(target)
    current = target.status()
    if current is not None and is_keeper(current, step):
        raise LeftAlone(f"its keeper, which had the path {step.keeper!a}, is at its path now, and stays there")
    if not holds(source, step):
        if not holds(target, step):
            raise LeftAlone("it is neither where it was moved to nor at its path, or has changed; perhaps a drive is "
                            "missing")  # fmt: skip
    elif current is None:
        transfer(source, target, step, temporary, disk)
    elif is_same_file(current, source.status()):  # by two names, or by one name that two ways lead to
        retire(source, source.status(), target, step, temporary, disk)
    elif holds(target, step):
        _bring_over(source, target, current, step, temporary, disk)
    else:
        raise LeftAlone("something else is at its path now, which is not overwritten")


def _go_on(source: Place, target: Place, step: Step, temporary: str, disk: Disk) -> None:
    """An earlier try was cut off: the hidden names tell how far it came."""
    half, going = target.sibling(temporary), source.sibling(temporary)
    drop_second_names(source, disk, half, going)
    if going.status():
        settle_going(going, source, target, step, disk)
    if not half.status():
        return
    if holds(source, step):
        if is_same_file(half.status(), target.status()) and holds(target, step):
            retire(source, source.status(), target, step, temporary, disk)
        settle_half(half, target if is_same_file(half.status(), target.status()) else source, step, disk)
        return
    current = target.status()
    if (
        holds(half, step)
        and holds(target, step)
        and has_mode_and_mtime(half, step)
        and not has_mode_and_mtime(target, step)
    ):
        change_places(half, target, current, disk)  # the file itself: what is at its path was put there by its owner
    if half.status():
        settle_half(half, target, step, disk)


def _bring_over(source: Place, target: Place, current: os.stat_result, step: Step, temporary: str, disk: Disk) -> None:
    """Its owner put the same bytes at the path: the file that was moved takes their place, with its mode and times."""
    half, before = target.sibling(temporary), source.status()
    try:
        disk.rename(source, half)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    else:
        try:
            _put_over(half, target, current, step, disk)
        except LeftAlone:
            disk.rename(half, source)
            raise
        return
    with unwritten(source) as look:
        copy_contents(source, half, step, disk, look)
        try:
            _put_over(half, target, current, step, disk)
        except LeftAlone:
            remove_copy(half, source, step, disk)
            raise
        retire(source, before, target, step, temporary, disk, look)


def _put_over(half: Place, target: Place, current: os.stat_result, step: Step, disk: Disk) -> None:
    """Let `half` take the place of what is at `target`, which goes. Raises LeftAlone: then nothing has changed."""
    moved = half.status()
    change_places(half, target, current, disk)
    if half.status():
        try:
            remove_copy(half, target, step, disk)
        except LeftAlone:
            change_places(half, target, moved, disk)
            raise
    disk.sync(target)
