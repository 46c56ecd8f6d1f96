"""What is left to decide: the groups of the newest report, less what users decided and what was taken away (pure)."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import AWAY, Run
from shared.decisions import Decided, Subject
from shared.paths import is_in_folder, is_one_folder
from worker.engine.groups.keepers import CHOSEN, word_rule
from worker.pipeline.acting.choices import follow_choices
from worker.web.cases import Case, Fate, File, Filter
from worker.web.index import Group, Index
from worker.web.variants import decided_variants, plain_variants


@dataclass(frozen=True, eq=False)
class Stack:
    """All groups of a report, the largest first: what deciding on them would free. Made once for each report."""

    index: Index

    @cached_property
    def order(self) -> list[int]:
        """Places of groups in the index."""
        sizes = np.array([sum(one.size for one in group.duplicates) for group in self.index.groups], np.int64)
        return [int(place) for place in np.argsort(-sizes, kind="stable")]

    @cached_property
    def rank(self) -> NDArray[np.intp]:
        """Of each group's place, where it stands in the order."""
        rank = np.empty(len(self.order), np.intp)
        rank[self.order] = np.arange(len(self.order))
        return rank

    @cached_property
    def untouched(self) -> list[Case]:
        """Each group with nothing decided, by its place in the index."""
        protected = tuple(self.index.summary.get("protected_folders", ()))
        return [_plain(self.index, group, protected) for group in self.index.groups]

    @cached_property
    def variants(self) -> list[Case]:
        """Each variant with nothing decided."""
        return plain_variants(self.index)

    @cached_property
    def variants_by_paths(self) -> dict[frozenset[str], int]:
        """The place among the variants of each pair."""
        return {frozenset(one.path for one in case.files): place for place, case in enumerate(self.variants)}

    @cached_property
    def places(self) -> dict[str, tuple[int, ...]]:
        """Groups by the digests in them."""
        found: dict[str, tuple[int, ...]] = {}
        for place, case in enumerate(self.untouched):
            for one in case.files:
                found[one.digest] = (*found.get(one.digest, ()), place)
        return found

    @cached_property
    def groups_by_path(self) -> dict[str, int]:
        """The group that each file of one is in."""
        return {one.path: place for place, case in enumerate(self.untouched) for one in case.files}

    def prepare(self) -> None:
        """Work out now what is wanted later: a second for 20,000 groups."""
        _ = self.rank, self.places, self.groups_by_path, self.variants_by_paths


@dataclass(frozen=True, eq=False)
class Queue:
    """The groups as they are now. cases: by place in the index. open: places, the largest saving first."""

    stack: Stack
    cases: Sequence[Case]
    open: Sequence[int]
    touched: frozenset[int]  # places of groups that decisions or actions are about
    decided: Decided
    away: frozenset[str]
    _chosen: dict[Filter, list[Case]] = field(default_factory=dict)  # the last answer

    @cached_property
    def going(self) -> list[tuple[Case, File]]:
        """What may go, the largest groups first."""
        places = sorted(self.touched, key=self.stack.rank.tolist().__getitem__)
        return [(case, one) for case in map(self.cases.__getitem__, places) for one in case.files if one.is_going]

    @cached_property
    def variants(self) -> Sequence[Case]:
        """The variants, in the report's order: they are no groups, and in no number of them."""
        return decided_variants(self.stack.variants, self.decided, self.away)

    def progress(self, chosen: Filter) -> tuple[int, int]:
        """How many groups are decided, and how many there are; of variants where those are meant."""
        if chosen.is_of_variants:
            return sum(not case.open for case in self.variants), len(self.variants)
        return len(self.cases) - len(self.open), len(self.cases)

    def waiting(self, chosen: Filter) -> list[Case]:
        """The groups that wait, of those that are meant, in order; an answer is kept for the next question."""
        found = self._chosen.get(chosen)
        if found is None:
            if chosen.is_of_variants:
                cases = [case for case in self.variants if case.open]
            else:
                cases = [self.cases[place] for place in self.open]
            found = cases if chosen.is_all else [case for case in cases if chosen.takes(case)]
            self._chosen.clear()
            self._chosen[chosen] = found
        return found

    def case(self, number: int) -> Case | None:
        """The group, or the variant, with this number."""
        place = self.stack.index.place_of(number)
        if place is not None:
            return self.cases[place]
        first = self.stack.variants[0].number if self.stack.variants else 0
        return self.variants[number - first] if 0 <= number - first < len(self.variants) else None

    def about(self, files: Sequence[Subject]) -> Case | None:
        """The group, or the variant, that a decision on these files is about."""
        place = self.stack.groups_by_path.get(files[0].path)
        case = None if place is None else self.cases[place]
        paths = frozenset(one.path for one in files)
        if case is not None and paths <= {one.path for one in case.files}:
            return case
        pair = self.stack.variants_by_paths.get(paths)
        return case if pair is None else self.variants[pair]

    def after(self, number: int, waiting: Sequence[Case]) -> Case | None:
        """Of these that wait, in order, the one that comes behind group `number`; the first behind the last."""
        if not waiting:
            return None
        behind = bisect_right(waiting, self._order(number), key=lambda case: self._order(case.number))
        return waiting[behind % len(waiting)]

    def _order(self, number: int) -> int:
        """Where it stands: groups by what they would free, and then variants; behind all for what is not there."""
        place = self.stack.index.place_of(number)
        return len(self.cases) + number if place is None else int(self.stack.rank[place])


