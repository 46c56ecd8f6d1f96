"""The parts that JPEG, PNG, RIFF and GIF files are made of, found without decoding any.

A hostile file may have parts by the hundred million: each walk is bounded, so that none takes minutes.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final, Literal

_MARKER: Final = re.compile(rb"\xff([\x01-\xfe])")
_BEHIND_SCAN: Final = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")  # not what pixels hold: stuffed zeros, restarts
_START_OF_SCAN: Final = 0xDA
_END: Final = 0xD9
_MOST_CHUNKS: Final = 1_000_000
_MOST_SCANS: Final = 500  # encoders make up to a dozen; each makes the decoder go over the whole picture
_MOST_BLOCKS: Final = 100_000  # of a GIF before its first picture; Pillow holds them all


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and size of the contents of each segment of a JPEG file up to its first scan."""
    at = 2
    for _ in range(_MOST_CHUNKS):
        found = _MARKER.search(data, at)
        if not found:
            return
        at, marker = found.end(), found[1][0]
        if 0xD0 <= marker <= 0xD9 or marker == 1:
            continue  # these stand alone
        length = int.from_bytes(data[at : at + 2], "big")
        yield marker, at + 2, length - 2
        at += max(2, length)
    raise ValueError(f"more than {_MOST_CHUNKS:,} segments")


def check_scans(data: bytes, at: int) -> None:
    """Raise ValueError for a JPEG file with more scans than any encoder makes. at: behind the marker of the first."""
    if data.count(b"\xff\xda", at) < _MOST_SCANS:
        return  # nearly always; what follows the picture may hold more of them, a video for example
    for _ in range(_MOST_SCANS):
        found = _BEHIND_SCAN.search(data, at)
        while found and found[1][0] not in (_START_OF_SCAN, _END):
            at = found.end() + max(2, int.from_bytes(data[found.end() : found.end() + 2], "big"))
            found = _BEHIND_SCAN.search(data, at)
        if not found or found[1][0] == _END:
            return
        at = found.end()
    raise ValueError(f"more than {_MOST_SCANS} scans")


def all_segments(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Marker, start and size of the contents of each segment of a JPEG file, the end marker's last, and what lies
    before it that belongs to none: between segments, not in scans. Raises ValueError where there is no end.
    """
    at, pattern = 2, _MARKER
    for _ in range(_MOST_CHUNKS):
        found = pattern.search(data, at)
        if not found:
            break
        gap = data[at : found.start()].strip(b"\xff") if pattern is _MARKER else b""
        at, marker = found.end(), found[1][0]
        alone = marker == 1 or 0xD0 <= marker <= _END
        length = 0 if alone else max(2, int.from_bytes(data[at : at + 2], "big"))
        yield marker, at + min(2, length), max(0, length - 2), gap
        if marker == _END:
            return
        at += length
        pattern = _BEHIND_SCAN if marker == _START_OF_SCAN else _MARKER
    raise ValueError("no end of its picture")


def gif_parts(data: bytes) -> Iterator[tuple[str, bytes, int, int]]:
    """Each part of a GIF file: `picture`, `control`, `comment`, `text`, `application` or `end`, what it says, its end
    and its start.

    The contents of pictures are left out. Raises ValueError where the parts do not follow each other.
    """
    flags = data[10]
    at = 13 + (6 << (flags & 7) if flags & 0x80 else 0)
    extensions = {0xF9: "control", 0xFE: "comment", 0x01: "text", 0xFF: "application"}
    for _ in range(_MOST_BLOCKS):
        kind, start = data[at : at + 1], at
        if kind == b";":
            yield "end", b"", at + 1, at
            return
        if kind == b",":
            local = data[at + 9]
            at += 11 + (6 << (local & 7) if local & 0x80 else 0)
            name, keep = "picture", False
        elif kind == b"!":
            name, keep = extensions.get(data[at + 1], "application"), True
            at += 2
        else:
            break
        held = bytearray()
        while size := data[at]:
            if keep:
                held += data[at + 1 : at + 1 + size]
            at += 1 + size
        at += 1
        yield name, bytes(held), at, start
    raise ValueError("its parts do not follow each other")


def gif_size(data: bytes) -> tuple[int, int]:
    """Width and height of the first picture of a GIF file: of the canvas, which a picture beyond it enlarges.

    Pillow makes room for that picture as soon as it opens the file, whatever its size, so it is not asked. Raises
    ValueError where there are more blocks before the picture than anybody has a use for.
    """
    width, height = struct.unpack_from("<2H", data, 6)
    right, bottom = gif_extent(data, _first_picture(data))
    return max(width, right), max(height, bottom)


def gif_extent(data: bytes, start: int) -> tuple[int, int]:
    """Right and bottom end of the picture of a GIF file whose descriptor is at `start`; 0 and 0 if none is there."""
    if data[start : start + 1] != b"," or start + 9 > len(data):
        return 0, 0
    left, top, width, height = struct.unpack_from("<4H", data, start + 1)
    return left + width, top + height


def _first_picture(data: bytes) -> int:
    """Where the blocks before the first picture end."""
    flags = int.from_bytes(data[10:11], "big")
    at = 13 + (6 << (flags & 7) if flags & 0x80 else 0)
    extended = False
    for _ in range(_MOST_BLOCKS):
        if at >= len(data) or (not extended and data[at] in b",;"):
            return at
        if extended:  # this byte says how long the next block is, 0 behind the last
            extended = data[at] > 0
            at += 1 + data[at]
        else:
            extended = data[at] == ord("!")
            at += 2 if extended else 1
    raise ValueError(f"more than {_MOST_BLOCKS:,} blocks before its picture")


def chunks(data: bytes, at: int, order: Literal["big", "little"]) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and size of the contents of each chunk of a PNG (big) or RIFF (little) file from `at` on."""
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            return
        first, second = data[at : at + 4], data[at + 4 : at + 8]
        name, size = (second, first) if order == "big" else (first, second)
        length = int.from_bytes(size, order)
        yield name, at + 8, length
        at += length + 12 if order == "big" else 8 + length + length % 2
    raise ValueError(f"more than {_MOST_CHUNKS:,} chunks")
