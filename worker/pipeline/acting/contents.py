"""What a file holds: looked at, and copied with everything that belongs to it."""

import base64
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from shared.errors import LeftAlone
from shared.journal import Step
from worker.pipeline.acting.disk import Disk, Place

AT_ONCE = 1 << 20


def digest_of(descriptor: int) -> str:
    """SHA-256 of an open file, from its beginning; the file's position is left alone."""
    digest, offset = hashlib.sha256(), 0
    while chunk := os.pread(descriptor, AT_ONCE, offset):
        digest.update(chunk)
        offset += len(chunk)
    return digest.hexdigest()


@contextmanager
def opened(place: Place) -> Iterator[int]:
    """The file at `place`, for reading. Raises OSError."""
    descriptor = place.open()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def holds(place: Place, step: Step) -> bool:
    """Whether a regular file with the bytes of the step's file is at `place`. Raises OSError if it cannot be read."""
    status = place.status()
    if status is None or not stat.S_ISREG(status.st_mode) or status.st_size != step.size:
        return False
    with opened(place) as descriptor:
        return digest_of(descriptor) == step.digest


def read_attributes(descriptor: int) -> dict[str, str]:
    """The extended attributes of an open file, base64; none where the file system has none."""
    found = {}
    with suppress(OSError):
        for name in os.listxattr(descriptor):
            found[name] = base64.b64encode(os.getxattr(descriptor, name)).decode("ascii")
    return found


def copy_contents(source: Place, target: Place, step: Step, disk: Disk) -> None:
    """Make `target` a file with the bytes, mode and times of the step's file, on disk when this returns.

    Raises OSError, or LeftAlone where the bytes are not those; nothing is left at `target` then. Owner and extended
    attributes are kept where this user may set them.
    """
    with opened(source) as reading:
        writing = disk.create(target)
        try:
            disk.before("write")
            _copy(reading, writing, step.digest)
            disk.before("attributes")
            dress(writing, step)
            os.fsync(writing)
        except BaseException:
            disk.unlink(target)
            raise
        finally:
            os.close(writing)


def _copy(reading: int, writing: int, digest: str) -> None:
    offset = 0
    while chunk := os.pread(reading, AT_ONCE, offset):
        offset += len(chunk)
        while chunk:
            chunk = chunk[os.write(writing, chunk) :]
    if digest_of(writing) != digest:
        raise LeftAlone("its bytes changed while they were copied")


def dress(descriptor: int, step: Step) -> None:
    """Give an open file the owner, attributes, mode and times of the step's file. The times come last."""
    with suppress(PermissionError):
        os.fchown(descriptor, step.uid, step.gid)
    for name, value in step.attributes.items():
        with suppress(OSError):  # some are the system's own, some file systems have none
            os.setxattr(descriptor, name, base64.b64decode(value))
    os.fchmod(descriptor, stat.S_IMODE(step.mode))
    os.utime(descriptor, ns=(step.atime_ns, step.mtime_ns))
