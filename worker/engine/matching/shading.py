"""Whole pictures, compared by their shading: those without corners (skies, blurred and dark ones), and those whose
corners an edit changed, as stretching and mosaics do.

No keypoints say how one lies in the other, so only copies of the whole picture are looked for: recompressed, resized,
stretched, toned, turned by quarters, mirrored. Two different skies share the run from light to dark, so that is taken
out first (a quadratic function of the place), and what is left must agree better than chance allows.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.alignment import Transform
from worker.engine.sketch.sketch import Sketch

Values = NDArray[np.float64]

_SIDE: Final = 32  # pixels to which both are brought
_FAINT: Final = 1.5  # levels; standard deviation below which what is left may be compression
_EVIDENCE: Final = 28.0  # minus the logarithm of the chance; 70,000 pairs of unlike soft pictures reached 23


@dataclass(frozen=True, slots=True)
class Shading:
    """transform: first work frame to second. similarity: correlation of what no smooth trend explains."""

    transform: Transform
    similarity: float


def align_shading(first: Sketch, second: Sketch, stretch: float) -> Shading | None:
    """The orientation of eight under which two whole pictures agree; None if chance could do it too. 0.1 ms.

    stretch: most that the two ratios of their sides may differ by, as a factor.

    Correlated at random, n independent details reach a squared correlation of r2 with a chance of about
    (1 - r2) ** ((n - 1) / 2). The number of details of a picture is the perplexity of its spectrum.
    """
    here, there = _details(first.thumbnail), _details(second.thumbnail)
    if here is None or there is None:
        return None
    details = min(_count(here), _count(there))
    found: Shading | None = None
    for quarters in range(4):
        for mirrored in (False, True):
            turned = np.rot90(here[:, ::-1] if mirrored else here, quarters)
            similarity = float((turned * there).sum())
            if similarity > (found.similarity if found else 0) and _fits(first, second, quarters, stretch):
                found = Shading(_transform(first, second, quarters, mirrored), similarity)
    if found is None or -np.log(max(1e-9, 1 - found.similarity**2)) * (details - 1) / 2 < _EVIDENCE:
        return None
    return found


@lru_cache(maxsize=256)
def _details(thumbnail: bytes) -> Values | None:
    """Brightness `[_SIDE, _SIDE]` less its quadratic trend, of unit length; None if hardly anything is left."""
    grey = cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
    rest = small - _TREND @ (_TREND.T @ small)
    length = float(np.linalg.norm(rest))
    return None if length < _FAINT * _SIDE else (rest / length).reshape(_SIDE, _SIDE)


def _trend() -> Values:
    """Orthonormal columns that span the quadratic functions of the place: float64 `[_SIDE ** 2, 6]`."""
    y, x = (axis.ravel() for axis in np.meshgrid(*[np.linspace(-1, 1, _SIDE)] * 2, indexing="ij"))
    return np.asarray(np.linalg.qr(np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y]))[0], np.float64)


_TREND: Final = _trend()


def _count(details: Values) -> float:
    """How many components of the spectrum share the variance: the exponential of their entropy."""
    shares = cv2.dct(details) ** 2
    return float(np.exp(-(shares * np.log(np.maximum(shares, 1e-12))).sum()))


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
