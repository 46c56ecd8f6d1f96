"""What files hold beside their picture whose other parts are not read: AVIF (ISO/IEC 23008-12), JPEG 2000, icons,
camera raw, Photoshop documents.

Enough to know that something would go with them, not to prove that nothing would.
"""

import struct
from collections.abc import Iterator
from typing import Final

from worker.engine.picture.avif import boxes
from worker.engine.picture.psd import read_psd
from worker.engine.proof.parts import SENSOR, Parts, digest

_PICTURES: Final = (b"av01", b"grid", b"iovl")
_ALPHA: Final = b"alpha"
_DEPTH: Final = (b"depth", b"auxid:2")


def read_avif(data: bytes, parts: Parts) -> None:
    """Its sequence, gain map, auxiliary and further pictures. Raises struct.error where its boxes make no sense."""
    whole = digest(data)
    for kind, at, end in boxes(data, 0, len(data)):
        if kind == b"moov":
            parts.extras.add(("frames of an animation", whole))
        elif kind == b"meta":
            inside = {name: (start, stop) for name, start, stop in boxes(data, at + 4, end)}
            parts.extras |= {(held, whole) for held in (*_auxiliary(data, inside), *_more_pictures(data, inside))}


def _auxiliary(data: bytes, inside: dict[bytes, tuple[int, int]]) -> Iterator[str]:
    for name, start, stop in boxes(data, *inside.get(b"iprp", (0, 0))):
        for kind, at, end in boxes(data, start, stop) if name == b"ipco" else ():
            if kind == b"auxC" and _ALPHA not in data[at:end]:
                depth = any(word in data[at:end] for word in _DEPTH)
                yield "a depth map" if depth else "a picture that belongs to its picture"


def _more_pictures(data: bytes, inside: dict[bytes, tuple[int, int]]) -> Iterator[str]:
    """Pictures that are neither the first one nor a part of it."""
    kinds: dict[int, bytes] = {}
    start, stop = inside.get(b"iinf", (0, 0))
    for name, at, _ in boxes(data, start + (6 if data[start : start + 1] == b"\0" else 8), stop):
        if name == b"infe":
            wide = data[at] >= 3
            number = struct.unpack_from(">I" if wide else ">H", data, at + 4)[0]
            kinds[number] = data[at + (10 if wide else 8) : at + (14 if wide else 12)]
    if b"tmap" in kinds.values():
        yield "a gain map"
        return  # its base picture and its map are further ones
    at, _ = inside.get(b"pitm", (0, 0))
    first = struct.unpack_from(">H" if data[at] == 0 else ">I", data, at + 4)[0]
    known = {first} | _parts_of_others(data, inside)
    more = sum(kind in _PICTURES and number not in known for number, kind in kinds.items())
    if more:
        yield "another picture" if more == 1 else f"{more} other pictures"


def _parts_of_others(data: bytes, inside: dict[bytes, tuple[int, int]]) -> set[int]:
    """Numbers of thumbnails, of auxiliary pictures, and of the tiles of a grid."""
    start, stop = inside.get(b"iref", (0, 0))
    if not stop:
        return set()
    letter, size = (">H", 2) if data[start] == 0 else (">I", 4)
    found = set()
    for kind, at, _ in boxes(data, start + 4, stop):
        one, count = struct.unpack_from(letter + "H", data, at)
        places = range(at + size + 2, at + size + 2 + size * count, size)
        found |= {one} if kind in (b"auxl", b"thmb") else set()
        found |= {struct.unpack_from(letter, data, place)[0] for place in places} if kind == b"dimg" else set()
    return found


def read_icon(data: bytes, parts: Parts) -> None:
    """How many pictures it holds."""
    count = int.from_bytes(data[4:6], "little")
    if count > 1:
        parts.extras.add((f"{count} pictures", digest(data)))


def read_photoshop(data: bytes, parts: Parts) -> None:
    """Its profile, its layers, and channels that are no colours. Raises UnreadableImage or struct.error."""
    document = read_psd(data)
    if document.profile:
        parts.profile(document.profile)
    layers = data[slice(*document.layers)]
    if layers.strip(b"\0"):
        parts.extras.add(("layers", digest(layers)))
    if document.channels > document.colours:
        parts.extras.add(("channels that are no colours", digest(data[document.start :])))


def read_jpeg_2000(data: bytes, parts: Parts) -> None:
    """How many pictures it holds."""
    count = sum(kind == b"jp2c" for kind, _, _ in boxes(data, 0, len(data))) if data[4:8] == b"jP  " else 1
    if count > 1:
        parts.extras.add((f"{count} pictures", digest(data)))


def read_raw(data: bytes, parts: Parts) -> None:
    """What its sensor saw, which no other file of the picture holds: not another raw file of it either."""
    parts.extras.add((SENSOR, digest(data)))
