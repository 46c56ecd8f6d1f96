"""What all decisions together say. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.decisions.decision import Decision, DecisionKind, Subject, Undoing

Paths = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A keeper that was chosen. number: of the decision; of two in one group the latest counts. path: where it was."""

    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Files that all stay, though they hold one picture. paths: of each digest, where its files were."""

    number: int
    paths: Mapping[str, Paths]


@dataclass(frozen=True, slots=True)
class Decided:
    """number: of the newest line, 0 without any. All else is by digest.

    apart: those that are different from each. chosen: keepers. kept: the decisions to keep all that each is in. going:
    files that may go, each with the decision for another one. standing: the decisions that count, by their numbers.
    """

    number: int = 0
    apart: Mapping[str, frozenset[str]] = field(default_factory=dict)
    chosen: Mapping[str, Chosen] = field(default_factory=dict)
    kept: Mapping[str, tuple[Kept, ...]] = field(default_factory=dict)
    going: Mapping[Subject, int] = field(default_factory=dict)
    standing: Mapping[int, Decision] = field(default_factory=dict)

    def are_apart(self, one: str, other: str) -> bool:
        """Whether these two contents were said to be different."""
        return other in self.apart.get(one, ())

    def going_for(self, file: Subject, keeper: str) -> int:
        """The number of the decision by which a file may go for this content, and for no other; 0 without one."""
        number = self.going.get(file, 0)
        return number if number and self.standing[number].files[0].digest == keeper else 0

    def keeping(self, keeper: Subject, files: Iterable[Subject]) -> dict[Subject, int]:
        """Those of a keeper's duplicates that stay beside it, with the number of the decision that says so.

        Of copies with the same bytes as many stay as were kept, those at their old places first.
        """
        others = sorted(set(files) - {keeper})
        found: dict[Subject, int] = {}
        for kept in self.kept.get(keeper.digest, ()):
            for digest, paths in kept.paths.items():
                alike = [one for one in others if one.digest == digest]
                alike.sort(key=lambda one, at=paths: (one.path not in at, one.path))  # type: ignore[misc]
                room = len(paths) - (digest == keeper.digest)
                found |= dict.fromkeys(alike[:room], kept.number)
        return found


UNDECIDED: Final = Decided()


def decide(lines: Iterable[Decision | Undoing]) -> Decided:
    """What these lines of a journal say together: what was undone does not count, and the latest word counts. O(lines).

    A keeper that is chosen takes its whole group out of what was kept; what is kept after that takes those files alone
    out of what goes.
    """
    fold = Fold()
    fold.take_in(lines)
    return fold.decided()


class Fold:
    """The same for lines that come one after another: what came before is not gone through again."""

    def __init__(self) -> None:
        self._lines: list[Decision | Undoing] = []
        self._undone: set[int] = set()
        self._newest = 0
        self._standing: dict[int, Decision] = {}
        self._sum = _Sum()

    def take_in(self, lines: Iterable[Decision | Undoing]) -> None:
        """More lines, in their order."""
        new = list(lines)
        self._lines += new
        self._newest = max((self._newest, *(line.number for line in new)))
        undone = {line.of for line in new if isinstance(line, Undoing)}
        self._undone |= undone
        if undone:
            self._standing, self._sum, new = {}, _Sum(), self._lines
        for line in new:
            if isinstance(line, Decision) and line.number not in self._undone:
                self._standing[line.number] = line
                self._sum.take_in(line)

    def decided(self) -> Decided:
        """What they say together."""
        kept: dict[str, tuple[Kept, ...]] = {}
        for one in self._sum.kept.values():
            for digest in one.paths:
                kept[digest] = (*kept.get(digest, ()), one)
        apart = {digest: frozenset(others) for digest, others in self._sum.apart.items()}
        return Decided(
            self._newest, apart, dict(self._sum.chosen), kept, dict(self._sum.going), dict(self._standing)
        )  # fmt: skip


class _Sum:
    def __init__(self) -> None:
        self.apart: dict[str, set[str]] = {}
        self.chosen: dict[str, Chosen] = {}
        self.kept: dict[int, Kept] = {}
        self.going: dict[Subject, int] = {}
        self._kept_in: dict[str, set[int]] = {}
        self._going_of: dict[str, set[Subject]] = {}
        self._going_by: dict[int, int] = {}  # how many files go by each decision

    def take_in(self, decision: Decision) -> None:
        digests = [one.digest for one in decision.files]
        if decision.kind is DecisionKind.DIFFERENT:
            for one, other in (digests, digests[::-1]):
                self.apart.setdefault(one, set()).add(other)
        elif decision.kind is DecisionKind.KEEP:
            self._keep(decision)
        else:
            self._choose(decision)

    def _keep(self, decision: Decision) -> None:
        """A keeper that was chosen before stays chosen as long as others still go for it."""
        for one in decision.files:
            self._stays(one)
        for digest in {one.digest for one in decision.files}:
            chosen = self.chosen.get(digest)
            if chosen and not self._going_by.get(chosen.number):
                del self.chosen[digest]
            self._kept_in.setdefault(digest, set()).add(decision.number)
        self.kept[decision.number] = Kept(decision.number, _paths(decision.files))

    def _choose(self, decision: Decision) -> None:
        for digest in {one.digest for one in decision.files}:
            self.chosen.pop(digest, None)
            for number in self._kept_in.pop(digest, ()):
                self.kept.pop(number, None)
            for one in list(self._going_of.get(digest, ())):
                self._stays(one)
        keeper, *others = decision.files
        self.chosen[keeper.digest] = Chosen(decision.number, keeper.path)
        for one in others:
            self.going[one] = decision.number
            self._going_of.setdefault(one.digest, set()).add(one)
        self._going_by[decision.number] = len(others)

    def _stays(self, one: Subject) -> None:
        number = self.going.pop(one, None)
        if number is not None:
            self._going_of[one.digest].discard(one)
            self._going_by[number] -= 1


def _paths(files: Iterable[Subject]) -> dict[str, Paths]:
    found: dict[str, Paths] = {}
    for one in files:
        found[one.digest] = (*found.get(one.digest, ()), one.path)
    return found
