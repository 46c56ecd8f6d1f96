"""What is done to a real file: bytes changed at random, and the parts it is made of changed on purpose."""

import struct
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Literal

Mutation = Callable[[Random, bytes, bytes], bytes]  # chance, file, another file -> mutated file

# Numbers at which sizes and counts go over an edge.
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 60_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def _place(chance: Random, length: int) -> int:
    """A place in a file, in its head more often than not: that is where decisions are taken."""
    return min(length - 1, int(length * chance.random() ** chance.choice((1, 3, 6)))) if length else 0


def change_bytes(chance: Random, data: bytes, _: bytes) -> bytes:
    """Some bytes become others."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 64))):
        changed[_place(chance, len(data))] = chance.randrange(256)
    return bytes(changed)


def set_number(chance: Random, data: bytes, _: bytes) -> bytes:
    """Two, four or eight bytes become a number on an edge."""
    size, order = chance.choice((2, 4, 8)), chance.choice(("little", "big"))
    at = _place(chance, max(1, len(data) - size))
    number = (chance.choice(EDGES) + chance.choice((-1, 0, 0, 1))) % (1 << 8 * size)
    return data[:at] + number.to_bytes(size, order) + data[at + size :]  # type: ignore[arg-type]


def cut(chance: Random, data: bytes, _: bytes) -> bytes:
    """The end is missing, and perhaps filled up."""
    end = chance.randrange(len(data) + 1)
    return data[:end] + chance.choice((b"", bytes(len(data) - end), b"\xff" * (len(data) - end)))


def move_block(chance: Random, data: bytes, _: bytes) -> bytes:
    """A block is removed, repeated, overwritten or put elsewhere."""
    at, size = _place(chance, len(data)), chance.choice((1, 4, 16, 256, 2048))
    block, rest = data[at : at + size], data[:at] + data[at + size :]
    to = _place(chance, len(rest) + 1)
    times = chance.choice((0, 1, 2, 50))
    return rest[:to] + block * times + rest[to:]


def splice(chance: Random, data: bytes, other: bytes) -> bytes:
    """The head of one file and the tail of another."""
    return data[: _place(chance, len(data))] + other[_place(chance, len(other)) :]


Part = tuple[bytes, bytes]  # name, contents


def _chunks(data: bytes, at: int, order: Literal["big", "little"]) -> Iterator[Part]:
    """The chunks of a PNG (big) or RIFF (little) file."""
    while at + 8 <= len(data):
        first, second = data[at : at + 4], data[at + 4 : at + 8]
        name, size = (second, first) if order == "big" else (first, second)
        length = int.from_bytes(size, order)
        yield name, data[at + 8 : at + 8 + length]
        at += length + (12 if order == "big" else 8 + length % 2)


def _png(parts: list[Part], sound: bool) -> bytes:
    whole = b"\x89PNG\r\n\x1a\n"
    for name, body in parts:
        whole += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ (not sound))
    return whole


def _riff(parts: list[Part], _: bool) -> bytes:
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for name, part in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _segments(data: bytes) -> list[Part]:
    """The segments of a JPEG file; the last one goes to its end."""
    parts, at = [], 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = len(data) if data[at + 1] == 0xDA else at + 2 + length
        parts.append((data[at : at + 2], data[at + 4 : end]))
        at = end
    return parts


def _jpeg(parts: list[Part], _: bool) -> bytes:
    return b"\xff\xd8" + b"".join(name + struct.pack(">H", (len(body) + 2) % 65536) + body for name, body in parts)


def _boxes(data: bytes) -> list[Part]:
    """The boxes of an AVIF, JPEG 2000 or JPEG XL file."""
    parts, at = [], 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        parts.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += max(8, size)
    return parts


def _iso(parts: list[Part], _: bool) -> bytes:
    return b"".join(struct.pack(">I", len(body) + 8) + name + body for name, body in parts)


def change_parts(chance: Random, data: bytes, other: bytes) -> bytes:
    """Parts are dropped, repeated, swapped, emptied, filled with other bytes, or taken from another file."""
    taken, join = _taken_apart(data)
    if len(taken) < 2:
        return change_directory(chance, data, other)
    parts, strange = list(taken), _taken_apart(other)[0] or [(b"zTXt", b"key\0\0" + zlib.compress(bytes(1 << 24)))]
    for _ in range(chance.choice((1, 1, 2, 5))):
        at, to = chance.randrange(len(parts)), chance.randrange(len(parts))
        name, body = parts[at]
        parts[at : at + 1] = chance.choice(
            (
                [],
                [parts[at]] * chance.choice((2, 3, 300)),
                [(name, b"")],
                [(name, body[: len(body) // 2])],
                [(name, body + body)],
                [(name, change_bytes(chance, body, b"") if body else b"\0")],
                [(name, set_number(chance, body, b""))],
                [(parts[to][0], body)],
                [parts[at], chance.choice(strange)],
            )
        )
        if not parts:
            break
    if chance.random() < 0.2:
        chance.shuffle(parts)
    return join(parts, chance.random() < 0.9)


def _taken_apart(data: bytes) -> tuple[list[Part], Callable[[list[Part], bool], bytes]]:
    if data.startswith(b"\x89PNG"):
        return list(_chunks(data, 8, "big")), _png
    if data.startswith(b"RIFF"):
        return list(_chunks(data, 12, "little")), _riff
    if data.startswith(b"\xff\xd8"):
        return _segments(data), _jpeg
    if data[4:8] in (b"ftyp", b"jP  ", b"JXL "):
        return _boxes(data), _iso
    return [], _iso


def change_directory(chance: Random, data: bytes, _: bytes) -> bytes:
    """A field of an entry of a TIFF directory becomes a number on an edge; of other files any number."""
    little = data.startswith(b"II*\0")
    if not (little or data.startswith(b"MM\0*")):
        return set_number(chance, data, b"")
    sign = "<" if little else ">"
    (start,) = struct.unpack_from(sign + "I", data, 4)
    if start + 2 > len(data):
        return set_number(chance, data, b"")
    (count,) = struct.unpack_from(sign + "H", data, start)
    at = start + 2 + 12 * chance.randrange(max(1, count))
    offset, size = chance.choice(((0, 2), (2, 2), (4, 4), (8, 4), (8, 2)))
    number = chance.choice(EDGES) % (1 << 8 * size)
    return data[: at + offset] + number.to_bytes(size, "little" if little else "big") + data[at + offset + size :]


MUTATIONS: tuple[Mutation, ...] = (
    change_bytes, set_number, set_number, cut, move_block, splice, change_parts, change_parts, change_parts,
)  # fmt: skip


def mutate(chance: Random, data: bytes, other: bytes) -> bytes:
    """A file after one to four mutations."""
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = chance.choice(MUTATIONS)(chance, data, other) or b"\0"
    return data[: 1 << 20]
