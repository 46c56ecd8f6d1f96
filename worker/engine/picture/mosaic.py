"""Pictures of blocks: made of larger pixels by an edit, or enlarged by a viewer that repeats each pixel."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.picture.channels import Picture

_FEWEST: Final = 48  # blocks along a side
_LINES: Final = 256  # rows or columns, about, in which the steps between blocks are looked for
_OVERTONE: Final = 0.7  # of the strongest frequency: the lowest that is so strong is that of the blocks
_NEXT: Final = 2  # that frequency is found to
_BETWEEN: Final = 0.75  # of `_beyond_chance`; 0.92 and more of pixelated JPEGs, 0.45 at most of JPEGs of quality 10


def find_blocks(picture: Picture) -> tuple[int, int] | None:
    """How many blocks of one colour there are, across and down; None in a picture that is not made of blocks.

    picture: RGB uint8 `[h, w, 3]`. Blocks need not be whole pixels wide. 1 ms.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    across = _count(grey[:: max(1, grey.shape[0] // _LINES)])
    down = across and _count(np.ascontiguousarray(grey[:, :: max(1, grey.shape[1] // _LINES)].T))
    return (across, down) if across and down else None


def without_blocks(picture: Picture, blocks: tuple[int, int]) -> Picture:
    """The picture as soft as it would be had it been enlarged smoothly. blocks: see `find_blocks`."""
    small = cv2.resize(picture, blocks, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def _count(grey: NDArray[np.uint8]) -> int:
    """Blocks along the rows; 0 where there are none.

    Steps between blocks come at one frequency, and its overtones.
    """
    width = grey.shape[1]
    most = width // 2
    if most <= _FEWEST:
        return 0
    rises = np.subtract(grey[:, 1:], grey[:, :-1], dtype=np.float32)
    steps = np.append((rises * rises).mean(axis=0), 0.0)
    strength = np.abs(np.fft.rfft(steps))[_FEWEST : most + 1]
    about = _FEWEST + int(np.argmax(strength >= _OVERTONE * strength.max()))
    beyond, count = max((_beyond_chance(steps, count), count) for count in range(about - _NEXT, about + _NEXT + 1))
    return count if beyond >= _BETWEEN else 0


def _beyond_chance(steps: NDArray[np.float64], count: int) -> float:
    """Share of the steps that lie between so many blocks, above the share that would in a photo; 1 at most."""
    edges = np.ceil(np.arange(1, count) * len(steps) / count).astype(np.intp) - 1
    by_chance = len(edges) / len(steps)
    between = float(steps[edges].sum() / max(steps.sum(), 1e-6))
    return (between - by_chance) / (1 - by_chance)
