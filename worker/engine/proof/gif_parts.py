"""The parts of a GIF file: the GIF89a specification."""

import struct
from typing import Final

from worker.engine.picture.containers import gif_parts
from worker.engine.proof.parts import Parts, digest

_LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_LOOP: Final = 11 + 3  # bytes of the part that says how often an animation is shown


def read_gif(data: bytes, parts: Parts) -> None:
    """Raises ValueError where the parts do not follow each other."""
    pictures = 0
    end = len(data)
    for kind, body, at, start in gif_parts(data):
        end = at
        if kind == "picture":
            pictures += 1
            if pictures == 1:
                _first(data, start, parts)
        elif kind == "comment":
            parts.metadata.add(("its comment", digest(body)))
        elif kind == "application" and not (body.startswith(_LOOPS) and len(body) <= _LOOP):
            parts.extras.add((f"a part that is not known here ({body[:11].decode('latin-1')!a})", digest(body)))
        elif kind == "text":
            parts.extras.add(("text that is painted on it", digest(body)))
    if pictures > 1:
        parts.extras.add((f"{pictures} frames", digest(data)))
    parts.behind(data[end:])


def _first(data: bytes, start: int, parts: Parts) -> None:
    """The first picture; its descriptor is at `start`. What lies around it is made up by decoders."""
    if struct.unpack_from("<4H", data, start + 1) != (0, 0, *struct.unpack_from("<2H", data, 6)):
        parts.unknown = "its first frame does not cover it"
    if data[12]:
        parts.metadata.add(("the shape of its pixels", digest(data[12:13])))
    if data[10] & 0x80 and data[start + 9] & 0x80:
        colours = data[13 : 13 + (6 << (data[10] & 7))]
        parts.metadata.add(("a colour map that it does not use", digest(colours)))
