"""Whether a picture goes on where another one, which it holds, ends: a crop does not know of its border, a photo on a
page does."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.alignment import Transform, project
from worker.engine.matching.registration import grey_of
from worker.engine.picture.channels import Picture

_STEP: Final = 2.0  # pixels of the larger picture on either side of the border
_ALONG: Final = 64  # places along each side
_JUMPS: Final = 1.7  # times the difference that a step of the same length makes within, from which a border is an edge
_LEVELS: Final = 5.0  # levels that are granted besides
_SIDES: Final = 0.6  # share of the sides that must be edges


def has_edges(small: Picture, large: Picture, transform: Transform) -> bool:
    """Whether `large` has an edge where `small`, which lies in it, has its border. transform: from pixels of `small`.

    False where the border lies outside of `large`. RGB uint8 `[h, w, 3]`; 1 ms.
    """
    grey = cv2.blur(grey_of(large), (3, 3))
    inset = _STEP / max(1e-6, float(np.sqrt(abs(np.linalg.det(transform[:2, :2])))))
    edges = seen = 0
    for side in range(4):
        outside, inside, within = (project(transform, _side(small, side, inset * depth)) for depth in (-1.0, 1.0, 3.0))
        visible = np.all((outside >= 0) & (outside <= np.array(grey.shape[::-1]) - 1), axis=1)
        if visible.sum() < _ALONG / 2:
            continue
        values = [_at(grey, places[visible]) for places in (outside, inside, within)]
        across, along = np.abs(values[0] - values[1]).mean(), np.abs(values[1] - values[2]).mean()
        seen += 1
        edges += bool(across > _JUMPS * along + _LEVELS)
    return seen > 0 and edges >= _SIDES * seen


def _side(picture: Picture, side: int, inset: float) -> NDArray[np.float64]:
    """Places along one side of a picture, `inset` pixels within it: float64 `[_ALONG, 2]`."""
    height, width = picture.shape[:2]
    along = np.linspace(0.05, 0.95, _ALONG)
    x, y = along * (width - 1), along * (height - 1)
    here = np.full(_ALONG, inset)
    places = ((x, here), (width - 1 - here, y), (x, height - 1 - here), (here, y))
    return np.column_stack(places[side])


def _at(grey: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    points = places.astype(np.float32).reshape(-1, 1, 2)
    found = cv2.remap(grey, points[..., 0], points[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32).ravel()
