"""What JPEG left in pixels: whether they went through a coarser coding than that of the file that they lie in now.

A JPEG keeps each 8 x 8 block as multiples of steps, so that many of its high frequencies are 0. They still are in a
BMP or a PNG made of it, or in a JPEG of finer steps, at this grid and at no other: whatever else a picture is, the grid
that is shifted by half a block knows nothing of it. Measured in docs/adr/0054.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

from worker.engine.picture.channels import Picture
from worker.engine.picture.containers import segments

Steps = NDArray[np.int64]

_BLOCK: Final = 8
_MOST: Final = 800  # blocks that are looked at
_LEAST: Final = 40  # of which fewer say nothing
_HIGH: Final = np.add.outer(np.arange(_BLOCK), np.arange(_BLOCK)) >= 6  # frequencies
_ZERO: Final = 0.7  # what rounding to whole levels makes of 0
_FLAT: Final = 2.0  # blocks with less than this in every frequency are drawn, and say nothing of any grid
_EXCESS: Final = {True: 0.05, False: 0.1}  # of zeros; pictures that never were JPEG have 0.01 at most
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
_TABLES: Final = 0xDB
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PLACES: Final = sorted(  # of the frequencies, in the order of the file: in zigzag
    ((row, column) for row in range(_BLOCK) for column in range(_BLOCK)),
    key=lambda place: (sum(place), place[1 - sum(place) % 2]),
)


@dataclass(frozen=True, slots=True)
class JpegCoding:
    """channels: of its frame. steps: of its first channel, `[8, 8]`, None where they are not there."""

    channels: int
    steps: Steps | None


def read_coding(data: bytes) -> JpegCoding:
    """How a JPEG file is coded, by its headers. Never raises: what makes no sense is not known."""
    tables: dict[int, Steps] = {}
    channels, used = 0, 0
    try:
        for marker, at, size in segments(data):
            if marker == 0xDA:
                break
            if marker == _TABLES:
                tables |= _read_tables(data[at : at + size])
            elif marker in _FRAMES and size >= 9:
                channels, used = data[at + 5], data[at + 8]
    except (ValueError, IndexError):
        return JpegCoding(0, None)
    return JpegCoding(channels, tables.get(used))


def _read_tables(body: bytes) -> dict[int, Steps]:
    found, at = {}, 0
    while at < len(body):
        wide, number = body[at] >> 4, body[at] & 15
        count = 64 * (1 + bool(wide))
        values = np.frombuffer(body[at + 1 : at + 1 + count], ">u2" if wide else np.uint8)
        if len(values) < 64:
            raise ValueError("a table that is cut off")
        steps = np.zeros((_BLOCK, _BLOCK), np.int64)
        steps[tuple(np.array(_PLACES).T)] = values
        found[number] = steps
        at += 1 + count
    return found


def was_coarser(picture: Picture, steps: Steps | None = None) -> bool:
    """Whether these pixels `[h, w, 3]` went through a JPEG of coarser steps than those of their file, None: of no loss.

    What was blurred, scaled or turned by a few degrees since shows nothing any more, nor do steps of 1 (quality 99 and
    100). 3 ms at 1024 x 768, 7 at 12 megapixels.
    """
    return excess_of_zeros(picture, steps) > _EXCESS[steps is None]


def excess_of_zeros(picture: Picture, steps: Steps | None = None) -> float:
    """Share of the high frequencies that are 0 and would not be by nature, nor by these steps; 0.0 where none can know.

    Turned pictures have their grid at other corners, so all four are looked at.
    """
    shifted = _frequencies(picture, _BLOCK // 2, _BLOCK // 2)
    if shifted is None:
        return 0.0
    own = np.full((_BLOCK, _BLOCK), _ZERO)
    if steps is not None:
        own = np.maximum(own, np.maximum(steps, steps.T) / 2 + 0.2)  # so many are 0 by the file's own coding
    height, width = picture.shape[:2]
    corners = sorted({(down, right) for down in (0, height % _BLOCK) for right in (0, width % _BLOCK)})
    grids = (_frequencies(picture, down, right) for down, right in corners)
    zeros = [float((grid < _ZERO)[:, _HIGH].mean()) for grid in grids if grid is not None]
    return max(zeros) - float((shifted < own)[:, _HIGH].mean()) if zeros else 0.0


def _frequencies(picture: Picture, down: int, right: int) -> NDArray[np.float32] | None:
    """Of some blocks of a grid `[n, 8, 8]`, without sign; None where too few are neither flat nor cut."""
    part = picture[down:, right:]
    rows, columns = part.shape[0] // _BLOCK, part.shape[1] // _BLOCK
    chosen = np.unique(np.linspace(0, rows * columns - 1, min(_MOST, rows * columns)).astype(int))
    if len(chosen) < _LEAST:
        return None
    tops, lefts = _BLOCK * (chosen // columns), _BLOCK * (chosen % columns)
    each = np.arange(_BLOCK)
    blocks = part[(tops[:, None] + each)[:, :, None], (lefts[:, None] + each)[:, None, :]]
    blocks = blocks[(blocks.min((1, 2, 3)) > 2) & (blocks.max((1, 2, 3)) < 253)]  # else values were cut
    found = np.abs(dctn(blocks.astype(np.float32) @ _LUMA, axes=(1, 2), norm="ortho"))
    found[:, 0, 0] = 0
    found = found[found.max((1, 2)) > _FLAT]
    return found if len(found) >= _LEAST else None
