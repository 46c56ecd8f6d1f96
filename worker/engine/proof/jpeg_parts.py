"""The parts of a JPEG file: ITU-T T.81, annex B; application segments as exiftool's documentation lists them."""

from typing import Final

from worker.engine.picture.containers import all_segments
from worker.engine.proof.parts import Parts, digest

_EXIF: Final = b"Exif\0\0"
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP: Final = b"Photoshop 3.0\0"
_ICC: Final = b"ICC_PROFILE\0"
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})  # of 8 bits, coded by Huffman
_PLAIN: Final = frozenset({*_FRAMES, 0xC4, 0xD9, 0xDA, 0xDB, 0xDD})  # frames, tables, scans, the end
_COMMENT: Final = 0xFE
_ADOBE: Final = 12  # bytes of Adobe's segment, which says how the colours are coded
_JFIF: Final = 14  # bytes of JFIF's without a thumbnail


def read_jpeg(data: bytes, parts: Parts) -> None:
    """Raises ValueError where the picture has no end, or the file more than one frame."""
    parts.lossy = "JPEG"
    profile: dict[int, bytes] = {}
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
        elif marker == 0xE2 and body.startswith(_ICC):
            profile[body[len(_ICC)]] = body[len(_ICC) + 2 :]
        elif 0xE0 <= marker <= 0xEF:
            _application(marker, body, parts)
        elif marker not in _PLAIN:
            parts.unknown = f"its JPEG coding (marker {marker:02X}) is not compared"
    if frames > 1:
        raise ValueError(f"{frames} frames")
    if profile:
        parts.profile(b"".join(profile[number] for number in sorted(profile)))
    parts.between(bytes(gaps))
    parts.behind(data[end:])


def _application(marker: int, body: bytes, parts: Parts) -> None:
    if marker == 0xE0 and body.startswith((b"JFIF\0", b"JFXX\0")):
        _jfif(body, parts)
    elif marker == 0xE1 and body.startswith(_EXIF):
        parts.exif(body[len(_EXIF) :])
    elif marker == 0xE1 and body.startswith(_XMP):
        parts.metadata.add(("XMP", digest(body)))
    elif marker == 0xED and body.startswith(_PHOTOSHOP):
        parts.metadata.add(("its caption (IPTC)", digest(body)))
    elif marker == 0xE2 and body.startswith(b"MPF\0"):
        parts.extras.add(("more pictures (MPO)", digest(body)))
    elif not (marker == 0xEE and body.startswith(b"Adobe") and len(body) == _ADOBE):
        named = body.split(b"\0", 1)[0][:40].decode("ascii", "replace")
        parts.extras.add((f"a part that is not known here ({named or f'APP{marker - 0xE0}'})", digest(body)))


def _jfif(body: bytes, parts: Parts) -> None:
    if body.startswith(b"JFXX") or len(body) > _JFIF:
        parts.metadata.add(("its thumbnail", digest(body)))
    elif body[7]:  # a unit; without one these numbers are the shape of a pixel
        parts.metadata.add(("its resolution", digest(body[7:12])))
