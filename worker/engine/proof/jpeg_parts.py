"""The parts of a JPEG file: ITU-T T.81, annex B; application segments as exiftool's documentation lists them."""

from dataclasses import dataclass, field
from typing import Final

from worker.engine.picture.containers import all_segments
from worker.engine.proof.parts import Parts, digest
from worker.engine.proof.xmp import held_in

_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP: Final = b"Photoshop 3.0\0"
_ICC: Final = b"ICC_PROFILE\0"
_EXTENDED: Final = b"http://ns.adobe.com/xmp/extension/\0"
_GAIN: Final = (b"http://ns.adobe.com/hdr-gain-map/", b"urn:iso:std:iso:ts:21496", b"http://ns.apple.com/HDRGainMap/")
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})  # of 8 bits, coded by Huffman
_PLAIN: Final = frozenset({*_FRAMES, 0xC4, 0xD9, 0xDA, 0xDB, 0xDD})  # frames, tables, scans, the end
_COMMENT: Final = 0xFE
_PICTURE: Final = b"\xff\xd8\xff"  # the start of another one
_ADOBE: Final = 12  # bytes of Adobe's segment, which says how the colours are coded
_JFIF: Final = 14  # bytes of JFIF's without a thumbnail


def read_jpeg(data: bytes, parts: Parts) -> None:
    """Raises ValueError where the picture has no end, or the file more than one frame."""
    parts.lossy = "JPEG"
    split = _Split()
    frames, end, gaps = 0, 0, bytearray()
    for marker, at, length, gap in all_segments(data):
        body, end = data[at : at + length], at + length
        gaps += gap
        if marker in _FRAMES:
            frames += 1
            if body[5] not in (1, 3):
                parts.unknown = f"its {body[5]} colour channels are not compared"
        elif marker == _COMMENT:
            parts.metadata.add(("its comment", digest(body)))
        elif 0xE0 <= marker <= 0xEF:
            if not split.takes(marker, body):
                _application(marker, body, parts)
        elif marker not in _PLAIN:
            parts.unknown = f"its JPEG coding (marker {marker:02X}) is not compared"
    if frames > 1:
        raise ValueError(f"{frames} frames")
    split.tell(parts)
    parts.between(bytes(gaps))
    rest = data[end:]
    gain = any(name in data for name in _GAIN)
    parts.behind(rest, "" if _PICTURE not in rest else "a gain map" if gain else "a second picture")


@dataclass
class _Split:
    """What is too long for one segment. profile: parts of an ICC profile by their number. extended: parts of XMP."""

    profile: dict[int, bytes] = field(default_factory=dict)
    extended: bytearray = field(default_factory=bytearray)

    def takes(self, marker: int, body: bytes) -> bool:
        """Whether the segment is a part of one of these."""
        if marker == 0xE2 and body.startswith(_ICC):
            self.profile[body[len(_ICC)]] = body[len(_ICC) + 2 :]
        elif marker == 0xE1 and body.startswith(_EXTENDED):
            self.extended += body[len(_EXTENDED) :]
        else:
            return False
        return True

    def tell(self, parts: Parts) -> None:
        if self.profile:
            parts.profile(b"".join(self.profile[number] for number in sorted(self.profile)))
        if self.extended:
            packet = bytes(self.extended)
            parts.extras.add((f"{held_in(packet) or 'more'} in an XMP extension", digest(packet)))


def _application(marker: int, body: bytes, parts: Parts) -> None:
    if marker == 0xE0 and body.startswith((b"JFIF\0", b"JFXX\0")):
        _jfif(body, parts)
    elif marker == 0xE1 and body.startswith(_EXIF):
        parts.exif(body[len(_EXIF) :])
    elif marker == 0xE1 and body.startswith(_XMP):
        parts.xmp(body[len(_XMP) :])
    elif marker == 0xED and body.startswith(_PHOTOSHOP):
        parts.metadata.add(("its caption (IPTC)", digest(body)))
    elif marker == 0xE2 and body.startswith(b"MPF\0"):
        parts.extras.add(("an index of pictures (MPO)", digest(body)))
    elif not (marker == 0xEE and body.startswith(b"Adobe") and len(body) == _ADOBE):
        named = body.split(b"\0", 1)[0][:40].decode("ascii", "replace")
        parts.extras.add((f"a part that is not known here ({named or f'APP{marker - 0xE0}'})", digest(body)))


def _jfif(body: bytes, parts: Parts) -> None:
    if body.startswith(b"JFXX") or len(body) > _JFIF:
        parts.metadata.add(("its thumbnail", digest(body)))
    elif body[7]:  # a unit; without one these numbers are the shape of a pixel
        parts.metadata.add(("its resolution", digest(body[7:12])))
