"""How good a collection without clusters would look: what the silhouettes of a real one are judged by.

Uniform along the principal axes with the same variances: of all shapes with one hump the one that KMeans divides best.
After the gap statistic (Tibshirani, Walther, Hastie 2001) and SigClust (Liu et al. 2008).
"""

from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.concurrency import run_parts
from worker.engine.clusters.geometry import Geometry
from worker.engine.clusters.partitions import Points
from worker.engine.clusters.silhouette import mean_silhouettes
from worker.engine.clusters.trials import divide_in_trial

DRAWS: Final = 10  # collections without clusters behind the level at the chosen k
CURVE_DRAWS: Final = 3  # behind the level at every k
CURVE_STARTS: Final = 2
LEVEL_STARTS: Final = 10  # of few rows, where chance weighs most; as many as STARTED_ROWS rows in all of more
STARTED_ROWS: Final = 3000
DRAWN_ROWS: Final = 1000
CURVE_ROWS: Final = 500
QUANTILE: Final = 0.9
STEP: Final = 1.35  # from one k to the next at which the curve is computed; it is smooth


class Reference:
    """Collections like one of these `points`, float32 `[n, a]` along their principal axes, but without clusters.

    Few rows give high silhouettes, so DRAWN_ROWS instead of all errs on the careful side. Where all points are the same
    every level is 0: what is different is elsewhere.
    """

    def __init__(self, points: Points, geometry: Geometry, seed: int) -> None:
        self._rows, self._geometry, self._seed = len(points), geometry, seed
        self._half = np.sqrt(3) * points.std(axis=0, dtype=np.float64) if len(points) else np.zeros(0)

    def curve(self, k_max: int) -> npt.NDArray[np.float64]:
        """The mean silhouette that such collections reach at k = 2 to k_max, `[k_max - 1]`.

        Computed at some k, linear in log k between them. Cost: KMeans on at most DRAWN_ROWS rows, whatever n is.
        """
        ks = _steps(k_max)
        levels = [np.mean(scores) for scores in self._scores(ks, CURVE_DRAWS, CURVE_ROWS, CURVE_STARTS)]
        found: npt.NDArray[np.float64] = np.interp(np.log(np.arange(2, k_max + 1)), np.log(ks), levels)
        return found

    def level(self, k: int) -> float:
        """The silhouette at k below which QUANTILE of such collections stay. Cost: likewise, DRAWS times at this k."""
        return float(np.quantile(self._scores([k], DRAWS, DRAWN_ROWS, LEVEL_STARTS)[0], QUANTILE))

    def _scores(self, ks: list[int], draws: int, rows: int, starts: int) -> list[list[float]]:
        """Mean silhouettes per k and draw."""
        parts = [(k, draw) for k in ks for draw in range(draws)]
        found = list(run_parts(lambda part: self._score(*part, rows, starts), parts))
        return [found[start : start + draws] for start in range(0, len(found), draws)]

    def _score(self, k: int, draw: int, rows: int, starts: int) -> float:
        if not self._widest:
            return 0.0
        n = min(self._rows, max(rows, 4 * k))
        drawn = np.random.default_rng([self._seed, draw]).random((n, len(self._half)), dtype=np.float32)
        drawn = ((2 * drawn - 1) * self._half).astype(np.float32)
        drawn -= drawn.mean(axis=0)
        labels, _ = divide_in_trial(drawn, k, self._seed, min(starts, max(STARTED_ROWS // n, 1)))
        value = mean_silhouettes(drawn, [labels], self._geometry)[0]
        return 0.0 if value is None else value

    @cached_property
    def _widest(self) -> float:
        return float(self._half.max(initial=0.0))


def _steps(k_max: int) -> list[int]:
    """k from 2 to k_max, each STEP times the one before or one more."""
    ks = [2]
    while ks[-1] < k_max:
        ks.append(min(max(round(ks[-1] * STEP), ks[-1] + 1), k_max))
    return ks
