"""JPEG 2000: what its header says, ITU-T T.800, annexes A and I, and who reads it rightly.

Pillow turns white into black where a colour has more than 8 bits, takes channels in the order of the file whatever it
says of them, and stretches colours of half the size wrongly where a side is odd.
"""

import struct
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.avif import boxes
from worker.engine.picture.formats import CONVERT, Reader

_CODESTREAM: Final = b"\xff\x4f\xff\x51"
_LEAST_TILE: Final = 4096  # pixels; each tile costs the decoder 12 KB, however small it is
_CMYK, _SRGB, _GREY, _SYCC = 12, 16, 17, 18  # colour spaces
_ALPHA, _NOTHING = 1, (0, 65_535)  # kinds of channels: it has none, or is any
_MOST_COLOURS: Final = 4


@dataclass(frozen=True, slots=True)
class Jpeg2000:
    """bits, steps: of each channel, the latter pixels across and down. space: number of its colour space, 0 if none.

    channels: number, kind and colour of each, where that is said. mapped: whether it has a colour map.
    """

    width: int
    height: int
    bits: tuple[int, ...]
    signed: bool
    steps: tuple[tuple[int, int], ...]
    space: int
    channels: tuple[tuple[int, int, int], ...]
    mapped: bool

    @property
    def depth(self) -> int:
        """Bits of a value."""
        return max(self.bits)


def read_jpeg_2000(data: bytes) -> Jpeg2000:
    """Raises UnreadableImage, ValueError or struct.error."""
    at = data.find(_CODESTREAM) + 8
    if at < 8:
        raise ValueError("no picture in it")
    right, bottom, left, top, tile_width, tile_height, tiles_left, tiles_top, count = struct.unpack_from(
        ">8IH", data, at
    )
    width, height = right - left, bottom - top
    tiles = -(-(right - tiles_left) // tile_width) * -(-(bottom - tiles_top) // tile_height)
    if tiles > 1024 + width * height // _LEAST_TILE:
        raise ValueError(f"{tiles:,} tiles for {width} x {height} pixels")
    kinds = [struct.unpack_from("3B", data, at + 34 + 3 * number) for number in range(min(count, _MOST_COLOURS + 1))]
    found = {name: data[start:end] for name, start, end in reversed(_header_boxes(data))}
    colour, order = found.get(b"colr", b""), found.get(b"cdef", b"")
    return Jpeg2000(
        width,
        height,
        tuple((kind[0] & 0x7F) + 1 for kind in kinds),
        any(kind[0] & 0x80 for kind in kinds),
        tuple((kind[1], kind[2]) for kind in kinds),
        int.from_bytes(colour[3:7], "big") if colour[:1] == b"\1" else 0,
        tuple(struct.unpack_from(">3H", order, start) for start in range(2, len(order) - 5, 6)),
        b"pclr" in found,
    )


def _header_boxes(data: bytes) -> list[tuple[bytes, int, int]]:
    if data.startswith(_CODESTREAM):
        return []
    [(_, start, end), *_] = [box for box in boxes(data, 0, len(data)) if box[0] == b"jp2h"]
    return list(boxes(data, start, end))


def reader_of(picture: Jpeg2000) -> Reader:
    """Raises UnreadableImage for what nobody reads rightly."""
    count, usual = len(picture.bits), _is_usual(picture)
    if picture.space not in (0, _CMYK, _SRGB, _GREY, _SYCC):
        raise _unsupported(f"of colour space {picture.space}")
    if count > _MOST_COLOURS or (count == 2 and picture.space not in (0, _GREY)) or len(set(picture.bits)) > 1:
        raise _unsupported(f"with channels of {', '.join(map(str, picture.bits))} bits")
    if not _is_even(picture):
        raise _unsupported("whose colours are of another size than itself")
    if usual and (count == 1 or picture.depth <= 8):
        return "pillow"
    colours = count in (3, 4) and picture.space in (0, _SRGB) and not picture.mapped and not picture.signed
    if not colours or picture.depth < 8 or set(picture.steps) != {(1, 1)} or not _is_ordered(picture):
        raise _unsupported(f"with {count} channels of {picture.depth} bits in a rare order or colour space")
    return "jpeg2000"


def _is_usual(picture: Jpeg2000) -> bool:
    """Whether its channels are its colours, in their order, and at most alpha behind them."""
    count = len(picture.bits)
    colours = [(number, 0, number + 1) for number in range(count)]
    alpha = [*colours[:-1], (count - 1, _ALPHA, 0)]
    return not picture.channels or sorted(picture.channels) in (colours, alpha) or picture.mapped


def _is_ordered(picture: Jpeg2000) -> bool:
    """Whether it has three colours, in any order, and behind them at most one more, which is not multiplied in."""
    if not picture.channels:
        return True
    colours, more = sorted(picture.channels)[:3], sorted(picture.channels)[3:]
    return (
        len(picture.channels) == len(picture.bits)
        and sorted(colour for _, kind, colour in colours if kind == 0) == [1, 2, 3]
        and all(kind == _ALPHA or kind in _NOTHING for _, kind, _ in more)
    )


def _is_even(picture: Jpeg2000) -> bool:
    """Whether all channels have the size of the picture, or Cb and Cr a size that divides it."""
    if set(picture.steps) == {(1, 1)}:
        return True
    across, down = picture.steps[-1]
    brightness, *others = picture.steps
    return (
        picture.space in (0, _SYCC)
        and len(picture.steps) == 3
        and (brightness, others) == ((1, 1), [(across, down)] * 2)
        and bool(across and down)
        and not (picture.width % across or picture.height % down)
    )


def decode_jpeg_2000(data: bytes) -> NDArray[Any]:
    """RGB, or RGBA, `[h, w, c]`, of 8 bits, or spread over 16, by OpenCV. Raises cv2.error, ValueError."""
    picture = read_jpeg_2000(data)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # an error says it once
    found: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise ValueError("broken data")
    drop = any(kind in _NOTHING for _, kind, _ in sorted(picture.channels)[3:])
    values = found[..., [2, 1, 0] if drop or found.shape[2] == 3 else [2, 1, 0, 3]]
    if picture.depth in (8, 16):
        return values
    most = (1 << picture.depth) - 1
    scale: NDArray[Any] = np.rint(np.arange(most + 1) * (65_535 / most)).astype(np.uint16)
    return np.asarray(scale[np.minimum(values, most)])


def _unsupported(what: str) -> UnreadableImage:
    return UnreadableImage(FailureKind.UNSUPPORTED, f"JPEG 2000 picture {what}: {CONVERT}")
