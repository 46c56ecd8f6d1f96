"""The tag directories of a TIFF file, and the bytes of it that no tag accounts for: TIFF 6.0, BigTIFF.

Pillow reads one directory at a time and says neither where a value lies nor what lies between.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS: Final = {1: "B", 3: "H", 4: "I", 5: "II", 6: "b", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I",
                   16: "Q", 17: "q", 18: "Q"}  # fmt: skip
_BELOW: Final = (330, 34665, 34853, 40965)  # tags that lead to further directories: pictures, EXIF, GPS, its like
_STORED: Final = ((273, 279), (324, 325), (513, 514), (288, 289))  # places and sizes: strips, tiles, a JPEG, free room
_MOST: Final = 1024  # directories
_MOST_TAGS: Final = 4096  # of one directory

Span = tuple[int, int]  # start and end of bytes of the file


@dataclass(frozen=True, slots=True)
class Field:
    """A tag's value. kind: TIFF's number of its type. value: its bytes, which begin at `at` in the file."""

    kind: int
    count: int
    value: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Directory:
    """order: `<` or `>`. fields: by tag. following: where the next page's directory is, 0 for none."""

    order: str
    fields: dict[int, Field]
    following: int

    def numbers(self, tag: int, *default: int) -> tuple[int, ...]:
        """The whole numbers of a tag, `default` where it is not there. Raises ValueError for another type."""
        if tag not in self.fields:
            return default
        one = self.fields[tag]
        if one.kind not in _NUMBERS or one.kind in (5, 10, 11, 12):
            raise ValueError(f"tag {tag} holds no whole numbers")
        return struct.unpack(f"{self.order}{one.count}{_NUMBERS[one.kind]}", one.value)

    def number(self, tag: int, default: int = 0) -> int:
        """The first of them."""
        return (self.numbers(tag, default) or (default,))[0]

    def plain(self, tag: int) -> bytes:
        """A tag's value, the same whatever the order of bytes and the width of its whole numbers."""
        one = self.fields[tag]
        if one.kind not in _NUMBERS or one.kind in (1, 6):
            return one.value.rstrip(b"\0") if one.kind == 2 else one.value
        letters = _NUMBERS[one.kind]
        return repr(struct.unpack(f"{self.order}{len(letters) * one.count}{letters[0]}", one.value)).encode()


@dataclass(frozen=True, slots=True)
class Directories:
    """first: the first page's. more: whether there are more pictures. spans: what all tags account for."""

    first: Directory
    more: bool
    spans: list[Span]

    def hidden(self, data: bytes) -> bytes:
        """The bytes that no tag accounts for, one after the other; zeros among them may be padding."""
        out, at = bytearray(), 0
        for start, end in sorted(self.spans):
            out += data[at:start]
            at = max(at, end)
        return bytes(out + data[at:])


@dataclass
class _Reader:
    data: bytes
    order: str
    big: bool
    spans: list[Span] = field(default_factory=list)

    def unpack(self, letters: str, at: int) -> tuple[int, ...]:
        found: tuple[int, ...] = struct.unpack_from(self.order + letters, self.data, at)
        return found

    def account(self, start: int, size: int) -> None:
        if start < 0 or size < 0 or start + size > len(self.data):
            raise ValueError(f"{size:,} bytes at {start:,} are not in the file")
        self.spans.append((start, start + size))

    def directory(self, at: int) -> Directory:
        """Raises ValueError, struct.error for one that does not parse, or names a tag twice."""
        number, entry, offset = ("Q", 20, "Q") if self.big else ("H", 12, "I")
        (count,) = self.unpack(number, at)
        start, room = at + struct.calcsize("<" + number), struct.calcsize("<" + offset)
        if count > _MOST_TAGS:
            raise ValueError(f"a directory of {count:,} tags")
        self.account(at, start - at)
        fields: dict[int, Field] = {}
        for place in range(start, start + count * entry, entry):
            tag, kind, values = self.unpack("HH" + offset, place)
            size = _SIZES.get(kind, 0) * values
            if tag in fields or (not size and values):
                raise ValueError(f"tag {tag} is there twice, or of no known type")
            value = place + 4 + room if size <= room else self.unpack(offset, place + 4 + room)[0]
            self.account(place, entry - (room - size if size <= room else 0))
            self.account(value, size)
            fields[tag] = Field(kind, values, self.data[value : value + size], value)
        end = start + count * entry
        following = self.unpack(offset, end)[0] if end + room <= len(self.data) else 0
        self.account(end, room if end + room <= len(self.data) else 0)
        return Directory(self.order, fields, following)

    def stored(self, directory: Directory) -> None:
        for places, sizes in _STORED:
            if (places, sizes) != (288, 289) and places in directory.fields:
                starts, lengths = directory.numbers(places), directory.numbers(sizes)
                if len(starts) != len(lengths):
                    raise ValueError("its strips have no sizes")
                for start, length in zip(starts, lengths, strict=True):
                    self.account(start, length)


def read_directories(data: bytes) -> Directories:
    """All directories of a TIFF file or an EXIF block. Raises ValueError or struct.error where one does not parse."""
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    big = data[2:4] in (b"+\0", b"\0+")
    reader = _Reader(data, order, big)
    reader.account(0, 16 if big else 8)
    first = reader.unpack("Q", 8)[0] if big else reader.unpack("I", 4)[0]
    found: dict[int, Directory] = {}
    waiting, pictures = [(first, True)], 0
    while waiting:
        at, picture = waiting.pop()
        if at in found:
            raise ValueError("directories that lead to each other")
        if len(found) >= _MOST:
            raise ValueError(f"more than {_MOST:,} directories")
        one = found[at] = reader.directory(at)
        reader.stored(one)
        pictures += picture
        waiting += _leads(one)
    return Directories(found[first], pictures > 1, reader.spans)


def _leads(one: Directory) -> Iterator[tuple[int, bool]]:
    """Where further directories are, and whether they are pictures."""
    if one.following:
        yield one.following, True
    for tag in _BELOW:
        for at in one.numbers(tag):
            yield at, tag == _BELOW[0]
