"""The changes that acting makes to folders, each one system call by an open folder and a name; none overwrites a file.

`Disk.before` is called ahead of each: tests end the process there, at every place in turn.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import PurePosixPath
from typing import Any, Final

from shared.errors import LeftAlone
from worker.pipeline.acting.place import Place, check_renamed, is_same_file

PLACEHOLDER: Final = b"imagesieve takes this name; nothing of yours is in this file\n"
_NOREPLACE: Final = 1  # of renameat2(2)
_EXCHANGE: Final = 2
# A file system, or a kernel, that lacks them: NFS, FAT.
_UNKNOWN: Final = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
_NO_LINKS: Final = (*_UNKNOWN, errno.EPERM, errno.EMLINK)

Model = tuple[int, int, int]  # mode, owner and group of a folder


def stands_for_nothing(place: Place) -> bool:
    """Whether what is there only holds the name, on a file system that cannot rename without overwriting."""
    status = place.status()
    if status is None or not stat.S_ISREG(status.st_mode) or status.st_size != len(PLACEHOLDER):
        return False
    descriptor = place.open()
    try:
        return os.pread(descriptor, len(PLACEHOLDER), 0) == PLACEHOLDER
    finally:
        os.close(descriptor)


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
            if self.link_if_possible(source, target):  # which overwrites nothing either
                try:
                    self.unlink_name(source, target)
                except OSError:
                    self.unlink_name(target, source)  # as it was, where the disk lets it be
                    raise
            else:
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
            if stands_for_nothing(target):
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

    def replace(self, source: Place, target: Place, check: Callable[[], None]) -> None:
        """Rename over what is at `target`: only where the file system cannot exchange, and so gives nothing back.

        check: looks at it in the last instant; raises LeftAlone.
        """
        self.before("replace")
        check()
        os.replace(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder)

    def link(self, source: Place, target: Place) -> None:
        """Make `target` a hard link to the very file at `source`."""
        self.before("link")
        os.link(
            source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder, follow_symlinks=False
        )  # fmt: skip

    def link_if_possible(self, source: Place, target: Place) -> bool:
        """The same; False where the file system has no hard links. Raises FileExistsError."""
        try:
            self.link(source, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return False
        return True

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

    def unlink_name(self, target: Place, other: Place) -> None:
        """Remove one of two names of a file. What has come under that name meanwhile stays."""
        self.before("unlink")
        if is_same_file(target.status(), other.status()):
            os.unlink(target.name, dir_fd=target.folder)

    def sync(self, *places: Place) -> None:
        """See to it that what changed in these folders lasts."""
        for place in places:
            os.fsync(place.folder)

    def open_folder(self, root: int, path: str, models: Callable[[int], Model | None] | None) -> int:
        """A descriptor of the folder that `path` below the folder `root` lies in; made where it is missing.

        models: what the folder so many levels down is to be like, so that nobody else may look into it. Without them
        none is made, and what is missing raises FileNotFoundError.
        """
        folder, parts = os.dup(root), PurePosixPath(path).parts[:-1]
        try:
            for level, part in enumerate(parts):
                inner = self._open_or_make(folder, part, models and partial(models, level))
                os.close(folder)
                folder = inner
        except OSError:
            os.close(folder)
            raise
        return folder

    def _open_or_make(self, folder: int, name: str, look: Callable[[], Model | None] | None) -> int:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(name, flags, dir_fd=folder)
        except FileNotFoundError:
            if look is None:
                raise
            model = look()
            self.before("mkdir")
            os.mkdir(name, 0o777 if model is None else 0o700, dir_fd=folder)
        made = os.open(name, flags, dir_fd=folder)
        if model is not None:
            with suppress(OSError):  # some users may not, some file systems have none
                os.fchown(made, model[1], model[2])
            with suppress(OSError):
                os.fchmod(made, stat.S_IMODE(model[0]))
        os.fsync(folder)
        return made


def change_places(hidden: Place, path: Place, seen: os.stat_result | None, disk: Disk) -> None:
    """Let the two change places; where the file system cannot, what is at `path` is overwritten, and no name hidden.

    seen: what is at `path`, whose bytes are known elsewhere. Raises LeftAlone where another file is there by now: then
    nothing has changed. Raises OSError.
    """
    late = "something else was put in its place at the last moment"
    if not disk.exchange(hidden, path):
        disk.replace(hidden, path, lambda: check_renamed(path, seen, late))
        return
    try:
        check_renamed(hidden, seen, late)
    except LeftAlone:
        disk.exchange(hidden, path)
        raise


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
