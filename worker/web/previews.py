"""Previews that were made before, in a folder of the state folder, up to a bound: those unused for longest go first."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from shared.state_folder import write_whole

SIDES: Final = (320, 1600)  # pixels of the long side: on a sheet, and looked at closely
KEPT: Final = 0.8  # of the bound, after old ones went, so that they do not go one by one
_USED_SECONDS: Final = 3600.0  # between two notes that one was used
_SUFFIX: Final = ".webp"


class Previews:
    """Safe between threads; two processes on one folder do not harm each other."""

    def __init__(self, folder: Path, most: int, clock: Callable[[], float]) -> None:
        """most: bytes. clock: seconds since the epoch."""
        self._folder = folder
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._size: int | None = None  # of all, None before they were counted

    def find(self, digest: str, side: int | str) -> bytes | None:
        """The preview of this digest. side: pixels, or a word for another picture that was made of it."""
        file = self._file(digest, side)
        try:
            data = file.read_bytes()
            if self._clock() - file.stat().st_mtime > _USED_SECONDS:
                os.utime(file, (self._clock(), self._clock()))
        except OSError:
            return None
        return data

    def keep(self, digest: str, side: int | str, data: bytes) -> None:
        """Keep one. A folder that cannot be written is no fault: it is made anew next time."""
        file = self._file(digest, side)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # a mode is not for the parents of a folder
            file.parent.mkdir(exist_ok=True, mode=0o700)
            write_whole(file, data)
        except OSError:
            return
        with self._lock:
            self._size = self._count() if self._size is None else self._size + len(data)
            if self._size > self._most:
                self._size = self._clear()

    def _file(self, digest: str, side: int | str) -> Path:
        return self._folder / digest[:2] / f"{digest}-{side}{_SUFFIX}"

    def _all(self) -> list[tuple[float, int, Path]]:
        """When each was used last, its bytes, and where it is."""
        found = []
        for file in self._folder.glob(f"??/*{_SUFFIX}"):
            try:
                status = file.stat()
            except OSError:
                continue
            found.append((status.st_mtime, status.st_size, file))
        return found

    def _count(self) -> int:
        return sum(size for _, size, _ in self._all())

    def _clear(self) -> int:
        """Let the oldest go; the bytes of those that stay."""
        left = sorted(self._all())
        size = sum(one for _, one, _ in left)
        for _, one, file in left:
            if size <= self._most * KEPT:
                break
            file.unlink(missing_ok=True)
            size -= one
        return size
