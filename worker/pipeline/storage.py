"""Where the pictures of the collection lie, as the worker reads them: the port that a storage source implements.

Only what reading needs: nothing in the worker lists files, which is the watcher's part (watcher/storage.py). Acting on
files (moving, linking, restoring) is a matter of local file systems, and no part of this.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it is at one moment. Two that are equal say that nobody wrote to it in between.

    regular: whether it is a file with contents of its own. size: bytes. mtime_ns, ctime_ns: see `Reference`.
    """

    regular: bool
    size: int
    mtime_ns: int
    ctime_ns: int


class OpenFile(Protocol):
    """A file that stays the same one while it is open, whatever its path leads to by now."""

    def state(self) -> FileState:
        """How it is now."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, from where the last call ended; none at its end. Raises OSError."""


class ReadableStorage(Protocol):
    """A place with files, by their paths in it."""

    @property
    def name(self) -> str:
        """The place, for people."""

    def check_there(self) -> None:
        """Raise Unavailable where it cannot be asked for files now."""

    def open(self, path: str) -> AbstractContextManager[OpenFile]:
        """The file at this relative path; nothing outside the place is ever opened, whatever is swapped meanwhile.

        Raises RefusedReference (outside), UnreadableImage (with the reason) or Unavailable (the place itself is away).
        """
