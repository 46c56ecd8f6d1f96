"""The companions of the files of groups, and which files they keep from going, by names, times and sizes alone.

What a report says of bytes that can be freed is what acting frees, as far as can be known without reading a companion:
acting looks at their bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from worker.engine.companions.families import Families, Seen, beside, split
from worker.engine.groups.groups import Group


class Companions(NamedTuple):
    """What goes with a file: names, and bytes of them all."""

    names: tuple[str, ...] = ()
    bytes: int = 0


NONE: Final = Companions()


@dataclass(frozen=True, slots=True)
class Company:
    """companions: what goes with each file of a group that has any, by its path.

    more_bytes: what goes with a duplicate besides, each companion once; not those that are duplicates themselves.
    kept: duplicates that stay for what belongs to them, or for what they belong to.
    """

    companions: Mapping[str, Companions] = field(default_factory=dict)
    more_bytes: Mapping[str, int] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


NO_COMPANY: Final = Company()


def find_company(
    seen: Iterable[Seen], groups: Sequence[Group], is_protected: Callable[[str], bool] = lambda _: False
) -> Company:
    """What goes with the files of these groups. seen: every file of the collection, pictures or not. O(seen)."""
    return _Search(seen, groups, is_protected).company


class _Search:
    def __init__(self, seen: Iterable[Seen], groups: Sequence[Group], is_protected: Callable[[str], bool]) -> None:
        standing = [(path, there.path) for group in groups for path, there in group.standing().items()]
        self._keepers = dict(standing)
        self._asked = {path for group in groups for path in group.going() if not is_protected(path)}
        self._staying = {group.keeper.path for group in groups} | {keeper for _, keeper in standing}
        self._families = Families(seen, {*self._keepers, *self._staying})

    @cached_property
    def company(self) -> Company:
        names = {path: self._names(path) for path in (*self._keepers, *self._staying)}
        going = self._going(names)
        sizes = {path: sum(self._families.size(path, name) for name in found) for path, found in names.items() if found}
        companions = {path: Companions(tuple(names[path]), size) for path, size in sizes.items()}
        return Company(companions, self._more(names, going), frozenset(self._asked - going))

    def _names(self, path: str) -> list[str]:
        keeper = self._keepers.get(path, "")
        without = split(keeper)[1] if split(keeper)[0] == split(path)[0] else ""
        return self._families.folder(path).companions(split(path)[1], without)

    def _going(self, names: Mapping[str, Sequence[str]]) -> set[str]:
        """Those of the duplicates that go which nothing keeps: fewer, until each of them may."""
        going = set(self._asked)
        while True:
            leaving = going.union(beside(path, name) for path in going for name in names[path])
            if not (stay := {path for path in going if self._stays(path, names[path], going, leaving)}):
                return going
            going -= stay

    def _stays(self, path: str, names: Iterable[str], going: set[str], leaving: set[str]) -> bool:
        """Whether it belongs to what stays, or what belongs to it must stay or lies not beside its keeper."""
        keeper, hosts = self._keepers[path], self._hosts(path)
        if hosts and keeper not in hosts and not leaving.issuperset(hosts):
            return True
        sizes = self._sizes_beside(keeper)
        for one in names:
            other = beside(path, one)
            if other in self._staying or (
                other not in going if other in self._asked else self._families.size(path, one) not in sizes
            ):
                return True
        return False

    def _sizes_beside(self, keeper: str) -> set[int]:
        """Bytes of what belongs to a keeper, to others perhaps, too."""
        there, name = self._families.folder(keeper), split(keeper)[1]
        return {self._families.size(keeper, one) for one in (*there.companions(name), *there.shared(name))}

    def _more(self, names: Mapping[str, Sequence[str]], going: set[str]) -> dict[str, int]:
        """Each companion's bytes once: what goes with an edited picture goes with its original, too."""
        counted, found, leaving = set(self._asked), {}, self._leaving(names, going)
        for path in sorted(going, key=lambda path: (-len(names[path]), path)):
            shared = [
                name for name in self._families.folder(path).shared(split(path)[1]) if beside(path, name) in leaving
            ]
            fresh = [name for name in (*names[path], *shared) if beside(path, name) not in counted]
            counted |= {beside(path, name) for name in fresh}
            found[path] = sum(self._families.size(path, name) for name in fresh)
        return found

    def _leaving(self, names: Mapping[str, Sequence[str]], going: set[str]) -> set[str]:
        """What goes, and what goes with it: that which several share with the last of them."""
        leaving = going.union(beside(path, name) for path in going for name in names[path])
        while fresh := {one for path in going for one in self._freed(path, leaving)} - leaving:
            leaving |= fresh
        return leaving

    def _freed(self, path: str, leaving: set[str]) -> Iterator[str]:
        """What it shares with files that leave, if all whose keepers are known have it beside them."""
        here = self._families.folder(path)
        for name in here.shared(split(path)[1]):
            hosts, size = [beside(path, host) for host in here.hosts[name]], self._families.size(path, name)
            keepers = [self._keepers[host] for host in hosts if host in self._asked]
            if leaving.issuperset(hosts) and all(size in self._sizes_beside(keeper) for keeper in keepers):
                yield beside(path, name)

    def _hosts(self, path: str) -> list[str]:
        return [beside(path, name) for name in self._families.folder(path).hosts.get(split(path)[1], ())]
