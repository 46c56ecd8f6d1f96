"""Files of many folders, and what belongs to each: only those are kept that have a name in common with a wanted one."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from worker.engine.companions.belonging import Folder, FolderFile, find_companions
from worker.engine.companions.names import families_of

Seen = tuple[str, int, int]  # path of any file, bytes, mtime in nanoseconds


class Kin:
    """The paths of files that have a name in common with wanted ones, in their folders."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._families: defaultdict[str, set[str]] = defaultdict(set)
        for path in wanted:
            folder, name = split(path)
            self._families[folder] |= families_of(name)

    def __contains__(self, path: str) -> bool:
        return bool(self.in_common(path))

    def in_common(self, path: str) -> frozenset[str]:
        """Which names a file has in common with wanted ones."""
        folder, name = split(path)
        return families_of(name) & self._families[folder] if folder in self._families else frozenset()


class Families:
    """What belongs to the wanted files, by their paths."""

    def __init__(self, seen: Iterable[Seen], wanted: Collection[str]) -> None:
        """seen: every file, pictures or not. O(seen)."""
        kin = Kin(wanted)
        self._files: defaultdict[tuple[str, str], dict[str, FolderFile]] = defaultdict(dict)
        for path, size, mtime_ns in seen:
            for family in kin.in_common(path):
                folder, name = split(path)
                self._files[folder, family][name] = FolderFile(name, size, mtime_ns)
        self._folders: dict[tuple[str, frozenset[str]], Folder] = {}

    def folder(self, path: str) -> Folder:
        """The files beside one that have a name in common with it."""
        folder, name = split(path)
        key = folder, families_of(name)
        if key not in self._folders:
            files = {file.name: file for family in key[1] for file in self._files[folder, family].values()}
            self._folders[key] = find_companions(files.values())
        return self._folders[key]

    def count(self, path: str) -> int:
        """How many files with a content of their own belong to one: raws, videos, edited pictures.

        Those that it shares as well, so that the going of another one that has them changes nothing. No sidecars:
        programs write and remove them at any time.
        """
        folder, name = self.folder(path), split(path)[1]
        return sum(folder.roles[one].is_content for one in (*folder.companions(name), *folder.shared(name)))

    def size(self, path: str, name: str) -> int:
        """Bytes of a file beside one, by its name."""
        folder = split(path)[0]
        return next(files[name].size for family in families_of(name) if name in (files := self._files[folder, family]))


def count_companions(seen: Iterable[Seen], wanted: Collection[str]) -> dict[str, int]:
    """How many files with a content of their own belong to each wanted one, by its path. O(seen)."""
    if not wanted:
        return {}
    families = Families(seen, wanted)
    return {path: families.count(path) for path in wanted}


def split(path: str) -> tuple[str, str]:
    """Folder and name."""
    folder, _, name = path.rpartition("/")
    return folder, name


def beside(path: str, name: str) -> str:
    """The path of a file beside this one."""
    folder = split(path)[0]
    return f"{folder}/{name}" if folder else name
