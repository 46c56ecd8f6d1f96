"""Which duplicates are to be acted on, and why the others are not, before the disk is asked. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import AWAY, Action, Phase, Run
from shared.acting.selection import EVERYTHING, Selection
from shared.decisions import UNDECIDED, Decided, Subject
from shared.paths import is_one_folder
from shared.records import DUPLICATE_KINDS, Kind
from worker.engine.companions.belonging import FolderFile, are_raw_and_picture, find_companions
from worker.engine.groups.keepers import FolderRules
from worker.pipeline.acting.choices import follow_choices

UNNAMED: Final = tuple(kind for kind in Kind if kind.is_acted_on)
LINKS: Final = (Action.HARDLINK, Action.SYMLINK)


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. kinds: none means UNNAMED. decided: only what decisions say may go, of any kind."""

    action: Action
    kinds: tuple[Kind, ...] = ()
    selection: Selection = EVERYTHING
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A duplicate that is left alone, and why, in words. failed: the system refused, or the file is in doubt."""

    duplicate: ReportedDuplicate
    reason: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Duplicates of the report that the request passes over. which: in words. way: how they are asked for."""

    which: str
    files: int
    way: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in the report's order, and what is not.

    A file that belongs to another one of them comes behind all others: it goes with that one. kept: paths that must
    stay, whatever they belong to. by_path: the chosen ones. named: kinds that were asked for by name.
    """

    chosen: tuple[ReportedDuplicate, ...]
    skipped: tuple[Skipped, ...] = ()
    not_asked: tuple[NotAsked, ...] = ()
    kept: frozenset[str] = frozenset()
    by_path: Mapping[str, ReportedDuplicate] = field(default_factory=dict)
    named: tuple[Kind, ...] = ()


NOTHING_ELSE: Final = Plan(())


def make_plan(
    duplicates: Sequence[ReportedDuplicate],
    request: Request,
    rules: FolderRules,
    needed: Collection[str] = (),
    decided: Decided = UNDECIDED,
) -> Plan:
    """Those of `duplicates` that were asked for and that no rule keeps.

    needed: paths that earlier links lead to. decided: by users, perhaps since the report was made.
    """
    kinds = request.kinds or (DUPLICATE_KINDS if request.decided else UNNAMED)
    if request.decided:
        duplicates = list(follow_choices(duplicates, decided))
    spared = _spared(duplicates, decided)
    duplicates = list(_copies_of_what_stays(duplicates, kinds))
    meant = [
        one
        for one in duplicates
        if request.selection.takes(one)
        and (not request.decided or decided.going_for(Subject(one.digest, one.path), one.keeper_digest))
    ]
    asked = [one for one in meant if one.kind in kinds]
    keepers = {one.keeper for one in duplicates}
    chosen, skipped, seen = [], [], set[str]()
    for one in asked:
        reason = spared.get(one.path) or _why_not(one, request.action, rules, keepers, needed)
        if reason:
            skipped.append(Skipped(one, reason))
        elif one.path not in seen:
            chosen.append(one)
        seen.add(one.path)
    return Plan(
        tuple(_owners_first(chosen)),
        tuple(skipped),
        tuple(_not_asked(duplicates, meant, request, kinds)),
        frozenset(keepers).union(needed),
        {one.path: one for one in chosen},
        kinds if request.kinds or request.decided else (),
    )


def _copies_of_what_stays(
    duplicates: Iterable[ReportedDuplicate], kinds: Collection[Kind]
) -> Iterator[ReportedDuplicate]:
    """Duplicates; of those that nobody asked for the copies go for the first one of the same bytes, which stays.

    A report names one keeper for all (docs/adr/0050): of a small picture and its copy both are near to the large one.
    """
    first: dict[str, ReportedDuplicate] = {}
    for one in duplicates:
        stays = one if one.kind in kinds or not one.kind.is_duplicate else first.setdefault(one.digest, one)
        if stays is one or Kind.EXACT not in kinds:
            yield one
        else:
            yield replace(one, kind=Kind.EXACT, similarity=1.0, keeper=stays.path, keeper_digest=stays.digest)


def _spared(duplicates: Iterable[ReportedDuplicate], decided: Decided) -> dict[str, str]:
    """Why users' decisions leave files where they are, by path."""
    of_keepers = defaultdict(list)
    for one in duplicates:
        of_keepers[Subject(one.keeper_digest, one.keeper)].append(one)
    found = {}
    for keeper, ones in of_keepers.items():
        subjects = {one.path: Subject(one.digest, one.path) for one in ones}
        keeping = decided.keeping(keeper, subjects.values())
        for one in ones:
            chosen = decided.chosen.get(one.digest)
            if decided.are_apart(keeper.digest, one.digest):
                found[one.path] = "you decided that it and its keeper are different pictures"
            elif number := keeping.get(subjects[one.path]):
                found[one.path] = f"you decided that it stays beside its keeper (decision {number})"
            elif chosen and (one.path == chosen.path or one.digest != keeper.digest):
                found[one.path] = "you decided that it is the keeper; the next recluster run sees to it"
    return found


