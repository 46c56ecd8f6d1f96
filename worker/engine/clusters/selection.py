"""The number of clusters: elbow and silhouette side by side, and a rule that joins them.

The rule
1. The silhouette proposes: k with the highest mean silhouette. Where others are within TIE of it, the one
   nearest to the elbow is taken: so near a tie the elbow decides.
2. The proposal must be better than no structure at all. `reference(k)` says which silhouette a collection without
   clusters reaches at that k (same number of images, same spread along every principal axis, evenly filled; nine
   of ten such collections stay below). What is left of the way from there to 1,
   strength = (silhouette - reference) / (1 - reference), must be at least MIN_STRENGTH. Otherwise the answer is
   "no clear structure", k = 1.

Why not a fixed limit for the silhouette: it depends on the dimension and on n. Evenly filled squares reach 0.42,
250 real photos without any clusters 0.23, while twelve planted clusters in 512 dimensions under heavy noise have 0.16.
Against their own references the first two have a strength below MIN_STRENGTH, the last has 0.14.
Why the elbow never decides alone: an elbow is found in the inertia curve of pure noise, too (Schubert,
arXiv 2212.12189). It is reported beside the silhouette; where they disagree, the reason says so.
The reference follows the gap statistic (Tibshirani, Walther, Hastie 2001) and SigClust (Liu et al. 2008).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from kneed import KneeLocator

TIE: Final = 0.01
MIN_STRENGTH: Final = 0.05
AGREEMENT: Final = 1  # elbow and silhouette agree when they are at most this far apart


@dataclass(frozen=True, slots=True)
class ChosenK:
    """How k was chosen.

    k: the answer, 0 for an empty collection. structured: whether k means anything; if not, k is at most 1.
    inertias, silhouettes: for k = 1, 2, ...; None where no silhouette is defined (k = 1 and k = n).
    elbow, best: what the elbow and the silhouette propose, if anything. agree: whether they do.
    reference, strength: of the proposal, see the module's text. reason: for people, one or two sentences.
    """

    k: int
    structured: bool
    inertias: tuple[float, ...]
    silhouettes: tuple[float | None, ...]
    elbow: int | None
    best: int | None
    agree: bool
    reference: float | None
    strength: float | None
    reason: str

    @property
    def silhouette(self) -> float | None:
        """Mean silhouette at the chosen k."""
        return self.silhouettes[self.k - 1] if self.k else None


def choose(
    inertias: Sequence[float], silhouettes: Sequence[float | None], reference: Callable[[int], float]
) -> ChosenK:
    """Choose k by the rule above.

    inertias, silhouettes: for k = 1 to K, equally long; both empty for an empty collection.
    reference: called at most once. Cost: that of `reference`.
    """
    elbow = find_elbow(inertias)
    scores = {k: value for k, value in enumerate(silhouettes, start=1) if value is not None}
    best = max(scores, key=lambda k: (scores[k], -k), default=None)
    curves = (tuple(inertias), tuple(silhouettes), elbow, best)
    if best is None:
        return ChosenK(min(len(inertias), 1), False, *curves, False, None, None, _why_trivial(inertias))
    proposal = _break_tie(scores, best, elbow)
    agree = elbow is not None and min(abs(elbow - best), abs(elbow - proposal)) <= AGREEMENT
    level = reference(proposal)
    strength = (scores[proposal] - level) / (1 - level) if level < 1 else 0.0
    if strength < MIN_STRENGTH:
        reason = _why_unstructured(proposal, scores[proposal], level, elbow)
        return ChosenK(1, False, *curves, agree, level, strength, reason)
    return ChosenK(proposal, True, *curves, agree, level, strength, _why(proposal, best, scores, level, elbow))


def find_elbow(inertias: Sequence[float]) -> int | None:
    """The elbow of the inertia curve for k = 1, 2, ... by Kneedle (Satopaa et al. 2011), None where there is none."""
    if len(inertias) < 3 or not np.ptp(inertias) > 0:
        return None
    knee = KneeLocator(range(1, len(inertias) + 1), list(inertias), curve="convex", direction="decreasing").knee
    return None if knee is None else int(knee)


def _break_tie(scores: dict[int, float], best: int, elbow: int | None) -> int:
    if elbow is None:
        return best
    tied = [k for k, score in scores.items() if score >= scores[best] - TIE]
    return min(tied, key=lambda k: (abs(k - elbow), -scores[k], k))


def _why_trivial(inertias: Sequence[float]) -> str:
    if not inertias:
        return "There are no images yet."
    if len(inertias) == 1:
        return "There is only one image, or the network cannot tell the images apart: there is nothing to divide."
    return "Two different images are too few to tell clusters apart."


def _why_unstructured(proposal: int, score: float, level: float, elbow: int | None) -> str:
    return (
        f"No clear structure: the best silhouette, {score:.2f} at k = {proposal}, is not clearly above the {level:.2f} "
        "that images without any clusters reach, so all images stay in one cluster."
        + ("" if elbow is None else f" The elbow at k = {elbow} is not followed: noise has elbows, too.")
    )


def _why(k: int, best: int, scores: dict[int, float], level: float, elbow: int | None) -> str:
    height = f"{scores[k]:.2f}, where images without any clusters reach {level:.2f}"
    if k != best:
        return (
            f"The silhouette is as good at k = {k} as at its best, k = {best} ({height}); "
            f"the elbow, at k = {elbow}, decides between them."
        )
    if elbow is None:
        return f"The silhouette is highest at k = {k} ({height}); the inertia curve has no elbow."
    if abs(elbow - k) <= AGREEMENT:
        return f"Silhouette (highest at k = {k}: {height}) and elbow (k = {elbow}) agree."
    return (
        f"The silhouette is highest at k = {k} ({height}) while the elbow is at k = {elbow}; they disagree, and the "
        "silhouette decides because it also sees how far apart the clusters are."
    )
