"""How one picture lies in another: a transform found from their keypoints.

Descriptors are matched both ways with Lowe's ratio test, a similarity transform is searched by RANSAC, then more
matches are gathered along it and a transform with as many parameters as they support is fitted. All transforms are
float64 `[3, 3]`, from the work frame of the first picture to that of the second, on column vectors (x, y, 1).
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.bits import hamming
from worker.engine.sketch.keypoints import WORK_SIDE, Keypoints
from worker.engine.sketch.sketch import Sketch

Transform = NDArray[np.float64]

RATIO: Final = 0.8  # of the best distance to the second best
NEAR_BITS: Final = 28  # of 128; unrelated descriptors differ in about 45, copies of a quarter in less than 24

_TOLERANCE: Final = 4.0  # work pixels between where a keypoint is and where the transform puts it
_FEWEST: Final = 5  # matches to start from
_STRETCHED_FROM: Final = 8  # matches that may as well come from a stretched picture
_MOST: Final = 0.75  # share of the keypoints; when that many are inliers no other start is tried
_PROMISING: Final = 8  # keypoints along a transform, without which it is given up
_STARTS: Final = 2  # the second without the matches that agree with the first
_FRAME: Final = WORK_SIDE / 2  # work pixels by which coordinates are made small before they are fitted
_TO_FRAME: Final = np.array([[1 / _FRAME, 0, -1], [0, 1 / _FRAME, -1], [0, 0, 1]])
_FROM_FRAME: Final = np.linalg.inv(_TO_FRAME)
_AFFINE_FROM: Final = 12  # inliers that support six parameters ...
_PERSPECTIVE_FROM: Final = 24  # ... and eight
_NEARLY: Final = 0.9  # share of the inliers of eight parameters with which six explain as much


@dataclass(frozen=True, slots=True)
class Alignment:
    """transform: first work frame to second. inliers: keypoint pairs that agree with it."""

    transform: Transform
    inliers: int


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Keypoints of two pictures, paired: which of the first and of the second `[n]`, and where the second's are `[2,
    n]`. points: where all of the first are `[m, 2]`."""

    points: NDArray[Any]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    there: NDArray[np.float32]


def alignments(first: Sketch, second: Sketch) -> list[Alignment]:
    """The transforms that keypoints agree with, mirrored or not, most of them first; 2 ms for strangers.

    Several, because letters are like letters: what most keypoints agree with may be the words over two pictures.
    """
    width = first.frame[0]
    flip = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
    found = _align(first.keypoints, second.keypoints)
    mirrored = _align(first.keypoints.mirrored(width), second.keypoints)
    found += [Alignment(one.transform @ flip, one.inliers) for one in mirrored]
    return sorted(found, key=lambda one: -one.inliers)


def _align(first: Keypoints, second: Keypoints) -> list[Alignment]:
    if min(len(first), len(second)) < _FEWEST:
        return []
    bits = hamming(first.descriptors, second.descriptors)
    here, there = _matches(bits)
    alike = _alike(first, second, bits)
    found: list[Alignment] = []
    for _ in range(_STARTS):
        if len(here) < _FEWEST:
            break
        starts = _starts(first.points[here], second.points[there])
        refined = [one for one in (_refined(start, alike) for start in starts) if one]
        if not refined:
            break
        found += refined
        best = max(refined, key=lambda one: one.inliers)
        if best.inliers >= _MOST * min(len(first), len(second)):
            break
        beyond = project(best.transform, first.points[here]) - second.points[there]
        others = np.linalg.norm(beyond, axis=1) > 2 * _TOLERANCE
        here, there = here[others], there[others]
    return found


def _starts(here: NDArray[Any], there: NDArray[Any]) -> list[NDArray[Any] | None]:
    """Transforms `[2, 3]` to start from. A similarity fits a part of a stretched picture, and what is fitted to that
    part goes wrong beside it, so with enough matches there is a stretched one, too."""
    settings: dict[str, Any] = {"method": cv2.RANSAC, "ransacReprojThreshold": _TOLERANCE, "maxIters": 500}
    similar, _ = cv2.estimateAffinePartial2D(here, there, **settings)
    if len(here) < _STRETCHED_FROM:
        return [similar]
    return [similar, cv2.estimateAffine2D(here, there, **settings)[0]]


def _alike(first: Keypoints, second: Keypoints, bits: NDArray[np.int32]) -> _Pairs:
    """All pairs with similar descriptors, the most similar first."""
    pairs = np.flatnonzero(bits <= NEAR_BITS)
    pairs = pairs[np.argsort(bits.ravel()[pairs], kind="stable")]
    rows, columns = np.divmod(pairs, bits.shape[1])
    there = np.ascontiguousarray(second.points[columns].T, np.float32)
    return _Pairs(first.points, rows, columns, there)


def _refined(start: NDArray[Any] | None, alike: _Pairs) -> Alignment | None:
    """The transform `[2, 3]` fitted to ever more of the pairs along it; None where too few are."""
    if start is None:
        return None
    transform = np.vstack([start, [0, 0, 1]])
    for tolerance in (2.5 * _TOLERANCE, 1.5 * _TOLERANCE, _TOLERANCE):
        along = _along(transform, alike, tolerance)
        if len(along) < _PROMISING:
            return None
        fitted = _fit(alike.points[alike.rows[along]], alike.there[:, along].T)
        if fitted is None:
            return None
        transform = fitted
    return _simplest(transform, alike)


