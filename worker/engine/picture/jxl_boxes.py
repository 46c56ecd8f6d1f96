"""The boxes of a JPEG XL file, and the codestream in them: ISO/IEC 18181-2."""

from collections.abc import Iterator
from typing import Final

_NAKED: Final = b"\xff\x0a"
_FIRST: Final = b"JXL \r\n\x87\n"
_LAST_PART: Final = 1 << 31
_MOST_BOXES: Final = 10_000


def is_boxed(data: bytes) -> bool:
    """Whether a JPEG XL file is one of boxes, not a naked codestream."""
    return not data.startswith(_NAKED)


def jxl_boxes(data: bytes, whole: bool = True) -> Iterator[tuple[bytes, int, int]]:
    """Name, start of the contents and end of each box.

    Raises ValueError where one reaches beyond the file; one that reaches beyond bytes that are not `whole` ends there.
    """
    at = 0
    for _ in range(_MOST_BOXES):
        if at == len(data):
            return
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = at + size if size else len(data)
        if whole and (at + head > len(data) or end > len(data)):
            raise ValueError("its end is missing")
        if at + head > len(data):
            return
        if end < at + head:
            raise ValueError("a box that ends before it begins")
        yield data[at + 4 : at + 8], at + head, min(end, len(data))
        if end > len(data):
            return
        at = end
    raise ValueError(f"more than {_MOST_BOXES:,} boxes")


def codestream(data: bytes, whole: bool = True) -> bytes:
    """The codestream of a file, from its box or boxes. Raises ValueError where these make no sense.

    whole: whether the bytes are all of the file; else what they have of it is given.
    """
    if not is_boxed(data):
        return data
    if data[4:12] != _FIRST:
        raise ValueError("its first box is damaged")
    parts: list[bytes] = []
    single, last = b"", False
    for kind, at, end in jxl_boxes(data, whole):
        if kind == b"jxlc" and not single and not parts:
            single = data[at:end]
        elif kind == b"jxlp" and not single and not last:
            number = int.from_bytes(data[at : at + 4], "big")
            last = bool(number & _LAST_PART)
            if number & ~_LAST_PART != len(parts) or end - at < 4:
                raise ValueError("parts of its picture in another order")
            parts.append(data[at + 4 : end])
        elif kind in (b"jxlc", b"jxlp"):
            raise ValueError("more than one picture in its boxes")
    if whole and parts and not last:
        raise ValueError("its end is missing")
    found = single or b"".join(parts)
    if not found.startswith(_NAKED):
        raise ValueError("no picture in its boxes")
    return found
