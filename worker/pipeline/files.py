"""Reading a file that a message names: inside the watched folder only, once, and whole."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from shared.errors import FileChanging, RefusedReference, Unavailable, UnreadableImage
from shared.failures import FailureKind
from shared.records import Reference

READ_BYTES = 1 << 20
BRING_BACK: Final = "mount it, or give it its name back"  # what to do about a watched folder that is away
_REFUSALS: Final = {
    errno.ENOENT: (FailureKind.GONE, "gone before it could be read"),
    errno.ENOTDIR: (FailureKind.GONE, "gone before it could be read"),
    errno.EACCES: (FailureKind.NOT_READABLE, "not permitted: the worker's user may not read it"),
    errno.EPERM: (FailureKind.NOT_READABLE, "not permitted: the worker's user may not read it"),
    errno.ENAMETOOLONG: (FailureKind.OTHER, "its name is too long for this file system"),
}


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's bytes, and their SHA-256 in hex."""

    data: bytes
    digest: str


def read_file(root: Path, reference: Reference, max_bytes: int) -> Contents:
    """Read and digest the file of `reference` under `root`; one pass over its bytes.

    No component may be a symbolic link, so nothing outside `root` is ever opened, whatever is swapped meanwhile.
    Raises RefusedReference (outside the root), UnreadableImage (with the reason), FileChanging (the file is no longer,
    or does not stay, what the reference describes) or Unavailable (the watched folder itself is away).
    """
    descriptor = _open_beneath(root, reference.path)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise UnreadableImage(FailureKind.NOT_READABLE, "not a regular file")
        if (before.st_size, before.st_mtime_ns) != (reference.size, reference.mtime_ns):
            raise FileChanging(f"{reference.path} changed since it was sent")
        if before.st_size > max_bytes:
            raise UnreadableImage(
                FailureKind.TOO_LARGE, f"too large: {before.st_size} bytes; IMAGESIEVE_MAX_BYTES allows {max_bytes}"
            )
        contents = _read(descriptor, before.st_size)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not _is_same_state(before, after) or len(contents.data) != after.st_size:
        raise FileChanging(f"{reference.path} changed while it was read")
    return contents


def _is_same_state(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_size, one.st_mtime_ns, one.st_ctime_ns) == (other.st_size, other.st_mtime_ns, other.st_ctime_ns)


def _read(descriptor: int, size: int) -> Contents:
    """Never reads past `size`: a file that grows for ever ends here too."""
    digest = hashlib.sha256()
    chunks: list[bytes] = []
    left = size
    try:
        while left > 0 and (chunk := os.read(descriptor, min(READ_BYTES, left))):
            digest.update(chunk)
            chunks.append(chunk)
            left -= len(chunk)
    except OSError as error:
        raise UnreadableImage(FailureKind.NOT_READABLE, f"reading failed: {error.strerror}") from error
    return Contents(b"".join(chunks), digest.hexdigest())


def _open_beneath(root: Path, path: str) -> int:
    with folder_beneath(root, path) as folder, _said(root, path):
        return open_file(folder, PurePosixPath(path).name)


def open_file(folder: int, name: str) -> int:
    """The file of this name in an open folder, for reading; a link is not followed. Raises OSError."""
    # O_NONBLOCK: opening a FIFO must not wait for its writer.
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)


@contextmanager
def folder_beneath(root: Path, path: str) -> Iterator[int]:
    """A descriptor of the folder that the file at `path` lies in; no component below `root` may be a link.

    What is done by this descriptor and the file's name stays in that folder, whatever is swapped meanwhile.
    Raises RefusedReference, UnreadableImage (with the reason) or Unavailable.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise RefusedReference(f"{path!r} is not inside the watched folder")
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Unavailable(f"the watched folder {root}", f"is away: {error.strerror}", BRING_BACK) from error
    try:
        with _said(root, path):
            for part in parts[:-1]:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
        yield folder
    finally:
        os.close(folder)


@contextmanager
def _said(root: Path, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # A symbolic link shows as ELOOP for a file and as ENOTDIR for a folder.
        if error.errno in (errno.ELOOP, errno.ENOTDIR) and _holds_link(root, PurePosixPath(path).parts):
            raise RefusedReference(f"{path!r} leads through a symbolic link, which is never followed") from error
        failed = FailureKind.NOT_READABLE, f"opening failed: {error.strerror}"
        raise UnreadableImage(*_REFUSALS.get(error.errno or 0, failed)) from error


def _holds_link(root: Path, parts: tuple[str, ...]) -> bool:
    return any(root.joinpath(*parts[: end + 1]).is_symlink() for end in range(len(parts)))
