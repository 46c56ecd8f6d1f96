"""Whether coded pixels end where their part of the file ends: what follows them is never decoded.

For deflate the inventory sees it. Here are the codings whose decoders do not say where they stopped: LZW in GIF and
TIFF, PackBits, and WebP's lossless one. For a proof alone: it takes as long as decoding them, a second a megapixel
for a GIF.
"""

import struct
from contextlib import suppress
from typing import Final

import cv2
import numpy as np

from worker.engine.picture.containers import chunks
from worker.engine.proof.directories import read_directories
from worker.engine.proof.tiff_parts import LZW, PACKBITS, expected_bytes, pieces_of, row_bytes

_SPARE: Final = 1  # bytes: some writers end with a code that takes none, or round up
_CUT: Final = 8  # bytes: a decoder that does without them has not read what was before them
_LITTLE: Final = 10_000  # bytes of codes that are followed here
_WIDEST_ROW: Final = 1 << 20  # pixels, OpenCV's limit
_HAS_ALPHA: Final = 0x10  # in the fifth byte of a lossless picture
_MOST_CODES, _WIDEST = 4096, 12  # codes, and bits of one


def has_tail(data: bytes, name: str) -> bool:
    """Whether bytes follow the coded pixels within their part. Raises nearly anything for what does not parse."""
    if name == "TIFF":
        return _tiff(data)
    if name == "GIF":
        return _gif(data)
    return name == "WebP" and _webp(data)


def _tiff(data: bytes) -> bool:
    first = read_directories(data).first
    coding = first.number(259, 1)
    if coding not in (LZW, PACKBITS):
        return False
    pieces, row = pieces_of(data, first), row_bytes(first)
    if coding == PACKBITS:
        follows = _follows_packbits
    else:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # it is meant to fail
        follows = _follows_lzw
    return any(
        follows(piece, size, row) for piece, size in zip(pieces, expected_bytes(first, len(pieces)), strict=True)
    )


def _follows_packbits(packed: bytes, expected: int, row: int) -> bool:
    del row
    return _is_tail(packed[_packbits(packed, expected) :])


def _follows_lzw(packed: bytes, expected: int, row: int) -> bool:
    """A decoder takes the codes as pixels of 16 bits, of which some are missing when the last codes are cut off."""
    if packed[:2] == b"\0\1":
        raise ValueError("LZW of an old kind")
    rows = expected // row
    width, height = (row // 2, rows) if row % 2 == 0 else (row, rows // 2)
    if len(packed) <= _LITTLE or expected % 2 or width > _WIDEST_ROW:
        return _is_tail(packed[lzw_used(packed, expected, 8, "big") :])
    entries = [(256, width), (257, height), (258, 16), (259, LZW), (262, 1), (273, 8 + 2 + 9 * 12 + 4),
               (277, 1), (278, height), (279, len(packed) - _CUT)]  # fmt: skip
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    head += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries) + bytes(4)
    try:
        return cv2.imdecode(np.frombuffer(head + packed[:-_CUT], np.uint8), cv2.IMREAD_UNCHANGED) is not None
    except cv2.error:
        return False


def _is_tail(rest: bytes) -> bool:
    return len(rest.strip(b"\0")) > _SPARE


def _packbits(packed: bytes, expected: int) -> int:
    at = given = 0
    while given < expected:
        head = packed[at]
        if head < 128:
            at, given = at + 2 + head, given + 1 + head
        else:
            at, given = at + (2 if head > 128 else 1), given + (257 - head if head > 128 else 0)
    return at


def _gif(data: bytes) -> bool:
    at = 13 + (6 << (data[10] & 7) if data[10] & 0x80 else 0)
    while data[at] == ord("!"):
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    width, height = (int.from_bytes(data[place : place + 2], "little") for place in (at + 5, at + 7))
    at += 10 + (6 << (data[at + 9] & 7) if data[at + 9] & 0x80 else 0)
    bits, packed = data[at], bytearray()
    at += 1
    while data[at]:
        packed += data[at + 1 : at + 1 + data[at]]
        at += 1 + data[at]
    return _is_tail(bytes(packed[lzw_used(bytes(packed), width * height, bits, "little") :]))


class _Codes:
    """The codes of LZW data, of any width in bits. order: `big` for TIFF, `little` for GIF."""

    def __init__(self, packed: bytes, order: str) -> None:
        self._packed, self._big = packed, order == "big"
        self._held = self._have = self._at = 0

    def take(self, width: int) -> int:
        """The next code. Raises IndexError at the end."""
        while self._have < width:
            byte = self._packed[self._at]
            self._held = (self._held << 8 | byte) if self._big else (self._held | byte << self._have)
            self._have, self._at = self._have + 8, self._at + 1
        self._have -= width
        if self._big:
            code, self._held = self._held >> self._have, self._held & ((1 << self._have) - 1)
        else:
            code, self._held = self._held & ((1 << width) - 1), self._held >> width
        return code

    def used(self, back: int = 0) -> int:
        """Bytes of which bits were taken, all but the last `back` bits."""
        return self._at - (self._have + back) // 8


def lzw_used(packed: bytes, expected: int, bits: int, order: str) -> int:
    """How many bytes of LZW codes give `expected` values of `bits` bits, an end code behind them included.

    order: `big` for TIFF, whose codes grow one early, `little` for GIF. Raises ValueError for codes that make no sense.
    """
    codes, clear, early = _Codes(packed, order), 1 << bits, order == "big"
    lengths, width, before, given = [1] * (clear + 2), bits + 1, 0, 0
    with suppress(IndexError):  # no end code: all bytes were taken
        while (code := codes.take(width)) != clear + 1:
            if code == clear:
                lengths, width, before = [1] * (clear + 2), bits + 1, 0
                continue
            if given >= expected:  # the values are there, and this is no end code
                return codes.used(width)
            if before and len(lengths) < _MOST_CODES:
                lengths.append(before + 1)
            if code >= len(lengths):
                raise ValueError("a code that is not in the table")
            before = lengths[code]
            given += before
            if len(lengths) + early >= 1 << width and width < _WIDEST:
                width += 1
    return codes.used()


def _webp(data: bytes) -> bool:
    for name, at, size in chunks(data, 12, "little"):
        if name == b"VP8L" and size > 2 * _CUT:
            body = data[at : at + size]
            if not body[4] & _HAS_ALPHA and _decoded(body[:4] + bytes((body[4] | _HAS_ALPHA,)) + body[5:], alpha=True):
                raise ValueError("it says that its alpha is not to be looked at")
            return _decoded(body[:-_CUT])
    return False


def _decoded(body: bytes, alpha: bool = False) -> bool:
    """Whether lossless data are decoded; alpha: and something in them is not opaque."""
    rest = b"WEBPVP8L" + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
    file = np.frombuffer(b"RIFF" + len(rest).to_bytes(4, "little") + rest, np.uint8)
    found = cv2.imdecode(file, cv2.IMREAD_UNCHANGED)
    return found is not None and not (alpha and (found.shape[2] < 4 or found[..., 3].min() == 255))
