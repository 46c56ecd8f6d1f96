"""Bars and frames of one colour around a picture: letterboxes, borders. They are no part of what it shows."""

from typing import Final

import numpy as np

from worker.engine.picture.channels import Picture

_EVEN: Final = 10  # levels; range of each channel along a row or column of a bar
_LEAST: Final = 0.02  # of the side; a thinner even edge may as well be sky
_SOFT: Final = 16  # pixels beside a bar that compression has smeared, two blocks of JPEG


def content_pixels(picture: Picture) -> int:
    """Pixels of the picture without bars, RGB uint8 `[h, w, 3]`; all of them where there are none, or nothing else.

    A little too few where there are bars, so that a copy with bars never counts for more than the picture itself.
    Cost: that of the bars, microseconds for a picture without.
    """
    shown = without_bars(picture)
    return int(shown.shape[0] * shown.shape[1])


def without_bars(picture: Picture) -> Picture:
    """The picture between its bars, a view of it; all of it where there are none, or nothing else."""
    rows = _between_bars(picture)
    columns = _between_bars(picture[rows].transpose(1, 0, 2)) if rows.stop > rows.start else rows
    shown = picture[rows, columns]
    return shown if shown.size else picture


def _between_bars(lines: Picture) -> slice:
    """Which lines lie between the bars at both ends."""
    count = len(lines)
    first = next((place for place in range(count) if not _is_even(lines[place])), count)
    last = next((place for place in range(count - 1, first - 1, -1) if not _is_even(lines[place])), first - 1) + 1
    start = first + _SOFT if first >= _LEAST * count else 0
    stop = last - _SOFT if count - last >= _LEAST * count else count
    return slice(start, max(start, stop))


def _is_even(line: Picture) -> bool:
    return bool(np.ptp(line, axis=0).max() <= _EVEN)
