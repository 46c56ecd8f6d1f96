"""TIFF files of any layout, as a test asks for them: written by the text of TIFF 6.0, by no library."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

NONE, LZW, DEFLATE, PACKBITS = 1, 5, 8, 32773
UNSAID: Final = -1  # no word of what values mean
GREY_FROM_WHITE, GREY, RGB, PALETTE, CMYK, LAB, ICC_LAB = 0, 1, 2, 3, 5, 8, 9
NATURAL, SIGNED, FRACTION = 1, 2, 3

_SHORT, _LONG = 3, 4
_CLEAR, _END = 256, 257


@dataclass(frozen=True)
class Layout:
    """How values are stored. extra: kinds of channels beyond the colours. side: of a tile, 0 for strips of `rows`."""

    bits: int = 8
    photometric: int = GREY
    order: str = "<"
    kind: int = NATURAL
    planes: bool = False
    extra: tuple[int, ...] = ()
    coding: int = NONE
    predictor: int = 1
    side: int = 0
    rows: int = 7
    big: bool = False
    reverse: bool = False  # the bits of every byte
    more: tuple[tuple[int, tuple[int, ...]], ...] = ()


def tiff_of(values: np.ndarray, layout: Layout) -> bytes:
    """A file of `[h, w]` or `[h, w, c]` values; float ones in float16, 32 or 64 as `bits` says."""
    values = values[..., None] if values.ndim == 2 else values
    height, width, channels = values.shape
    groups = [values[..., [number]] for number in range(channels)] if layout.planes else [values]
    pieces = [_packed(piece, layout) for group in groups for piece in _pieces(group, layout)]
    if layout.reverse:
        pieces = [np.packbits(np.unpackbits(np.frombuffer(one, np.uint8)), bitorder="little").tobytes()
                  for one in pieces]  # fmt: skip
    start = 16 if layout.big else 8
    places = np.cumsum([start, *map(len, pieces)])
    tags: dict[int, tuple[int, ...]] = {
        256: (width,), 257: (height,), 258: (layout.bits,) * channels, 259: (layout.coding,),
        262: (layout.photometric,), 277: (channels,), 284: (2 if layout.planes else 1,),
        339: (layout.kind,) * channels, 266: (2 if layout.reverse else 1,),
    }  # fmt: skip
    if layout.side:
        tags |= {322: (layout.side,), 323: (layout.side,), 324: tuple(places[:-1]), 325: tuple(map(len, pieces))}
    else:
        tags |= {278: (layout.rows,), 273: tuple(places[:-1]), 279: tuple(map(len, pieces))}
    if layout.photometric == UNSAID:
        del tags[262]
    if layout.extra:
        tags[338] = layout.extra
    if layout.predictor != 1:
        tags[317] = (layout.predictor,)
    return _file(b"".join(pieces), tags | dict(layout.more), layout)


def _pieces(values: np.ndarray, layout: Layout) -> list[np.ndarray]:
    height, width, _ = values.shape
    if not layout.side:
        return [values[top : top + layout.rows] for top in range(0, height, layout.rows)]
    side = layout.side
    padded = np.pad(values, ((0, -height % side), (0, -width % side), (0, 0)))
    return [padded[top : top + side, left : left + side]
            for top in range(0, height, side) for left in range(0, width, side)]  # fmt: skip


def _packed(piece: np.ndarray, layout: Layout) -> bytes:
    if layout.kind == FRACTION:
        piece = piece.astype(f"f{layout.bits // 8}").view(f"u{layout.bits // 8}").reshape(piece.shape)
    if layout.predictor == 2:
        piece = np.concatenate([piece[:, :1], np.diff(piece, axis=1)], axis=1)
    if layout.predictor == 3:
        rows = piece.astype(f">u{layout.bits // 8}").reshape(len(piece), -1, 1).view(np.uint8)
        shuffled = rows.reshape(len(piece), -1, layout.bits // 8).transpose(0, 2, 1).reshape(len(piece), -1)
        step = piece.shape[2]
        raw = np.concatenate([shuffled[:, :step], shuffled[:, step:] - shuffled[:, :-step]], axis=1).tobytes()
    elif layout.bits % 8:
        spread = (piece.reshape(len(piece), -1, 1).astype(np.int64) >> np.arange(layout.bits)[::-1]) & 1
        raw = np.packbits(spread.reshape(len(piece), -1).astype(np.uint8), axis=1).tobytes()
    else:
        raw = piece.astype(f"{layout.order}u{layout.bits // 8}").tobytes()
    return _CODERS[layout.coding](raw)


def _packbits(raw: bytes) -> bytes:
    return b"".join(bytes([len(raw[at : at + 128]) - 1]) + raw[at : at + 128] for at in range(0, len(raw), 128))


def _lzw(raw: bytes) -> bytes:
    """Each byte as a code of its own; the table is cleared before codes grow."""
    codes = [_CLEAR]
    for number, byte in enumerate(raw):
        if number % 200 == 199:
            codes.append(_CLEAR)
        codes.append(byte)
    codes.append(_END)
    spread = (np.array(codes)[:, None] >> np.arange(9)[::-1]) & 1
    return np.packbits(spread.ravel().astype(np.uint8)).tobytes()


_CODERS: Final[dict[int, Callable[[bytes], bytes]]] = {
    NONE: bytes,
    LZW: _lzw,
    DEFLATE: zlib.compress,
    PACKBITS: _packbits,
}


def _file(blob: bytes, tags: dict[int, tuple[int, ...]], layout: Layout) -> bytes:
    order, big = layout.order, layout.big
    word, room = ("Q", 8) if big else ("I", 4)
    mark = b"II" if order == "<" else b"MM"
    at = (16 if big else 8) + len(blob)
    head = struct.pack(f"{order}2sHHHQ", mark, 43, 8, 0, at) if big else struct.pack(f"{order}2sHI", mark, 42, at)
    entries, behind = b"", b""
    end = at + (8 if big else 2) + len(tags) * (20 if big else 12) + room
    for tag, values in sorted(tags.items()):
        kind = _LONG if max(values) > 65_535 or tag in (273, 279, 324, 325) else _SHORT
        packed = _pack(order, kind, values)
        if len(packed) > room:
            place = end + len(behind)
            behind += packed
            packed = struct.pack(f"{order}{word}", place)
        entries += struct.pack(f"{order}HH{word}", tag, kind, len(values)) + packed.ljust(room, b"\0")
    count = struct.pack(f"{order}{'Q' if big else 'H'}", len(tags))
    return head + blob + count + entries + bytes(room) + behind


def _pack(order: str, kind: int, values: tuple[Any, ...]) -> bytes:
    return struct.pack(f"{order}{len(values)}{'HI'[kind - _SHORT]}", *map(int, values))
