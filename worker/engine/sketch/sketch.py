"""The sketch of a picture: what candidate search and verification need of it, a few KiB, made once when it is decoded.

Keypoints (see keypoints.py) and a small colour picture. A million sketches have to fit into memory beside a million
features, so both are as small as recall allows; benchmarks/quality.py states bytes and recall.
"""

import struct
import zlib
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import cv2
import numpy as np

from shared.errors import CorruptValue
from worker.engine.picture.channels import Picture
from worker.engine.picture.scaling import resize
from worker.engine.sketch.details import DETAILS_BYTES, SIDE, Details, find_details
from worker.engine.sketch.ground import measure_ground
from worker.engine.sketch.inset import Place, find_inset
from worker.engine.sketch.keypoints import DESCRIPTOR_BYTES, KEYPOINTS, LEVELS, Keypoints, find_keypoints, work_size
from worker.engine.sketch.thumbnail import make_thumbnail, read_thumbnail

_VERSION: Final = 4
_HEAD: Final = struct.Struct("<2sBBBIIfHH")
# magic, version, plain, flat, width, height, count of details, keypoints, bytes of the thumbnail; a CRC-32 follows
_CHECKSUM: Final = struct.Struct("<I")
_MAGIC: Final = b"iS"
_SUBPIXEL: Final = 64  # steps per work pixel in which positions are stored
_MIDDLE: Final = 0.6  # of the sides, whose keypoints are kept besides ...
_FINER: Final = 4  # ... from so many levels: the coarser ones are the finer ones of the whole


@dataclass(frozen=True, slots=True)
class Sketch:
    """width, height: of the picture, pixels. plain: share of it that has its commonest brightness, with or without its
    noise, in 1/255. flat: share that has it and does not vary from pixel to pixel either: high for pages, screenshots,
    drawings and products on white, low for photos, whose even parts have grain. keypoints: in its work frame; those of
    a part of it have the levels of the part. details: see there. thumbnail: small colour picture as WebP.
    """

    width: int
    height: int
    plain: int
    flat: int
    keypoints: Keypoints
    details: Details
    thumbnail: bytes

    @property
    def frame(self) -> tuple[int, int]:
        """Width and height of the work frame, in which keypoints and transforms are given."""
        return work_size(self.width, self.height)

    def picture(self) -> Picture:
        """The small picture: RGB uint8 `[h, w, 3]`; 0.3 ms. Raises CorruptValue if it does not decode."""
        return read_thumbnail(self.thumbnail)

    def to_bytes(self) -> bytes:
        """The sketch as bytes: versioned, with a checksum, the same on every machine."""
        points = np.rint(self.keypoints.points * _SUBPIXEL).astype("<u2")
        body = b"".join(
            (
                points.tobytes(),
                self.keypoints.angles.tobytes(),
                self.keypoints.levels.tobytes(),
                self.keypoints.descriptors.tobytes(),
                self.details.values.tobytes(),
                self.thumbnail,
            )
        )
        count, pixels = len(self.keypoints), len(self.thumbnail)
        ground = self.plain, self.flat
        counts = self.details.count, count, pixels
        head = _HEAD.pack(_MAGIC, _VERSION, *ground, self.width, self.height, *counts)
        return head + _CHECKSUM.pack(_checksum(head, body)) + body

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Sketch":
        """Parse what `to_bytes` gave; 10 microseconds. Raises CorruptValue for anything else."""
        try:
            magic, version, *values = _HEAD.unpack_from(raw)
            [checksum] = _CHECKSUM.unpack_from(raw, _HEAD.size)
        except struct.error as error:
            raise CorruptValue(f"a sketch of {len(raw)} bytes is too short; the image is described anew") from error
        plain, flat, width, height, details, count, pixels = values
        body = raw[_HEAD.size + _CHECKSUM.size :]
        if (magic, version) != (_MAGIC, _VERSION):
            raise CorruptValue(f"a sketch is of version {version}, not {_VERSION}; the image is described anew")
        if (
            len(body) != count * (6 + DESCRIPTOR_BYTES) + DETAILS_BYTES + pixels
            or _checksum(raw[: _HEAD.size], body) != checksum
        ):
            raise CorruptValue("a sketch does not match its checksum; the image is described anew")
        end = count * (6 + DESCRIPTOR_BYTES)
        columns = np.frombuffer(body, np.uint8, end)
        points = columns[: 4 * count].view("<u2").reshape(-1, 2).astype(np.float32) / np.float32(_SUBPIXEL)
        angles, levels = columns[4 * count : 5 * count], columns[5 * count : 6 * count]
        descriptors = columns[6 * count :].reshape(-1, DESCRIPTOR_BYTES)
        keypoints = Keypoints(points, angles, levels, descriptors)
        shades = np.frombuffer(body, np.int8, DETAILS_BYTES, end).reshape(SIDE, SIDE)
        return cls(width, height, plain, flat, keypoints, Details(shades, details), body[end + DETAILS_BYTES :])


