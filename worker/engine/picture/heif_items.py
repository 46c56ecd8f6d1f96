"""The items of a HEIF file and what its boxes say of them: ISO/IEC 23008-12 (HEIF), 14496-12."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from worker.engine.picture.avif import boxes

_MOST: Final = 20_000  # items, references, extents, properties of a file; libheif itself takes a thousand items


@dataclass(slots=True)
class Item:
    """kind: such as `hvc1`, `grid`, `Exif`. extents: start and size in the file of the pieces of its data, None where
    these lie elsewhere. properties: name, start and end of the contents of each. parts: the items it is made of, once
    for each time it uses them. belongs: the items that it is an auxiliary picture, or a thumbnail, of.
    """

    kind: bytes
    extents: list[tuple[int, int]] | None = field(default_factory=list)
    properties: list[tuple[bytes, int, int]] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    belongs: list[int] = field(default_factory=list)

    def held(self, name: bytes) -> tuple[int, int] | None:
        """Start and end of the contents of the first property of this name."""
        return next(self.all_held(name), None)

    def all_held(self, name: bytes) -> Iterator[tuple[int, int]]:
        """The same of all properties of this name."""
        return ((at, end) for kind, at, end in self.properties if kind == name)


@dataclass(slots=True)
class _Cursor:
    """Numbers, big end first, one after the other. Raises ValueError beyond the end."""

    data: bytes
    at: int
    end: int
    read: int = 0

    def number(self, size: int) -> int:
        self.read += 1
        if self.at + size > self.end or self.read > 8 * _MOST:
            raise ValueError("a box that says more than it holds")
        value = int.from_bytes(self.data[self.at : self.at + size], "big")
        self.at += size
        return value


def read_items(data: bytes) -> tuple[int, dict[int, Item]]:
    """The number of the primary item, and all items by their numbers. Raises ValueError where the boxes make no sense.

    Reads the boxes alone, none of what the items hold.
    """
    whole = next(((at + 4, end) for kind, at, end in boxes(data, 0, len(data)) if kind == b"meta"), None)
    if whole is None:
        raise ValueError("no box with its pictures")
    inside = {kind: (at, end) for kind, at, end in boxes(data, *whole)}
    if b"pitm" not in inside:
        raise ValueError("no primary picture")
    pitm = _Cursor(data, *inside[b"pitm"])
    primary = pitm.number(2 if pitm.number(4) >> 24 == 0 else 4)
    items = dict(_kinds(data, *inside.get(b"iinf", (0, 0))))
    if primary not in items:
        raise ValueError("its primary picture is missing")
    _locate(data, items, inside)
    _associate(data, items, inside)
    _refer(data, items, inside)
    return primary, items


def _kinds(data: bytes, at: int, end: int) -> Iterator[tuple[int, Item]]:
    listed = 6 if data[at : at + 1] == b"\0" else 8
    for name, start, stop in boxes(data, at + listed, end):
        if name == b"infe":
            cursor = _Cursor(data, start, stop)
            version = cursor.number(4) >> 24
            number = cursor.number(4 if version >= 3 else 2)
            cursor.number(2)
            yield number, Item(cursor.number(4).to_bytes(4, "big"))


def _locate(data: bytes, items: dict[int, Item], inside: dict[bytes, tuple[int, int]]) -> None:
    """iloc: where the data of each item lie."""
    cursor = _Cursor(data, *inside.get(b"iloc", (0, 0)))
    version = cursor.number(4) >> 24
    sizes = cursor.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    for _ in range(cursor.number(wide)):
        number = cursor.number(wide)
        method = cursor.number(2) & 15 if version else 0
        cursor.number(2)
        first = cursor.number(base)
        first += inside.get(b"idat", (0, 0))[0] if method == 1 else 0
        extents = []
        for _ in range(cursor.number(2)):
            cursor.number(index if version else 0)
            extents.append((first + cursor.number(offset), cursor.number(length)))
        if number in items:
            items[number].extents = extents if method < 2 else None


def _associate(data: bytes, items: dict[int, Item], inside: dict[bytes, tuple[int, int]]) -> None:
    """ipma: which properties each item has."""
    held = {kind: (at, end) for kind, at, end in boxes(data, *inside.get(b"iprp", (0, 0)))}
    properties = list(boxes(data, *held.get(b"ipco", (0, 0))))
    cursor = _Cursor(data, *held.get(b"ipma", (0, 0)))
    head = cursor.number(4)
    size = 2 if head & 1 else 1
    for _ in range(cursor.number(4)):
        number = cursor.number(4 if head >> 24 else 2)
        for _ in range(cursor.number(1)):
            index = cursor.number(size) & ((1 << 8 * size - 1) - 1)
            if number in items and 1 <= index <= len(properties):
                items[number].properties.append(properties[index - 1])


def _refer(data: bytes, items: dict[int, Item], inside: dict[bytes, tuple[int, int]]) -> None:
    """iref: which items others are made of, or belong to."""
    start, end = inside.get(b"iref", (0, 0))
    if not end:
        return
    wide = 4 if data[start] else 2
    for kind, at, stop in boxes(data, start + 4, end):
        cursor = _Cursor(data, at, stop)
        number = cursor.number(wide)
        others = [cursor.number(wide) for _ in range(cursor.number(2))]
        if number in items and kind == b"dimg":
            items[number].parts += others
        elif number in items and kind in (b"auxl", b"thmb"):
            items[number].belongs += others
