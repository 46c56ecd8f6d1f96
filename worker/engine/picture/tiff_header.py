"""The first directory of a TIFF file, through Pillow's parser of its tags: size, and who decodes it rightly."""

import io
from typing import Final

from PIL import TiffImagePlugin

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.formats import CONVERT, Reader

_MOST_TAGS: Final = 65_536  # there are no more different ones
_SAMPLE_FORMAT: Final = 339
_WHITE_IS_ZERO, _COLOURS = 0, 2


def read_tiff_header(data: bytes) -> tuple[int, int, Reader]:
    """Width and height in pixels, and the reader. Raises UnreadableImage for what no reader takes rightly."""
    stream = io.BytesIO(data)
    big = data[2:4] in (b"+\0", b"\0+")
    tags = TiffImagePlugin.ImageFileDirectory_v2(stream.read(16 if big else 8))
    stream.seek(tags.next)
    entries = int.from_bytes(data[tags.next : tags.next + 8], "little" if data[:1] == b"I" else "big")
    if big and entries > _MOST_TAGS:
        raise ValueError(f"a directory of {entries:,} entries")
    tags.load(stream)
    bits = max(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,)))
    channels = tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1)
    photometric = tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION)
    if photometric == _WHITE_IS_ZERO and set(tags.get(_SAMPLE_FORMAT, (1,))) - {1, 4}:  # Pillow does not turn them
        raise UnreadableImage(
            FailureKind.UNSUPPORTED,
            f"TIFF picture in which 0 is white, of values that are no natural numbers: {CONVERT}",
        )
    deep_colour = channels >= 3 and bits > 8 and photometric == _COLOURS
    in_planes = tags.get(TiffImagePlugin.PLANAR_CONFIGURATION, 1) == 2
    if in_planes and (deep_colour or channels == 2):  # OpenCV, and Pillow for two, read them as if interleaved
        raise UnreadableImage(
            FailureKind.UNSUPPORTED, f"TIFF picture with {bits} bits in planes of one colour each: {CONVERT}"
        )
    width, height = int(tags[TiffImagePlugin.IMAGEWIDTH]), int(tags[TiffImagePlugin.IMAGELENGTH])
    return width, height, "opencv" if deep_colour or bits > 32 else "pillow"
