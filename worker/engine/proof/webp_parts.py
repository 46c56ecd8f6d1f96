"""The parts of a WebP file: the container's specification, RFC 9649."""

from typing import Final

from worker.engine.picture.containers import chunks
from worker.engine.proof.parts import Parts, digest

_EXIF: Final = b"Exif\0\0"
_PICTURES: Final = (b"VP8 ", b"VP8L")


def read_webp(data: bytes, parts: Parts) -> None:
    """Raises ValueError where the chunks do not end where the file says."""
    end = min(8 + int.from_bytes(data[4:8], "little"), len(data))
    pictures, coded, at_last = 0, bytearray(), 12
    for name, at, size in chunks(data[:end], 12, "little"):
        body, at_last = data[at : at + size], at + size + size % 2
        pictures += name in _PICTURES
        if name in (b"VP8 ", b"ALPH"):
            coded += body
        if name == b"VP8 ":
            parts.lossy = "WebP"
        elif name not in (b"VP8L", b"ALPH"):
            _part(name, body, parts)
    if pictures > 1:
        parts.extras.add((f"{pictures} pictures", digest(data)))
    if parts.lossy:
        parts.coded = digest(bytes(coded))
    parts.between(data[at_last:end])
    parts.behind(data[end + end % 2 :])


def _part(name: bytes, body: bytes, parts: Parts) -> None:
    if name == b"ICCP":
        parts.profile(body)
    elif name == b"EXIF":
        parts.exif(body.removeprefix(_EXIF))
    elif name == b"XMP ":
        parts.xmp(body)
    elif name in (b"ANIM", b"ANMF"):
        parts.extras.add(("frames of an animation", digest(body)))
    elif name != b"VP8X":
        parts.extras.add((f"a part that is not known here ({name.decode('latin-1')!a})", digest(body)))