def _owners_first(chosen: Sequence[ReportedDuplicate]) -> list[ReportedDuplicate]:
    names = defaultdict(list)
    for one in chosen:
        folder, _, name = one.path.rpartition("/")
        names[folder].append(name)
    followers = {
        (folder, name)
        for folder, inside in names.items()
        for name in find_companions(FolderFile(name, 0, 0) for name in inside).followers(frozenset(inside))
    }
    return sorted(chosen, key=lambda one: one.path.rpartition("/")[::2] in followers)


def _not_asked(
    duplicates: Sequence[ReportedDuplicate],
    meant: Sequence[ReportedDuplicate],
    request: Request,
    kinds: Collection[Kind],
) -> Iterator[NotAsked]:
    """Of other kinds among those that are meant, and of any kind among the others."""
    here = [one.kind for one in meant]
    for kind in Kind:
        if kind in here and kind not in kinds:
            useless = request.action in LINKS and not kind.is_sure
            way = f"only the same bytes give way to a {request.action}" if useless else f"--kind {kind} takes them"
            yield NotAsked(kind, here.count(kind), way)
    if len(here) < len(duplicates):
        folders = request.selection.names_folders_alone and not request.decided
        which, options = (
            ("in other folders", "--folder") if folders else ("that were not chosen", "the options that choose")
        )
        yield NotAsked(which, len(duplicates) - len(here), f"without {options} they are asked for, too")


def needed_paths(runs: Iterable[Run], root: str) -> frozenset[str]:
    """Files below `root` that a symbolic link of an earlier run leads to, and that were not restored since."""
    return frozenset(
        entry.step.keeper
        for run in runs
        if run.header.action is Action.SYMLINK and is_one_folder(run.header.root, root)
        for entry in run.in_phase(Phase.BEGUN, *AWAY, Phase.RESTORING)
    )


def _why_not(
    one: ReportedDuplicate, action: Action, rules: FolderRules, keepers: Collection[str], needed: Collection[str]
) -> str:
    if one.path in keepers:
        itself = "it is the keeper of a group itself"
        return f"{itself}, or another file is a variant of it" if one.kind == Kind.VARIANT else itself
    protector = rules.protector(one.path)
    if protector is not None:
        return f"it lies in the protected folder {protector!a}"
    if are_raw_and_picture(one.path, one.keeper):
        return "it and its keeper belong together: a raw, and the picture that was made of it"
    if one.path in needed:
        return "a symbolic link that an earlier run made leads to it; restore that run first"
    if action in LINKS and not one.kind.is_sure:
        return (
            f"only the same bytes can be replaced by a {action}, and it is {one.kind}: move it, or put it in the trash"
        )
    if one.kind.is_sure and one.digest != one.keeper_digest:
        return "the report contradicts itself about its bytes; make a new one"
    return ""
