"""Two aligned pictures brought as near to each other as an edit may have taken them apart.

Their alignment is polished by the optical flow of corners (Lucas and Kanade 1981), the sharper one is blurred, and a
monotone tone curve takes brightness, contrast and gamma out. What is left is what the two show.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.alignment import Transform
from worker.engine.picture.channels import Picture

Grey = NDArray[np.float32]
Mask = NDArray[np.bool_]

WINDOW: Final = 9  # pixels; side of the window of local means, variances and covariances
TEXTURE: Final = 40.0  # squared levels; variance from which a place shows something
BLURS: Final = (0.6, 0.9, 1.3, 1.8, 2.5)  # pixels; standard deviations tried in turn
SLIGHT_BLURS: Final = BLURS[:2]  # what noise and compression need; more would take letters away

_STEP: Final = np.array([[0, -1, 1]], np.float32)
_SAMPLE: Final = 4000  # pixels from which the tone curve is made
_BINS: Final = 12
_BLACK, _WHITE = 4, 251  # levels; beyond them a picture is clipped
_CORNERS: Final = 150
_FEWEST_CORNERS: Final = 16  # that must agree before the polish is believed


def grey_of(picture: Picture) -> Grey:
    """The grey picture, float32 `[h, w]`, 0 to 255."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def even(here: Grey, there: Grey, inside: Mask, blurs: tuple[float, ...] = BLURS) -> tuple[Grey, Grey]:
    """The two with the sharper one blurred until both are equally fine in detail: a copy that is blurred, noisy or hard
    compressed differs from its original in detail everywhere and in nothing that is shown. blurs: pixels, to try."""
    fine = _fineness(here, inside), _fineness(there, inside)
    sharper, goal = (here, fine[1]) if fine[0] > fine[1] else (there, fine[0])
    blurred = sharper
    for sigma in blurs:
        if _fineness(blurred, inside) <= 1.1 * goal:
            break
        blurred = np.asarray(cv2.GaussianBlur(sharper, (0, 0), sigma), np.float32)
    return (blurred, there) if sharper is here else (here, blurred)


def _fineness(grey: Grey, inside: Mask) -> float:
    """Squared gradient relative to the variance, median over the places that show something.

    Place by place, so that neither gain nor a caption over a part of the picture changes it.
    """
    x, y = (cv2.filter2D(grey, -1, kernel) for kernel in (_STEP, _STEP.T))
    mean = box(grey)
    variance = box(grey * grey) - mean * mean
    shows = inside & (variance > TEXTURE)
    return float(np.median(box(x * x + y * y)[shows] / variance[shows])) if shows.any() else 0.0


def box(values: Grey) -> Grey:
    """Means over WINDOW by WINDOW pixels; beyond the border is 0."""
    return np.asarray(cv2.boxFilter(values, -1, (WINDOW, WINDOW), borderType=cv2.BORDER_CONSTANT), np.float32)


def reach(picture: Picture, transform: Transform, size: tuple[int, int]) -> Mask:
    """Which pixels of a frame of `size` the warped picture reaches."""
    ones = np.full(picture.shape[:2], 255, np.uint8)
    return np.asarray(cv2.warpPerspective(ones, transform, size, flags=cv2.INTER_LINEAR)) > 250


