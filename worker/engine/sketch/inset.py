"""The picture within a picture: a photo on a web page, in a chat, under a headline.

A page has a ground of one colour, and words on it are thin; what is left of the page without its ground and without
what is thin, and fills a rectangle, is a picture of its own. So is what lies between two margins that are blurred.
"""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.picture.channels import Picture

Place = tuple[int, int, int, int]  # left, top, width, height, pixels
Places = NDArray[np.intp] | int

_STEP: Final = 8  # levels between colours that are counted apart
_COLOURS: Final = 256 // _STEP  # of a channel
_GROUND: Final = 0.3  # share of the border that must be of the ground's colour
_OTHER: Final = 12  # levels; difference of a channel from which a pixel is not ground
_THIN: Final = 15  # pixels; what is thinner is writing
_FILLS: Final = 0.85  # share of its rectangle that a picture fills
_LEAST, _MOST = 0.04, 0.95  # share of the whole that it takes
_SHORTEST: Final = 40  # pixels of a side
_NARROWEST, _WIDEST = 0.03, 0.4  # share of the side that a blurred margin takes
_FEWEST: Final = 8  # columns of it
_SHARPER: Final = 4.0  # times as fine as the margins is what is next to them
_SEAM: Final = 8.0  # times their fineness is the step at the seam
_FLAT: Final = 0.15  # levels; fineness that a margin has at least


def find_inset(work: Picture) -> Place | None:
    """Where a picture lies in a page, or between its own blurred sides; None in what is a picture all over. 1 ms.

    work: RGB uint8 `[h, w, 3]` in work size.
    """
    return _on_ground(work) or _between_blurs(work)


def _on_ground(work: Picture) -> Place | None:
    """The largest picture on an even ground."""
    border = np.concatenate([part.reshape(-1, 3) for part in (work[:3], work[-3:], work[:, :3], work[:, -3:])])
    coarse = (border // _STEP).astype(np.intp) @ (_COLOURS**2, _COLOURS, 1)
    counts = np.bincount(coarse)
    if counts.max() < _GROUND * len(border):
        return None
    ground = np.median(border[coarse == counts.argmax()], axis=0)
    least, most = np.ceil(ground - _OTHER).clip(0, 255), np.floor(ground + _OTHER).clip(0, 255)
    other = cv2.bitwise_not(cv2.inRange(work, least, most)) // 255
    thick = cv2.morphologyEx(other, cv2.MORPH_OPEN, np.ones((_THIN, _THIN), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(thick)
    if count < 2:
        return None
    left, top, width, height, area = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax()].tolist()
    share = width * height / (work.shape[0] * work.shape[1])
    if area < _FILLS * width * height or not _LEAST <= share <= _MOST or min(width, height) < _SHORTEST:
        return None
    return left, top, width, height


def _between_blurs(work: Picture) -> Place | None:
    """A picture that was widened or heightened with itself, blurred, as videos are."""
    grey = cv2.cvtColor(work, cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = grey.shape
    for values, across in ((grey, True), (grey.T, False)):
        margin = _blurred_margin(np.ascontiguousarray(values))
        if margin and across:
            return margin, 0, width - 2 * margin, height
        if margin:
            return 0, margin, width, height - 2 * margin
    return None


def _blurred_margin(grey: NDArray[np.float32]) -> int:
    """Columns at either side, as many at both, that are blurred up to a seam; 0 where there are none."""
    width = grey.shape[1]
    margins = np.arange(max(_FEWEST, round(_NARROWEST * width)), round(_WIDEST * width))
    if not len(margins):
        return 0
    fine = _column_means(cv2.absdiff(grey, cv2.blur(grey, (3, 3))))
    jump = _column_means(cv2.absdiff(grey[:, 1:], grey[:, :-1]))
    sums = np.concatenate([[0.0], np.cumsum(fine, dtype=np.float64)])

    def mean(start: Places, stop: Places) -> NDArray[np.float64]:
        return np.asarray((sums[stop] - sums[start]) / (stop - start))

    steps = np.lib.stride_tricks.sliding_window_view(jump, 4).max(axis=1)
    behind = width - margins  # where the other margin begins
    inner = np.minimum(mean(margins + 2, margins + 8), mean(behind - 8, behind - 2))
    outer = np.maximum(mean(3, margins - 2), mean(behind + 2, width - 3)).clip(_FLAT)
    seams = np.minimum(steps[margins - 2], steps[behind - 3]) > _SEAM * outer
    ratios = np.where(seams, inner / outer, 0)
    return int(margins[ratios.argmax()]) if ratios.max() > _SHARPER else 0


def _column_means(values: Any) -> NDArray[np.float32]:
    """The mean of each column: float32 `[w]`. OpenCV takes a third of NumPy's time."""
    return np.asarray(cv2.reduce(values, 0, cv2.REDUCE_AVG).ravel(), np.float32)
