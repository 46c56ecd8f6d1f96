"""A name in an open folder, and which file is there."""

import errno
import os
import stat
from dataclasses import dataclass

from shared.errors import LeftAlone
from worker.pipeline.local_folder import open_file


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
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise

    def open(self) -> int:
        """A descriptor of the file, for reading. A link is not followed. Raises OSError."""
        return open_file(self.folder, self.name)

    def sibling(self, name: str) -> "Place":
        """Another name in the same folder."""
        return Place(self.folder, name)


def identity(status: os.stat_result | None) -> tuple[int, ...]:
    """What tells one state of a file from every other; a change that keeps size and mtime shows in ctime."""
    return (*renamed_identity(status), status.st_ctime_ns) if status else ()


def renamed_identity(status: os.stat_result | None) -> tuple[int, ...]:
    """The same of a file that was renamed or linked since, which changes its ctime."""
    if status is None:
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, stat.S_IFMT(status.st_mode))


def check_renamed(place: Place, before: os.stat_result | None, reason: str) -> None:
    """Raise LeftAlone with this reason where `place` is not the file that was seen before it was renamed or linked."""
    if before is None or renamed_identity(place.status()) != renamed_identity(before):
        raise LeftAlone(reason)


def is_same_file(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    """Whether two names lead to one file, by device and inode."""
    return one is not None and other is not None and os.path.samestat(one, other)


def is_seen_twice(one: os.stat_result, other: os.stat_result) -> bool:
    """Whether two files of different devices are one, which an overlay shows under a device number of its own."""
    return one.st_dev != other.st_dev and identity(one)[1:] == identity(other)[1:]
