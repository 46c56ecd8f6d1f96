"""The one way in which a name of a file with bytes is removed: while the same bytes are read under another name."""

import os
import stat

from shared.acting.runs import Step
from shared.errors import LeftAlone
from worker.pipeline.acting.contents import digest_of, opened
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.inspection import WRITTEN
from worker.pipeline.acting.lease import Lease, holds_lease, take_lease
from worker.pipeline.acting.place import Place, identity, is_seen_twice


def remove_copy(spare: Place, other: Place, step: Step, disk: Disk) -> None:
    """Remove `spare`, a name that no other program uses, while the step's bytes are at `other`.

    Both are read once more, so it costs that. Raises LeftAlone where either has other bytes by now, where somebody
    writes to `spare`, or where the two are one name of one file; OSError where one cannot be read. It stays then.
    """
    with opened(spare) as going, opened(other) as staying:
        lease = take_lease(going)
        if lease is Lease.WRITTEN:
            raise LeftAlone(WRITTEN)
        before = os.fstat(going), os.fstat(staying)
        if is_seen_twice(*before) or (os.path.samestat(*before) and before[0].st_nlink < 2):
            raise LeftAlone("what is at the other place is this very file, seen by another way; nothing changed")
        for descriptor, status in zip((going, staying), before, strict=True):
            if not stat.S_ISREG(status.st_mode) or digest_of(descriptor) != step.digest:
                raise LeftAlone("it, or what has its bytes, was changed at the last moment")
        now = spare.status(), other.status()
        if any(identity(one) != identity(seen) for one, seen in zip(now, before, strict=True)):
            raise LeftAlone("it, or what has its bytes, was replaced at the last moment")
        if lease is Lease.HELD and not holds_lease(going):
            raise LeftAlone(WRITTEN)
        disk.unlink(spare)
