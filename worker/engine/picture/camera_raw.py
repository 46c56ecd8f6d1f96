"""Camera raw files that are TIFF files too: what is read of them as such is a thumbnail, and no picture."""

import io
from collections.abc import Iterator
from typing import Any, Final

from PIL import TiffImagePlugin

_SUBFILE: Final = 254
_COMPRESSION: Final = 259
_PHOTOMETRIC: Final = 262
_DIRECTORIES: Final = 330  # further ones, below this
_DNG_VERSION: Final = 50706
_CFA, _LINEAR_RAW = 32803, 34892  # photometric interpretations: a value for each place of the sensor's mosaic
_RAW_CODINGS: Final = frozenset({32767, 32769, 34713, 65535, 65000})  # Sony, Epson, Nikon, Pentax, Kodak
_CR2: Final = b"CR\2"  # at byte 8
_MOST: Final = 16  # directories that are looked at
_ASKED: Final = (_PHOTOMETRIC, _COMPRESSION, _SUBFILE, 273, 279, 324, 325)  # and strips, and tiles
_REDUCED: Final = 1  # in tag 254: a smaller copy of another picture in the file


def is_camera_raw(data: bytes, tags: Any) -> bool:
    """Whether a TIFF file is a camera's raw file: DNG, CR2, NEF, ARW, PEF and their like. tags: its first directory."""
    if data[8:11] == _CR2 or _DNG_VERSION in tags:
        return True
    below = list(read_below(data, tags))
    return any(is_of_sensor(one) for one in (tags, *below)) or (bool(below) and tags.get(_SUBFILE) == _REDUCED)


def is_of_sensor(tags: Any) -> bool:
    """Whether a directory is about the sensor's values, not about a picture made of them."""
    return tags.get(_PHOTOMETRIC) in (_CFA, _LINEAR_RAW) or tags.get(_COMPRESSION) in _RAW_CODINGS


def read_below(data: bytes, tags: Any) -> Iterator[Any]:
    """What is asked of the directories that one names: how their pixels are coded, and where they are.

    Those that do not parse are empty.
    """
    found = tags.get(_DIRECTORIES, ())
    for at in (found if isinstance(found, tuple) else (found,))[:_MOST]:
        inner = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
        stream = io.BytesIO(data)
        try:
            stream.seek(int(at))
            inner.load(stream)
            yield {tag: inner[tag] for tag in _ASKED if tag in inner}
        except Exception:  # hostile tags make Pillow raise nearly any type
            yield {}
