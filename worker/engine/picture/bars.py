"""Bars and frames of one colour around a picture: letterboxes, borders. They are no part of what it shows."""

from typing import Final

import cv2
import numpy as np

from worker.engine.picture.channels import Picture

_EVEN: Final = 10  # levels; range of each channel along a row or column of a bar
_LEAST: Final = 0.02  # of the side; a thinner even edge may as well be sky
_TOGETHER: Final = 64  # lines
_SOFT: Final = 16  # pixels beside a bar that compression has smeared, two blocks of JPEG


def without_bars(picture: Picture) -> Picture:
    """The picture, RGB uint8 `[h, w, 3]`, between its bars, a view of it; all of it where there are none, or nothing
    else.

    A little too few pixels where there are bars, so that a copy with bars never counts for more than the picture
    itself. Cost: that of the bars, microseconds for a picture without.
    """
    rows = _between_bars(picture, 0)
    columns = _between_bars(picture[rows], 1) if rows.stop > rows.start else rows
    shown = picture[rows, columns]
    return shown if shown.size else picture


def _between_bars(picture: Picture, axis: int) -> slice:
    """Which rows (axis 0) or columns (1) lie between the bars at both ends."""
    count = picture.shape[axis]
    first = _even_lines(picture, axis)
    last = count if first == count else count - _even_lines(picture, axis, from_end=True)
    start = first + _SOFT if first >= _LEAST * count else 0
    stop = last - _SOFT if count - last >= _LEAST * count else count
    return slice(start, max(start, stop))


def _even_lines(picture: Picture, axis: int, from_end: bool = False) -> int:
    """How many even rows or columns there are up to the first one that is not: more and more are looked at together."""
    count, seen, step = int(picture.shape[axis]), 0, 1
    while seen < count:
        stop = min(seen + step, count)
        part = slice(count - stop, count - seen) if from_end else slice(seen, stop)
        lines = picture[part] if axis == 0 else picture[:, part]
        most, least = (cv2.reduce(lines, 1 - axis, which) for which in (cv2.REDUCE_MAX, cv2.REDUCE_MIN))
        uneven = np.flatnonzero((most - least).reshape(stop - seen, -1).max(axis=1) > _EVEN)
        if len(uneven):
            return seen + (stop - seen - 1 - int(uneven[-1]) if from_end else int(uneven[0]))
        seen, step = stop, min(2 * step, _TOGETHER)
    return count
