"""Where in two pictures something is: boxes, in shares of their sides."""

import numpy as np

from shared.records import Box
from worker.engine.matching.alignment import Transform, project
from worker.engine.matching.registration import Mask
from worker.engine.picture.channels import Picture


def find_places(clash: Mask, back: Transform, fine: Picture) -> tuple[Box, Box] | tuple[()]:
    """What clashes, as a box in the finer and in the coarser picture. back: from pixels of the coarser, to which the
    mask belongs, to those of the finer one."""
    rows, columns = np.nonzero(clash)
    if not len(rows):
        return ()
    left, right = float(columns.min()), float(columns.max() + 1)
    top, bottom = float(rows.min()), float(rows.max() + 1)
    corners = project(back, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))
    return _box(corners, fine.shape), _box(np.array([[left, top], [right, bottom]]), clash.shape)


def find_around(mask: Mask) -> Box:
    """Around all of a mask; all of the picture where that is empty."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0.0, 0.0, 1.0, 1.0
    return _box(np.array([[columns[0], rows[0]], [columns[-1] + 1, rows[-1] + 1]], np.float64), mask.shape)


def _box(points: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", shape: tuple[int, ...]) -> Box:
    """Around the points, as shares of a picture's width and height."""
    shares = np.clip(points / [shape[1], shape[0]], 0, 1)
    (left, top), (right, bottom) = shares.min(axis=0).tolist(), shares.max(axis=0).tolist()
    return round(left, 4), round(top, 4), round(right, 4), round(bottom, 4)
