"""The number of clusters: silhouette, elbow and stability side by side, a rule that joins them, and how far it holds.

The rule
0. Where the elbow is where the silhouette is highest, and the clusters there are clear (see 4), nothing else is asked.
1. Otherwise each k is worth what its mean silhouette has above LEVEL_SHARE of what images without any clusters reach
   at that k (`Witnesses.curve`), times the square of its stability: how well two halves agree on who is with whom.
   The silhouette alone likes k = 2, which any longish cloud allows; what images without clusters reach falls with k,
   and so sets k right where the curve is flat, as that of ordinary photos is. Stability decides between neighbours, and
   against the many small clusters into which varied images fall by chance.
2. Of all that are worth as much but for TIE it is the last generation's k, else the largest: too few clusters mix what
   people keep apart, one too many does little harm. Where no k reaches LEAST_STABILITY nothing speaks for any, and the
   last generation's or the elbow is taken: heaps of a handy size.
3. Where no k earns trust (see 4) the last generation's stays, so that heaps of a handy size stay what they are, until
   the collection has outgrown it: until the k found is OUTGROWN times as large, or as small.
4. There is always an answer; how far to trust it stands beside it. `Witnesses.level` says which silhouette nine of ten
   collections of that size and spread, but without clusters, stay below. What is left of the way from there to 1,
   strength = (silhouette - level) / (1 - level), makes the trust with the stability: `clear` from CLEAR_STRENGTH and
   CLEAR_STABILITY on, `weak` from MIN_STRENGTH and MIN_STABILITY on, `none` below, where the clusters only cut up what
   is one cloud.
5. Fewer than three different images stay in one cluster.

Why not a fixed limit for the silhouette: it depends on the dimension and on n. Why the elbow never decides alone: one
is found in the inertia curve of pure noise, too (Schubert, arXiv 2212.12189). It is reported beside the others.
docs/adr/0032 has the trials behind the rule and its constants.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from kneed import KneeLocator

from worker.engine.clusters.trust import Trust, explain, strength_of, trust_of

LEVEL_SHARE: Final = 0.75
TIE: Final = 0.1
LEAST_STABILITY: Final = 0.35  # at which a k is worth anything
OUTGROWN: Final = 4
AGREEMENT: Final = 1  # elbow and silhouette agree when they are at most this far apart


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What is asked beside the curves; each costs some fits.

    curve: the mean silhouettes `[k_max - 1]` that images without clusters reach at k = 2 to k_max. level: the one below
    which nine of ten such collections stay at k. stability: how well halves agree at k, 1 for always, 0 for by chance.
    """

    curve: Callable[[int], npt.NDArray[np.float64]]
    level: Callable[[int], float]
    stability: Callable[[int], float]


@dataclass(frozen=True, slots=True)
class ChosenK:
    """How k was chosen.

    k: the answer, 0 for an empty collection, 1 for fewer than three different images. trust: how far to trust it.
    inertias, silhouettes: for k = 1, 2, ...; None where no silhouette is defined (k = 1 and k = n).
    elbow, best: what the elbow and the silhouette propose, if anything. agree: whether they do.
    reference, strength, stability: at k, see the module's text. at_edge: k is the largest that was tried.
    fixed: k was asked for. reason: for people, one to three sentences.
    """

    k: int
    trust: Trust
    inertias: tuple[float, ...]
    silhouettes: tuple[float | None, ...]
    elbow: int | None
    best: int | None
    agree: bool
    reference: float | None
    strength: float | None
    stability: float | None
    at_edge: bool
    fixed: bool
    reason: str

    @property
    def structured(self) -> bool:
        """Whether the clusters are more than chance."""
        return self.trust is not Trust.NONE

    @property
    def silhouette(self) -> float | None:
        """Mean silhouette at the chosen k."""
        return self.silhouettes[self.k - 1] if self.k else None


