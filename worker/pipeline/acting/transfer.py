"""A file goes from one place to another, within a file system or across two, and nothing is overwritten or lost.

A name is removed only while the bytes are seen under another name: unlinking takes one name away, and whatever links,
mounts or overlays lead to a folder, a name that is still there afterwards is another one.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from shared.acting.runs import Step
from shared.errors import LeftAlone
from worker.pipeline.acting.contents import (
    copy_contents,
    holds,
    is_original,
    is_part_of,
    opened,
)
from worker.pipeline.acting.disk import Disk, stands_for_nothing
from worker.pipeline.acting.inspection import WRITTEN
from worker.pipeline.acting.lease import Lease, holds_lease, take_lease
from worker.pipeline.acting.place import Place, check_renamed, is_same_file
from worker.pipeline.acting.removal import remove_copy


def transfer(
    source: Place, target: Place, step: Step, temporary: str, disk: Disk, check: Callable[[], None] = lambda: None
) -> None:
    """Move the file, whose state `source` has been checked. temporary: a name for what is not finished.

    Across file systems it is copied, read back from the disk and named, before the source goes. check: raises LeftAlone
    where the file must not go after all; called again when it has left its path, which a keeper that is the same file
    by another path has then left, too. Raises OSError, FileExistsError where `target` is taken, or LeftAlone where the
    file was changed or replaced meanwhile; `settle` puts all in order then.
    """
    before = source.status()
    try:
        disk.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_over(source, target, step, temporary, disk, check)
        return
    try:
        check_renamed(target, before, "another file was put in its place at the last moment")
        check()
    except LeftAlone:
        disk.rename(target, source)
        raise
    disk.sync(target, source)


def _copy_over(source: Place, target: Place, step: Step, temporary: str, disk: Disk, check: Callable[[], None]) -> None:
    half = target.sibling(temporary)
    before = source.status()
    with unwritten(source) as look:

        def check_all() -> None:
            check()
            look()

        copy_contents(source, half, step, disk, check_all)
        check_all()
        # Two names of the copy until the source is gone: so `settle` knows it from a file that somebody put there.
        if not disk.link_if_possible(half, target):
            disk.rename(half, target)
        disk.sync(target)
        retire(source, before, target, step, temporary, disk, check_all)
    _remove(half, disk)


@contextmanager
def unwritten(source: Place) -> Iterator[Callable[[], None]]:
    """A look whether anybody writes into the file, or is about to. It and the look raise LeftAlone where that is so."""
    with opened(source) as descriptor:
        lease = take_lease(descriptor)
        if lease is Lease.WRITTEN:
            raise LeftAlone(WRITTEN)

        def look() -> None:
            if lease is Lease.HELD and not holds_lease(descriptor):
                raise LeftAlone(WRITTEN)

        yield look


def retire(
    source: Place,
    before: os.stat_result | None,
    target: Place,
    step: Step,
    temporary: str,
    disk: Disk,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Remove a file whose bytes are at `target`, too. It is renamed first: no newcomer under its name goes."""
    going = source.sibling(temporary)
    seen = target.status()
    disk.rename(source, going)
    try:
        check_renamed(going, before, "it was changed or replaced at the last moment")
        # Were `target` the same name by another way, it would be gone by now.
        check_renamed(
            target, seen, "what is at the other place went with it: the two are one file, and nothing changed"
        )
        check()
        remove_copy(going, target, step, disk)
    except (LeftAlone, OSError):
        disk.rename(going, source)
        raise
    disk.sync(source)


def drop_second_names(name: Place, disk: Disk, *hidden: Place) -> None:
    """Hidden names of the very file at `name` go: a rename by way of a link was cut off before its last call."""
    for one in hidden:
        if is_same_file(one.status(), name.status()):
            disk.unlink_name(one, name)


def _remove(name: Place, disk: Disk) -> None:
    if name.status():
        disk.unlink(name)
        disk.sync(name)


