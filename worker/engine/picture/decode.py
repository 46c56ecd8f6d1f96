"""From a file's bytes to a picture: upright, 8-bit RGB, its size judged before any pixel is decoded.

OpenCV decodes what it decodes rightly (it is the faster one), Pillow the rest; `worker.engine.picture.headers` says
which. ICC profiles are not applied here: see srgb.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.bmp import decode_fields
from worker.engine.picture.channels import Picture, over_white, to_rgb
from worker.engine.picture.headers import Header, probe
from worker.engine.picture.heif import decode_heif, show_heif
from worker.engine.picture.jpeg_2000 import decode_jpeg_2000
from worker.engine.picture.jpeg_damage import decode_checked_jpeg, decode_lossless_jpeg, decode_whole_jpeg
from worker.engine.picture.jxl import show_jxl
from worker.engine.picture.part_damage import check_parts
from worker.engine.picture.pillow_files import open_by_pillow, refusal
from worker.engine.picture.pnm import decode_pnm
from worker.engine.picture.psd import decode_psd
from worker.engine.picture.raw import read_preview
from worker.engine.picture.scaling import average
from worker.engine.picture.tiff_values import decode_tiff

__all__ = ["Header", "Picture", "Reduced", "decode", "decode_reduced", "probe", "shrink"]

LEAST: Final = (
    1024  # pixels, of the long side of what is decoded at reduced scale: no sketch and no network looks closer
)
NARROWEST: Final = 224  # pixels, of its short side

# The bits for the scale alone: together with IMREAD_COLOR_RGB they give colour.
_REDUCED_BY: Final = {
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_LEAST_BYTES: Final = 32
# What reads which, where neither library does it rightly.
OURS: Final[dict[str, Callable[[bytes], NDArray[Any]]]] = {
    "netpbm": decode_pnm,
    "tiff": decode_tiff,
    "bmp": decode_fields,
    "lossless": decode_lossless_jpeg,
    "jpeg2000": decode_jpeg_2000,
    "psd": decode_psd,
}
_WHOLE: Final = ("netpbm", "lossless")  # of which all that is stored comes out
_TURNED: Final = (5, 6, 7, 8)  # EXIF orientations that exchange width and height


def decode(data: bytes, max_pixels: int) -> Picture:
    """The picture in an image file: RGB uint8 `[h, w, 3]`, EXIF orientation applied, alpha over white.

    Of an animation or a multipage file the first frame. Depths above 8 bit: see `worker.engine.picture.channels`.
    Raises UnreadableImage with a reason for people: empty, no image, damaged or truncated, more than `max_pixels`
    (judged by the header). A truncated file is refused, never given as half a picture; bytes that changed within
    a file are noticed only where the format has checksums. Safe to call from several threads, but not without side
    effect: Pillow's own pixel limit, which is process-wide, is lifted, and OpenCV's log is silenced.
    Takes about 10 ms a megapixel and, meanwhile, up to 11 bytes a pixel (8-bit), 17 (16-bit), 40 (64-bit float);
    of rare kinds of TIFF, which are arranged here, several times as long and up to 80.
    """
    return _decode(data, _probe(data, max_pixels), 1)[0]


@dataclass(frozen=True, slots=True)
class Reduced:
    """picture: as `decode` gives it, its sides divided by `divisor` and rounded up. width, height: of the whole one.

    whole: whether nothing was left out on the way but scale: the values have 8 bits, and nothing shines through.
    full: every pixel of a picture that was reduced, by a faster and coarser transform, where that was asked for.
    """

    picture: Picture
    width: int
    height: int
    divisor: int
    whole: bool
    header: Header
    full: Picture | None = None


def decode_reduced(data: bytes, max_pixels: int, in_full: bool = False, least: int = LEAST) -> Reduced:
    """The picture, decoded at a half, a quarter or an eighth of its size where it is a JPEG that is larger than needed.

    A JPEG's blocks of 8 x 8 pixels are stored by frequency, and the high ones are left out: a third of the time at 12
    megapixels. The long side keeps at least `least` pixels, the short one NARROWEST. Other formats are decoded in full.
    in_full: see Reduced; 3 ms a megapixel more. Errors as `decode`.
    """
    header = _probe(data, max_pixels)
    divisor = _divisor(header, least)
    full = decode_whole_jpeg(data) if in_full and divisor > 1 else None
    picture, whole = _decode(data, header, divisor, checked=full is not None)
    sides = header.width, header.height
    if header.orientation in _TURNED or (header.format == "TIFF" and picture.shape[1::-1] != sides):
        sides = sides[1], sides[0]
    full = upright(full, header.orientation) if full is not None else None
    return Reduced(picture, *sides, divisor, whole, header, full)


def _divisor(header: Header, least: int) -> int:
    """By how much a picture may be reduced while it is decoded."""
    if header.format != "JPEG" or header.reader != "opencv":
        return 1
    long, short = max(header.width, header.height), min(header.width, header.height)
    return max((by for by in _REDUCED_BY if long >= by * least and short >= by * NARROWEST), default=1)


def _decode(data: bytes, header: Header, divisor: int, checked: bool = False) -> tuple[Picture, bool]:
    """The picture, and whether it is whole (see Reduced). checked: whether it is known to be undamaged."""
    expected = -(-header.height // divisor), -(-header.width // divisor)
    if header.reader == "opencv":
        checking = header.format == "JPEG" and not checked
        found = decode_checked_jpeg(data, expected[::-1] if divisor > 1 else None) if checking else None
        picture, whole = (found, True) if found is not None else _by_opencv(header, data, divisor)
    else:
        picture, whole = _READERS[header.reader](header, data)
    sides = {picture.shape[:2], picture.shape[1::-1]}  # TIFF arrives turned already
    if expected not in (sides if header.format == "TIFF" else {picture.shape[:2]}):
        raise UnreadableImage(
            FailureKind.DAMAGED,
            f"damaged {header.format} file: its header says {header.width} x {header.height} pixels, "
            f"the picture in it has {picture.shape[1]} x {picture.shape[0]}",
        )
    check_parts(data, header.format)  # what a decoder has to say is said first
    return upright(picture, header.orientation), whole


def shrink(picture: Picture, side: int) -> Picture:
    """The whole picture, squeezed to a square `[side, side, 3]`, as a network takes it. 5 ms for 12 megapixels."""
    height, width = picture.shape[:2]
    # Averaging is right where a side shrinks and wrong where it grows; of a long narrow picture one does each.
    small = average(picture, (min(width, side), min(height, side)))
    square: Picture = cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR)
    return square


def _probe(data: bytes, max_pixels: int) -> Header:
    header = probe(data)
    check_pixels(header, max_pixels)
    return header


def check_pixels(header: Header, max_pixels: int) -> None:
    """Raise UnreadableImage for a picture of more than `max_pixels`."""
    pixels = header.width * header.height
    if pixels > max_pixels:
        raise UnreadableImage(
            FailureKind.TOO_LARGE,
            f"larger than the limit: {header.width} x {header.height} = {pixels / 1e6:,.6g} megapixels; "
            f"the limit is {max_pixels / 1e6:,.6g} (IMAGESIEVE_MAX_PIXELS)",
        )


def _by_opencv(header: Header, data: bytes, divisor: int) -> tuple[Picture, bool]:
    # Deep and transparent pictures are taken as stored; for JPEG, which is neither, OpenCV makes RGB at once.
    jpeg = header.format == "JPEG"
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION if jpeg else cv2.IMREAD_UNCHANGED
    if divisor > 1:
        flags |= _REDUCED_BY[divisor]
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # the error below says it once
    try:
        pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(for_opencv(data), np.uint8), flags)
    except (cv2.error, MemoryError) as error:
        raise UnreadableImage(
            FailureKind.DAMAGED, f"the {header.format} decoder refuses it: {getattr(error, 'err', error)}"
        ) from error
    if pixels is None:
        raise UnreadableImage(FailureKind.DAMAGED, f"truncated or damaged {header.format} file")
    if jpeg:
        return pixels.astype(np.uint8, copy=False), True
    whole = pixels.dtype == np.uint8 and (pixels.ndim == 2 or pixels.shape[2] == 3 or pixels[..., -1].min() == 255)
    if header.format == "Radiance HDR":
        # Linear light, in which 1 is white: cut there and bent as screens expect it.
        pixels = np.clip(pixels, 0, 1) ** (1 / 2.2)
    return to_rgb(pixels), bool(whole)


def for_opencv(data: bytes) -> bytes:
    """A file as OpenCV takes it: it looks at the first 32 bytes, and a WebP of one colour has fewer."""
    return data + bytes(max(0, _LEAST_BYTES - len(data)))


def _by_values(header: Header, data: bytes) -> tuple[Picture, bool]:
    values = read_values(header, data)
    channels = 1 if values.ndim == 2 else values.shape[2]
    whole = values.dtype == np.uint8 and (channels in (1, 3) or bool(values[..., -1].min() == 255))
    # Of the others more may be stored than comes out here: inks, depths, layers.
    if channels > 2:
        values = values[..., [2, 1, 0, *range(3, channels)]]
    return to_rgb(values), whole and header.reader in _WHOLE


def read_values(header: Header, data: bytes) -> NDArray[Any]:
    """Grey `[h, w]`, or RGB with alpha last, of a picture that a module of ours reads. Errors as `decode`."""
    try:
        return OURS[header.reader](data)
    except UnreadableImage:
        raise
    except Exception as error:  # hostile values make libtiff and NumPy raise many a type
        raise refusal(header, error) from error


def _by_pillow(header: Header, data: bytes) -> tuple[Picture, bool]:
    image = open_by_pillow(header, data)
    try:
        return _rgb(image)
    except Exception as error:  # hostile pixels make Pillow raise nearly any type
        raise refusal(header, error) from error


def _by_raw(_: Header, data: bytes) -> tuple[Picture, bool]:
    """The preview, as it lies in the file: the header of the whole file says how it is turned."""
    coded = read_preview(data).coded
    return _decode(coded, replace(probe(coded), orientation=1), 1)


def _rgb(image: Image.Image) -> tuple[Picture, bool]:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return to_rgb(np.asarray(image)), False
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB")), True
    with_alpha = np.asarray(image.convert("RGBA"))
    alpha = with_alpha[..., 3]
    return over_white(np.ascontiguousarray(with_alpha[..., :3]), alpha), bool(alpha.min() == 255)


def upright(picture: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn and mirror as EXIF's tag 0x0112 asks; the table of JEITA CP-3451, section 4.6.4."""
    if orientation in _TURNED:
        picture = cv2.transpose(picture)
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return picture if flip is None else cv2.flip(picture, flip)


_READERS: Final[dict[str, Callable[[Header, bytes], tuple[Picture, bool]]]] = {
    "pillow": _by_pillow,
    "raw": _by_raw,
    "heif": lambda _, data: show_heif(decode_heif(data)),
    "jxl": lambda _, data: show_jxl(data),
    **dict.fromkeys(OURS, _by_values),
}