def choose(
    inertias: Sequence[float],
    silhouettes: Sequence[float | None],
    witnesses: Witnesses,
    limit: int = 0,
    fixed: int = 0,
    last: int = 0,
) -> ChosenK:
    """Choose k by the rule above.

    inertias, silhouettes: for k = 1 to K, equally long; both empty for an empty collection. limit: the largest k that
    would have been tried, 0 where that is none. fixed: the k that is asked for, last: that of the last generation, 0
    for none. Cost: that of the witnesses; stability is asked for only where it can still decide.
    """
    scores = {k: value for k, value in enumerate(silhouettes, start=1) if value is not None}
    best = max(scores, key=lambda k: (scores[k], -k), default=None)
    case = _Case(inertias, scores, best, find_elbow(inertias), fixed, last)
    k, firm = _most_worth(case, witnesses)
    k = min(k or 1, len(inertias))
    held = _hold(k, scores, firm, witnesses)
    if held.trust is Trust.NONE and last in scores and not fixed and last / OUTGROWN < k < last * OUTGROWN:
        k, held = last, _hold(last, scores, firm, witnesses)
    at_edge = not fixed and limit > 1 and k >= limit
    return ChosenK(
        k, held.trust, tuple(inertias), tuple(silhouettes), case.elbow, best, _agree(k, case), held.level,
        held.strength, held.stability, at_edge, bool(fixed), _reason(k, case, at_edge, held),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Case:
    """What a k is chosen by, as in `choose`. scores: the silhouette at each k that has one; best: where it is highest.
    elbow: of the inertias."""

    inertias: Sequence[float]
    scores: dict[int, float]
    best: int | None
    elbow: int | None
    fixed: int
    last: int


@dataclass(frozen=True, slots=True)
class _Held:
    """How far clusters hold at some k. level, strength, stability: None where no silhouette is defined."""

    trust: Trust = Trust.NONE
    level: float | None = None
    strength: float | None = None
    stability: float | None = None


def _hold(k: int, scores: dict[int, float], firm: dict[int, float], witnesses: Witnesses) -> _Held:
    """firm: the stability at each k of which it was asked; this one is added."""
    if k not in scores:
        return _Held()
    if k not in firm:
        firm[k] = witnesses.stability(k)
    level = witnesses.level(k)
    strength = strength_of(scores[k], level)
    return _Held(trust_of(strength, firm[k]), level, strength, firm[k])


def _agree(k: int, case: _Case) -> bool:
    if case.elbow is None or case.best is None:
        return False
    return min(abs(case.elbow - case.best), abs(case.elbow - k)) <= AGREEMENT


def _reason(k: int, case: _Case, at_edge: bool, held: _Held) -> str:
    if case.fixed and k:
        reason = f"k = {case.fixed} was asked for."
        reason += f" There are only {k} different images." if k < case.fixed else ""
    else:
        reason = _why(k, case)
    if at_edge:
        reason += " It is the largest k that was tried: there may be more clusters."
    if held.level is not None and held.stability is not None:
        reason += " " + explain(held.trust, case.scores[k], held.level, held.stability)
    return reason


def _most_worth(case: _Case, witnesses: Witnesses) -> tuple[int, dict[int, float]]:
    """The k that is worth most, and the stability of each k of which it was asked. The k that is asked for is, if any;
    0 where nothing speaks for one."""
    firm: dict[int, float] = {}
    scores, best, elbow, last = case.scores, case.best, case.elbow, case.last
    if case.fixed or best is None:
        return case.fixed, firm
    if best == elbow:
        firm[best] = max(witnesses.stability(best), 0.0)
        if trust_of(strength_of(scores[best], witnesses.level(best)), firm[best]) is Trust.CLEAR:
            return best, firm
    levels = witnesses.curve(max(scores))
    lifts = {k: score - LEVEL_SHARE * float(levels[k - 2]) for k, score in scores.items()}
    worth: dict[int, float] = {}
    most = 0.0
    for k in sorted(lifts, key=lambda k: (-lifts[k], k)):
        if lifts[k] <= (1 - TIE) * most:
            break  # stability is 1 at most
        firm[k] = firm[k] if k in firm else max(witnesses.stability(k), 0.0)
        worth[k] = lifts[k] * firm[k] ** 2 if firm[k] >= LEAST_STABILITY else 0.0
        most = max(most, worth[k])
    tied = [k for k, value in worth.items() if value >= (1 - TIE) * most > 0]
    if not tied:
        handy = elbow if elbow in scores and elbow is not None else best
        return (last if last in scores else handy), firm
    return (last if last in tied else max(tied)), firm


def find_elbow(inertias: Sequence[float]) -> int | None:
    """The elbow of the inertia curve for k = 1, 2, ... by Kneedle (Satopaa et al. 2011), None where there is none."""
    if len(inertias) < 3 or not np.ptp(inertias) > 0:
        return None
    knee = KneeLocator(range(1, len(inertias) + 1), list(inertias), curve="convex", direction="decreasing").knee
    return None if knee is None else int(knee)


def _why_trivial(inertias: Sequence[float]) -> str:
    if not inertias:
        return "There are no images yet."
    if len(inertias) == 1:
        return "There is only one image, or the network cannot tell the images apart: there is nothing to divide."
    return "Two different images are too few to tell clusters apart."


def _why(k: int, case: _Case) -> str:
    scores, best, elbow, last = case.scores, case.best, case.elbow, case.last
    if best is None:
        return _why_trivial(case.inertias)
    beside = "the inertia curve has no elbow" if elbow is None else f"the elbow is at k = {elbow}"
    if k == last and k != best:
        return f"k = {k} stays as it was: k = {best}, where the silhouette is highest, has no more to say; {beside}."
    if k != best and k == elbow:
        return (
            f"The silhouette is highest at k = {best} ({scores[best]:.2f}), but k = {k} ({scores[k]:.2f}), where the "
            "elbow is, is better supported."
        )
    if k != best:
        return (
            f"The silhouette is highest at k = {best} ({scores[best]:.2f}), but k = {k} ({scores[k]:.2f}) is better "
            f"supported, by how far it is above images without clusters and how surely it comes out again; {beside}."
        )
    if elbow is not None and abs(elbow - k) <= AGREEMENT:
        return f"Silhouette (highest at k = {k}) and elbow (k = {elbow}) agree."
    return f"The silhouette is highest at k = {k}; {beside}, and the silhouette also sees how far apart clusters are."
