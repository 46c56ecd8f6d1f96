"""The watched folder on a file system of this machine: opened below its root only, through no symbolic link."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from shared.errors import RefusedReference, Unavailable, UnreadableImage
from shared.failures import FailureKind
from worker.pipeline.storage import FileState, OpenFile

BRING_BACK: Final = "mount it, or give it its name back"  # what to do about a watched folder that is away
_REFUSALS: Final = {
    errno.ENOENT: (FailureKind.GONE, "gone before it could be read"),
    errno.ENOTDIR: (FailureKind.GONE, "gone before it could be read"),
    errno.EACCES: (FailureKind.NOT_READABLE, "not permitted: the worker's user may not read it"),
    errno.EPERM: (FailureKind.NOT_READABLE, "not permitted: the worker's user may not read it"),
    errno.ENAMETOOLONG: (FailureKind.OTHER, "its name is too long for this file system"),
}


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder, or a share that is mounted there; a `worker.pipeline.storage.ReadableStorage`."""

    root: Path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.root)

    def check_there(self) -> None:
        """Raise Unavailable where there is no folder at its path."""
        if not self.root.is_dir():
            raise Unavailable(f"the watched folder {self.root}", "is away", BRING_BACK)

    @contextmanager
    def open(self, path: str) -> Iterator[OpenFile]:
        """See `ReadableStorage`. No component may be a symbolic link, and a FIFO is not waited for."""
        descriptor = _open_beneath(self.root, path)
        try:
            yield _Descriptor(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _Descriptor:
    """An open file."""

    number: int

    def state(self) -> FileState:
        status = os.fstat(self.number)
        return FileState(stat.S_ISREG(status.st_mode), status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def read(self, size: int) -> bytes:
        return os.read(self.number, size)


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
