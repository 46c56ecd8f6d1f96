"""What an AVIF file's boxes ask for that its decoder does not do: ISO/IEC 23008-12 (HEIF), 14496-12."""

from collections.abc import Iterator
from typing import Final

_WITHIN: Final = ((b"meta", 4), (b"iprp", 0), (b"ipco", 0))  # boxes that lead to the properties; bytes before the next
_MOST: Final = 10_000  # boxes of a level


def is_cropped(data: bytes) -> bool:
    """Whether the file names a clean aperture, of whichever picture in it. Never raises."""
    start, end = 0, len(data)
    for name, before in _WITHIN:
        found = next(((at, stop) for kind, at, stop in boxes(data, start, end) if kind == name), None)
        if not found:
            return False
        start, end = found[0] + before, found[1]
    return any(kind == b"clap" for kind, _, _ in boxes(data, start, end))


def is_whole(data: bytes) -> bool:
    """Whether the boxes of the file end where it ends, as far as they say. Never raises."""
    end = 0
    for _, start, stop in boxes(data, 0, len(data)):
        size = int.from_bytes(data[end : end + 4], "big")
        size = int.from_bytes(data[end + 8 : end + 16], "big") if size == 1 else size
        if size and end + size > len(data):
            return False
        end = max(start, stop)
    return end == len(data)


def boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start of the contents and end of each box between two places of a file."""
    for _ in range(_MOST):
        if at + 8 > end:
            return
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        stop = min(at + size if size else end, end)
        yield data[at + 4 : at + 8], at + head, stop
        if stop < at + head:
            return
        at = stop
