"""What two pictures show beside what agrees: their grounds, and what lies on them.

Agreement of flat with flat proves nothing. Two pairs of dark trousers agree in their outline, two skies in the
watermark over them, two forms in their lines; whether they are one picture is told by what lies within, by the grain,
and by whether a page is all that there is.
"""

from typing import Final

import cv2
import numpy as np

from worker.engine.matching.registration import Grey, Mask
from worker.engine.matching.windows import variance
from worker.engine.picture.channels import Picture

_FINEST: Final = 2.0  # pixels; standard deviation of the blur that grain does not pass
_EDGE: Final = 100.0  # squared levels; variance from which a place is an edge, or next to one
_NEXT: Final = 9  # pixels; side of the window that is next to an edge
_FEW_GRAINS: Final = 500  # pixels that say nothing yet
_GRAIN: Final = 0.3  # levels by which a place with grain differs from its surroundings
_GROUND: Final = 8.0  # levels within which the ground is even
_WITHIN, _DEEP = 13, 0.02  # pixels, share of the long side; side of the square that must lie within an outline
_DETAILED: Final = 0.08  # share of what lies within that agrees in some detail; strangers reach a third of it
_EVEN_SIDE: Final = 256  # pixels; long side at which evenness is looked at
_AROUND: Final = 31  # of those, the side of a place's surroundings
_EVEN: Final = 3  # levels within which a place has their brightness
_SIDE: Final = 0.04  # of the shorter side; depth of a strip along a side
_ALONG: Final = 0.4  # share of its length that clashes


def find_grain(here: Grey, there: Grey, judged: Mask) -> float:
    """Correlation of what is finest in even places, away from edges: near 0 for two things of one outline.

    1 where there are hardly any even places, or nothing in them.
    """
    return _correlate(*_finest(here, there, judged))


def find_shot(here: Grey, there: Grey, judged: Mask) -> tuple[float, float]:
    """Whether an even ground is that of one shot: the share of it that is not quite even, in the one that is more so
    (nearly all of a photo's, little of a page's that was drawn), and `find_grain`. here, there: as they are."""
    fine = _finest(here, there, judged)
    grained = min(float((np.abs(part) > _GRAIN).mean()) for part in fine) if len(fine[0]) >= _FEW_GRAINS else 0.0
    return grained, _correlate(*fine)


def _correlate(x: Grey, y: Grey) -> float:
    x, y = (part[np.abs(x) + np.abs(y) > 0] for part in (x, y))
    scale = np.sqrt(float(x @ x) * float(y @ y)) if len(x) else 0.0
    return float(x @ y / scale) if len(x) >= _FEW_GRAINS and scale > 0 else 1.0


def _finest(here: Grey, there: Grey, judged: Mask) -> tuple[Grey, Grey]:
    """What is finest in the even places of both, away from edges: float32 `[n]` each."""
    edges = np.maximum(variance(here, _NEXT), variance(there, _NEXT)) > _EDGE
    quiet = cv2.dilate((edges | ~judged).astype(np.uint8), np.ones((_NEXT, _NEXT), np.uint8)) == 0
    one, other = (grey - cv2.GaussianBlur(grey, (0, 0), _FINEST) for grey in (here, there))
    return one[quiet], other[quiet]


def find_hollow(here: Grey, there: Grey, judged: Mask, same: Mask) -> float:
    """Share of the overlap that lies well within an outline on an even ground, where the two agree in no detail.

    Two pairs of dark trousers agree in their outline; a page's letters are all outline, and nothing lies within.
    """
    outlined = np.zeros(judged.shape, bool)
    for grey in (here, there):
        counts = np.histogram(grey[judged], bins=128, range=(0, 256))[0]
        ground = 2 * float(np.convolve(counts, np.ones(5), mode="same").argmax()) + 1
        outlined |= np.abs(grey - ground) > _GROUND
    side = max(_WITHIN, round(_DEEP * max(judged.shape)))
    within = cv2.erode((outlined & judged).astype(np.uint8), np.ones((side, side), np.uint8), borderValue=0) > 0
    within = _enclosed(within, side // 2 + 2)
    detailed = float(same[within].mean()) if within.any() else 1.0
    return float(within.sum() / max(1, judged.sum())) if detailed < _DETAILED else 0.0


def _enclosed(mask: Mask, rim: int) -> Mask:
    """The pieces that do not reach the border: what does is a ground of its own."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    outer = np.concatenate([part.ravel() for part in (labels[:rim], labels[-rim:], labels[:, :rim], labels[:, -rim:])])
    return mask & ~np.isin(labels, np.unique(outer))


def find_even(picture: Picture, inside: Mask) -> float:
    """Share of the overlap that has the brightness of its surroundings: paper, walls, skies, under any light."""
    size = tuple(max(8, round(side * _EVEN_SIDE / max(inside.shape))) for side in inside.shape[::-1])
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    around = cv2.medianBlur(grey, _AROUND)
    within = cv2.resize(inside.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return float((cv2.absdiff(grey, around) <= _EVEN)[within].mean()) if within.any() else 0.0


def count_sides(clash: Mask, judged: Mask) -> int:
    """Along how many sides of the overlap the two clash: a page on another table does along all of them."""
    rows, columns = np.nonzero(judged)
    if not len(rows):
        return 0
    box = clash[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    depth = max(1, round(_SIDE * min(box.shape)))
    strips = box[:depth].any(axis=0), box[-depth:].any(axis=0), box[:, :depth].any(axis=1), box[:, -depth:].any(axis=1)
    return sum(bool(strip.mean() >= _ALONG) for strip in strips)
