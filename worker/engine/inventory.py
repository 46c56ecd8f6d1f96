"""What an image file holds beside the pixels of its first picture, found without decoding any.

Only what is known here counts as understood: a part of a file that is not in these tables is something the file holds,
and a format whose every part is not known is not proved to be the same as another file, whatever its pixels are.
"""

import hashlib
import io
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from PIL import TiffImagePlugin

from worker.engine.containers import behind_scans, chunks, gif_parts, segments
from worker.engine.exif import exif_fields

Held = tuple[str, str]  # what it is, in words, and the digest of its value


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a file holds. colour: what says how its values are to be shown. extras: more pictures, videos, layers, parts
    that nobody here knows. metadata: what is said of the picture. lossy: name of a coding that pixels alone do not
    hold, "" for none. unknown: why not everything in it can be known, "" where it can.
    """

    colour: frozenset[Held] = frozenset()
    extras: frozenset[Held] = frozenset()
    metadata: frozenset[Held] = frozenset()
    lossy: str = ""
    unknown: str = ""


@dataclass
class _Parts:
    """An inventory that is being made."""

    colour: set[Held] = field(default_factory=set)
    extras: set[Held] = field(default_factory=set)
    metadata: set[Held] = field(default_factory=set)
    lossy: str = ""
    unknown: str = ""

    def exif(self, block: bytes) -> None:
        self.metadata |= {(name, _digest(value)) for name, value in exif_fields(block)}

    def behind(self, rest: bytes) -> None:
        """Bytes behind the end of the picture; zeros are padding."""
        if rest.strip(b"\0"):
            self.extras.add((f"{len(rest):,} bytes behind its picture, such as a video", _digest(rest)))


def take_inventory(data: bytes, name: str) -> Inventory:
    """What a file of this format holds. Never raises: what cannot be parsed is unknown. Reads every byte once."""
    reader = _READERS.get(name)
    if reader is None:
        return Inventory(unknown=f"{name} files can hold more than is read of them here")
    parts = _Parts()
    try:
        reader(data, parts)
    except Exception as error:  # a hostile file makes a parser raise nearly any type
        parts.unknown = f"its parts cannot be told apart ({error})"
    return Inventory(
        frozenset(parts.colour), frozenset(parts.extras), frozenset(parts.metadata), parts.lossy, parts.unknown
    )


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP: Final = b"Photoshop 3.0\0"
_ICC: Final = b"ICC_PROFILE\0"
_JPEG_PLAIN: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xEE})  # frames of 8 bits, tables, Adobe


def _jpeg(data: bytes, parts: _Parts) -> None:
    """ITU-T T.81, annex B; JPEG's application segments as exiftool's documentation lists them."""
    parts.lossy = "JPEG"
    start = 0
    for marker, at, length in segments(data):
        body = data[at : at + length]
        if 0xC0 <= marker <= 0xC2 and body[5] not in (1, 3):
            parts.unknown = f"its {body[5]} colour channels are not compared"
        elif marker == 0xFE:
            parts.metadata.add(("its comment", _digest(body)))
        elif 0xE0 <= marker <= 0xEF:
            _jpeg_application(marker, body, parts)
        elif marker not in _JPEG_PLAIN:
            parts.unknown = f"its JPEG coding (marker {marker:02X}) is not compared"
        if marker == 0xDA:
            start = at + length
            break
    end = behind_scans(data, start)
    parts.behind(data[end:])


def _jpeg_application(marker: int, body: bytes, parts: _Parts) -> None:
    if marker == 0xE0 and body.startswith((b"JFIF\0", b"JFXX\0")):
        return  # a thumbnail at most
    if marker == 0xE1 and body.startswith(_EXIF):
        parts.exif(body[len(_EXIF) :])
    elif marker == 0xE1 and body.startswith(_XMP):
        parts.metadata.add(("XMP", _digest(body)))
    elif marker == 0xE2 and body.startswith(_ICC):
        parts.colour.add(("its colour profile", _digest(body)))
    elif marker == 0xED and body.startswith(_PHOTOSHOP):
        parts.metadata.add(("its caption (IPTC)", _digest(body)))
    elif marker == 0xE2 and body.startswith(b"MPF\0"):
        parts.extras.add(("more pictures (MPO)", _digest(body)))
    elif marker != 0xEE:
        named = body.split(b"\0", 1)[0][:40].decode("ascii", "replace")
        parts.extras.add((f"a part that is not known here ({named or f'APP{marker - 0xE0}'})", _digest(body)))


_PNG_PLAIN: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"hIST", b"bKGD", b"sBIT", b"sRGB"})
_PNG_COLOUR: Final = frozenset({b"iCCP", b"gAMA", b"cHRM", b"cICP", b"mDCV", b"cLLI", b"mDCv", b"cLLi"})
_PNG_SAID: Final = {b"tIME": "its date", b"pHYs": "its resolution", b"sPLT": "its suggested palette"}
_PNG_TEXT: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})


def _png(data: bytes, parts: _Parts) -> None:
    """PNG (Third Edition), W3C."""
    end, standard = len(data), False
    for name, at, size in chunks(data, 8, "big"):
        body = data[at : at + size]
        if name == b"IEND":
            end = at + size + 4
            break
        standard = standard or name == b"sRGB"  # what pictures without any word are taken for
        if name == b"tRNS" and data[24] > 8:
            parts.unknown = "the transparent colour of its 16-bit values is not compared"
        _png_part(name, body, parts)
    if standard:
        parts.colour -= {held for held in parts.colour if held[0] in ("its colours (gAMA)", "its colours (cHRM)")}
    parts.behind(data[end:])


def _png_part(name: bytes, body: bytes, parts: _Parts) -> None:
    if name in _PNG_COLOUR:
        parts.colour.add((f"its colours ({name.decode()})", _digest(body)))
    elif name == b"eXIf":
        parts.exif(body)
    elif name in _PNG_TEXT:
        keyword = body.split(b"\0", 1)[0].decode("latin-1")
        parts.metadata.add((f"its text {keyword!a}", _digest(body)))
    elif name in _PNG_SAID:
        parts.metadata.add((_PNG_SAID[name], _digest(body)))
    elif name in (b"acTL", b"fcTL", b"fdAT"):
        parts.extras.add(("frames of an animation", _digest(body)))
    elif name not in _PNG_PLAIN:
        parts.extras.add((f"a part that is not known here ({name.decode('latin-1')!a})", _digest(body)))


def _webp(data: bytes, parts: _Parts) -> None:
    """WebP container specification, RFC 9649."""
    end = 8 + int.from_bytes(data[4:8], "little")
    for name, at, size in chunks(data[:end], 12, "little"):
        body = data[at : at + size]
        if name == b"VP8 ":
            parts.lossy = "WebP"
        elif name == b"ICCP":
            parts.colour.add(("its colour profile", _digest(body)))
        elif name == b"EXIF":
            parts.exif(body.removeprefix(_EXIF))
        elif name == b"XMP ":
            parts.metadata.add(("XMP", _digest(body)))
        elif name in (b"ANIM", b"ANMF"):
            parts.extras.add(("frames of an animation", _digest(body)))
        elif name not in (b"VP8X", b"VP8L", b"ALPH"):
            parts.extras.add((f"a part that is not known here ({name.decode('latin-1')!a})", _digest(body)))
    parts.behind(data[end + end % 2 :])


def _gif(data: bytes, parts: _Parts) -> None:
    """GIF89a specification."""
    pictures = 0
    end = len(data)
    for kind, body, at in gif_parts(data):
        end = at
        if kind == "picture":
            pictures += 1
        elif kind == "comment":
            parts.metadata.add(("its comment", _digest(body)))
        elif kind == "application" and not body.startswith((b"NETSCAPE2.0", b"ANIMEXTS1.0")):
            parts.extras.add((f"a part that is not known here ({body[:11].decode('latin-1')!a})", _digest(body)))
        elif kind == "text":
            parts.extras.add(("text that is painted on it", _digest(body)))
    if pictures > 1:
        parts.extras.add((f"{pictures} frames", _digest(data)))
    parts.behind(data[end:])


def _bmp(data: bytes, parts: _Parts) -> None:
    """Microsoft's BITMAPFILEHEADER and its followers."""
    size, header = struct.unpack_from("<I", data, 2)[0], struct.unpack_from("<I", data, 14)[0]
    bits = struct.unpack_from("<H", data, 24 if header == 12 else 28)[0]
    if bits == 32:
        parts.unknown = "its fourth channel is not compared"
    if header >= 108 and data[14 + 56 : 14 + 60] not in (b"BGRs", b" niW", bytes(4)):
        parts.unknown = "its colour space is not compared"
    parts.behind(data[max(size, 26) :])


