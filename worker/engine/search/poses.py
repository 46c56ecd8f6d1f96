"""How a keypoint lies: its angle and level in a byte, so that votes can be told from chance by how they agree.

A picture that was turned and scaled moves all angles and all levels by the same steps; keys that two strangers share by
chance disagree about them. That is the weak geometric consistency of Jégou, Douze and Schmid (2008): no position is
needed, and where a picture was moved to does not matter.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.engine.sketch.keypoints import Keypoints

POSE_BITS: Final = 8  # five of the angle, three of the level

_LEVEL_BITS: Final = 3
_ANGLES: Final = 1 << (POSE_BITS - _LEVEL_BITS)
_TURNS: Final = 16  # steps to the turn in which turns are counted
_STEPS: Final = (2 << _LEVEL_BITS) - 1  # levels differ by -7 to 7


def poses(keypoints: Keypoints) -> NDArray[np.uint8]:
    """The pose of every keypoint: uint8 `[n]`, 32 angles to the turn and 8 levels."""
    top = (1 << _LEVEL_BITS) - 1
    return np.asarray(keypoints.angles & ~np.uint8(top) | np.minimum(keypoints.levels, top), np.uint8)


def count_agreeing(
    asked: NDArray[np.uint8],
    known: NDArray[np.uint8],
    groups: NDArray[np.intp],
    weights: NDArray[np.float64],
    size: int,
) -> NDArray[np.float64]:
    """The most votes of each group that agree on a turn and a step of scale: float64 `[size]`.

    asked, known: poses of the two keypoints of each vote, `[n]`; groups: which group it is of, weights: what it counts.
    Votes agree within 45 degrees and three levels, which leaves room for stretched copies and for angles that an edit
    moved. 1 KiB and a microsecond a group of several votes, however many those are.
    """
    several = np.bincount(groups, minlength=size) > 1
    best = np.zeros(size)
    alone = ~several[groups]
    best[groups[alone]] = weights[alone]  # most groups, where there are few images
    rest, place = ~alone, np.cumsum(several) - 1
    best[several] = _count_in_cells(asked[rest], known[rest], place[groups[rest]], weights[rest], int(several.sum()))
    return best


def _count_in_cells(
    asked: NDArray[np.uint8],
    known: NDArray[np.uint8],
    groups: NDArray[np.intp],
    weights: NDArray[np.float64],
    size: int,
) -> NDArray[np.float32]:
    top = (1 << _LEVEL_BITS) - 1
    turned = (known >> _LEVEL_BITS).astype(np.intp) - (asked >> _LEVEL_BITS)
    turns = turned % _ANGLES * _TURNS // _ANGLES
    steps = (known & top).astype(np.intp) - (asked & top) + top
    cells = (turns * _STEPS + steps) * size + groups  # groups last: what is added below lies one after the other
    votes = np.bincount(cells, weights, size * _TURNS * _STEPS).astype(np.float32).reshape(_TURNS, _STEPS, size)
    wide = votes + np.roll(votes, 1, axis=0)
    return np.asarray((wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]).max(axis=(0, 1), initial=0.0), np.float32)