def make_queue(stack: Stack, decided: Decided, away: Collection[str] = (), before: Queue | None = None) -> Queue:
    """The groups as decisions and actions leave them. away: paths that were taken away. before: an earlier answer.

    Only groups that a decision or an action is about are worked out, of an earlier answer those of what came since.
    """
    gone = frozenset(away)
    if before is not None and before.stack is stack:
        changed = _places(stack, _changed(before.decided, decided), before.away ^ gone)
        cases, touched = list(before.cases), before.touched | changed
    else:
        changed = touched = _places(stack, _digests(decided), gone)
        cases = list(stack.untouched)
    for place in changed:
        cases[place] = _decided(stack.untouched[place], decided, gone)
    waiting = [place for place in stack.order if cases[place].open]
    return Queue(stack, cases, waiting, touched, decided, gone)


def _places(stack: Stack, digests: Iterable[str], paths: Iterable[str]) -> frozenset[int]:
    """The groups that these are in."""
    found = {place for digest in digests for place in stack.places.get(digest, ())}
    return frozenset(found | {stack.groups_by_path[path] for path in paths if path in stack.groups_by_path})


def _changed(before: Decided, after: Decided) -> set[str]:
    """Digests of which the one says something else than the other: of what was decided or taken back between them, and
    of what was kept together with those."""
    numbers = before.standing.keys() ^ after.standing.keys()
    made = [before.standing.get(number) or after.standing[number] for number in numbers]
    named = {one.digest for decision in made for one in decision.files}
    kept = [one for digest in named for side in (before, after) for one in side.kept.get(digest, ())]
    return named.union(*(one.paths for one in kept))


def away_of(runs: Iterable[Run], root: str, generation: str) -> frozenset[str]:
    """Paths that runs took away since the report was made, and did not give back. Both names begin with their time."""
    return frozenset(
        entry.step.path
        for run in runs
        if run.header.id > generation and is_one_folder(run.header.root, root)
        for entry in run.in_phase(*AWAY)
    )


def duplicates_of(case: Case) -> Iterator[ReportedDuplicate]:
    """The group as a report has it, for what plans actions."""
    keeper = case.keeper
    for one in case.files[1:]:
        yield ReportedDuplicate(
            case.number, one.path, one.digest, one.size, one.kind, one.similarity, keeper.path, keeper.digest,
            keeper_bytes=keeper.size,
        )  # fmt: skip


def _digests(decided: Decided) -> set[str]:
    digests = {*decided.apart, *decided.chosen, *decided.kept}
    return digests | {one.digest for one in decided.going}


def _plain(index: Index, group: Group, protected: Sequence[str]) -> Case:
    files = []
    for place, member in enumerate(group.members):
        path = index.paths[member.row]
        is_safe = any(is_in_folder(path, folder) for folder in protected)
        fate = Fate.KEEPER if place == 0 else Fate.PROTECTED if is_safe else Fate.OPEN
        digest = index.digests[member.row].tobytes().hex()
        files.append(
            File(
                member.row, path, digest, member.size, member.kind, member.similarity, member.reason, fate,
                is_protected=is_safe,
            )
        )  # fmt: skip
    return Case(group.number, tuple(files), rule=word_rule(group.rule))


def _decided(case: Case, decided: Decided, away: Collection[str]) -> Case:
    keeper, *others = _ranked(case, decided)
    is_kept = keeper.digest in decided.kept
    keeping = decided.keeping(keeper.subject, [one.subject for one in others]) if is_kept else {}
    files = [_with(keeper, Fate.KEEPER, 0)]
    files += [_with(one, *_fate(one, keeper, decided, keeping, away)) for one in others]
    if keeper.path in away:  # whoever took it away chose another one to stay
        files = [_with(one, Fate.AWAY if one.path in away else Fate.KEPT, one.number) for one in files]
    rule = case.rule if keeper.row == case.keeper.row else word_rule(CHOSEN)
    return Case(case.number, tuple(files), rule=rule)


def _ranked(case: Case, decided: Decided) -> Sequence[File]:
    """The files, the keeper that counts first, each with what it is to that one."""
    if not any(one.digest in decided.chosen for one in case.files[1:]):  # as in most groups: nothing to follow
        return case.files
    by_path = {one.path: one for one in case.files}
    ones = list(follow_choices(duplicates_of(case), decided))
    return by_path[ones[0].keeper], *(replace(by_path[one.path], kind=one.kind) for one in ones)


def _fate(
    one: File, keeper: File, decided: Decided, keeping: dict[Subject, int], away: Collection[str]
) -> tuple[Fate, int]:
    if one.path in away:
        return Fate.AWAY, decided.going.get(one.subject, 0)
    if decided.are_apart(keeper.digest, one.digest):
        return Fate.APART, 0
    if one.subject in keeping:
        return Fate.KEPT, keeping[one.subject]
    if one.is_protected:
        return Fate.PROTECTED, 0
    if number := decided.going_for(one.subject, keeper.digest):
        return Fate.GOING, number
    return Fate.OPEN, 0


def _with(one: File, fate: Fate, number: int) -> File:
    if one.fate is fate and one.number == number:
        return one
    return File(  # `replace` takes three times as long, and thousands may be decided on at once
        one.row, one.path, one.digest, one.size, one.kind, one.similarity, one.reason, fate, number, one.is_protected
    )
