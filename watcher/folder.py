"""The watched folder as it is on disk: one path, a walk over all of it, and whether what is missing is really gone."""

import errno
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shared.admission import Admission, Why
from shared.permission import why_not
from shared.records import Reference
from shared.records.passed_over import Passed
from watcher.storage import Absence, FolderAway, Note

CHUNK: Final = 1000  # entries looked at between two steps of a walk
COMPLAINTS: Final = 1000  # what is left out and is remembered as already complained of
EVERYTHING: Final = Admission()

_log = logging.getLogger(__name__)


def _leave(_: Passed) -> None:
    """Take no note."""


class WatchedFolder:
    """The folder at `root`, a `WatchedStorage`. Links are not followed below it; `root` itself may be one.

    When is a file that is missing really gone? Its record (not its features, they belong to the digest) is forgotten
    only while `root` is the folder that was pinned (same device and inode) and holds at least one entry. So a share
    that is not mounted, at start or later, forgets nothing: its mount point is empty. A folder that was emptied on
    purpose looks the same; any file put into it ends the doubt, and so does `believes_empty` (IMAGESIEVE_EMPTY_FOLDER).

    What this cannot see: a share mounted *below* the root that goes away. Its files count as deleted; when they are
    back they are read again, and their features are still there.

    What `admission` refuses is no file of this tree: a look finds none there, and a walk passes it over.
    """

    def __init__(self, root: Path, believes_empty: bool = False, admission: Admission = EVERYTHING) -> None:
        self.path = root
        self._admission = admission
        self._believes_empty = believes_empty
        self._prefix = f"{root}/"
        self._pinned: tuple[int, int] | None = None
        self._complained: set[str] = set()

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None

    def pin(self) -> bool:
        """Take the folder that is there now for the one that is watched. False while there is none."""
        found = self._identity()
        if found != self._pinned:
            self._pinned = found
        return found is not None

    def is_pinned(self) -> bool:
        """Whether the folder that was pinned is still there."""
        return self._pinned is not None and self._identity() == self._pinned

    def believes_absence(self) -> bool:
        """Whether a file that is missing now may be forgotten. A few system calls; ask after the look, not before."""
        try:
            with os.scandir(self.path) as entries:
                inhabited = next(entries, None) is not None
        except OSError:
            return False
        return (inhabited or self._believes_empty) and self.is_pinned()

    def look(self, path: str) -> Reference | Absence:
        """The file at a relative path as it is now. Never raises."""
        parent, _, _ = path.rpartition("/")
        if not self.leads_to(parent):
            return Absence.GONE
        return self.look_in_place(path)

    def look_in_place(self, path: str) -> Reference | Absence:
        """`look` for a path whose parent is known to be a folder of this tree. One system call."""
        if self._admission.refuses_file(path):
            return Absence.OTHER
        try:
            status = os.lstat(self._prefix + path)
        except (FileNotFoundError, NotADirectoryError):
            return Absence.GONE
        except (OSError, ValueError):
            return Absence.UNKNOWN
        if not stat.S_ISREG(status.st_mode):
            return Absence.OTHER
        return _reference(path, status)

    def leads_to(self, folder: str) -> bool:
        """Whether no component of the relative path `folder` is a link or passed over: what lies behind is not ours."""
        if self._admission.refuses_below(folder):
            return False
        names = folder.split("/") if folder else []
        try:
            modes = [os.lstat(self._prefix + "/".join(names[: count + 1])).st_mode for count in range(len(names))]
        except OSError:
            return True  # gone, or not permitted: a look at what lies behind tells which
        return not any(map(stat.S_ISLNK, modes))

    def walk(self, under: str = "", note: Note = _leave) -> Iterator[list[Reference]]:
        """Every regular file below the relative folder `under` that is not passed over, in chunks, in no order.

        note: is given what is passed over. A chunk comes after every 1,000 entries, and may be empty: who walks can do
        other things in between. Memory: the names of the folders still to come. A folder that vanishes is skipped; one
        that cannot be read is skipped and named once. Raises FolderAway if the root itself cannot be read.
        """
        folders = [under]
        found: list[Reference] = []
        seen = 0
        while folders:
            for name, entry in self._entries(folders.pop(), note):
                seen += 1
                if _is_folder(entry):
                    if why := self._admission.refuses_folder(name):
                        note(Passed(name + "/", 0, why))
                    else:
                        folders.append(name)
                elif file := self._take(name, entry, note):
                    found.append(file)
                if seen == CHUNK:
                    yield found
                    found, seen = [], 0
        yield found

    def _take(self, path: str, entry: "os.DirEntry[str]", note: Note) -> Reference | None:
        """The file at an entry; None where there is none to read, of which `note` is told."""
        why = self._admission.refuses_file(path)
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                self._complain(path, error)
                note(Passed(path, 0, Why.TOO_LONG))
            return None  # gone between the listing and the look; its own event, or the next scan, tells
        if stat.S_ISREG(status.st_mode):
            if why is None:
                return _reference(path, status)
            note(Passed(path, status.st_size, why))
        else:
            note(Passed(path, 0, why or (Why.LINK if stat.S_ISLNK(status.st_mode) else Why.OTHER)))
        return None

    def _entries(self, folder: str, note: Note) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
        prefix = folder + "/" if folder else ""
        try:
            with os.scandir(self._prefix + folder) as entries:
                for entry in entries:
                    yield prefix + entry.name, entry
        except OSError as error:
            if not folder:
                raise FolderAway(f"the watched folder {self.path} cannot be read: {why_not(error)}") from error
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                self._complain(folder, error)
                note(Passed(folder + "/", 0, Why.TOO_LONG if error.errno == errno.ENAMETOOLONG else Why.UNREADABLE))

    def _complain(self, path: str, error: OSError) -> None:
        if path not in self._complained and len(self._complained) < COMPLAINTS:
            self._complained.add(path)
            _log.warning("%r is left out, it cannot be read: %s", path, why_not(error))


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _reference(path: str, status: os.stat_result) -> Reference:
    return Reference(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
