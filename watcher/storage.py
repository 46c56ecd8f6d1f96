"""What is watched, as the watcher sees it: the port that a storage source implements. Names and states, no contents.

How a source tells at once that something has changed is no part of it: the observer of a local folder
(watcher/observation.py) fills a HintBox, another source may fill it in its own way, or leave all to the rescans.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Protocol

from shared.errors import TransientError
from shared.records import Reference
from shared.records.passed_over import Passed

Note = Callable[[Passed], None]


class FolderAway(TransientError):
    """The watched folder is missing, no folder, or cannot be read. Nothing is forgotten; it is waited for."""


class Absence(Enum):
    """Why a path is not a file to look after."""

    GONE = "gone"
    OTHER = "not a file to read"  # a folder, a link, a FIFO, a socket, a device; or it is passed over
    UNKNOWN = "cannot be looked at"  # not permitted, or the disk or network gave an error: says nothing about the file


class WatchedStorage(Protocol):
    """A tree of files, by their paths in it."""

    @property
    def name(self) -> str:
        """The tree, for people."""

    def pin(self) -> bool:
        """Take what is there now for the tree that is watched. False while there is none."""

    def is_pinned(self) -> bool:
        """Whether the tree that was pinned is still there."""

    def believes_absence(self) -> bool:
        """Whether a file that is missing now may be forgotten. Cheap; to be asked after the look, not before."""

    def walk(self, under: str = "", note: Note = ...) -> Iterator[list[Reference]]:
        """Every file below the relative folder `under` that is not passed over, in chunks, in no order.

        note: is given each that is, and folders that are passed over with all that is in them.
        A chunk may be empty: who walks can do other things in between. Raises FolderAway if the tree cannot be read.
        """

    def look(self, path: str) -> Reference | Absence:
        """The file at a relative path as it is now. Never raises."""

    def look_in_place(self, path: str) -> Reference | Absence:
        """`look` for a path whose parent is known to be a folder of this tree."""

    def leads_to(self, folder: str) -> bool:
        """Whether what lies in the relative path `folder` is of this tree, and not reached through a link out of it."""
