"""Camera raw files (DNG, NEF, CR2, CR3, ARW, RAF, ORF, RW2, PEF), described by the preview that the camera put in.

Makers put it where they like, always as a JPEG file of its own within the file: the largest one that is found is taken.
The sensor's values are never developed: that takes seconds, and is a matter of taste.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from PIL import TiffImagePlugin

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.camera_raw import is_camera_raw, is_of_sensor, read_below
from worker.engine.picture.containers import all_segments
from worker.engine.picture.formats import CAMERA_RAW, CONVERT
from worker.engine.picture.part_damage import check_parts

_START: Final = b"\xff\xd8\xff"
_FRAMES: Final = (0xC0, 0xC1, 0xC2)  # of a JPEG that is a picture; sensors' values are 0xC3, lossless
_END: Final = 0xD9
_MARKS: Final = {b"II": b"*\0", b"MM": b"\0*"}  # TIFF's own
_START_OF_SCAN: Final = 0xDA
_MOST: Final = 10_000  # places where a JPEG may begin
_MOST_SEGMENTS: Final = 200  # before the size of a JPEG is said
_ORIENTATION: Final = 0x0112
_TURNED: Final = (5, 6, 7, 8)
_WITHIN: Final = 1 << 20  # bytes that the directory of a CR3 file begins in


@dataclass(frozen=True, slots=True)
class Preview:
    """coded: a JPEG file. width, height: pixels as they lie. said: EXIF orientation of the whole file, 1 for none."""

    coded: bytes
    width: int
    height: int
    said: int

    def orientation(self, own: int) -> int:
        """EXIF orientation to apply, of a preview that says this of itself: its own where it says something.

        Sensors are wide: a tall preview is turned already.
        """
        value = own if own != 1 else self.said
        return 1 if value in _TURNED and self.width < self.height else value


def is_raw_tiff(data: bytes) -> bool:
    """Whether a TIFF file is a camera's raw file. Never raises."""
    try:
        return is_camera_raw(data, _read_tags(data, 0))
    except Exception:  # hostile tags make Pillow raise nearly any type; who reads TIFF says it
        return False


def read_preview(data: bytes) -> Preview:
    """The largest preview. Raises UnreadableImage. Looks through all bytes once, 50 MB in about 10 ms."""
    found = max(_previews(data), default=None)
    if found is None:
        check_parts(data, CAMERA_RAW)  # perhaps it is cut off
        raise UnreadableImage(FailureKind.UNSUPPORTED, f"camera raw picture without a preview: {CONVERT}")
    _, width, height, start = found
    try:
        end = next(at for marker, at, _, _ in all_segments(data[start:]) if marker == _END)
    except Exception as error:
        raise UnreadableImage(
            FailureKind.DAMAGED, "truncated or damaged camera raw file (its preview has no end)"
        ) from error
    return Preview(data[start : start + end], width, height, _said(data))


def _previews(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Pixels, width, height and start of each picture that is coded as JPEG."""
    sensor, at = _sensor_places(data), data.find(_START)
    for _ in range(_MOST):
        if at < 0:
            return
        size = _size(data, at + 2)
        if size and at not in sensor:
            yield size[0] * size[1], *size, at
        at = data.find(_START, at + 1)


def _size(data: bytes, at: int) -> tuple[int, int] | None:
    """Width and height, None for what only looks like a JPEG's beginning. at: behind its first marker."""
    for _ in range(_MOST_SEGMENTS):
        if at + 9 > len(data) or data[at] != 0xFF or not 0xC0 <= data[at + 1] < 0xFF or data[at + 1] == _START_OF_SCAN:
            return None
        if data[at + 1] in _FRAMES:
            depth, height, width = struct.unpack_from(">BHH", data, at + 4)
            return (width, height) if depth == 8 and width and height else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _sensor_places(data: bytes) -> set[int]:
    """Where pieces of the sensor's picture begin: DNG has them coded as JPEG, too."""
    try:
        tags = _read_tags(data, 0)
        directories = (tags, *read_below(data, tags))
        return {at for one in directories if is_of_sensor(one) for tag in (273, 324) for at in _several(one.get(tag))}
    except Exception:  # no TIFF, or hostile tags
        return set()


def _several(value: Any) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _said(data: bytes) -> int:
    """Orientation of the whole file."""
    try:
        start = data.index(b"CMT1", 0, _WITHIN) + 4 if data[4:8] == b"ftyp" else 0
        value = _read_tags(data, start).get(_ORIENTATION, 1)
    except Exception:  # of none, or as hostile as any tags
        return 1
    return int(value) if value in range(1, 9) else 1


def _read_tags(data: bytes, start: int) -> TiffImagePlugin.ImageFileDirectory_v2:
    """The first directory of a TIFF file, whose mark may be a maker's own. Raises nearly anything."""
    head = data[start : start + 8]
    known = head[2:4] in (b"*\0", b"\0*")
    tags = TiffImagePlugin.ImageFileDirectory_v2(head if known else head[:2] + _MARKS[head[:2]] + head[4:])
    stream = io.BytesIO(data[start:] if start else data)
    stream.seek(tags.next)
    tags.load(stream)
    return tags
