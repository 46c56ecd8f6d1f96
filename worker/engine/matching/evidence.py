"""Thresholds for one collection, from what edited copies of its pictures were found to be.

Evidence goes in: copies beside their originals (`Trial`), and pairs of pictures that are not duplicates (`Stranger`).
Only the similarity is calibrated: it is the one threshold that every pair is measured by, and a higher one can but
refuse more. The others say what kind of difference is an edit, which no collection changes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import beta

from shared.records import Pair
from worker.engine.matching.verify import Thresholds

SAFE: Final[Mapping[str, tuple[float, float]]] = {"similarity": (0.62, 0.8)}  # never looser, never stricter
MARGIN: Final = 0.02  # kept above the most similar unrelated pair
ENOUGH: Final = 3000  # unrelated pairs without which nothing is loosened: none accepted, the rate is below 0.1 %
CONFIDENCE: Final = 0.95  # of the upper bound of the false-alarm rate
WORST: Final = 5  # unrelated pairs that are named: those that only the similarity keeps apart

_STEP: Final = 0.01


@dataclass(frozen=True, slots=True)
class Trial:
    """A copy and its original. candidate: whether it is among those that the verdict writer would compare.

    similarity: 0 where even the loosest thresholds refuse the pair.
    """

    edit: str
    candidate: bool
    similarity: float


@dataclass(frozen=True, slots=True)
class Stranger:
    """The most similar of the comparisons of two pictures that nothing in the collection calls duplicates.

    path, edit: of a copy. other, other_edit: of the other picture, "" for an original. similarity: as in a Trial.
    """

    path: str
    edit: str
    other: str
    other_edit: str
    similarity: float


@dataclass(frozen=True)
class Evidence:
    """strangers: one for each pair of pictures. comparisons: made for them, several to a pair.

    left_out: pairs that the collection itself connects by duplicates, so nobody knows what they are.
    """

    trials: Sequence[Trial]
    strangers: Sequence[Stranger]
    comparisons: int
    left_out: int


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
    """The similarity with the best recall that accepts no unrelated pair, with MARGIN, within the safe range.

    Unrelated pairs that no safe threshold refuses do not count: they are false alarms or duplicates not noticed yet,
    and a stricter threshold would lose copies without refusing them. With fewer than ENOUGH pairs the threshold is
    not loosened, and it is never looser than helps.
    """
    floor, ceiling = SAFE["similarity"]
    seen = [stranger.similarity for stranger in evidence.strangers if stranger.similarity <= ceiling - MARGIN]
    needed = _up(max(seen, default=0.0) + MARGIN)
    enough = len(evidence.strangers) >= ENOUGH
    lowest = min(ceiling, max(needed, floor if enough else default))
    if lowest > default:
        return ChosenThreshold(lowest, f"tightened: unrelated pictures reach {max(seen):.2f}")
    gained = [t.similarity for t in evidence.trials if t.candidate and lowest <= t.similarity < default]
    if gained:
        return ChosenThreshold(max(lowest, _down(min(gained))), f"loosened: it finds {len(gained)} more of the copies")
    if enough:
        return ChosenThreshold(default, "the default: nothing would be gained by another one")
    return ChosenThreshold(default, f"the default: fewer than {ENOUGH:,} unrelated pairs are too few to loosen it on")


def _up(value: float) -> float:
    return round(math.ceil(round(value / _STEP, 6)) * _STEP, 2)


def _down(value: float) -> float:
    return round(math.floor(round(value / _STEP, 6)) * _STEP, 2)


def upper_bound(alarms: int, pairs: int) -> float:
    """The rate that `alarms` of `pairs` leave possible (Clopper and Pearson 1934, one-sided); about 3 / pairs for 0."""
    return 1.0 if alarms >= pairs else float(beta.ppf(CONFIDENCE, alarms + 1, pairs - alarms))


def recalls(trials: Sequence[Trial], similarity: float) -> dict[str, Any]:
    """Shares of copies whose original is a candidate, whose original is accepted, and both; None without copies."""
    verified = [trial.similarity >= similarity for trial in trials]
    candidate = [trial.candidate for trial in trials]
    return {
        "copies": len(trials),
        "candidates": _share(candidate),
        "verification": _share(verified),
        "both": _share([one and other for one, other in zip(candidate, verified, strict=True)]),
    }


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None


def alarms(strangers: Sequence[Stranger], similarity: float) -> dict[str, Any]:
    """Unrelated pairs that are accepted, their share, and the upper bound of it."""
    accepted = sum(stranger.similarity >= similarity for stranger in strangers)
    return {
        "accepted": accepted,
        "rate": accepted / len(strangers) if strangers else None,
        "upper_bound": upper_bound(accepted, len(strangers)),
    }


def findings(evidence: Evidence, before: float, choice: ChosenThreshold) -> dict[str, Any]:
    """What was measured, as JSON: recalls of each edit, false alarms, and the most similar unrelated pairs.

    before: the similarity in force until now.
    """
    edits = dict.fromkeys(trial.edit for trial in evidence.trials)
    strangers = sorted(evidence.strangers, key=lambda one: (-one.similarity, one.path, one.other))
    return {
        "thresholds": {"similarity": choice.similarity},
        "before": {"similarity": before},
        "reason": choice.reason,
        "edits": [
            {"edit": edit, **recalls([t for t in evidence.trials if t.edit == edit], choice.similarity)}
            for edit in edits
        ],
        "all": recalls(evidence.trials, choice.similarity),
        "all_before": recalls(evidence.trials, before),
        "unrelated": {
            "pairs": len(strangers),
            "comparisons": evidence.comparisons,
            "left_out": evidence.left_out,
            "most_similar": strangers[0].similarity if strangers else None,
            **alarms(strangers, choice.similarity),
            "accepted_before": alarms(strangers, before)["accepted"],
            "confidence": CONFIDENCE,
        },
        "worst": [
            {**asdict(one), "accepted": one.similarity >= choice.similarity}
            for one in strangers[:WORST]
            if one.similarity
        ],
    }


def families(names: Sequence[str], pairs: Iterable[Pair]) -> dict[str, int]:
    """A number for each name, the same for those that pairs connect, however many steps apart. Other pairs: ignored."""
    rows = {name: row for row, name in enumerate(names)}
    links = [(rows[one], rows[other]) for one, other in pairs if one in rows and other in rows]
    here, there = np.array(links, np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(links), bool), (here, there)), shape=(len(rows), len(rows)))
    _, labels = connected_components(graph, directed=False)
    return dict(zip(rows, labels.tolist(), strict=True))
