"""An alignment made exact: two pictures laid over each other to a fraction of a pixel.

Keypoints say where one picture lies in the other to a few pixels. From there the optical flow of corners (Lucas and
Kanade 1981) that are spread over the whole overlap corrects the transform, twice. Contrast is made even first, so that
a brighter or darker copy flows as an equal one does. Of the transforms that follow the flow equally well the simplest
is taken: a perspective fitted to a plain copy goes wrong at the corners, where no flow holds it.
"""

from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.alignment import Transform, project
from worker.engine.picture.channels import Picture

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

_ROUNDS: Final = (3, 1)  # levels of the pyramid of each round
_CELLS: Final = 5  # along each side; corners are taken from each cell
_OF_CELL: Final = 10  # corners of a cell
_FEWEST: Final = 16  # corners that must follow one transform
_WINDOW: Final = 15  # pixels; side of the window that flows
_RETURNS: Final = 0.7  # pixels; a corner that flows back must come this near to where it started
_TOLERANCE: Final = 1.0  # pixels between where a corner flowed and where the transform puts it
_NEARLY: Final = 0.95  # share of the corners of a transform with more parameters that a simpler one must explain
_AGREE: Final = 0.4  # share of the corners that must follow one transform
_NOWHERE: Final = 1.0  # pixels by which a corner moves that may as well not
_AS_GOOD: Final = 0.002  # correlation that may be chance
_AROUND: Final = 25  # pixels; side of the window whose contrast is made even
_FAINT: Final = 4.0  # levels; contrast that is not raised further
_CONTRAST: Final = 45.0  # levels; standard deviation of a window after it was made even


def grey_of(picture: Picture) -> Grey:
    """The grey picture, float32 `[h, w]`, 0 to 255."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def warp(picture: Picture, transform: Transform, size: tuple[int, int]) -> Picture:
    """The picture in a frame of `size` (width, height); beyond its border its border goes on."""
    moved = cv2.warpPerspective(picture, transform, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def reach(picture: Picture, transform: Transform, size: tuple[int, int]) -> Mask:
    """Which pixels of a frame of `size` the warped picture reaches."""
    ones = np.full(picture.shape[:2], 255, np.uint8)
    return np.asarray(cv2.warpPerspective(ones, transform, size, flags=cv2.INTER_LINEAR)) > 250


def register(fine: Picture, coarse: Picture, transform: Transform) -> Transform:
    """The transform from `fine` to `coarse`, corrected; as it was where the flow does not improve it.

    RGB uint8 of any sizes. Two pictures of one size that lie over each other as they are stay so: no pixel of them is
    interpolated. About 40 ms where `coarse` has half a megapixel.
    """
    size = (coarse.shape[1], coarse.shape[0])
    there = _evened(coarse)
    here = _evened(warp(fine, transform, size))
    inside = reach(fine, transform, size)
    found = correlate(here, there, inside)
    for levels in _ROUNDS:
        fix = _flow(here, there, inside, levels)
        if fix is None:
            break
        corrected = np.asarray(fix @ transform, np.float64)
        again = _evened(warp(fine, corrected, size))
        agrees = correlate(again, there, inside)
        if agrees <= found:  # a repeated pattern may mislead the flow
            break
        transform, here, found = corrected, again, agrees
        inside = reach(fine, transform, size)
    return _unmoved(fine, there, transform, found - _AS_GOOD)


def _unmoved(fine: Picture, there: NDArray[np.uint8], transform: Transform, least: float) -> Transform:
    """No transform at all, where that is nearly this one and agrees at least so well."""
    height, width = there.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    if fine.shape[:2] != there.shape or np.abs(project(transform, corners) - corners).max() > _NOWHERE:
        return transform
    agrees = correlate(_evened(fine), there, np.ones(there.shape, bool))
    return np.eye(3) if agrees >= least else transform


def _evened(picture: Picture) -> NDArray[np.uint8]:
    """Grey uint8 `[h, w]` with the same mean and contrast everywhere."""
    grey = grey_of(picture)
    mean = cv2.blur(grey, (_AROUND, _AROUND))
    deviation = np.sqrt(np.maximum(cv2.blur(grey * grey, (_AROUND, _AROUND)) - mean * mean, 0))
    return np.asarray(np.clip(128 + _CONTRAST * (grey - mean) / (deviation + _FAINT), 0, 255), np.uint8)


def _flow(here: NDArray[np.uint8], there: NDArray[np.uint8], inside: Mask, levels: int) -> Transform | None:
    """The transform that brings `here` onto `there`, as most corners flow; None where they do not agree."""
    corners = _corners(there, inside)
    if len(corners) < _FEWEST:
        return None
    settings: dict[str, Any] = {"winSize": (_WINDOW, _WINDOW), "maxLevel": levels, "minEigThreshold": 1e-5}
    flown, found, _ = cv2.calcOpticalFlowPyrLK(there, here, corners, None, **settings)
    back, returned, _ = cv2.calcOpticalFlowPyrLK(here, there, flown, None, **settings)
    good = (found.ravel() == 1) & (returned.ravel() == 1)
    good &= np.abs(back - corners).reshape(-1, 2).max(axis=1) < _RETURNS
    if good.sum() < _FEWEST:
        return None
    fix, followed = _simplest(flown[good], corners[good])
    return None if fix is None or followed < max(_FEWEST, _AGREE * good.sum()) else fix


def _corners(grey: NDArray[np.uint8], inside: Mask) -> NDArray[np.float32]:
    """The strongest corners of each cell, float32 `[n, 1, 2]`."""
    strength = cv2.cornerMinEigenVal(grey, 5)
    strength[cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) == 0] = 0
    strength[strength < cv2.dilate(strength, np.ones((7, 7), np.uint8))] = 0
    rows, columns = (np.linspace(0, side, _CELLS + 1).astype(int) for side in strength.shape)
    found = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            cell = strength[top:bottom, left:right].ravel()
            if len(cell):
                best = np.argpartition(-cell, min(_OF_CELL, len(cell) - 1))[:_OF_CELL]
                best = best[cell[best] > 1e-6]
                found.append(np.column_stack([best % (right - left) + left, best // (right - left) + top]))
    return np.concatenate(found).astype(np.float32).reshape(-1, 1, 2)


def _simplest(here: NDArray[Any], there: NDArray[Any]) -> tuple[Transform | None, int]:
    """A similarity, an affine or a perspective transform, the first that explains nearly all; and how many points."""
    whole, followed = cv2.findHomography(here, there, cv2.RANSAC, _TOLERANCE, maxIters=300, confidence=0.995)
    if whole is None:
        return None, 0
    most = int(followed.sum())
    for estimate in (cv2.estimateAffinePartial2D, cv2.estimateAffine2D):
        found, kept = estimate(here, there, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=300)
        if found is not None and kept.sum() >= _NEARLY * most:
            return np.vstack([found, [0, 0, 1]]), int(kept.sum())
    return np.asarray(whole, np.float64), most


def correlate(here: NDArray[Any], there: NDArray[Any], inside: Mask) -> float:
    """Correlation of two grey pictures within a mask, 0 where one of them is even."""
    x, y = (grey[inside].astype(np.float32) for grey in (here, there))
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / max(1e-6, np.sqrt(float(x @ x) * float(y @ y))))
