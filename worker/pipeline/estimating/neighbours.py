"""Which files of a folder belong to others, while the files of all folders go by. Pure."""

from collections.abc import Iterator
from typing import Final

from worker.engine.companions.belonging import FolderFile, find_companions

HELD: Final = 100_000  # files; beyond them the folders that were seen last are told from the others


class Neighbours:
    """The files of the folders that went by last. Memory: so many names, and those of the largest folder."""

    def __init__(self, held: int = HELD) -> None:
        self._most = held
        self._held = 0
        self._folders: dict[str, list[FolderFile]] = {}

    def add(self, path: str, size: int, mtime_ns: int) -> Iterator[tuple[str, int]]:
        """Take in a file; role and bytes of companions in folders that are let go for it."""
        folder, _, name = path.rpartition("/")
        files = self._folders.pop(folder, [])
        files.append(FolderFile(name, size, mtime_ns))
        self._folders[folder] = files  # the latest stands last
        self._held += 1
        while self._held > self._most and len(self._folders) > 1:
            yield from self._let_go(next(iter(self._folders)))

    def finish(self) -> Iterator[tuple[str, int]]:
        """The companions in all folders that are left."""
        for folder in list(self._folders):
            yield from self._let_go(folder)

    def _let_go(self, folder: str) -> Iterator[tuple[str, int]]:
        files = self._folders.pop(folder)
        self._held -= len(files)
        found = find_companions(files)
        for file in files:
            if file.name in found.hosts:
                yield str(found.roles[file.name]), file.size
