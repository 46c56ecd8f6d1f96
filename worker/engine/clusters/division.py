"""Points divided into clusters: every k is tried, the witnesses are heard, one k is chosen."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.engine.clusters.continuity import Numbers
from worker.engine.clusters.geometry import Geometry
from worker.engine.clusters.partitions import Labels, Points, Values, inertias_of
from worker.engine.clusters.reference import Reference
from worker.engine.clusters.selection import ChosenK, Witnesses, choose
from worker.engine.clusters.silhouette import find_silhouettes
from worker.engine.clusters.stability import ROUNDS, Halves
from worker.engine.clusters.sweep import STAY, stay_near, sweep

K_LEAST: Final = 30  # the largest k tried, at least: few pictures may be of many kinds
QUICK_TRIES: Final = 2
K_MOST: Final = 100  # and at most: nobody looks through more heaps, and each of these is divided again


@dataclass(frozen=True, slots=True)
class Wish:
    """What is said of k. k: the answer, 0: to be found. k_max: the largest to try, 0: it follows the collection."""

    k: int = 0
    k_max: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """choice: how k was chosen. labels: int32 `[n]`, from 0. silhouettes: float64 `[n]`, None where none is defined."""

    choice: ChosenK
    labels: Labels
    silhouettes: Values | None


def divide(
    points: Points,
    geometry: Geometry,
    wish: Wish,
    seed: int,
    floor: float,
    n: int = 0,
    previous: Numbers | None = None,
    quick: bool = False,
) -> Division:
    """Try every k on these points, and choose one.

    points: float32 `[m, a]`, centred, along their principal axes. floor: the inertia at and below which points count as
    equal. n: points that they are a sample of; inertias are multiplied accordingly. previous: `[m]`, the clusters of
    the last generation, -1 for new points: its partition stays where it is about as good as any. quick: with fewer
    starts and fewer splits, where there is much to divide.
    Where k follows the collection and the largest that was tried seems best, up to twice as many are tried, and so on
    to K_MOST. Cost: O(m a k_max^2).
    """
    n = n or len(points)
    limit = wish.k_max or min(max(K_LEAST, math.isqrt(n // 2)), K_MOST)
    limit = max(limit, wish.k)
    tries, rounds = (QUICK_TRIES, QUICK_TRIES) if quick else (0, ROUNDS)
    reference = Reference(points, geometry, seed)
    witnesses = Witnesses(reference.curve, reference.level, Halves(points, seed, rounds).agreement)
    swept, stay = sweep(points, limit, seed, floor, tries), STAY
    while True:
        labelings, stayed = _with_the_last(points, swept, previous, stay)
        values = find_silhouettes(points, labelings, geometry)
        means = [None if row is None else float(row.mean()) for row in values]
        inertias = [inertia * n / len(points) for inertia in inertias_of(points, labelings)]
        choice = choose(inertias, means, witnesses, limit, wish.k, stayed)
        further = min(2 * limit, K_MOST)
        if choice.at_edge and not wish.k_max and limit < further and len(swept) == limit:
            limit = further
            swept = sweep(points, limit, seed, floor, tries)
        elif choice.k == stayed and not choice.structured and stay < math.inf:
            stay = math.inf  # no partition is better than another: let people find their pictures where they were
        else:
            break
    if choice.k == 0:
        return Division(choice, np.zeros(0, dtype=np.int32), None)
    return Division(choice, labelings[choice.k - 1], values[choice.k - 1])


def _with_the_last(
    points: Points, labelings: list[Labels], previous: Numbers | None, stay: float
) -> tuple[list[Labels], int]:
    """The labelings, in which the last generation's takes the place of one that is hardly better; and its k, or 0."""
    known = 0 if previous is None else len(np.unique(previous[previous >= 0]))
    if previous is None or not 1 < known <= len(labelings):
        return labelings, 0
    kept = stay_near(points, labelings[known - 1], previous, stay)
    return [*labelings[: known - 1], kept, *labelings[known:]], known
