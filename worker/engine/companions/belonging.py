"""Which files of a folder belong to which: by name, and by time where a camera's numbers may have begun anew. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from worker.engine.companions.names import Name, named_by, parse_name, plain_name, shortened
from worker.engine.companions.suffixes import Role

DAY_NS: Final = 24 * 3600 * 10**9  # more than time zones make of one moment


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file of a folder. name: one component. size: bytes. mtime_ns: when its contents last changed."""

    name: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Folder:
    """The files of one folder that belong to others, and those that they belong to.

    hosts: of each file that is made for others, or from them, their names. roles: of every file that may be one.
    """

    hosts: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, Role]

    def companions(self, name: str, without: str = "") -> list[str]:
        """What belongs to this file and to no other: to it directly, or to a file that does. By name.

        without: a file that stays, whatever it belongs to.
        """
        going = {name}
        wanted = {one: hosts for one, hosts in self.hosts.items() if one != without}
        while found := {one for one, hosts in wanted.items() if one not in going and going.issuperset(hosts)}:
            going |= found
        return sorted(going - {name})

    def shared(self, name: str, without: str = "") -> dict[str, tuple[str, ...]]:
        """What belongs to this file, and to others, which are named with it: first those that belong to none."""
        going = {name, *self.companions(name, without)}
        shared = {one: hosts for one, hosts in self.hosts.items() if one not in {*going, without}}
        return {
            one: tuple(sorted((host for host in hosts if host not in going), key=self.hosts.__contains__))
            for one, hosts in sorted(shared.items())
            if not going.isdisjoint(hosts)
        }

    def followers(self, names: Collection[str]) -> frozenset[str]:
        """Those of `names` that belong to others of them, and so go when those go."""
        return frozenset(name for name in names if any(host in names for host in self._all_hosts(name)))

    def _all_hosts(self, name: str) -> set[str]:
        found: set[str] = set()
        fresh = set(self.hosts.get(name, ()))
        while fresh:
            found |= fresh
            fresh = {host for one in fresh for host in self.hosts.get(one, ())} - found
        return found


def find_companions(files: Iterable[FolderFile]) -> Folder:
    """Which of the files of one folder belong together. O(files), but for names that a takeout has cut off."""
    return _Index(list(files)).folder


def are_raw_and_picture(path: str, other: str) -> bool:
    """Whether two paths are by their names a raw and the picture that was made of it: companions, never duplicates."""
    (folder, _, name), (other_folder, _, other_name) = path.rpartition("/"), other.rpartition("/")
    if folder != other_folder:
        return False
    one, two = parse_name(name), parse_name(other_name)
    return {one.role, two.role} == {Role.RAW, Role.PICTURE} and (one.stem == two.stem or one.core == two.core)


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    parsed: Name
    mtime_ns: int


class _Index:
    """The files of a folder by what their names have in common."""

    def __init__(self, files: Sequence[FolderFile]) -> None:
        self._files = [_File(file.name, parse_name(file.name), file.mtime_ns) for file in files]
        self._by_key: defaultdict[str, list[_File]] = defaultdict(list)
        self._by_stem: defaultdict[str, list[_File]] = defaultdict(list)
        self._by_core: defaultdict[str, list[_File]] = defaultdict(list)
        for file in self._files:
            if file.parsed.role is None:
                continue
            self._by_key[file.parsed.key].append(file)
            if file.parsed.role is not Role.SIDECAR:
                self._by_stem[file.parsed.stem].append(file)
                self._by_core[file.parsed.core].append(file)

    @cached_property
    def folder(self) -> Folder:
        hosts, roles = {}, {}
        for file in self._files:
            if file.parsed.role is None:
                continue
            found = tuple(sorted({host.name for host in self._hosts(file)}))
            roles[file.name] = Role.EDIT if file.parsed.role is Role.PICTURE and found else file.parsed.role
            if found:
                hosts[file.name] = found
        return Folder(hosts, roles)

    def _hosts(self, file: _File) -> list[_File]:
        match file.parsed.role:
            case Role.SIDECAR:
                return self._hosts_of_sidecar(file.parsed)
            case Role.PICTURE:
                return self._originals(file) if file.parsed.edited else []
            case Role.RAW:
                return [one for one in self._shots(file, Role.PICTURE) if file.mtime_ns - one.mtime_ns <= DAY_NS]
        pictures = self._shots(file, Role.PICTURE) or self._shots(file, Role.RAW)
        return [one for one in pictures if abs(file.mtime_ns - one.mtime_ns) <= DAY_NS]

    def _originals(self, edited: _File) -> list[_File]:
        """The pictures that one was made from: never those of a later day."""
        same = [one for one in self._by_core[edited.parsed.core] if one.parsed.role is Role.PICTURE]
        found = [one for one in same if not one.parsed.edited]
        return [one for one in found if one.mtime_ns - edited.mtime_ns <= DAY_NS]

    def _shots(self, file: _File, role: Role) -> list[_File]:
        """The files in this role that have a video's or a raw's name, or its stem, or at least its core."""
        named = [one for one in self._by_key[file.parsed.stem] if one.parsed.role is role]
        same = [one for one in self._by_stem[file.parsed.stem] if one.parsed.role is role]
        if named or same:
            return named or same
        alike = [one for one in self._by_core[file.parsed.core] if one.parsed.role is role]
        return [one for one in alike if not one.parsed.edited] or alike

    def _hosts_of_sidecar(self, sidecar: Name) -> list[_File]:
        for whole in named_by(sidecar):
            if found := self._by_key.get(whole):
                return [one for one in found if one.parsed.key != sidecar.key]
        return self._cut_off(sidecar) or self._alike(sidecar.stem, sidecar) or self._alike_inner(sidecar)

    def _alike(self, stem: str, sidecar: Name) -> list[_File]:
        """All shots and videos of its stem; without one those of its core, the unedited first."""
        found = self._by_stem.get(stem, [])
        if found:
            return found
        core = parse_name(f"{stem}.{sidecar.suffix}").core
        found = self._by_core.get(core, [])
        return [one for one in found if not one.parsed.edited] or found

    def _alike_inner(self, sidecar: Name) -> list[_File]:
        """A file of whose whole name only the stem is here: `IMG_1.CR2.xmp` when the raw is gone."""
        for whole in named_by(sidecar):
            inner = parse_name(whole)
            if inner.role and (found := self._alike(inner.stem, sidecar)):
                return found
        return []

    def _cut_off(self, sidecar: Name) -> list[_File]:
        base, counter = shortened(sidecar)
        if not base:
            return []
        return [
            file
            for file in self._files
            if file.parsed.role not in (None, Role.SIDECAR) and _begins(plain_name(file.parsed), base, counter)
        ]


def _begins(plain: tuple[str, str], base: str, counter: str) -> bool:
    return plain[1] == counter and plain[0].startswith(base)
