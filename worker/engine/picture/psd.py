"""Photoshop documents: the picture of all layers that they hold beside them, by Adobe's text of the format.

Pillow knows 8 bits alone, and takes a selection that was saved as a fourth channel for transparency.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.formats import CONVERT
from worker.engine.picture.tiff_header import (
    COLOURS,
    COLOURS_OF,
    GREY,
    ICC_LAB,
    INKS,
    NATURAL,
    PALETTE,
    WHITE_IS_ZERO,
    TiffLayout,
)
from worker.engine.picture.tiff_values import show_values, unpack_values

_LARGE: Final = 2  # the version whose sizes and lengths are longer
# Of colour: bitmap, grey, numbers of a map, RGB, CMYK, duotone (whose grey is stored), Lab.
_MODES: Final = {0: WHITE_IS_ZERO, 1: GREY, 2: PALETTE, 3: COLOURS, 4: INKS, 8: GREY, 9: ICC_LAB}
_DEPTHS: Final = (8, 16)
_BITMAP: Final = 0
_PLAIN, _RUNS = 0, 1  # codings; the latter is PackBits
_PACKBITS: Final = 32773
_VERSION, _PROFILE = 1057, 1039  # resources: whether the picture is there, and what its colours are
_MOST_RESOURCES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Photoshop:
    """What stands before the picture.

    channels: of the file. profile: ICC's. layers: where these begin and end. start: where the picture does.
    """

    large: bool
    channels: int
    width: int
    height: int
    depth: int
    mode: int
    colour_map: bytes
    profile: bytes
    layers: tuple[int, int]
    start: int

    @property
    def colours(self) -> int:
        """How many of the channels are colours."""
        return COLOURS_OF[_MODES[self.mode]]


def read_psd(data: bytes) -> Photoshop:
    """Raises UnreadableImage for a document whose picture is not there or not read, struct.error for one cut off."""
    version, channels, height, width, depth, mode = struct.unpack_from(">H6xHIIHH", data, 4)
    if mode not in _MODES or depth not in ((1,) if mode == _BITMAP else _DEPTHS):
        raise _unsupported(f"of {depth} bits, mode {mode}")
    if channels < COLOURS_OF[_MODES[mode]]:
        raise ValueError(f"{channels} channels")
    at, spans = 26, []
    for length in (">I", ">I", ">Q" if version == _LARGE else ">I"):
        start = at + struct.calcsize(length)
        at = start + struct.unpack_from(length, data, at)[0]
        spans.append((start, at))
    said = dict(_resources(data[slice(*spans[1])]))
    if said.get(_VERSION, b"")[4:5] == b"\0":
        raise _unsupported("that was saved without its picture (for compatibility)")
    return Photoshop(
        version == _LARGE,
        channels,
        width,
        height,
        depth,
        mode,
        data[slice(*spans[0])],
        said.get(_PROFILE, b""),
        spans[2],
        at,
    )


def decode_psd(data: bytes) -> NDArray[Any]:
    """Grey `[h, w]` or RGB `[h, w, 3]`, of 8 or 16 bits: all layers as they are seen, what is transparent over white.

    Errors as `read_psd`; ValueError, OSError or the like for what is damaged.
    """
    document = read_psd(data)
    coding = struct.unpack_from(">H", data, document.start)[0]
    if coding not in (_PLAIN, _RUNS):
        raise _unsupported(f"with compression {coding}")
    layout = _layout(data, document, coding)
    values = unpack_values(data, layout)
    if _MODES[document.mode] == INKS:  # of which 0 is all ink
        values = np.iinfo(values.dtype).max - values
    shown = show_values(values, layout)
    return shown[..., 0] if shown.shape[2] == 1 else shown


def _layout(data: bytes, document: Photoshop, coding: int) -> TiffLayout:
    """As of a TIFF in planes, whose strips are its rows where these are packed."""
    photometric, at = _MODES[document.mode], document.start + 2
    colours, height = document.colours, document.height
    if coding == _RUNS:
        kind, rows = ">u4" if document.large else ">u2", document.channels * height
        sizes = np.frombuffer(data, kind, rows, at).astype(np.int64)[: colours * height]
        start = at + rows * np.dtype(kind).itemsize
        places = start + np.cumsum(np.concatenate([[0], sizes[:-1]]))
    else:
        sizes = np.full(colours, height * -(-document.width * document.depth // 8))
        places = at + np.cumsum(sizes) - sizes
    return TiffLayout(
        document.width, height, ">", document.depth, colours, photometric, colours > 1, (), NATURAL,
        _PACKBITS if coding == _RUNS else 1, 1, 1, False, (document.width, 1 if coding == _RUNS else height),
        tuple(places.tolist()), tuple(sizes.tolist()), tuple(document.colour_map[:768]),
    )  # fmt: skip


def _resources(block: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and contents of each; nothing behind one that makes no sense."""
    at = 0
    for _ in range(_MOST_RESOURCES):
        if block[at : at + 4] != b"8BIM" or at + 12 > len(block):
            return
        number, name = struct.unpack_from(">HB", block, at + 4)
        at += 6 + (name + 2) // 2 * 2
        size = int.from_bytes(block[at : at + 4], "big")
        yield number, block[at + 4 : at + 4 + size]
        at += 4 + size + size % 2


def _unsupported(what: str) -> UnreadableImage:
    return UnreadableImage(FailureKind.UNSUPPORTED, f"Photoshop document {what}: {CONVERT}")