def _pnm(data: bytes, parts: _Parts) -> None:
    """Netpbm's raw formats, of which a file may hold several."""
    kind = data[1:2]
    if kind not in b"456":
        parts.unknown = "PNM files of this kind are not compared"
        return
    words: list[int] = []
    at, wanted = 2, 2 if kind == b"4" else 3
    while len(words) < wanted:
        if data[at : at + 1].isspace():
            at += 1
        elif data[at : at + 1] == b"#":
            end = data.index(b"\n", at)
            parts.metadata.add(("its comment", _digest(data[at:end])))
            at = end
        else:
            end = at
            while data[end : end + 1].isdigit():
                end += 1
            words.append(int(data[at:end]))
            at = end
    width, height, most = (*words, 1)[:3]
    if most > 255:
        parts.unknown = "its values of more than 8 bits are not compared"
    row = -(-width // 8) if kind == b"4" else width * (3 if kind == b"6" else 1)
    parts.behind(data[at + 1 + row * height :])


# Tags of TIFF 6.0 and its followers: those that say how the pixels are stored, and what is said of the picture.
_TIFF_PLAIN: Final = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 284, 288, 289, 292, 293,
     317, 320, 322, 323, 324, 325, 338, 339, 340, 341, 347, 530, 531, 532}
)  # fmt: skip
_TIFF_COLOUR: Final = {34675: "its colour profile", 318: "its white point", 319: "its primary colours",
                       301: "its transfer function", 291: "its grey curve", 290: "its grey curve"}  # fmt: skip
