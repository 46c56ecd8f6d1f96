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
_NEAR_BITS: Final = 40  # of 128; unrelated descriptors differ in about 64
_TOLERANCE: Final = 4.0  # work pixels between where a keypoint is and where the transform puts it
_FEWEST: Final = 5  # matches to start from
_STRETCHED_FROM: Final = 8  # matches that may as well come from a stretched picture
_MOST: Final = 0.75  # share of the keypoints; when that many are inliers no other start is tried
_BETTER: Final = 1.1  # times the inliers of a similarity: with two parameters more a few always agree
_AFFINE_FROM: Final = 12  # inliers that support six parameters ...
_PERSPECTIVE_FROM: Final = 24  # ... and eight


@dataclass(frozen=True, slots=True)
class Alignment:
    """transform: first work frame to second. inliers: keypoint pairs that agree with it."""

    transform: Transform
    inliers: int


def align(first: Sketch, second: Sketch) -> Alignment | None:
    """The transform most keypoints agree with, mirrored or not; None if there is none. 1 ms for strangers."""
    width = first.frame[0]
    plain = _align(first.keypoints, second.keypoints)
    flip = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]])
    found = _align(first.keypoints.mirrored(width), second.keypoints)
    mirrored = None if found is None else Alignment(found.transform @ flip, found.inliers)
    return max((one for one in (plain, mirrored) if one), key=lambda one: one.inliers, default=None)


def _align(first: Keypoints, second: Keypoints) -> Alignment | None:
    if min(len(first), len(second)) < _FEWEST:
        return None
    bits = hamming(first.descriptors, second.descriptors)
    here, there = _matches(bits)
    if len(here) < _FEWEST:
        return None
    pairs = first.points[here], second.points[there]
    start, _ = cv2.estimateAffinePartial2D(*pairs, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=500)
    found = _refined(start, first, second, bits)
    if len(here) < _STRETCHED_FROM or (found and found.inliers >= _MOST * min(len(first), len(second))):
        return found
    # A similarity fits a part of a stretched picture, and what is fitted to that part goes wrong beside it.
    start, _ = cv2.estimateAffine2D(*pairs, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=500)
    stretched = _refined(start, first, second, bits)
    if found and (stretched is None or stretched.inliers < _BETTER * found.inliers):
        return found
    return stretched


def _refined(
    start: NDArray[Any] | None, first: Keypoints, second: Keypoints, bits: NDArray[np.uint16]
) -> Alignment | None:
    """The transform `[2, 3]` fitted to ever more of the pairs along it; None where too few are."""
    if start is None:
        return None
    transform = np.vstack([start, [0, 0, 1]])
    for tolerance in (2.5 * _TOLERANCE, 1.5 * _TOLERANCE, _TOLERANCE):
        here, there = _along(transform, first.points, second.points, bits, tolerance)
        if len(here) < _FEWEST:
            return None
        fitted = _fit(first.points[here], second.points[there])
        if fitted is None:
            return None
        transform = fitted
    here, there = _along(transform, first.points, second.points, bits, _TOLERANCE)
    return Alignment(transform, len(here))


def _matches(bits: NDArray[np.uint16]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs that are each other's nearest, clearly nearer than the second nearest."""
    best_two = np.partition(bits, 1, axis=1)[:, :2]
    nearest = bits.argmin(axis=1)
    rows = np.arange(len(bits))
    good = (best_two[:, 0] <= _NEAR_BITS) & (best_two[:, 0] < _RATIO * best_two[:, 1])
    good &= bits.argmin(axis=0)[nearest] == rows
    return rows[good], nearest[good]


def _along(
    transform: Transform, first: NDArray[Any], second: NDArray[Any], bits: NDArray[np.uint16], tolerance: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs with similar descriptors that lie where the transform says, one partner each."""
    expected = project(transform, first)
    x, y = (np.subtract.outer(expected[:, axis], second[:, axis]) for axis in (0, 1))
    cost = np.where((x * x + y * y > tolerance**2) | (bits > _NEAR_BITS), np.uint16(9999), bits)
    nearest = cost.argmin(axis=1)
    rows = np.arange(len(cost))
    good = (cost[rows, nearest] < 9999) & (cost.argmin(axis=0)[nearest] == rows)
    return rows[good], nearest[good]


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
