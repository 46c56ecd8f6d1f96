"""Whether other words stand in the same place: the mark of a page, a chat or a certificate, not of a caption.

A caption, a sticker or a stripe covers one of the two pictures, and the other goes on below it. Where both were written
upon, each has ink where the other shows the ground, and the ink has one colour in both.
"""

from typing import Final

import cv2
import numpy as np

from worker.engine.matching.registration import Grey, Mask

_APART: Final = 30.0  # levels by which ink differs from its ground
_ALIKE: Final = 15.0  # levels within which both show the ground
_AROUND: Final = 0.35  # share of a piece where they do ...
_THROUGHOUT: Final = 0.55  # ... where the ground is a picture, and not of one colour itself
_NEAR: Final = 20.0  # levels within which ink is of one colour
_BOTH: Final = 0.15  # share of the differing pixels that each of the two has for itself
_INKED: Final = 0.5  # share of each side's that is of the colour of the ink, or of the paper,
_PAPERED: Final = 0.3  # and of the other of the two
_TOGETHER: Final = 15  # pixels between strokes of one piece
_STROKE, _STROKES = 13, 0.035  # pixels, share of the long side; what is wider than both is no stroke
_FEWEST: Final = 24  # differing pixels of a piece that say anything


def is_rewritten(here: Grey, there: Grey, clash: Mask, foreign: Mask) -> bool:
    """Whether in any piece of what clashes both have ink of one colour in other places.

    here, there: float32 `[h, w]`, rendered alike. clash, foreign: bool `[h, w]`; foreign is where the two have another
    colour, so that what looks like one ground in grey is a cover.
    """
    if not clash.any():
        return False
    near = cv2.dilate(clash.astype(np.uint8), np.ones((_TOGETHER, _TOGETHER), np.uint8))
    stroke = max(_STROKE, round(_STROKES * max(clash.shape)))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    for piece in range(1, count):
        left, top, width, height, _ = boxes[piece]
        window = slice(top, top + height), slice(left, left + width)
        within = clash[window] & (labels[window] == piece)
        if _exchanges(here[window], there[window], within, foreign[window], stroke):
            return True
    return False


def _exchanges(here: Grey, there: Grey, within: Mask, foreign: Mask, stroke: int) -> bool:
    """Whether ink of one colour is in strokes, pixels wide, here and there, not in the same pixels."""
    ground = within & (np.abs(here - there) <= _ALIKE) & ~foreign
    if ground.sum() < _AROUND * within.sum():
        return False  # covered, not written upon
    brighter, darker = (here - there > _APART) & within, (there - here > _APART) & within
    differing = brighter.sum() + darker.sum()
    brighter, darker = _thin(brighter, stroke), _thin(darker, stroke)
    if differing < _FEWEST or min(brighter.sum(), darker.sum()) < _BOTH * differing:
        return False
    dark, bright = _shared(here[darker], there[brighter]), _shared(here[brighter], there[darker])
    on_paper = min(dark, bright) >= _PAPERED or ground.sum() >= _THROUGHOUT * within.sum()
    return on_paper and max(dark, bright) >= _INKED


def _thin(mask: Mask, stroke: int) -> Mask:
    """What is no wider than a stroke."""
    square = np.ones((stroke, stroke), np.uint8)
    return np.asarray(mask & (cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, square) == 0))


def _shared(mine: Grey, yours: Grey) -> float:
    """Share of the pixels that only one has, and of those that only the other has, that are of one colour."""
    together = np.concatenate([mine, yours])
    counts = np.histogram(together, bins=64, range=(0, 256))[0]
    ink = 4 * float(np.convolve(counts, np.ones(5), mode="same").argmax()) + 2
    return min(float((np.abs(side - ink) <= _NEAR).mean()) for side in (mine, yours))
