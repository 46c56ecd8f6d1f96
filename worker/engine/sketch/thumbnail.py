"""The small colour picture in a sketch, as WebP."""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from shared.errors import CorruptValue
from worker.engine.picture.channels import Picture
from worker.engine.picture.scaling import average
from worker.engine.sketch.keypoints import WORK_SIDE

_SIDE: Final = 128  # pixels
_LARGER_SIDES: Final = ((256, 2050), (192, 2600))  # side, and the bytes that the one of 128 must stay below as a JPEG
_JPEG_QUALITY: Final = 75
_QUALITY: Final = 60


def make_thumbnail(work: Picture) -> bytes:
    """WebP of the small picture, about 2 KiB. Text on white compresses well and needs the detail: it is kept larger.

    How well is seen of a JPEG, which takes a thirtieth of the time of a WebP.
    """
    small = _small(work, _SIDE)
    _, trial = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    side = next((side for side, limit in _LARGER_SIDES if len(trial) < limit), _SIDE)
    kept = small if side == _SIDE else _small(work, side)
    _, data = cv2.imencode(".webp", kept, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    return bytes(data)


def _small(work: Picture, side: int) -> Picture:
    """BGR, as OpenCV encodes it. side: the longer one, pixels."""
    scale = side / WORK_SIDE
    size = (max(1, round(work.shape[1] * scale)), max(1, round(work.shape[0] * scale)))
    return np.asarray(cv2.cvtColor(average(work, size), cv2.COLOR_RGB2BGR), np.uint8)


@lru_cache(maxsize=256)
def read_thumbnail(encoded: bytes) -> Picture:
    """RGB uint8 `[h, w, 3]`, not to be written to; 0.3 ms. Raises CorruptValue if it does not decode."""
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise CorruptValue("the small picture of a sketch does not decode; the image is described anew")
    result = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
    result.flags.writeable = False
    return result
