"""What an HEVC picture says of itself, and damage that its decoder paints over: ITU-T H.265, ISO/IEC 14496-15."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PARAMETERS: Final = 33  # NAL unit type of a sequence parameter set
_LAST_CODED: Final = 31  # those up to here hold parts of pictures
_FIRST_ARRAY: Final = 22
_NEVER: Final = re.compile(rb"\0\0[\0-\2]")  # an encoder breaks these up (7.4.2), so that a lost sector shows
_MOST_SUB_LAYERS: Final = 6


@dataclass(frozen=True, slots=True)
class Shape:
    """width, height: pixels as coded. chroma: 0 for grey, 1 to 3 for colour. depth: bits of a value."""

    width: int
    height: int
    chroma: int
    depth: int


@lru_cache(maxsize=16)  # the tiles of a picture share one
def read_configuration(box: bytes) -> Shape:
    """The shape that a configuration (hvcC) and all parameter sets in it agree on.

    Raises ValueError where they do not: a decoder that believes the one and decodes by the other writes beyond its
    memory (pi-heif 1.4.0, grey of 8 bits that is said to have 10).
    """
    if len(box) <= _FIRST_ARRAY:
        raise ValueError("a configuration that is too short")
    if box[21] & 3 != 3:
        raise ValueError("lengths of other than 4 bytes")
    said = (box[16] & 3, (box[17] & 7) + 8, (box[18] & 7) + 8)
    shapes = set()
    for unit in _configured(box):
        shape, chroma_depth = _read_parameters(unit)
        if (shape.chroma, shape.depth, chroma_depth if shape.chroma else said[2]) != said:
            raise ValueError("a configuration that contradicts itself")
        shapes.add(shape)
    if len(shapes) != 1:
        raise ValueError("no parameters of its picture" if not shapes else "parameters of several pictures")
    return shapes.pop()


def check_units(pieces: bytes, shape: Shape) -> None:
    """Raise ValueError where the coded data of a picture are cut off, have a hole of zeros, hold more than one picture
    or say another shape. 2 ms a megabyte.
    """
    at, pictures = 0, 0
    while at < len(pieces):
        size = int.from_bytes(pieces[at : at + 4], "big")
        unit = pieces[at + 4 : at + 4 + size]
        at += 4 + size
        if size < 3 or at > len(pieces):
            raise ValueError("a part of its picture is cut off")
        if unit[-1] == 0 or _NEVER.search(unit):
            raise ValueError("a hole in its picture")
        if _is_parameters(unit) and _read_parameters(unit)[0] != shape:
            raise ValueError("a configuration that contradicts itself")
        pictures += _kind(unit) <= _LAST_CODED and _layer(unit) == 0 and unit[2] >> 7
    if pictures != 1:
        raise ValueError("no picture in its data" if not pictures else "several pictures where one belongs")


def _kind(unit: bytes) -> int:
    return unit[0] >> 1 & 63


def _layer(unit: bytes) -> int:
    return (unit[0] & 1) << 5 | unit[1] >> 3


def _is_parameters(unit: bytes) -> bool:
    return _kind(unit) == _PARAMETERS and _layer(unit) == 0


def _configured(box: bytes) -> Iterator[bytes]:
    """The parameter sets of sequences in a configuration."""
    at = _FIRST_ARRAY + 1
    for _ in range(box[_FIRST_ARRAY]):
        count, at = int.from_bytes(box[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            size = int.from_bytes(box[at : at + 2], "big")
            unit = box[at + 2 : at + 2 + size]
            if size < 3 or len(unit) < size:
                raise ValueError("a configuration that is too short")
            if _is_parameters(unit):
                yield unit
            at += 2 + size


@dataclass(slots=True)
class _Bits:
    """Bits of a NAL unit, one after the other. Raises ValueError beyond the end."""

    value: int
    left: int

    def take(self, count: int) -> int:
        if count > self.left:
            raise ValueError("parameters that are cut off")
        self.left -= count
        return self.value >> self.left & ((1 << count) - 1)

    def number(self) -> int:
        """Exponential Golomb code, 9.2."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        if zeros > 32:
            raise ValueError("parameters that make no sense")
        return (1 << zeros) - 1 + self.take(zeros)


def _read_parameters(unit: bytes) -> tuple[Shape, int]:
    """Shape, and the bits of a value of chroma. 7.3.2.2, as far as these."""
    plain = unit[2:514].replace(b"\0\0\3", b"\0\0")
    bits = _Bits(int.from_bytes(plain, "big"), 8 * len(plain))
    bits.take(4)
    layers = bits.take(3)
    if layers > _MOST_SUB_LAYERS:
        raise ValueError("parameters that make no sense")
    bits.take(1)
    bits.take(96)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    bits.take(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    bits.number()
    chroma = bits.number()
    if chroma == 3 and bits.take(1):
        raise ValueError("planes of one colour each")
    width, height = bits.number(), bits.number()
    if bits.take(1):
        for _ in range(4):
            bits.number()
    depth, chroma_depth = bits.number() + 8, bits.number() + 8
    return Shape(width, height, chroma, depth), chroma_depth
