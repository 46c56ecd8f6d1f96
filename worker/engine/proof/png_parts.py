"""The parts of a PNG file: PNG (Third Edition), W3C."""

from typing import Final

from worker.engine.picture.containers import chunks
from worker.engine.proof.parts import Parts, digest, holds_more, inflate
from worker.engine.proof.xmp import held_in, is_rated

_PLAIN: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"sRGB"})
_COLOUR: Final = frozenset({b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi"})
_STANDARD: Final = frozenset({"its colours (gAMA)", "its colours (cHRM)"})
_SAID: Final = {
    b"tIME": "its date", b"pHYs": "its resolution", b"sPLT": "its suggested palette", b"hIST": "its histogram",
    b"bKGD": "its background colour", b"sBIT": "its significant bits",
}  # fmt: skip
_TEXT: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type -> values of a pixel
_PALETTE: Final = 3
_PASSES: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def read_png(data: bytes, parts: Parts) -> None:
    """Raises ValueError where the file has no end, and zlib.error for pixels that cannot be unpacked."""
    end, standard, depth, colour = 0, False, data[24], data[25]
    pixels = []
    for name, at, size in chunks(data, 8, "big"):
        if name == b"IEND":
            end = at + size + 4
            parts.between(data[at : at + size])
            break
        if name == b"IDAT":
            pixels.append((at, size))
            continue
        standard = standard or name == b"sRGB"  # what pictures without any word are taken for
        if name == b"tRNS" and depth > 8:
            parts.unknown = "the transparent colour of its 16-bit values is not compared"
        if name == b"PLTE" and colour != _PALETTE:
            parts.metadata.add(("its suggested palette", digest(data[at : at + size])))
        _part(name, data[at : at + size], parts)
    if not end:
        raise ValueError("no end")
    if standard:  # it counts before these two
        parts.metadata |= {held for held in parts.colour if held[0] in _STANDARD}
        parts.colour -= parts.metadata
    if holds_more((data[at : at + size] for at, size in pixels), _unpacked(data)):
        parts.extras.add(("bytes behind its packed pixels", digest(b"".join(data[a : a + n] for a, n in pixels))))
    parts.behind(data[end:])


def _unpacked(data: bytes) -> int:
    """Bytes of all rows, each with its filter's number."""
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    bits = data[24] * _SAMPLES[data[25]]
    total = 0
    for left, top, right, down in _PASSES if data[28] else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * bits // 8))
    return total


def _part(name: bytes, body: bytes, parts: Parts) -> None:
    if name == b"iCCP":
        parts.profile(inflate(body[body.index(b"\0") + 2 :]))
    elif name in _COLOUR:
        parts.colour.add((f"its colours ({name.decode()})", digest(body)))
    elif name == b"sRGB":
        parts.metadata.add(("its colour mark (sRGB)", digest(body)))
    elif name == b"eXIf":
        parts.exif(body)
    elif name in _TEXT:
        keyword = body.split(b"\0", 1)[0].decode("latin-1")
        parts.metadata.add((f"its text {keyword!a}", digest(body)))
        parts.rated = parts.rated or is_rated(body)
        if held := held_in(body):
            parts.extras.add((f"{held} in its text", digest(body)))
    elif name in _SAID:
        parts.metadata.add((_SAID[name], digest(body)))
    elif name in (b"acTL", b"fcTL", b"fdAT"):
        parts.extras.add(("frames of an animation", digest(body)))
    elif name not in _PLAIN:
        parts.extras.add((f"a part that is not known here ({name.decode('latin-1')!a})", digest(body)))
