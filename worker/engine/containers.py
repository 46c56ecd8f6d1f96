"""The parts that JPEG, PNG and RIFF files are made of, found without decoding any."""

import re
from collections.abc import Iterator
from typing import Final, Literal

_MARKER: Final = re.compile(rb"\xff+([\x01-\xfe])")
_MOST_CHUNKS: Final = 1_000_000  # a hostile file of empty chunks must not take minutes


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and size of the contents of each segment of a JPEG file up to its first scan."""
    at = 2
    while found := _MARKER.search(data, at):
        at, marker = found.end(), found[1][0]
        if 0xD0 <= marker <= 0xD9 or marker == 1:
            continue  # these stand alone
        length = int.from_bytes(data[at : at + 2], "big")
        yield marker, at + 2, length - 2
        at += max(2, length)


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
