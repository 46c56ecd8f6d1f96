"""What a JPEG XL file holds beside its picture: ISO/IEC 18181-1 and 18181-2.

Enough to know that something would go with it, not to prove that nothing would.
"""

from typing import Final

from worker.engine.picture.jxl import JxlFile, read_jxl
from worker.engine.picture.jxl_boxes import is_boxed, jxl_boxes
from worker.engine.picture.jxl_frames import REGULAR
from worker.engine.picture.jxl_header import Colours
from worker.engine.proof.parts import Parts, digest

# The picture itself, how it is to be read, and what it takes to make the JPEG again that it came from.
_OF_ITS_PICTURE: Final = (b"JXL ", b"ftyp", b"jxlc", b"jxlp", b"jxll", b"jxli", b"jbrd")
_EXIF: Final = b"Exif\0\0"


def read_jpeg_xl(data: bytes, parts: Parts) -> None:
    """Its further frames, layers and channels, a gain map; what is said of the picture. Errors as `read_jxl`, and
    ValueError.

    What is packed by Brotli is known by its bytes alone: nobody here unpacks it.
    """
    file = read_jxl(data)
    _look_at_stream(file, parts)
    if not is_boxed(data):
        parts.behind(file.stream[file.header.behind :])
        return
    for kind, at, end in jxl_boxes(data):
        held = data[at:end]
        if kind == b"Exif":  # begins with how many bytes come before the block
            parts.exif(held[4 + int.from_bytes(held[:4], "big") :].removeprefix(_EXIF))
        elif kind == b"xml ":
            parts.xmp(held)
        elif kind == b"brob":
            parts.metadata.add((f"packed {held[:4].decode('latin-1')!a}", digest(held)))
        elif kind == b"jhgm":
            parts.extras.add(("a gain map", digest(held)))
        elif kind not in _OF_ITS_PICTURE:
            parts.extras.add((f"a part {kind.decode('latin-1')!a}", digest(held)))


def _look_at_stream(file: JxlFile, parts: Parts) -> None:
    header, whole = file.header, digest(file.stream)
    if sum(frame.shown for frame in file.frames) > 1:
        parts.extras.add(("frames of an animation", whole))
    first = next(place for place, frame in enumerate(file.frames) if frame.shown)
    if any(frame.kind == REGULAR for frame in file.frames[:first]):
        parts.extras.add(("layers", whole))
    alpha = file.alpha
    parts.extras |= {(channel.words, whole) for channel in header.channels if channel is not alpha}
    if header.colours.icc and not header.mixed:
        parts.profile(header.colours.icc)
    elif header.colours != Colours(header.colours.space):
        parts.colour.add(("its colours", digest(repr(header.colours).encode())))
