"""The companions of the files of groups, and which files they keep from going, by names, times and sizes alone.

What a report says of bytes that can be freed is what acting frees, as far as can be known without reading a companion:
acting looks at their bytes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from worker.engine.companions.belonging import Folder, FolderFile, find_companions
from worker.engine.companions.names import families_of
from worker.engine.groups.groups import Group

Seen = tuple[str, int, int]  # path of any file, bytes, mtime in nanoseconds


@dataclass(frozen=True, slots=True)
class Company:
    """companions: names of the files that go with each file of a group, by its path.

    more_bytes: of those of a duplicate that are none themselves. kept: duplicates that stay for what belongs to them.
    """

    companions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    more_bytes: Mapping[str, int] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


NO_COMPANY: Final = Company()


def find_company(seen: Iterable[Seen], groups: Sequence[Group]) -> Company:
    """What goes with the files of these groups. seen: every file of the collection, pictures or not. O(seen)."""
    return _Search(seen, groups).company


class _Search:
    def __init__(self, seen: Iterable[Seen], groups: Sequence[Group]) -> None:
        self._keepers = {duplicate.member.path: group.keeper.path for group in groups for duplicate in group.duplicates}
        self._staying = {group.keeper.path for group in groups}
        wanted: defaultdict[str, set[str]] = defaultdict(set)
        for path in (*self._keepers, *self._staying):
            folder, name = _split(path)
            wanted[folder] |= families_of(name)
        self._files: defaultdict[tuple[str, str], dict[str, FolderFile]] = defaultdict(dict)
        for path, size, mtime_ns in seen:
            folder, name = _split(path)
            if folder in wanted:
                for family in families_of(name) & wanted[folder]:
                    self._files[folder, family][name] = FolderFile(name, size, mtime_ns)
        self._folders: dict[tuple[str, frozenset[str]], Folder] = {}

    @cached_property
    def company(self) -> Company:
        without = {path: keeper for path, keeper in self._keepers.items() if _split(path)[0] == _split(keeper)[0]}
        names = {
            path: tuple(self._folder(path).companions(_split(path)[1], _split(without.get(path, ""))[1]))
            for path in (*self._keepers, *self._staying)
        }
        stay = {path for path, keeper in self._keepers.items() if self._stays(path, keeper, names[path])}
        kept = stay | {path for path in self._keepers if not stay.isdisjoint(self._hosts(path))}
        return Company({path: found for path, found in names.items() if found}, self._more(names), frozenset(kept))

    def _more(self, names: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Each companion's bytes once: what goes with an edited picture goes with its original, too."""
        counted, found = set(self._keepers), {}
        for path in sorted(self._keepers, key=lambda path: -len(names[path])):
            fresh = [name for name in names[path] if _beside(path, name) not in counted]
            counted |= {_beside(path, name) for name in fresh}
            found[path] = sum(self._size(path, name) for name in fresh)
        return found

    def _hosts(self, path: str) -> list[str]:
        return [_beside(path, name) for name in self._folder(path).hosts.get(_split(path)[1], ())]

    def _stays(self, path: str, keeper: str, names: Iterable[str]) -> bool:
        """Whether it belongs to what stays, or what belongs to it must stay or lies not beside its keeper."""
        hosts = self._hosts(path)
        if hosts and keeper not in hosts and not all(host in self._keepers for host in hosts):
            return True
        there, name = self._folder(keeper), _split(keeper)[1]
        sizes = {self._size(keeper, one) for one in (*there.companions(name), *there.shared(name))}
        for one in names:
            other = _beside(path, one)
            if other in self._staying or (other not in self._keepers and self._size(path, one) not in sizes):
                return True
        return False

    def _size(self, path: str, name: str) -> int:
        folder = _split(path)[0]
        return next(files[name].size for family in families_of(name) if name in (files := self._files[folder, family]))

    def _folder(self, path: str) -> Folder:
        folder, name = _split(path)
        key = folder, families_of(name)
        if key not in self._folders:
            files = {file.name: file for family in key[1] for file in self._files[folder, family].values()}
            self._folders[key] = find_companions(files.values())
        return self._folders[key]


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name


def _beside(path: str, name: str) -> str:
    folder = _split(path)[0]
    return f"{folder}/{name}" if folder else name
