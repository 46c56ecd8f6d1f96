"""Strangers told from possible copies, many at once: a verdict is asked for two dozen candidates, nearly all strangers.

Two things may speak for a pair, as in `verify.propose`, which looks closer at those that pass. Keypoints: each match
says by the places, angles and levels of its two keypoints how one picture would lie in the other, and the other matches
of the pair vote on it (a Hough vote, as in Lowe 2004, 7.3, with the matches themselves as bins). Or the shading of the
whole, which agrees beyond chance.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.alignment import NEAR_BITS, RATIO
from worker.engine.matching.bits import hamming
from worker.engine.matching.shading import agree_in_shading
from worker.engine.sketch.keypoints import SCALE_STEP, Keypoints
from worker.engine.sketch.sketch import Sketch

VOTES: Final = 5  # matches that agree, below which no keypoints speak for a pair: 4 of 1,000 strangers have so many

_AT_ONCE: Final = 8  # pictures whose distances are held together: 2 MiB, which stay in the caches
_FAR: Final = 255  # more bits than there are
_PLACE: Final = 12.0  # work pixels by which a match may lie beside where another one puts it ...
_STRETCH: Final = 0.35  # ... and as a share of their distance: stretched copies are no similar ones
_TURN: Final = 29  # 256 to the turn, by which angles may differ
_LEVELS: Final = 3  # steps by which scales may


def screen(new: Sketch, known: Sequence[Sketch], few: int, stretches: tuple[float, float]) -> NDArray[np.bool_]:
    """Which of the known pictures may show what a new one shows: bool `[len(known)]`.

    few: keypoints below which a picture has no corners to go by. stretches: see `align_shading`, of pictures without
    corners and of others. 6 ms for 24 strangers.
    """
    sparse = np.array([min(len(one.keypoints), len(new.keypoints)) < few for one in known], bool)
    limits = np.where(sparse, *stretches)
    return agree_in_shading(new, known, limits) | (~sparse & (vote(new, known) >= VOTES))


def vote(new: Sketch, known: Sequence[Sketch]) -> NDArray[np.intp]:
    """How many matches of keypoints agree on how the new picture lies in each known one, mirrored or not."""
    parts = [_vote(new, known[start : start + _AT_ONCE]) for start in range(0, len(known), _AT_ONCE)]
    return np.concatenate([*parts, np.zeros(0, np.intp)])


def _vote(new: Sketch, known: Sequence[Sketch]) -> NDArray[np.intp]:
    straight = new.keypoints
    both = Keypoints.joined([straight, straight.mirrored(new.frame[0])])
    longest = max(len(one.keypoints) for one in known)
    if not len(both) or not longest:
        return np.zeros(len(known), np.intp)
    bits = np.full((len(known), longest, len(both)), _FAR, np.uint8)
    for place, one in enumerate(known):
        bits[place, : len(one.keypoints)] = hamming(one.keypoints.descriptors, both.descriptors)
    pairs, rows, columns = _mutual_pairs(bits, len(straight))
    here = _Places(both, rows)
    there = _Places(Keypoints.joined([one.keypoints for one in known]), columns + _offsets(known)[pairs])
    groups = 2 * pairs + (rows >= len(straight))
    votes = _count_agreeing(here, there, groups)
    most = np.zeros(len(known), np.intp)
    np.maximum.at(most, pairs, votes)
    return most


def _offsets(known: Sequence[Sketch]) -> NDArray[np.intp]:
    return np.concatenate([[0], np.cumsum([len(one.keypoints) for one in known])[:-1]]).astype(np.intp)


def _mutual_pairs(bits: NDArray[np.uint8], half: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of keypoints that are each other's nearest, clearly nearer than the second nearest, as in `alignments`.

    bits: `[pictures, m, 2 half]`; of the new picture's keypoints the second half is a picture of its own. Returned are
    which picture, which of the new one's keypoints, which of the picture's, sorted by picture and half.
    """
    least = bits.min(axis=1)  # over rows that lie one after the other: much faster than along them
    rivals = bits <= (least / RATIO).astype(np.uint8)[:, None]
    # Bytes are added several times as fast as anything wider; of 257 rivals one would seem alone, a chance match more.
    alone = np.add.reduce(rivals.view(np.uint8), axis=1, dtype=np.uint8) == 1
    pictures, rows = np.nonzero((least <= NEAR_BITS) & alone)
    columns = rivals[pictures, :, rows].argmax(axis=1)
    mutual = bits.reshape(*bits.shape[:2], 2, half)[pictures, columns, rows // half].argmin(axis=1) == rows % half
    return pictures[mutual], rows[mutual], columns[mutual]


class _Places:
    """Where chosen keypoints are: points float32 `[n, 2]`, angles uint8 and levels int8 `[n]`."""

    def __init__(self, keypoints: Keypoints, chosen: NDArray[np.intp]) -> None:
        self.points = keypoints.points[chosen]
        self.angles = keypoints.angles[chosen]
        self.levels = keypoints.levels[chosen].astype(np.int8)


def _count_agreeing(here: _Places, there: _Places, groups: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many matches of its group lie where each match says, itself included: `[n]`. groups: sorted.

    Angles and levels are asked first: of the matches of strangers they leave one pair of six to be placed.
    """
    turns, steps = there.angles - here.angles, there.levels - here.levels
    one, other = _within_groups(groups)
    turned = turns[other] - turns[one] + np.uint8(_TURN - 1)  # bytes, so it goes round as angles do
    alike = (turned < np.uint8(2 * _TURN - 1)) & (np.abs(steps[other] - steps[one]) <= _LEVELS)
    one, other = one[alike], other[alike]
    scales = SCALE_STEP ** steps.astype(np.float64)
    radians = turns.view(np.int8) * (2 * np.pi / 256)
    cos, sin = np.cos(radians) * scales, np.sin(radians) * scales
    x, y = (here.points[other] - here.points[one]).T
    moved = (there.points[other] - there.points[one]).T
    beside = np.hypot(cos[one] * x - sin[one] * y - moved[0], sin[one] * x + cos[one] * y - moved[1])
    agree = beside <= _STRETCH * np.hypot(*moved) + _PLACE
    return np.bincount(one, agree, len(groups)).astype(np.intp)


def _within_groups(groups: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of places with the same group. groups: `[n]`, sorted."""
    _, first, group, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    per = sizes[group]
    one = np.repeat(np.arange(len(groups)), per)
    before = np.repeat(np.cumsum(per) - per, per)
    return one, first[group[one]] + np.arange(len(one)) - before
