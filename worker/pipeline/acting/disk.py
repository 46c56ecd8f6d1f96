"""The changes that acting makes to folders, each one system call by an open folder and a name; none overwrites a file.

`Disk.before` is called ahead of each: tests end the process there, at every place in turn.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Final

from worker.pipeline.files import open_file

PLACEHOLDER: Final = b"imagesieve takes this name; nothing of yours is in this file\n"
_NOREPLACE: Final = 1  # of renameat2(2)
_EXCHANGE: Final = 2
_UNKNOWN: Final = (
    errno.EINVAL,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
)  # a file system, or a kernel, that lacks them: NFS, FAT


@dataclass(frozen=True, slots=True)
class Place:
    """A name in an open folder. folder: its descriptor, which whoever made the place closes."""

    folder: int
    name: str

    def status(self) -> os.stat_result | None:
        """What is there, a link itself and not where it leads; None where nothing is."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def open(self) -> int:
        """A descriptor of the file, for reading. A link is not followed. Raises OSError."""
        return open_file(self.folder, self.name)

    def beside(self, name: str) -> "Place":
        """Another name in the same folder."""
        return Place(self.folder, name)


def identity(status: os.stat_result | None) -> tuple[int, ...]:
    """What tells one state of a file from every other."""
    if status is None:
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, stat.S_IFMT(status.st_mode))


@dataclass(frozen=True)
class Disk:
    """The primitives. All raise OSError."""

    before: Callable[[str], None] = lambda _: None

    def rename(self, source: Place, target: Place) -> None:
        """Rename. Raises FileExistsError where anything is at `target`: nothing is overwritten."""
        self.before("rename")
        try:
            _renameat2(source, target, _NOREPLACE)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
            self._rename_over_own(source, target)

    def _rename_over_own(self, source: Place, target: Place) -> None:
        """The name is taken by a file of our own first, and that one is overwritten."""
        descriptor = self.create(target)
        try:
            os.write(descriptor, PLACEHOLDER)
        finally:
            os.close(descriptor)
        self.before("rename")
        try:
            os.rename(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder)
        except OSError:
            self.unlink(target)
            raise

    def exchange(self, one: Place, other: Place) -> bool:
        """Let two names change places, in one step. False where the file system cannot do that."""
        self.before("exchange")
        try:
            _renameat2(one, other, _EXCHANGE)
        except OSError as error:
            if error.errno not in _UNKNOWN:
                raise
            return False
        return True

    def replace(self, source: Place, target: Place) -> None:
        """Rename over what is at `target`: only where the file system cannot exchange."""
        self.before("replace")
        os.replace(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder)

    def link(self, source: Place, target: Place) -> None:
        """Make `target` a hard link to the very file at `source`."""
        self.before("link")
        os.link(
            source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder, follow_symlinks=False
        )  # fmt: skip

    def symlink(self, text: str, target: Place) -> None:
        """Make `target` a symbolic link."""
        self.before("symlink")
        os.symlink(text, target.name, dir_fd=target.folder)

    def create(self, target: Place) -> int:
        """A descriptor of a new, empty file that nobody else may read yet."""
        self.before("create")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(target.name, flags, 0o600, dir_fd=target.folder)

    def unlink(self, target: Place) -> None:
        """Remove a name: our own temporary ones, and files whose bytes were just seen elsewhere."""
        self.before("unlink")
        os.unlink(target.name, dir_fd=target.folder)

    def sync(self, *places: Place) -> None:
        """See to it that what changed in these folders lasts."""
        for place in places:
            os.fsync(place.folder)

    def open_folder(self, root: int, path: str) -> int:
        """A descriptor of the folder that `path` below the folder `root` lies in; made where it is missing."""
        folder = os.dup(root)
        try:
            for part in PurePosixPath(path).parts[:-1]:
                inner = self._open_or_make(folder, part)
                os.close(folder)
                folder = inner
        except OSError:
            os.close(folder)
            raise
        return folder

    def _open_or_make(self, folder: int, name: str) -> int:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(name, flags, dir_fd=folder)
        except FileNotFoundError:
            self.before("mkdir")
            os.mkdir(name, dir_fd=folder)
            os.fsync(folder)
            return os.open(name, flags, dir_fd=folder)


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _renameat2(source: Place, target: Place, flags: int) -> None:
    """Python has no name for it."""
    try:
        call = _libc().renameat2
    except AttributeError as error:
        raise OSError(errno.ENOSYS, "this C library has no renameat2") from error
    names = os.fsencode(source.name), os.fsencode(target.name)
    if call(source.folder, names[0], target.folder, names[1], flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target.name)
