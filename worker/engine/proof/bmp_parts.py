"""The parts of a BMP file: Microsoft's BITMAPFILEHEADER and its followers."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.engine.proof.parts import Parts, digest, margin_bits

_CORE: Final = 12  # bytes of the oldest header, whose fields are shorter
_PLAIN, _FIELDS = 0, 3  # compressions: none, and none with masks that say where the colours lie
_SPACE: Final = 14 + 56  # where version 4 names the colour space
_STANDARD: Final = (b"BGRs", b" niW", bytes(4))  # sRGB, that of Windows, none
_SAID: Final = {0, 2834, 2835, 3779, 3780}  # pixels a metre that every writer writes
_565: Final = (0xF800, 0x07E0, 0x001F)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things lie. colours: bytes of the colour map, each colour of `entry` bytes."""

    header: int
    width: int
    height: int
    bits: int
    compression: int
    colours: int
    entry: int


def _layout(data: bytes) -> _Layout:
    header = struct.unpack_from("<I", data, 14)[0]
    if header == _CORE:
        width, height, _, bits = struct.unpack_from("<4H", data, 18)
        return _Layout(header, width, height, bits, _PLAIN, 3 << bits if bits <= 8 else 0, 3)
    width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    used = struct.unpack_from("<I", data, 46)[0] if header >= 40 else 0
    colours = 4 * (used or (1 << bits if bits <= 8 else 0))
    return _Layout(header, width, abs(height), bits, compression, colours, 4)


def read_bmp(data: bytes, parts: Parts) -> None:
    """Raises ValueError where the pixels do not lie within the file."""
    layout = _layout(data)
    offset = struct.unpack_from("<I", data, 10)[0]
    masks = layout.compression == _FIELDS and layout.header == 40
    start = 14 + layout.header + (12 if masks else 0)
    if layout.bits == 32:
        parts.unknown = "its fourth channel is not compared"
    elif layout.compression not in (_PLAIN, _FIELDS):
        parts.unknown = "its run-length coding is not compared"
    elif layout.bits == 16 and (layout.compression == _PLAIN or struct.unpack_from("<3I", data, 54) != _565):
        parts.unknown = "its pixels of 16 bits, of which not all are colour, are not compared"
    _said(data, layout, parts)
    if layout.bits <= 8 and layout.entry == 4:
        parts.between(data[start + 3 : start + layout.colours : 4])  # the fourth value of each colour
    row = -(-layout.width * layout.bits // 8)
    stride = -(-row // 4) * 4
    end = offset + stride * layout.height
    if end > len(data) or start + layout.colours > offset:
        raise ValueError("its pixels do not lie where its header says")
    parts.between(data[6:10] + data[start + layout.colours : offset] + _margins(data, layout, offset, end))
    parts.behind(data[end:])


def _margins(data: bytes, layout: _Layout, offset: int, end: int) -> bytes:
    """What fills the rows up to four bytes."""
    bits = layout.width * layout.bits
    row = -(-bits // 8)
    rows = np.frombuffer(data, np.uint8, end - offset, offset).reshape(layout.height, -1)
    return rows[:, row:].tobytes() + margin_bits(rows, bits)


def _said(data: bytes, layout: _Layout, parts: Parts) -> None:
    if layout.header >= 40:
        metres = struct.unpack_from("<2i", data, 38)
        if not set(metres) <= _SAID:
            parts.metadata.add(("its resolution", digest(repr(metres).encode())))
    if layout.header >= 108:
        measured = data[_SPACE + 4 : 14 + layout.header]
        if data[_SPACE : _SPACE + 4] not in _STANDARD or (not any(data[_SPACE : _SPACE + 4]) and any(measured)):
            parts.unknown = "its colour space is not compared"
        # The end points and curves of a colour space that is named are not read; version 5 adds an intent.
        parts.between(measured[:48] + measured[52:])
