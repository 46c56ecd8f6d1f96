"""Whole pictures, compared by their shading: those without corners (skies, blurred and dark ones), and those whose
corners an edit changed, as stretching and mosaics do.

No keypoints say how one lies in the other, so only copies of the whole picture are looked for: recompressed, resized,
stretched, toned, turned by quarters, mirrored. Two different skies share the run from light to dark, so that is taken
out first (a quadratic function of the place), and what is left must agree better than chance allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.alignment import Transform
from worker.engine.sketch.details import SIDE
from worker.engine.sketch.sketch import Sketch

Values = NDArray[np.float32]

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
    if not (first.details.there and second.details.there):
        return None
    [there], found = _unit_rows([second]), None
    for (quarters, mirrored), here in zip(_ORIENTATIONS, _all_oriented(first), strict=True):
        similarity = float(here @ there)
        if similarity > (found.similarity if found else 0) and _fits(first, second, quarters, stretch):
            found = Shading(_transform(first, second, quarters, mirrored), similarity)
    count = min(first.details.count, second.details.count)
    return found if found and _evidence(found.similarity, count) >= _EVIDENCE else None


def agree_in_shading(new: Sketch, known: Sequence[Sketch], stretches: NDArray[np.float64]) -> NDArray[np.bool_]:
    """For which of the known pictures `align_shading` finds an orientation: bool `[n]`. 0.1 ms for 24.

    stretches: `[n]`, of each.
    """
    agree = np.zeros(len(known), bool)
    at = [place for place, one in enumerate(known) if one.details.there]
    if not new.details.there or not at:
        return agree
    found = [known[place] for place in at]
    similar = _unit_rows(found) @ _all_oriented(new).T
    ratios = np.array([one.width / one.height for one in found]) * (new.height / new.width)
    turned = np.array([one.height / one.width for one in found]) * (new.height / new.width)
    beside = np.abs(np.log(np.stack([ratios, turned], axis=1))) < np.log(stretches[at])[:, None]
    fits = beside[:, [quarters % 2 for quarters, _ in _ORIENTATIONS]]
    counts = np.minimum([one.details.count for one in found], new.details.count)
    agree[at] = _evidence(np.where(fits, similar, 0.0).max(axis=1), counts) >= _EVIDENCE
    return agree


_ORIENTATIONS: Final = tuple((quarters, mirrored) for quarters in range(4) for mirrored in (False, True))


def _unit_rows(sketches: Sequence[Sketch]) -> Values:
    """The details of pictures that have some, each of unit length: float32 `[n, SIDE ** 2]`."""
    rows = np.stack([one.details.values.ravel() for one in sketches]).astype(np.float32)
    return np.asarray(rows / np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None], np.float32)


def _all_oriented(sketch: Sketch) -> Values:
    """The same of one picture in every orientation: float32 `[8, SIDE ** 2]`."""
    values = _unit_rows([sketch]).reshape(SIDE, SIDE)
    views = (
        np.rot90(values[:, ::-1] if mirrored else values, quarters).ravel() for quarters, mirrored in _ORIENTATIONS
    )
    return np.stack(list(views))


def _evidence(similarity: Any, details: Any) -> Any:
    """Minus the logarithm of the chance of such a correlation of so many details; of arrays likewise."""
    return -np.log(np.maximum(1e-9, 1 - np.square(similarity))) * (details - 1) / 2


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