def _checksum(head: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(head))


def describe(picture: Picture, count: int = KEYPOINTS, size: tuple[int, int] | None = None) -> Sketch:
    """The sketch of a decoded, oriented picture: RGB uint8 `[h, w, 3]` of any size. About 11 ms on one core.

    count: keypoints of the whole, at most; there are as many weaker ones besides, and those of parts. size: width and
    height of the whole picture, where this one was decoded at reduced scale.
    """
    width, height = size or picture.shape[1::-1]
    work = resize(picture, work_size(width, height))
    keypoints, details = _all_keypoints(picture, work, count), find_details(cv2.cvtColor(work, cv2.COLOR_RGB2GRAY))
    return Sketch(width, height, *measure_ground(picture), keypoints, details, make_thumbnail(work))


def _all_keypoints(picture: Picture, work: Picture, count: int) -> Keypoints:
    """The keypoints of a picture.

    First those of the whole; then those of a picture within it, which words around it would crowd out; as many of the
    whole again, which stretched copies and crops of a corner need; and those of its middle at a larger scale, where a
    crop of the middle has most of its own.
    """
    whole = find_keypoints(cv2.cvtColor(work, cv2.COLOR_RGB2GRAY), 2 * count)
    parts = [whole.first(count)]
    inset = find_inset(work)
    if inset:
        parts.append(_keypoints_of(picture, work, inset, count, LEVELS))
    height, width = work.shape[:2]
    margin = (1 - _MIDDLE) / 2
    middle = round(width * margin), round(height * margin), round(width * _MIDDLE), round(height * _MIDDLE)
    parts += [whole.first(count, start=count), _keypoints_of(picture, work, middle, count * 5 // 8, _FINER)]
    joined = Keypoints.joined(parts)
    points = np.rint(joined.points * np.float32(_SUBPIXEL)) / np.float32(_SUBPIXEL)  # as they will be stored
    return Keypoints(np.maximum(points, 0), joined.angles, joined.levels, joined.descriptors)


def _keypoints_of(picture: Picture, work: Picture, place: Place, count: int, levels: int) -> Keypoints:
    """The keypoints of a place of the work frame, found as if it were a picture of its own."""
    left, top, width, height = place
    across, down = picture.shape[1] / work.shape[1], picture.shape[0] / work.shape[0]
    rows = slice(int(top * down), max(int(top * down) + 1, round((top + height) * down)))
    columns = slice(int(left * across), max(int(left * across) + 1, round((left + width) * across)))
    part = picture[rows, columns]
    frame = work_size(part.shape[1], part.shape[0])
    found = find_keypoints(cv2.cvtColor(resize(part, frame), cv2.COLOR_RGB2GRAY), count, levels)
    return found.placed(left, top, (width / frame[0], height / frame[1]))


def pixel_digest(picture: Picture) -> str:
    """SHA-256, in hex, of shape and pixels of a decoded, oriented picture. 1 ms per megabyte."""
    pixels = np.ascontiguousarray(picture)
    digest = sha256(repr((pixels.shape, pixels.dtype.str)).encode())
    digest.update(pixels.data)  # as it lies there: a copy takes longer than the digest
    return digest.hexdigest()
