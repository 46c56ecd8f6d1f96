"""What a file holds: looked at, and copied with everything that belongs to it."""

import base64
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from shared.acting.runs import Step
from shared.errors import LeftAlone
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.place import Place

BYTES_AT_ONCE: Final = 1 << 20
BLOCK: Final = 4096  # what file systems write at least


def digest_of(descriptor: int) -> str:
    """SHA-256 of an open file, from its beginning; the file's position is left alone."""
    digest, offset = hashlib.sha256(), 0
    while chunk := os.pread(descriptor, BYTES_AT_ONCE, offset):
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


def copy_contents(
    source: Place, target: Place, step: Step, disk: Disk, check: Callable[[], None] = lambda: None
) -> None:
    """Make `target` a file with the bytes, mode and times of the step's file, on disk when this returns.

    check: raises LeftAlone where the copy is of no use any more; called often. Raises OSError, or LeftAlone where the
    bytes are not those; nothing is left at `target` then. Owner and extended
    attributes are kept where this user may set them.
    """
    with opened(source) as reading:
        writing = disk.create(target)
        try:
            disk.before("write")
            _copy(reading, writing, step.digest, check)
            disk.before("attributes")
            give_metadata(writing, step)
            os.fsync(writing)
        except BaseException:
            disk.unlink(target)
            raise
        finally:
            os.close(writing)


def _copy(reading: int, writing: int, digest: str, check: Callable[[], None]) -> None:
    """Holes stay holes. Read back from the disk, as far as the kernel lets go of what it has in memory.

    It may keep what a disk's own memory has not written yet, which no program can see; a stick that lies about its size
    is found out where the file does not fit into that.
    """
    size, end = os.fstat(reading).st_size, 0
    while (start := _data_from(reading, end, size)) < size:
        end = os.lseek(reading, start, os.SEEK_HOLE)
        for offset in range(start, end, BYTES_AT_ONCE):
            check()
            write_all(writing, os.pread(reading, min(BYTES_AT_ONCE, end - offset), offset), offset)
    os.ftruncate(writing, size)
    os.fsync(writing)
    os.posix_fadvise(writing, 0, 0, os.POSIX_FADV_DONTNEED)
    if digest_of(writing) != digest:
        if digest_of(reading) != digest:
            raise LeftAlone("its bytes changed while they were copied")
        raise OSError(errno.EIO, "the disk does not give back what was written to it")


def _data_from(descriptor: int, offset: int, size: int) -> int:
    """Where the next data begin, or `size` where none follow."""
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA) if offset < size else size
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return size


def write_all(descriptor: int, chunk: bytes, offset: int) -> None:
    """Write all of `chunk` at `offset`. Raises OSError."""
    while chunk:
        written = os.pwrite(descriptor, chunk, offset)
        chunk, offset = chunk[written:], offset + written


def is_part_of(place: Place, whole: Place) -> bool:
    """Whether the file at `place` is what a copy of `whole` looks like that was cut off, perhaps by the power.

    Each block of it is that of the other, or was never written and is zeros.
    """
    with opened(place) as part, opened(whole) as other:
        if os.fstat(part).st_size > os.fstat(other).st_size:
            return False
        offset = 0
        while chunk := os.pread(part, BLOCK, offset):
            if chunk.strip(b"\0") and chunk != os.pread(other, len(chunk), offset):
                return False
            offset += len(chunk)
    return True


def is_original(place: Place, step: Step) -> bool:
    """Whether it is the very file that was acted on, whatever bytes it has now. Device numbers change with a mount."""
    status = place.status()
    return status is not None and stat.S_ISREG(status.st_mode) and status.st_ino == step.inode


def is_keeper(status: os.stat_result, step: Step) -> bool:
    """Whether a file that has but this name is the step's keeper."""
    return status.st_nlink == 1 and status.st_ino == step.keeper_inode


def has_mode_and_mtime(place: Place, step: Step) -> bool:
    """Whether the file at `place` has the mode and the mtime of the step's file."""
    status = place.status()
    return status is not None and (status.st_mode, status.st_mtime_ns) == (step.mode, step.mtime_ns)


def give_metadata_if_alone(place: Place, step: Step) -> None:
    """Give the file at `place` the metadata of the step's file, unless it has other names, which share them."""
    status = place.status()
    if status is not None and status.st_nlink == 1 and not has_mode_and_mtime(place, step):
        with opened(place) as descriptor:
            give_metadata(descriptor, step)


def give_metadata(descriptor: int, step: Step) -> None:
    """Give an open file the owner, attributes, mode and times of the step's file. The times come last."""
    with suppress(PermissionError):
        os.fchown(descriptor, step.uid, step.gid)
    for name, value in step.attributes.items():
        with suppress(OSError):  # some are the system's own, some file systems have none
            os.setxattr(descriptor, name, base64.b64decode(value))
    os.fchmod(descriptor, stat.S_IMODE(step.mode))
    os.utime(descriptor, ns=(step.atime_ns, step.mtime_ns))