def polish(fine: Picture, coarse: Picture, transform: Transform) -> Transform:
    """The transform, corrected by the flow of corners between the warped picture and the other one."""
    size = (coarse.shape[1], coarse.shape[0])
    moved = warp(fine, transform, size)
    here, there = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (moved, coarse))
    mask = reach(fine, transform, size).astype(np.uint8)
    corners = cv2.goodFeaturesToTrack(there, _CORNERS, 0.02, max(3, max(size) / 30), mask=mask)
    if corners is None or len(corners) < _FEWEST_CORNERS:
        return transform
    flown, status, _ = cv2.calcOpticalFlowPyrLK(there, here, corners, None, winSize=(11, 11), maxLevel=2)
    good = status.ravel() == 1
    if good.sum() < _FEWEST_CORNERS:
        return transform
    fix, kept = cv2.findHomography(flown[good], corners[good], cv2.RANSAC, 1.0, maxIters=150, confidence=0.99)
    if fix is None or kept.sum() < 0.5 * good.sum() or kept.sum() < _FEWEST_CORNERS:
        return transform
    again = warp(moved, np.asarray(fix, np.float64), size)
    inside = mask > 0
    better = _correlation(grey_of(again), grey_of(coarse), inside) > _correlation(
        grey_of(moved), grey_of(coarse), inside
    )
    return np.asarray(fix @ transform, np.float64) if better else transform  # a repeated pattern may mislead the flow


def warp(picture: Picture, transform: Transform, size: tuple[int, int]) -> Picture:
    """The picture in a frame of `size` (width, height); beyond its border its border goes on."""
    moved = cv2.warpPerspective(picture, transform, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _correlation(here: Grey, there: Grey, inside: Mask) -> float:
    x, y = here[inside], there[inside]
    x, y = x - x.mean(), y - y.mean()
    return float(x @ y / max(1e-6, np.sqrt(float(x @ x) * float(y @ y))))


def tone(here: Grey, there: Grey, agreeing: Mask) -> tuple[Grey, Grey]:
    """The two with one of them under the monotone curve that brings it nearest to the other where they agree.

    The one with less black and white gets the curve: what is clipped in the other cannot be brought back.
    """
    clipped = [int(((picture < _BLACK) | (picture > _WHITE)).sum()) for picture in (here, there)]
    if clipped[0] > clipped[1]:
        return here, _toned(there, here, agreeing)
    return _toned(here, there, agreeing), there


def _toned(here: Grey, there: Grey, agreeing: Mask) -> Grey:
    """`here` under the curve through the medians of bins with equally many pixels."""
    values, targets = here[agreeing], there[agreeing]
    step = max(1, len(values) // _SAMPLE)
    values, targets = values[::step], targets[::step]
    order = np.argsort(values, kind="stable")
    filled = [part for part in np.array_split(order, _BINS) if len(part)]
    knots = np.array([np.median(values[part]) for part in filled])
    levels = np.array([np.median(targets[part]) for part in filled])
    rising = np.append(np.diff(knots) > 0, True)
    knots, levels = knots[rising], np.maximum.accumulate(levels[rising])
    below, above = levels[0] - knots[0], levels[-1] + 255 - knots[-1]
    curve = np.interp(here, [-1, *knots, 256], [below - 1, *levels, above + 1])
    return np.asarray(curve, np.float32)


def light(here: Grey, there: Grey, inside: Mask) -> Grey:
    """`here` under the gain, a quadratic function of the place, that brings it nearest to `there`: a vignette, a lamp.

    By least squares on the three quarters that follow it best, so that a covered part does not count.
    """
    rows, columns = np.nonzero(inside)
    step = max(1, len(rows) // _SAMPLE)
    rows, columns = rows[::step], columns[::step]
    basis = _quadratic(rows, columns, here.shape)
    values, targets = cv2.blur(here, (5, 5))[rows, columns, None] * basis, cv2.blur(there, (5, 5))[rows, columns]
    kept = np.ones(len(rows), bool)
    for _ in range(4):
        factors = np.linalg.lstsq(values[kept], targets[kept], rcond=None)[0]
        off = np.abs(values @ factors - targets)
        kept = off <= np.percentile(off, 75)
    every = np.indices(here.shape).reshape(2, -1)
    gain = (_quadratic(every[0], every[1], here.shape) @ factors).reshape(here.shape)
    return np.asarray(here * gain, np.float32)


def _quadratic(rows: NDArray[np.intp], columns: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.float64]:
    y, x = 2 * rows / shape[0] - 1, 2 * columns / shape[1] - 1
    return np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])
