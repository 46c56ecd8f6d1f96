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

from worker.engine.sketch.keypoints import Keypoints, hamming
from worker.engine.sketch.sketch import Sketch

Transform = NDArray[np.float64]

_RATIO: Final = 0.8  # of the best distance to the second best
_NEAR_BITS: Final = 28  # of 128; unrelated descriptors differ in about 45, copies of a quarter in less than 24
_TOLERANCE: Final = 4.0  # work pixels between where a keypoint is and where the transform puts it
_FEWEST: Final = 5  # matches to start from
_STRETCHED_FROM: Final = 8  # matches that may as well come from a stretched picture
_MOST: Final = 0.75  # share of the keypoints; when that many are inliers no other start is tried
_PROMISING: Final = 8  # keypoints along a transform, without which it is given up
_STARTS: Final = 2  # the second without the matches that agree with the first
_AFFINE_FROM: Final = 12  # inliers that support six parameters ...
_PERSPECTIVE_FROM: Final = 24  # ... and eight


@dataclass(frozen=True, slots=True)
class Alignment:
    """transform: first work frame to second. inliers: keypoint pairs that agree with it."""

    transform: Transform
    inliers: int


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
    found: list[Alignment] = []
    for _ in range(_STARTS):
        if len(here) < _FEWEST:
            break
        starts = _starts(first.points[here], second.points[there])
        refined = [one for one in (_refined(start, first, second, bits) for start in starts) if one]
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


def _refined(
    start: NDArray[Any] | None, first: Keypoints, second: Keypoints, bits: NDArray[np.uint16]
) -> Alignment | None:
    """The transform `[2, 3]` fitted to ever more of the pairs along it; None where too few are."""
    if start is None:
        return None
    transform = np.vstack([start, [0, 0, 1]])
    for tolerance in (2.5 * _TOLERANCE, 1.5 * _TOLERANCE, _TOLERANCE):
        here, there = _along(transform, first, second, bits, tolerance)
        if len(here) < _PROMISING:
            return None
        fitted = _fit(first.points[here], second.points[there])
        if fitted is None:
            return None
        transform = fitted
    here, there = _along(transform, first, second, bits, _TOLERANCE)
    return Alignment(transform, len(here))


def _matches(bits: NDArray[np.uint16]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs that are each other's nearest, clearly nearer than the second nearest."""
    nearest = bits.argmin(axis=1)
    rows = np.flatnonzero(bits[np.arange(len(bits)), nearest] <= _NEAR_BITS)
    nearest = nearest[rows]
    best_two = np.partition(bits[rows], 1, axis=1)[:, :2]
    good = (best_two[:, 0] < _RATIO * best_two[:, 1]) & (bits[:, nearest].argmin(axis=0) == rows)
    return rows[good], nearest[good]


def _along(
    transform: Transform, first: Keypoints, second: Keypoints, bits: NDArray[np.uint16], tolerance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs with similar descriptors that lie where the transform says, one partner each, the most similar first."""
    moved = project(transform, first.points).astype(np.float32)
    there = second.points
    squared = (moved * moved).sum(axis=1)[:, None] + (there * there).sum(axis=1)[None] - 2 * (moved @ there.T)
    rows, columns = np.nonzero(squared <= tolerance**2)
    similar = bits[rows, columns]
    order = np.argsort(similar, kind="stable")
    order = order[similar[order] <= _NEAR_BITS]
    rows, columns = rows[order], columns[order]
    once = np.sort(np.unique(rows, return_index=True)[1])
    once = once[np.unique(columns[once], return_index=True)[1]]
    return rows[once], columns[once]


def _fit(first: NDArray[Any], second: NDArray[Any]) -> Transform | None:
    """Least squares: perspective, affine or similarity, by the number of points."""
    if len(first) >= _PERSPECTIVE_FROM:
        found, _ = cv2.findHomography(first, second, 0)
        return None if found is None else np.asarray(found, np.float64)
    if len(first) >= _AFFINE_FROM:
        ones = np.column_stack([first, np.ones(len(first))])
        solved = np.linalg.lstsq(ones, second, rcond=None)[0]
        return np.vstack([solved.T, [0, 0, 1]])
    found, _ = cv2.estimateAffinePartial2D(first, second, method=cv2.LMEDS)
    return None if found is None else np.vstack([found, [0, 0, 1]])


def project(transform: Transform, points: NDArray[Any]) -> NDArray[np.float64]:
    """Where the transform puts points `[n, 2]`."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ transform.T
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
