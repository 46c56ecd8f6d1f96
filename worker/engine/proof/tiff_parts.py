"""The parts of a TIFF file: TIFF 6.0 and its followers, by the tags of its directories."""

from typing import Final

import numpy as np

from worker.engine.proof.directories import Directories, Directory, read_directories
from worker.engine.proof.parts import Parts, digest, holds_more, margin_bits

_BITS, _COMPRESSION, _PHOTOMETRIC, _ORDER, _SAMPLES, _PLANES = 258, 259, 262, 266, 277, 284
_MAP, _TILE_WIDTH, _TILE_LENGTH, _EXTRA, _FORMAT, _PROFILE = 320, 322, 323, 338, 339, 34675
_XMP: Final = 700
_PALETTE: Final = 3
_PLAIN: Final = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 284, 292, 293, 317, 320,
     322, 323, 324, 325, 338, 339, 340, 341, 347, 530, 531, 532, 40965}
)  # fmt: skip
_COLOUR: Final = {318: "its white point", 319: "its primary colours", 301: "its transfer function",
                  291: "its grey curve", 290: "its grey curve"}  # fmt: skip
_SAID: Final = {
    269: "its name", 270: "its caption", 271: "its camera", 272: "its camera", 282: "its resolution",
    283: "its resolution", 285: "its page", 286: "its place on a page", 287: "its place on a page",
    296: "its resolution", 297: "its page", 305: "its software", 306: "its date", 315: "its author",
    316: "its software", 33432: "its copyright", 33723: "its caption (IPTC)",
    34377: "Photoshop's notes",
}  # fmt: skip
_BELOW: Final = (34665, 34853)  # EXIF, GPS
_NONE, LZW, PACKBITS = 1, 5, 32773
_DEFLATE: Final = (8, 32946)


def read_tiff(data: bytes, parts: Parts) -> None:
    """Raises ValueError or struct.error where its directories do not parse."""
    found = read_directories(data)
    first = found.first
    parts.unknown = _not_compared(first)
    if found.more:
        parts.extras.add(("more pages", digest(data)))
    for tag in first.fields:
        if tag in _BELOW:
            parts.exif(data, below=True)
        else:
            _tag(tag, first, parts)
    if not parts.unknown:
        _pixels(data, first, parts)
    parts.between(_unaccounted(data, found))


def _unaccounted(data: bytes, found: Directories) -> bytes:
    hidden = found.hidden(data)
    return hidden if hidden.strip(b"\0") else b""


def _not_compared(first: Directory) -> str:
    """Why its values are not compared, "" where they are."""
    bits, samples = set(first.numbers(_BITS, 1)), first.number(_SAMPLES, 1)
    photometric = first.number(_PHOTOMETRIC, -1)
    if set(first.numbers(_FORMAT, 1)) != {1}:
        return "its values are not natural numbers"
    if bits - {1, 8} and not (bits == {16} and photometric in (0, 1, 2) and first.number(_PLANES, 1) == 1):
        return f"its values of {max(bits)} bits are not compared"
    if photometric not in (0, 1, 2, _PALETTE) or samples not in ((1,) if photometric != 2 else (3, 4)):
        return "its channels are not compared"
    if samples == 4 and first.numbers(_EXTRA, 0) != (2,):
        return "its fourth channel is not compared"
    if first.number(_ORDER, 1) != 1:
        return "its order of bits is not compared"
    if photometric == _PALETTE and not _is_of_8_bits(np.array(first.numbers(_MAP))):
        return "its colour map of 16 bits is not compared"
    if _TILE_WIDTH in first.fields and _has_edges(first):
        return "the edges of its tiles are not compared"
    return ""


def _is_of_8_bits(colours: np.ndarray) -> bool:
    """Whether a colour map, which has 16 bits, says no more than 8: one of the three ways in which these are put."""
    high = colours >> 8
    return bool((colours < 256).all() or (colours == high * 257).all() or (colours == high * 256).all())


def _has_edges(first: Directory) -> bool:
    """Whether tiles reach beyond the picture, where anything may lie."""
    tile = first.number(_TILE_WIDTH, 1), first.number(_TILE_LENGTH, 1)
    return not all(tile) or bool(first.number(256) % tile[0] or first.number(257) % tile[1])


def _tag(tag: int, first: Directory, parts: Parts) -> None:
    if tag == _PROFILE:
        parts.profile(first.fields[tag].value)
    elif tag == _XMP:
        parts.xmp(first.fields[tag].value)
    elif tag in _COLOUR:
        parts.colour.add((_COLOUR[tag], digest(first.plain(tag))))
    elif tag in _SAID:
        parts.metadata.add((_SAID[tag], digest(str(tag).encode() + first.plain(tag))))
    elif tag not in _PLAIN:
        parts.extras.add((f"a part that is not known here (tag {tag})", digest(first.plain(tag))))


def pieces_of(data: bytes, first: Directory) -> list[bytes]:
    """The strips, or tiles, of a page as they are stored. Raises ValueError where their sizes are not there."""
    places, sizes = (first.numbers(tag) for tag in ((324, 325) if _TILE_WIDTH in first.fields else (273, 279)))
    return [data[start : start + size] for start, size in zip(places, sizes, strict=True)]


def _pixels(data: bytes, first: Directory, parts: Parts) -> None:
    """Whether its strips, or tiles, hold more than their rows; how they are coded where that cannot be told."""
    pieces, coding = pieces_of(data, first), first.number(_COMPRESSION, 1)
    expected, more = expected_bytes(first, len(pieces)), False
    if coding == _NONE:
        more = any(len(piece) > size for piece, size in zip(pieces, expected, strict=True))
        if first.number(_BITS, 1) < 8 and not more:
            row = row_bytes(first)
            rows = np.frombuffer(b"".join(pieces), np.uint8)
            parts.between(margin_bits(rows[: len(rows) // row * row].reshape(-1, row), first.number(256)))
    elif coding in _DEFLATE:
        more = any(holds_more(iter([piece]), size) for piece, size in zip(pieces, expected, strict=True))
    elif coding not in (LZW, PACKBITS):  # of those two see worker.engine.proof.tails
        parts.lossy, parts.coded = f"TIFF (compression {coding})", digest(b"".join(pieces))
    if more:
        parts.extras.add(("bytes behind the rows of its strips", digest(b"".join(pieces))))


def row_bytes(first: Directory) -> int:
    """Bytes of a row of a strip, or tile, when it is not compressed."""
    together = 1 if first.number(_PLANES, 1) == 2 else first.number(_SAMPLES, 1)
    width = first.number(_TILE_WIDTH if _TILE_WIDTH in first.fields else 256)
    return -(-width * together * first.number(_BITS, 1) // 8)


def expected_bytes(first: Directory, pieces: int) -> list[int]:
    """Bytes of each strip, or tile, when it is not compressed."""
    height = first.number(257)
    if _TILE_WIDTH in first.fields:
        return [row_bytes(first) * first.number(_TILE_LENGTH)] * pieces
    each = min(first.number(278, height) or height, height)
    strips = -(-height // each)
    return [row_bytes(first) * min(each, height - each * (number % strips)) for number in range(pieces)]
