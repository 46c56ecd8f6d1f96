"""Whether a single spot differs: a digit of a page that is the same but for it.

Not by a measure of its own, but by what noise, compression and a pixel of shift do elsewhere in the very same pair:
JPEG at 10 differs everywhere and stands out nowhere, another digit in a clean scan stands out.
"""

from typing import Final

import cv2
import numpy as np

from worker.engine.matching.registration import Grey, Mask
from worker.engine.matching.windows import variance
from worker.engine.picture.channels import Picture, farthest_channel

_SHIFT: Final = np.ones((3, 3), np.uint8)  # pixels by which no alignment is perfect
_SPOT: Final = 5  # pixels; side of the window over which a difference counts
_USUAL: Final = 99.0  # percent of the spots that show something, which differ by less than what is usual in the pair
_SAMPLE: Final = 100_000  # spots from which that is told
_FAINT: Final = 4.0  # squared levels; variance from which a spot shows something
_EXACT: Final = 1.0  # levels; added to what is usual
_PATCHED: Final = 0.2  # share of the pixels that patches may cover,
_SOLID: Final = 0.8  # of theirs that is in squares of three by three,
_PATCHES: Final = 8  # and how many they may be


def find_peak(here: Grey, there: Grey, judged: Mask) -> float:
    """By how many times the most different spot exceeds what is usual in this pair; below 3 for copies.

    A pixel differs by what neither it nor its neighbours in the other picture explain. About 15 ms per megapixel.
    """
    if not judged.any():
        return 0.0
    beyond = np.zeros_like(here)
    for one, other in ((here, there), (there, here)):
        np.maximum(beyond, one - cv2.dilate(other, _SHIFT), out=beyond)
        np.maximum(beyond, cv2.erode(other, _SHIFT) - one, out=beyond)
    beyond[~judged] = 0
    spots = cv2.boxFilter(beyond, -1, (_SPOT, _SPOT), borderType=cv2.BORDER_CONSTANT)
    shows = judged & (np.maximum(variance(here, _SPOT), variance(there, _SPOT)) > _FAINT)
    shows = shows if shows.any() else judged
    values = spots[shows]
    usual = float(np.percentile(values[:: max(1, len(values) // _SAMPLE)], _USUAL))
    return float(spots[judged].max() / (_EXACT + usual))


def is_patched(here: Picture, there: Picture, judged: Mask) -> bool:
    """Whether two pictures are the same to the last level but for a few solid patches, which no compression leaves.

    here, there: RGB uint8 `[h, w, 3]`, as they are.
    """
    differing = judged & (farthest_channel(here, there) > 0)
    if not 0 < differing.sum() <= _PATCHED * judged.sum():
        return False
    solid = cv2.morphologyEx(differing.astype(np.uint8), cv2.MORPH_OPEN, _SHIFT)
    pieces = cv2.connectedComponents(differing.astype(np.uint8), connectivity=8)[0] - 1
    return bool(solid.sum() >= _SOLID * differing.sum() and pieces <= _PATCHES)
