"""Whether clusters come out again: two halves of the points are clustered apart, and each tells where all belong.

Ben-Hur, Elisseeff and Guyon, "A stability based method for discovering structure in clustered data", 2002; Lange, Roth,
Braun and Buhmann, "Stability-based validation of clustering solutions", 2004.
"""

from typing import Final

import numpy as np
from sklearn.metrics import adjusted_rand_score

from worker.engine.clusters.concurrency import run_parts
from worker.engine.clusters.partitions import Points, nearest
from worker.engine.clusters.trials import divide_in_trial

ROUNDS: Final = 6
STARTS: Final = 6  # of each half; the best counts
WITNESSES: Final = 16  # points, below which halves tell nothing
SPLIT_ROWS: Final = 600  # of many points a sample is split


class Halves:
    """Some ways to split points, float32 `[n, a]`, into halves; of many points a sample is split."""

    def __init__(self, points: Points, seed: int, rounds: int = ROUNDS) -> None:
        size = min(len(points), SPLIT_ROWS)
        orders = [np.random.default_rng([seed, number]).permutation(len(points))[:size] for number in range(rounds)]
        self._points = [points[order] for order in orders]
        self._rows, self._seed = size, seed

    def agreement(self, k: int) -> float:
        """The mean adjusted Rand index of what two halves say of all points: 1 where they always agree, 0 by chance.

        1.0 for fewer than WITNESSES points, which cannot say; 0.0 where a half has fewer than k.
        Cost: KMeans at k on SPLIT_ROWS / 2 points at most, 2 STARTS times a round.
        """
        if self._rows < WITNESSES:
            return 1.0
        if self._rows // 2 < k:
            return 0.0
        return float(np.mean(list(run_parts(lambda points: self._agree(points, k), self._points))))

    def _agree(self, points: Points, k: int) -> float:
        halves = points[: len(points) // 2], points[len(points) // 2 :]
        one, other = (nearest(points, divide_in_trial(half, k, self._seed, STARTS)[1]) for half in halves)
        return float(adjusted_rand_score(one, other))
