"""The ground of a picture: how much of it is of one brightness, which tells pages from photos."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.picture.channels import Picture

_EVEN_ROW: Final = 12  # levels; a row that varies by no more belongs to a bar or frame
_STRIP: Final = 4  # rows and columns over which noise is averaged out


def measure_ground(picture: Picture) -> tuple[int, int]:
    """`plain` and `flat` of the picture, from strips of a few rows, without bars and frames of one colour.

    At full resolution: shrinking makes greys of a page's letters.
    """
    step = max(_STRIP, len(picture) // (256 // _STRIP))
    starts = range(0, max(1, len(picture) - _STRIP + 1), step)
    strips = np.concatenate([picture[start : start + _STRIP] for start in starts])
    grey = cv2.cvtColor(np.ascontiguousarray(strips), cv2.COLOR_RGB2GRAY)
    for axis in (0, 1):
        shows = np.flatnonzero(np.ptp(grey, axis=1 - axis) > _EVEN_ROW)
        shown = slice(shows[0], shows[-1] + 1) if len(shows) else slice(None)
        grey = grey[shown] if axis == 0 else grey[:, shown]
    grey = np.ascontiguousarray(grey)
    soft = cv2.resize(grey, (grey.shape[1], max(1, grey.shape[0] // _STRIP)), interpolation=cv2.INTER_AREA)
    common = _at_mode(grey)
    plain = max(_share(common), _share(_at_mode(cv2.blur(soft, (_STRIP, 1)))))
    kernel = np.ones((1, 5), np.uint8)
    still = cv2.inRange(cv2.dilate(grey, kernel) - cv2.erode(grey, kernel), 0, 1)
    return int(255 * plain), int(255 * _share(cv2.bitwise_and(common, still)))


def _at_mode(grey: NDArray[Any]) -> NDArray[np.uint8]:
    """255 where a value lies within two levels of the commonest one, 0 elsewhere."""
    windows = np.convolve(cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel(), np.ones(5), mode="same")
    commonest = int(windows.argmax())
    return np.asarray(cv2.inRange(grey, max(commonest - 2, 0), min(commonest + 2, 255)), np.uint8)


def _share(mask: NDArray[np.uint8]) -> float:
    return float(cv2.countNonZero(mask) / mask.size)
