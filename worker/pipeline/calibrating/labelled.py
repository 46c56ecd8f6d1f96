"""What thresholds make of the pairs that users decided on: truth that nobody has to make edits for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.decisions import Decided, DecisionKind
from shared.records import Match, Pair, Relation, pair_of
from worker.pipeline.comparison import File

_PAIRS: Final = 200  # of either kind, the latest: a comparison takes a third of a second


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pairs of either kind that were compared. wrong: paths of those that the thresholds see otherwise.

    different: said to be different pictures; wrong ones are near or variants. same: one was chosen over the other;
    wrong ones are neither.
    """

    different: int
    same: int
    wrong_different: tuple[tuple[str, str], ...]
    wrong_same: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """For the answer of `imagesieve calibrate`."""
        return {
            "different": {"pairs": self.different, "found_together": [list(pair) for pair in self.wrong_different]},
            "same": {"pairs": self.same, "not_found": [list(pair) for pair in self.wrong_same]},
        }


def try_on_decisions(
    decided: Decided, files: Mapping[str, File], compare: Callable[[File, File], Match | None]
) -> Labelled:
    """Compare the pairs that were decided on, of which both pictures are still there.

    files: by digest. compare: with the thresholds that are to be tested. A third of a second for a pair.
    """
    different = [pair for pair in _latest(_apart(decided)) if _there(pair, files)][:_PAIRS]
    same = [pair for pair in _latest(_chosen(decided)) if _there(pair, files) and pair not in different][:_PAIRS]

    def related(pair: Pair) -> bool:
        match = compare(files[pair[0]], files[pair[1]])
        return match is not None and match.relation in (Relation.NEAR, Relation.VARIANT)

    def named(pairs: list[Pair], wrong: bool) -> tuple[tuple[str, str], ...]:
        return tuple((files[one].path, files[other].path) for one, other in pairs if related((one, other)) is wrong)

    return Labelled(len(different), len(same), named(different, True), named(same, False))


def _latest(pairs: Iterator[Pair]) -> list[Pair]:
    return list(dict.fromkeys(reversed(list(pairs))))


def _apart(decided: Decided) -> Iterator[Pair]:
    for decision in decided.standing.values():
        if decision.kind is DecisionKind.DIFFERENT:
            one, other = (file.digest for file in decision.files)
            yield pair_of(one, other)


def _chosen(decided: Decided) -> Iterator[Pair]:
    for decision in decided.standing.values():
        if decision.kind is DecisionKind.KEEPER:
            keeper, *others = (file.digest for file in decision.files)
            yield from (pair_of(keeper, other) for other in others if other != keeper)


def _there(pair: Pair, files: Mapping[str, File]) -> bool:
    return all(digest in files for digest in pair)
