"""What goes with a duplicate, found in its folder right before: its companions, if they lie beside its keeper, too."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import COMPANION
from shared.errors import LeftAlone
from shared.records import Kind
from worker.engine.companions.belonging import Folder, FolderFile, find_companions
from worker.engine.companions.names import families_of
from worker.engine.companions.suffixes import Role
from worker.pipeline.acting.inspection import Going, HeldFile, held
from worker.pipeline.acting.place import Place, is_seen_twice
from worker.pipeline.acting.plan import Plan


@dataclass(frozen=True, slots=True)
class Stays:
    """What belongs to a duplicate and stays where it is, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Unit:
    """A duplicate and what goes with it, all open. going: the companions first, the duplicate last."""

    going: tuple[Going, ...]
    stays: tuple[Stays, ...] = ()
    lost: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise LeftAlone where any of them has changed since it was looked at."""
        for one in self.going if len(self.going) > 1 else ():
            one.file.check()


class Beside:
    """The files beside one, which have a name in common with it. Read when it is asked for."""

    def __init__(self, path: str, place: Place, gone: Collection[str] = ()) -> None:
        """gone: paths that count as gone, in a dry run."""
        self._folder = path.rpartition("/")[0]
        self.name = place.name
        self._place, self._gone = place, gone

    def path_of(self, name: str) -> str:
        return f"{self._folder}/{name}" if self._folder else name

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Bytes by name."""
        return {file.name: file.size for file in self._files}

    @cached_property
    def folder(self) -> Folder:
        """What belongs to what."""
        return find_companions(self._files)

    @cached_property
    def _files(self) -> list[FolderFile]:
        """Links and folders are nobody's companions. Raises OSError."""
        family = families_of(self.name)
        with os.scandir(self._place.folder) as entries:
            return [
                FolderFile(entry.name, status.st_size, status.st_mtime_ns)
                for entry in entries
                if not family.isdisjoint(families_of(entry.name))
                and entry.is_file(follow_symlinks=False)
                and self.path_of(entry.name) not in self._gone
                and (status := _status(entry))
            ]


def _status(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # it went meanwhile


@dataclass(frozen=True)
class Company:
    """Looks for what goes with one duplicate.

    file, keeper: the duplicate and its keeper, open. named: kinds that were asked for by name. gone: paths that count
    as gone, in a dry run. stack: closes what is opened.
    """

    root: Path
    one: ReportedDuplicate
    file: HeldFile
    keeper: HeldFile
    plan: Plan
    named: Collection[Kind]
    stack: ExitStack
    gone: Collection[str] = ()

    @cached_property
    def _here(self) -> Beside:
        return Beside(self.one.path, self.file.place, self.gone)

    @cached_property
    def _there(self) -> Beside:
        return Beside(self.one.keeper, self.keeper.place, self.gone)

    @cached_property
    def _keeper_name(self) -> str:
        """The keeper's name, if it lies in the same folder; else "", which no file has."""
        folder, _, name = self.one.keeper.rpartition("/")
        return name if folder == self.one.path.rpartition("/")[0] else ""

    def names(self) -> list[str]:
        """What goes with it. Raises LeftAlone where it belongs to what stays, or where what belongs to it must stay."""
        here, folder = self._here, self._here.folder
        hosts = folder.hosts.get(here.name, ())
        if hosts and self._keeper_name not in hosts:  # an edited copy may go for the very picture that it was made from
            raise LeftAlone(f"it belongs to {hosts[0]!a}, which stays")
        names = folder.companions(here.name, without=self._keeper_name)
        for name in names:
            if here.path_of(name) in self.plan.kept:
                raise LeftAlone(f"{name!a} belongs to it, and must stay: it is a keeper itself, or a link leads to it")
        return names

    def stays(self) -> tuple[Stays, ...]:
        """What it shares with files that stay."""
        shared = self._here.folder.shared(self._here.name, without=self._keeper_name)
        return tuple(
            Stays(self._here.path_of(name), f"it belongs to {hosts[0]!a}, too") for name, hosts in shared.items()
        )

    def duplicates(self) -> Iterator[ReportedDuplicate]:
        """Those of its companions that are to go for keepers of their own."""
        for name in self.names():
            if found := self.plan.by_path.get(self._here.path_of(name)):
                yield found

    def others(self) -> tuple[list[Going], tuple[str, ...]]:
        """Its other companions, open, and the names of those that go although its keeper has none such.

        Raises LeftAlone where that must not be: a video, a raw or an edited picture never goes for a picture that has
        none with the same bytes beside it; what a sidecar says goes where its picture's kind was asked for by name.
        """
        paths = {name: self._here.path_of(name) for name in self.names()}
        names = [name for name, path in paths.items() if path not in self.plan.by_path]
        going, missing = [], []
        for name in names:
            file = self.stack.enter_context(held(self.root, paths[name], "", f"{name!a}, which belongs to it,"))
            role = self._here.folder.roles[name]
            if found := self._twin(name, file):
                kind = Kind.EXACT if role is Role.EDIT else COMPANION
                going.append(Going(paths[name], kind, file, *found))
            else:
                going.append(Going(paths[name], COMPANION, file, self.one.keeper, self.keeper))
                missing.append(name)
        if missing:
            self._check_missing(missing)
        return going, tuple(missing)

    def _check_missing(self, missing: list[str]) -> None:
        said = f"not beside its keeper: {', '.join(map(ascii, missing))}"
        if any(self._here.folder.roles[name].is_content for name in missing):
            raise LeftAlone(said)
        if self.one.kind not in self.named:
            raise LeftAlone(f"{said}; --kind {self.one.kind} takes it all the same")

    def _twin(self, name: str, file: HeldFile) -> tuple[str, HeldFile] | None:
        """A companion of the keeper, of others too perhaps, with the same bytes: its path, and itself, open."""
        there, size = self._there, file.status.st_size
        going = self._here.name if self._keeper_name else ""
        for other in (*there.folder.companions(there.name, going), *there.folder.shared(there.name, going)):
            path = there.path_of(other)
            if there.sizes[other] != size or path == self._here.path_of(name):
                continue
            twin = self.stack.enter_context(held(self.root, path, "", f"{other!a} beside its keeper"))
            if twin.digest == file.digest and not is_seen_twice(twin.status, file.status):
                return path, twin
        return None


@contextmanager
def belonging(path: str) -> Iterator[None]:
    """Let reasons for which a companion stays name it. path: "" for the duplicate itself."""
    name = path.rpartition("/")[2]
    try:
        yield
    except LeftAlone as error:
        raise LeftAlone(f"{name!a} belongs to it: {error}" if name else str(error)) from error
    except OSError as error:
        if not name:
            raise
        raise OSError(error.errno, f"{error.strerror or error} ({name!a}, which belongs to it)") from error