_TIFF_SAID: Final = {
    269: "its name", 270: "its caption", 271: "its camera", 272: "its camera", 282: "its resolution",
    283: "its resolution", 285: "its page", 296: "its resolution", 297: "its page", 305: "its software",
    306: "its date", 315: "its author", 316: "its software", 700: "XMP", 33432: "its copyright",
    33723: "its caption (IPTC)", 34377: "Photoshop's notes", 34665: "EXIF", 34853: "its place (GPS)",
}  # fmt: skip


def _tiff(data: bytes, parts: _Parts) -> None:
    """TIFF 6.0, through Pillow's parser of its directories."""
    stream = io.BytesIO(data)
    tags = TiffImagePlugin.ImageFileDirectory_v2(stream.read(16 if data[2:4] in (b"+\0", b"\0+") else 8))
    stream.seek(tags.next)
    tags.load(stream)
    if tags.next:
        parts.extras.add(("more pages", _digest(data)))
    bits, samples = set(tags.get(258, (1,))), tags.get(277, 1)
    photometric = tags.get(262)
    if bits - {1, 8} and not (bits == {16} and photometric in (0, 1, 2) and tags.get(284, 1) == 1):
        parts.unknown = f"its values of {max(bits)} bits are not compared"
    if photometric not in (0, 1, 2, 3) or samples not in ((1,) if photometric != 2 else (3, 4)):
        parts.unknown = "its channels are not compared"
    if samples == 4 and tags.get(338, (0,)) != (2,):
        parts.unknown = "its fourth channel is not compared"
    if tags.get(259, 1) in (6, 7, 34712, 50001, 34892):
        parts.lossy = "TIFF with a lossy coding"
    for tag in tags:
        _tiff_part(tag, repr(tags[tag]).encode(), data, parts)


def _tiff_part(tag: int, value: bytes, data: bytes, parts: _Parts) -> None:
    if tag in _TIFF_COLOUR:
        parts.colour.add((_TIFF_COLOUR[tag], _digest(value)))
    elif tag in (34665, 34853):
        parts.exif(data)
    elif tag in _TIFF_SAID:
        parts.metadata.add((_TIFF_SAID[tag], _digest(value)))
    elif tag not in _TIFF_PLAIN:
        parts.extras.add((f"a part that is not known here (tag {tag})", _digest(value)))


_READERS: Final[dict[str, Callable[[bytes, _Parts], None]]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WebP": _webp,
    "GIF": _gif,
    "BMP": _bmp,
    "PNM": _pnm,
    "TIFF": _tiff,
}


def in_words(held: frozenset[Held]) -> Iterator[str]:
    """What these are, each once, in order."""
    yield from sorted({name for name, _ in held})
