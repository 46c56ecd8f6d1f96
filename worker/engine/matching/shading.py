"""Whole pictures, compared by their shading: those without corners (skies, blurred and dark ones), and those whose
corners an edit changed, as stretching and mosaics do.

No keypoints say how one lies in the other, so only copies of the whole picture are looked for: recompressed, resized,
stretched, toned, turned by quarters, mirrored. Two different skies share the run from light to dark, so that is taken
out first (a quadratic function of the place), and what is left must agree better than chance allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.alignment import Transform
from worker.engine.sketch.sketch import Sketch

Values = NDArray[np.float32]

DETAILS_KEPT: Final = 4096  # pictures whose shading stays in memory, 7 KiB each

_SIDE: Final = 32  # pixels to which both are brought
_FAINT: Final = 1.5  # levels; standard deviation below which what is left may be compression
_EVIDENCE: Final = 28.0  # minus the logarithm of the chance; 70,000 pairs of unlike soft pictures reached 23


@dataclass(frozen=True, slots=True)
class Shading:
    """transform: first work frame to second. similarity: correlation of what no smooth trend explains."""

    transform: Transform
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class _Details:
    """values: brightness `[_SIDE, _SIDE]` less its quadratic trend, of unit length. count: how many components of its
    spectrum share the variance: the exponential of their entropy."""

    values: Values
    count: float


def align_shading(first: Sketch, second: Sketch, stretch: float) -> Shading | None:
    """The orientation of eight under which two whole pictures agree; None if chance could do it too. 0.1 ms.

    stretch: most that the two ratios of their sides may differ by, as a factor.

    Correlated at random, n independent details reach a squared correlation of r2 with a chance of about
    (1 - r2) ** ((n - 1) / 2). The number of details of a picture is the perplexity of its spectrum.
    """
    here, there = _details(first.thumbnail), _details(second.thumbnail)
    if here is None or there is None:
        return None
    found: Shading | None = None
    for quarters, mirrored in _ORIENTATIONS:
        similarity = float((_oriented(here.values, quarters, mirrored) * there.values).sum())
        if similarity > (found.similarity if found else 0) and _fits(first, second, quarters, stretch):
            found = Shading(_transform(first, second, quarters, mirrored), similarity)
    return found if found and _evidence(found.similarity, min(here.count, there.count)) >= _EVIDENCE else None


def agree_in_shading(new: Sketch, known: Sequence[Sketch], stretches: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For which of the known pictures `align_shading` finds an orientation: bool `[n]`. 0.1 ms for 24.

    stretches: `[n]`, of each. What is not in memory is decoded: 0.2 ms each.
    """
    agree = np.zeros(len(known), bool)
    own, found = _details(new.thumbnail), [_details(one.thumbnail) for one in known]
    at = [place for place, details in enumerate(found) if details]
    if own is None or not at:
        return agree
    turned = np.stack([_oriented(own.values, *orientation).ravel() for orientation in _ORIENTATIONS])
    similar = np.stack([details.values.ravel() for details in found if details]) @ turned.T
    fits = [[_fits(known[place], new, quarters, stretches[place]) for quarters, _ in _ORIENTATIONS] for place in at]
    best = np.where(fits, similar, 0.0).max(axis=1)
    counts = np.minimum([details.count for details in found if details], own.count)
    agree[at] = _evidence(best, counts) >= _EVIDENCE
    return agree


_ORIENTATIONS: Final = tuple((quarters, mirrored) for quarters in range(4) for mirrored in (False, True))


def _oriented(values: Values, quarters: int, mirrored: bool) -> Values:
    return np.rot90(values[:, ::-1] if mirrored else values, quarters)


def _evidence(similarity: Any, details: Any) -> Any:
    """Minus the logarithm of the chance of such a correlation of so many details; of arrays likewise."""
    return -np.log(np.maximum(1e-9, 1 - np.square(similarity))) * (details - 1) / 2


@lru_cache(maxsize=DETAILS_KEPT)
def _details(thumbnail: bytes) -> _Details | None:
    """None if hardly anything is left."""
    grey = cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    rest = small - _TREND @ (_TREND.T @ small)
    length = float(np.linalg.norm(rest))
    if length < _FAINT * _SIDE:
        return None
    values = (rest / length).reshape(_SIDE, _SIDE)
    shares = cv2.dct(values) ** 2
    return _Details(values, float(np.exp(-(shares * np.log(np.maximum(shares, 1e-12))).sum())))


def _trend() -> Values:
    """Orthonormal columns that span the quadratic functions of the place: float32 `[_SIDE ** 2, 6]`."""
    y, x = (axis.ravel() for axis in np.meshgrid(*[np.linspace(-1, 1, _SIDE)] * 2, indexing="ij"))
    columns = np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])
    return np.asarray(np.linalg.qr(columns)[0], np.float32)


_TREND: Final = _trend()


def _fits(first: Sketch, second: Sketch, quarters: int, stretch: float) -> bool:
    width, height = (first.width, first.height) if quarters % 2 == 0 else (first.height, first.width)
    ratio = width * second.height / (height * second.width)
    return 1 / stretch < ratio < stretch


def _transform(first: Sketch, second: Sketch, quarters: int, mirrored: bool) -> Transform:
    """From work frame to work frame, by way of a square about 0. np.rot90 turns counter-clockwise."""
    cos, sin = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarters]
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1.0]])
    flip = np.diag([-1.0 if mirrored else 1.0, 1, 1])
    return np.asarray(_square(second, inverse=True) @ turn @ flip @ _square(first, inverse=False), np.float64)


def _square(sketch: Sketch, inverse: bool) -> Transform:
    """From the centres of the work frame's pixels to -1 to 1, or back."""
    width, height = sketch.frame
    to_square = np.array([[2 / width, 0, 1 / width - 1], [0, 2 / height, 1 / height - 1], [0, 0, 1]])
    return np.asarray(np.linalg.inv(to_square) if inverse else to_square, np.float64)