def settle(source: Place, target: Place, step: Step, temporary: str, disk: Disk) -> bool:
    """Put in order what a transfer that was cut off left: True where the file is at `target` now, False: at `source`.

    Raises LeftAlone where neither has it, or where a hidden file is not to be removed; OSError.
    """
    half, going = target.sibling(temporary), source.sibling(temporary)
    drop_second_names(source, disk, half, going)
    if going.status():
        settle_going(going, source, target, step, disk)
    if holds(source, step):
        if not is_original(source, step) and is_original(target, step) and holds(target, step):
            return True  # it was moved, and its owner put the same bytes at its path since
        _take_away(target, half, source, step, temporary, disk)
        disk.sync(source, target)
        return False
    if half.status():
        settle_half(half, target, step, disk)
    if not holds(target, step):
        if is_original(source, step):  # it never moved, and was edited since
            return False
        raise LeftAlone("it is neither at its path nor where it was to go, or has changed; perhaps a drive is missing")
    disk.sync(source, target)
    return True


def _take_away(target: Place, half: Place, source: Place, step: Step, temporary: str, disk: Disk) -> None:
    """What a transfer that was cut off has put at the target goes again; what somebody else put there stays."""
    copied = is_same_file(half.status(), target.status()) and not is_same_file(source.status(), target.status())
    with suppress(LeftAlone):  # somebody's by now: it stays, and the file is at its path
        if copied and holds(target, step):
            _take_name(target, half, disk)
        take_second_name(target, source, step, temporary, disk)
    if stands_for_nothing(target):
        disk.unlink(target)
    if copied and is_same_file(half.status(), target.status()):
        _remove(half, disk)  # the copy was changed at its other name, or is about to be, which is its owner's now
    elif half.status():
        with suppress(LeftAlone):
            settle_half(half, source, step, disk)


def _take_name(copy: Place, half: Place, disk: Disk) -> None:
    """Leave the copy no name but the hidden one. Raises LeftAlone where somebody has it open, or is about to."""
    with unwritten(copy) as look:
        disk.unlink_name(copy, half)
        try:
            look()
        except LeftAlone:
            disk.link(half, copy)
            raise


def take_second_name(second: Place, name: Place, step: Step, temporary: str, disk: Disk) -> None:
    """What is left of a rename by way of a link that was cut off. Raises LeftAlone where it is one name by two ways."""
    drop_second_names(name, disk, second.sibling(temporary))
    one, other = name.status(), second.status()
    if one is not None and one.st_nlink > 1 and is_same_file(one, other):
        retire(second, other, name, step, temporary, disk)


def settle_going(going: Place, source: Place, target: Place, step: Step, disk: Disk) -> None:
    """The hidden name at the source: the file on its way out, or whatever stood at its path. It gets its name back."""
    if source.status() and holds(going, step) and holds(target, step):
        remove_copy(going, target, step, disk)
        disk.sync(going)
    else:
        put_back(going, source, disk)


def settle_half(half: Place, whole: Place, step: Step, disk: Disk) -> None:
    """The hidden name at the target: a copy, finished or not. It goes only while the whole file is elsewhere."""
    if whole.status() is None and holds(half, step):
        disk.rename(half, whole)  # it is all that is left
        return
    if holds(whole, step) and holds(half, step):
        remove_copy(half, whole, step, disk)
        disk.sync(half)
    elif is_same_file(half.status(), whole.status()) or (holds(whole, step) and is_part_of(half, whole)):
        _remove(half, disk)
    else:
        raise LeftAlone(f"{half.name!a} was left beside where it was to go, and is not its copy; look at it")


def put_back(hidden: Place, path: Place, disk: Disk) -> None:
    """Give a file its name back. Raises LeftAlone where another has it; it is kept under the hidden name then."""
    try:
        disk.rename(hidden, path)
    except FileExistsError as error:
        raise LeftAlone(f"something else is at its path now; it is kept beside it as {hidden.name}") from error
