"""Thresholds for one collection, from what edited copies of its pictures were found to be.

Evidence goes in: copies beside their originals (`Trial`), and pairs of pictures that are not duplicates (`Stranger`).
Only the similarity is calibrated: every near pair is measured by it, and a higher one can but call fewer near. The
others say what kind of difference is an edit, which no collection changes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from shared.records import Pair, Relation
from worker.engine.matching.thresholds import Thresholds

SAFE: Final[Mapping[str, tuple[float, float]]] = {"similarity": (0.55, 0.8)}  # never looser, never stricter
MARGIN: Final = 0.02  # kept above the most similar unrelated pair
ENOUGH: Final = 3000  # unrelated pairs without which nothing is loosened: none accepted, the rate is below 0.1 %

_STEP: Final = 0.01
_WEIGHTS: Final = {Relation.NEAR: 2, Relation.VARIANT: 1, None: 0}


@dataclass(frozen=True, slots=True)
class Finding:
    """What two pictures are to each other, whatever similarity is asked for.

    similarity: as measured, 0 where even the loosest thresholds refuse the pair. reached: what they are where no more
    is asked for; missed: what they are where more is, and that may be a variant.
    """

    similarity: float = 0.0
    reached: Relation | None = None
    missed: Relation | None = None

    def relation(self, threshold: float) -> Relation | None:
        """What they are where this similarity is asked for."""
        return self.reached if self.similarity >= threshold else self.missed

    @property
    def weight(self) -> tuple[int, float]:
        """Sorts from strangers over variants to near pictures."""
        return _WEIGHTS[self.reached], self.similarity


@dataclass(frozen=True, slots=True)
class Trial:
    """A copy and its original. relation: what they are. candidate: whether it is among those that would be compared."""

    edit: str
    relation: Relation
    candidate: bool
    found: Finding


@dataclass(frozen=True, slots=True)
class Stranger:
    """The most alike of the comparisons of two pictures that nothing in the collection connects.

    path, edit: of a copy, "" for the picture as it is. other, other_edit: of the other picture. usual, strict: what was
    found under either setting of IMAGESIEVE_NEAR. alike: how often their sketches took them for alike, so that only the
    pictures themselves told.
    """

    path: str
    edit: str
    other: str
    other_edit: str
    usual: Finding = Finding()
    strict: Finding = Finding()
    alike: int = 0

    def found(self, whole: bool) -> Finding:
        """What was found where only whole, unturned copies are near, or where others are, too."""
        return self.strict if whole else self.usual

    def joined(self, other: "Stranger") -> "Stranger":
        """The same pair after another comparison: the names of the worse one, and the worse of the findings."""
        worse = max(self, other, key=lambda one: (one.usual.weight, one.alike))
        usual, strict = (max(self.found(whole), other.found(whole), key=_weight) for whole in (False, True))
        return replace(worse, usual=usual, strict=strict, alike=self.alike + other.alike)


@dataclass(frozen=True)
class Evidence:
    """strangers: one for each pair of pictures. comparisons: made for them, several to a pair.

    left_out: pairs that the collection itself connects, so nobody knows what they are. whole: whether only whole,
    unturned copies are near.
    """

    trials: Sequence[Trial]
    strangers: Sequence[Stranger]
    comparisons: int
    left_out: int
    whole: bool = False

    def between_strangers(self) -> list[Finding]:
        """What strangers are under the setting in force."""
        return [stranger.found(self.whole) for stranger in self.strangers]


@dataclass(frozen=True, slots=True)
class ChosenThreshold:
    """similarity: the threshold. reason: in words."""

    similarity: float
    reason: str


def loosened(thresholds: Thresholds) -> Thresholds:
    """The thresholds to measure under: low enough that everything that matters for the choice is seen."""
    return replace(thresholds, similarity=SAFE["similarity"][0] - MARGIN)


def apply(values: Mapping[str, float]) -> Thresholds:
    """The defaults with calibrated values. Raises ValueError for a name or a value that calibration does not give."""
    for name, value in values.items():
        if name not in SAFE:
            raise ValueError(f"{name} is not calibrated")
        if not SAFE[name][0] <= value <= SAFE[name][1]:
            raise ValueError(f"{name} is {value}, outside {SAFE[name][0]} to {SAFE[name][1]}")
    return replace(Thresholds(), **values)  # type: ignore[arg-type]


def choose(evidence: Evidence, default: float) -> ChosenThreshold:
    """The similarity that calls most near copies so and no unrelated pair, with MARGIN, within the safe range.

    Unrelated pairs that no safe threshold refuses do not count: they are false alarms or duplicates not noticed yet,
    and a stricter threshold would lose copies without refusing them. With fewer than ENOUGH pairs the threshold is
    not loosened; it is never looser than helps, nor so loose that a variant is called near.
    """
    floor, ceiling = SAFE["similarity"]
    seen = [similarity for similarity in _near(evidence.between_strangers()) if similarity <= ceiling - MARGIN]
    needed = _up(max(seen, default=0.0) + MARGIN)
    enough = len(evidence.strangers) >= ENOUGH
    lowest = min(ceiling, max(needed, floor if enough else default))
    if lowest > default:
        return ChosenThreshold(lowest, f"tightened: unrelated pictures reach {max(seen):.2f}")
    variants = _near(trial.found for trial in evidence.trials if trial.relation is Relation.VARIANT)
    confused = [_up(similarity + MARGIN) for similarity in variants if similarity < default]
    lowest = min(default, max([lowest, *confused]))
    copies = _near(t.found for t in evidence.trials if t.candidate and t.relation is Relation.NEAR)
    gained = [similarity for similarity in copies if lowest <= similarity < default]
    if gained:
        return ChosenThreshold(max(lowest, _down(min(gained))), f"loosened: it finds {len(gained)} more of the copies")
    if enough:
        return ChosenThreshold(default, "the default: nothing would be gained by another one")
    return ChosenThreshold(default, f"the default: fewer than {ENOUGH:,} unrelated pairs are too few to loosen it on")


def _near(findings: Iterable[Finding]) -> list[float]:
    """The similarities of those that are near where no more is asked for."""
    return [found.similarity for found in findings if found.reached is Relation.NEAR]


def _weight(found: Finding) -> tuple[int, float]:
    return found.weight


def _up(value: float) -> float:
    return round(math.ceil(round(value / _STEP, 6)) * _STEP, 2)


def _down(value: float) -> float:
    return round(math.floor(round(value / _STEP, 6)) * _STEP, 2)


def families(names: Sequence[str], pairs: Iterable[Pair]) -> dict[str, int]:
    """A number for each name, the same for those that pairs connect, however many steps apart. Other pairs: ignored."""
    rows = {name: row for row, name in enumerate(names)}
    links = [(rows[one], rows[other]) for one, other in pairs if one in rows and other in rows]
    here, there = np.array(links, np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(links), bool), (here, there)), shape=(len(rows), len(rows)))
    _, labels = connected_components(graph, directed=False)
    return dict(zip(rows, labels.tolist(), strict=True))
