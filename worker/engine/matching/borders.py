"""Whether a picture goes on where another one, which it holds, ends: a crop does not know of its border, a photo on a
page does."""

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.alignment import Transform, project
from worker.engine.matching.registration import Grey, grey_of
from worker.engine.picture.channels import Picture

_STEPS: Final = 1.0, 2.0  # pixels of the larger picture between lines along the border; an enlarged edge is wide
_ALONG: Final = 64  # places along each side
_JUMPS: Final = 1.8  # times the difference of its neighbours on both sides, from which a step is an edge
_LEVELS: Final = 2.0  # levels that are granted to all of them: noise


def has_edges(small: Picture, large: Picture, transform: Transform) -> bool:
    """Whether `large` has an edge where `small`, which lies in it, has its border. transform: from pixels of `small`.

    Across such a border two pictures meet, which know nothing of each other: the step is larger than the steps of the
    same length on either side of it, taken together as geometric means of these and of all sides. False where the
    border lies outside of `large`. RGB uint8 `[h, w, 3]`; 1 ms.
    """
    grey = grey_of(large)
    return any(_jump(small, grey, transform, step) > _JUMPS for step in _STEPS)


def _jump(small: Picture, grey: Grey, transform: Transform, step: float) -> float:
    """How many times larger than its neighbours the step across the border is; 1 where none of it is seen."""
    inset = step / max(1e-6, float(np.sqrt(abs(np.linalg.det(transform[:2, :2])))))
    jumps = []
    for side in range(4):
        lines = [project(transform, _side(small, side, inset * depth)) for depth in (-3.0, -1.0, 1.0, 3.0)]
        visible = np.all((lines[1] >= 0) & (lines[1] <= np.array(grey.shape[::-1]) - 1), axis=1)
        if visible.sum() < _ALONG / 2:
            continue
        values = [_at(grey, places[visible]) for places in lines]
        outer, across, inner = (float(np.abs(one - other).mean()) + _LEVELS for one, other in pairwise(values))
        jumps.append(np.log(across / np.sqrt(outer * inner)))
    return float(np.exp(np.mean(jumps))) if jumps else 1.0


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
