"""Two pictures under different light: what a vignette or a lamp changed is taken out, what was made darker in a part of
the picture is seen."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.clash import AGREES, CLEAN, LEVELS, SMALLEST, Local
from worker.engine.matching.ground import find_grain
from worker.engine.matching.registration import Grey, Mask
from worker.engine.matching.windows import SAMPLE, box

_LIT: Final = 75  # percent of the places that are believed to follow one light
_RIDGE: Final = 1e-3  # squared levels, which no picture but a black one notices
_SHOWS: Final = 4.0  # times the variance of noise, from which a place has a shape
_DARKER: Final = 0.15  # logarithm of the gain by which a place is darker or brighter
_BLACK: Final = 24.0  # levels, added to both: the gain of black says nothing
_GRAIN: Final = 0.3  # correlation of what is finest in even places, from which two are one shot
_KEPT: Final = 10.0  # levels by which what has not changed may differ
_UNLIT: Final = 24.0  # levels of brightness that a gain hardly changes


def relight(here: Grey, there: Grey, inside: Mask) -> tuple[Grey, Grey]:
    """The two with one of them under the gain, a quadratic function of the place, that brings it nearest to the other:
    a vignette, a lamp. That one which the other explains better: the inverse of a quadratic function is none."""
    rows, columns = np.nonzero(inside)
    step = max(1, len(rows) // SAMPLE)
    rows, columns = rows[::step], columns[::step]
    basis = _of_place(rows, columns, here.shape)
    one, other = (cv2.blur(grey, (5, 5))[rows, columns] for grey in (here, there))
    onto_there, onto_here = _light(one, other, basis), _light(other, one, basis)
    if onto_there[1] <= onto_here[1]:
        return _lit(here, onto_there[0]), there
    return here, _lit(there, onto_here[0])


def _light(values: Grey, targets: Grey, basis: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Factors `[6]` by least squares on the places that follow them best, so that a covered part does not count, and
    how far those places are from their targets, relative to these."""
    given, kept = values[:, None] * basis, np.ones(len(values), bool)
    for _ in range(4):
        rows = given[kept]
        factors = np.linalg.solve(rows.T @ rows + _RIDGE * np.eye(6), rows.T @ targets[kept])
        off = np.abs(given @ factors - targets)
        kept = off <= np.percentile(off, _LIT)
    return np.asarray(factors, np.float64), float(off[kept].sum() / max(1.0, float(targets[kept].sum())))


def _lit(grey: Grey, factors: NDArray[np.float64]) -> Grey:
    every = np.indices(grey.shape).reshape(2, -1)
    gain = (_of_place(every[0], every[1], grey.shape) @ factors).reshape(grey.shape)
    return np.asarray(np.clip(grey * gain, 0, 255), np.float32)


def _of_place(rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Quadratic functions of the place, `[n, 6]`."""
    y, x = 2 * rows / shape[0] - 1, 2 * columns / shape[1] - 1
    return np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])


def find_uneven(here: Grey, there: Grey, judged: Mask) -> float:
    """Share of the places that are darker in one of two pictures that were rendered alike, under one light."""
    one, other = (box(grey)[judged] + _BLACK for grey in (here, there))
    return float((np.abs(np.log(one / other)) > _DARKER).mean()) if len(one) else 0.0


def find_shaped(here: Grey, there: Grey, judged: Mask) -> float:
    """Share of the places that show something that have the same shape, whatever their brightness and contrast, at the
    level where it is least; 0 where even the grain is another. here, there: as they are, not rendered alike."""
    if find_grain(here, there, judged) < _GRAIN:
        return 0.0
    within, least = judged, 1.0
    for level in range(LEVELS - 1):
        local = Local(here, there, within)
        shows = within & local.textured(_SHOWS * CLEAN[level])
        same = shows & (local.shape(CLEAN[level]) > AGREES)
        least = min(least, float(same.sum() / max(1, shows.sum())))
        if min(judged.shape) < 2 * SMALLEST * 2**level:
            break
        size = (here.shape[1] // 2, here.shape[0] // 2)
        here, there = (np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA)) for grey in (here, there))
        within = cv2.resize(within.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 250
    return least


def find_relit(here: Grey, there: Grey) -> float:
    """Levels by which the most changed tenth differs, where a tenth has not changed: a black product for a grey one.

    here, there: the places that count, `[n]`. Black that stays black says nothing: it does under any gain.
    """
    shift = np.abs(here - there)
    if not len(shift):
        return 0.0
    low, high = np.percentile(shift, [10, 90])
    kept = shift <= max(low, 1.0)
    if low >= _KEPT or np.maximum(here, there)[kept].mean() < _UNLIT:
        return 0.0
    return float(high)
