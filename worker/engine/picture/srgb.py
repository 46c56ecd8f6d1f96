"""Colours as a screen shows them: what a file's profile says is brought to sRGB, by LittleCMS.

A telephone's photo in Display P3 and its copy in sRGB hold other values and show the same. They are described and
compared by what they show; what is stored in them, by which `identical` is told, stays what it is.
"""

import io
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import Reduced, upright

_LONGEST: Final = 4 << 20  # bytes of a profile; printers' have two, and longer ones are no one's
_STEP: Final = 51  # levels between colours by which it is told whether a profile is that of sRGB
_ALIKE: Final = 3  # levels by which the profiles of sRGB that programs write differ
_CMYK: Final = 4  # channels
_INTENT: Final = ImageCms.Intent.RELATIVE_COLORIMETRIC


def in_srgb(decoded: Reduced, data: bytes, profile: bytes) -> Picture:
    """The picture of a file with an ICC profile in sRGB: RGB uint8 `[h, w, 3]`.

    As it is where the profile is that of sRGB or of grey, says nothing of the file's channels, or is broken: then
    nobody can tell what was meant. About 20 ms a megapixel where something is to be done; a JPEG in CMYK is decoded
    again.
    """
    if not 0 < len(profile) <= _LONGEST:
        return decoded.picture
    transform, channels = _transform(profile)
    if transform is None:
        return decoded.picture
    if channels == _CMYK:
        return _from_cmyk(decoded, data, transform)
    return _applied(transform, Image.fromarray(decoded.picture))


@lru_cache(maxsize=16)
def _transform(profile: bytes) -> tuple[ImageCms.ImageCmsTransform | None, int]:
    """From the colours of a profile to sRGB, and how many channels those have; None where there is nothing to do."""
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = {"RGB": "RGB", "CMYK": "CMYK"}.get(given.profile.xcolor_space.strip())
        if mode is None:
            return None, 0
        # Without a cache of its own a transform may be used by several threads.
        transform = ImageCms.buildTransform(
            given, ImageCms.createProfile("sRGB"), mode, "RGB", _INTENT, ImageCms.Flags.NOCACHE
        )
    except Exception:  # a hostile profile makes the library raise nearly any type
        return None, 0
    if mode == "CMYK":
        return transform, _CMYK
    levels = np.arange(0, 256, _STEP, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    moved = np.abs(_applied(transform, Image.fromarray(cube)).astype(np.int16) - cube).max()
    return (transform if moved > _ALIKE else None), 3


def _applied(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Picture:
    shown = ImageCms.applyTransform(image, transform)
    return np.asarray(shown, np.uint8)


def _from_cmyk(decoded: Reduced, data: bytes, transform: ImageCms.ImageCmsTransform) -> Picture:
    """OpenCV makes RGB of CMYK by a rule of thumb; the profile says which inks were meant."""
    if decoded.header.format != "JPEG":
        return decoded.picture
    try:
        image = JpegImageFile(io.BytesIO(data))
        if image.mode != "CMYK":
            return decoded.picture
        if decoded.divisor > 1:
            image.draft("CMYK", (image.width // decoded.divisor, image.height // decoded.divisor))
        image.load()
    except Exception:  # one decoder has read it, and this one's reasons are of no use to anybody
        return decoded.picture
    shown: Picture = upright(_applied(transform, image), decoded.header.orientation)
    return shown if shown.shape == decoded.picture.shape else decoded.picture