def _simplest(transform: Transform, alike: _Pairs) -> Alignment:
    """Without perspective where that explains nearly as many pairs: fitted to a part of a picture, a perspective goes
    wrong beside it."""
    along = _along(transform, alike, _TOLERANCE)
    found = Alignment(transform, len(along))
    if len(along) < _PERSPECTIVE_FROM:
        return found
    for tolerance in (1.5 * _TOLERANCE, _TOLERANCE):
        transform = _fit_affine(alike.points[alike.rows[along]], alike.there[:, along].T)
        along = _along(transform, alike, tolerance)
        if len(along) < _AFFINE_FROM:
            return found
    return Alignment(transform, len(along)) if len(along) >= _NEARLY * found.inliers else found


def _matches(bits: NDArray[np.int32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs that are each other's nearest, clearly nearer than the second nearest."""
    nearest = bits.argmin(axis=1)
    rows = np.flatnonzero(bits[np.arange(len(bits)), nearest] <= NEAR_BITS)
    nearest = nearest[rows]
    best_two = np.partition(bits[rows], 1, axis=1)[:, :2]
    good = (best_two[:, 0] < RATIO * best_two[:, 1]) & (bits[:, nearest].argmin(axis=0) == rows)
    return rows[good], nearest[good]


def _along(transform: Transform, alike: _Pairs, tolerance: float) -> NDArray[np.intp]:
    """Which pairs lie where the transform says, one partner each, the most similar first."""
    x, y = project(transform, alike.points).astype(np.float32).T
    across, down = x[alike.rows] - alike.there[0], y[alike.rows] - alike.there[1]
    along = np.flatnonzero(across * across + down * down <= tolerance**2)
    return _first_of_each(np.sort(_first_of_each(along, alike.rows)), alike.columns)


def _first_of_each(along: NDArray[np.intp], keypoints: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of the pairs with the same keypoint the first, in the order of keypoints. keypoints: that of every pair."""
    if not len(along):
        return along
    of = keypoints[along]
    first = np.full(of.max() + 1, -1, np.intp)
    first[of[::-1]] = along[::-1]  # of several the last one assigned stays
    return first[first >= 0]


def _fit(first: NDArray[Any], second: NDArray[Any]) -> Transform | None:
    """Least squares: perspective, affine or similarity, by the number of points."""
    if len(first) >= _PERSPECTIVE_FROM:
        return _fit_perspective(np.asarray(first, np.float64), np.asarray(second, np.float64))
    if len(first) >= _AFFINE_FROM:
        return _fit_affine(first, second)
    found, _ = cv2.estimateAffinePartial2D(first, second, method=cv2.LMEDS)
    return None if found is None else np.vstack([found, [0, 0, 1]])


def _fit_affine(first: NDArray[Any], second: NDArray[Any]) -> Transform:
    ones = np.column_stack([first, np.ones(len(first))])
    solved = np.linalg.lstsq(ones, second, rcond=None)[0]
    return np.vstack([solved.T, [0, 0, 1]])


def _fit_perspective(first: NDArray[np.float64], second: NDArray[np.float64]) -> Transform | None:
    """The perspective `[3, 3]` with the least algebraic error (Hartley and Zisserman 2004, 4.1), lower right 1; None
    where the points do not determine one. A sixth of the time of cv2.findHomography, which refines it besides: that is
    what registration is for."""
    (x, y), (u, v) = (first / _FRAME - 1).T, (second / _FRAME - 1).T
    ones, zeros = np.ones_like(x), np.zeros_like(x)
    rows = np.vstack([
        np.column_stack([x, y, ones, zeros, zeros, zeros, -u * x, -u * y]),
        np.column_stack([zeros, zeros, zeros, x, y, ones, -v * x, -v * y]),
    ])  # fmt: skip
    try:
        solved = np.linalg.solve(rows.T @ rows, rows.T @ np.concatenate([u, v]))
    except np.linalg.LinAlgError:
        return None
    found = _FROM_FRAME @ np.append(solved, 1.0).reshape(3, 3) @ _TO_FRAME
    return None if abs(found[2, 2]) < 1e-9 else np.asarray(found / found[2, 2], np.float64)


def project(transform: Transform, points: NDArray[Any]) -> NDArray[np.float64]:
    """Where the transform puts points `[n, 2]`."""
    homogeneous = np.asarray(points, np.float64) @ transform[:, :2].T + transform[:, 2]
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:], np.float64)


def resized(transform: Transform, first: float, second: float) -> Transform:
    """The transform between the same pictures at other sizes. first, second: factors from work frame to new size.

    A pixel's coordinates are those of its centre, so that halves of pixels do not get lost.
    """
    before, after = _zoom(first), _zoom(second)
    return np.asarray(after @ transform @ np.linalg.inv(before), np.float64)


def _zoom(factor: float) -> Transform:
    return np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2], [0, 0, 1]])


def inverse(transform: Transform) -> Transform:
    """The way back."""
    return np.asarray(np.linalg.inv(transform), np.float64)
