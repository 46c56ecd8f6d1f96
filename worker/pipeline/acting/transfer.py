"""A file goes from one place to another, within a file system or across two, and nothing is overwritten or lost."""

import errno
import os
import stat

from shared.errors import LeftAlone
from shared.journal import Step
from worker.pipeline.acting.contents import copy_contents, holds, opened
from worker.pipeline.acting.disk import PLACEHOLDER, Disk, Place, identity


def transfer(source: Place, target: Place, step: Step, temporary: str, disk: Disk) -> None:
    """Move the file, whose state `source` has been checked. temporary: a name for what is not finished.

    Across file systems it is copied, compared and named, before the source goes. Raises OSError, FileExistsError where
    `target` is taken, or LeftAlone where the file was changed or replaced meanwhile; `settle` puts all in order then.
    """
    before = source.status()
    try:
        disk.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    else:
        if identity(target.status()) != identity(before):
            disk.rename(target, source)
            raise LeftAlone("another file was put in its place at the last moment")
        disk.sync(target, source)
        return
    half = target.beside(temporary)
    copy_contents(source, half, step, disk)
    disk.rename(half, target)
    disk.sync(target)
    _retire(source, before, temporary, disk)


def _retire(source: Place, before: os.stat_result | None, temporary: str, disk: Disk) -> None:
    """Remove a file whose bytes are safe elsewhere. It is renamed first, so that no newcomer under its name goes."""
    going = source.beside(temporary)
    disk.rename(source, going)
    if identity(going.status()) != identity(before):
        disk.rename(going, source)
        raise LeftAlone("it was changed or replaced at the last moment")
    disk.unlink(going)
    disk.sync(source)


def settle(source: Place, target: Place, step: Step, temporary: str, disk: Disk, finish: bool) -> bool:
    """Put in order what a transfer that was cut off left: True where the file is at `target` now, False: at `source`.

    finish: where both have it, the one at `source` goes, else the one at `target`. Raises LeftAlone where neither has.
    """
    half, going = target.beside(temporary), source.beside(temporary)
    if going.status():
        if holds(target, step) and holds(going, step):
            disk.unlink(going)
        else:
            _put_back(going, source, disk)  # it is whatever stood there
    if half.status():
        disk.unlink(half)
    here, there = holds(source, step), holds(target, step)
    if here and there and finish:
        _retire(source, source.status(), temporary, disk)
    elif here and there:
        disk.unlink(target)
    elif here:
        _remove_placeholder(target, disk)
    elif not there:
        raise LeftAlone(
            "it is neither at its path nor where it was moved to, or has changed; perhaps a drive is missing"
        )
    disk.sync(source, target)
    return there and (finish or not here)


def _put_back(going: Place, source: Place, disk: Disk) -> None:
    try:
        disk.rename(going, source)
    except FileExistsError as error:
        raise LeftAlone(f"something else is at its path now; it is kept beside it as {going.name}") from error


def _remove_placeholder(target: Place, disk: Disk) -> None:
    """What holds a name on file systems without a rename that never overwrites (see Disk.rename)."""
    status = target.status()
    if status and stat.S_ISREG(status.st_mode) and status.st_size == len(PLACEHOLDER):
        with opened(target) as descriptor:
            ours = os.pread(descriptor, len(PLACEHOLDER), 0) == PLACEHOLDER
        if ours:
            disk.unlink(target)
