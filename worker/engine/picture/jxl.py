"""JPEG XL pictures, decoded by libjxl through imagecodecs, which is an extra of its own (`jxl`).

The decoder gets a codestream whose header and frames have been looked at here, and none of the boxes around it. It
turns and mirrors as the codestream asks; an EXIF orientation beside that is not applied. Pixels that are coded in the
colour space of the eye (XYB) it is asked to give in sRGB, whatever their colours were before.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.channels import Picture, over_white, strips
from worker.engine.picture.jxl_bits import unsupported
from worker.engine.picture.jxl_boxes import codestream
from worker.engine.picture.jxl_colours import ABSOLUTE, is_known, is_srgb, to_8_bits, to_srgb
from worker.engine.picture.jxl_frames import Frame, read_frames
from worker.engine.picture.jxl_header import (
    ALPHA,
    GREY,
    Channel,
    JxlHeader,
    check_supported,
    read_codestream_header,
)

_DECODER: Final = "imagecodecs._jpegxl"
_TURNED: Final = (5, 6, 7, 8)
_MOST_WORK: Final = 8  # times as many pixels may be decoded as are shown: frames that lie over each other
_FREE_WORK: Final = 4_000_000  # pixels
_DEEP: Final = 16  # bits of a whole number, above which it is given as a fraction
# In bits, the lowest first. Of grey: some of it is not usual, no profile, grey (10), the white of sRGB (10), no gamma,
# curve 2 + 11 (01 1101), relative to white (10).
_AS_SRGB: Final = "1"
_AS_GREY: Final = "001010001110110"


@dataclass(frozen=True, slots=True)
class JxlFile:
    """A file that was looked at. frames: all of them. stream: the codestream, as it lies in the file."""

    header: JxlHeader
    frames: tuple[Frame, ...]
    stream: bytes

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        sides = self.header.width, self.header.height
        return sides[::-1] if self.header.orientation in _TURNED else sides

    @property
    def alpha(self) -> Channel | None:
        """The first channel of transparency."""
        return next((channel for channel in self.header.channels if channel.kind == ALPHA), None)


def read_jxl(data: bytes) -> JxlFile:
    """What a file says, its pixels apart. Raises UnreadableImage: damaged, not supported, or more pixels to be decoded
    than its picture has. About 0.3 ms, and 10 where it holds a colour profile.
    """
    with _refusing():
        stream = codestream(data)
        header = read_codestream_header(stream)
        frames = tuple(read_frames(stream, header))
        check_supported(header)
        if not is_known(header.colours):
            raise unsupported("of colours that have a number without a meaning")
        shown = next(place for place, frame in enumerate(frames) if frame.shown)
        pixels = sum(frame.pixels for frame in frames[: shown + 1])
        if pixels > _MOST_WORK * header.width * header.height + _FREE_WORK:
            raise ValueError(f"{pixels:,} coded pixels for a picture of {header.width} x {header.height}")
        return JxlFile(header, frames, stream)


def read_jxl_header(data: bytes, whole: bool = True) -> tuple[int, int, int]:
    """Width and height of the upright picture, and the bits of a value. Errors as `read_jxl`; not supported, too, where
    the extra is not installed. whole: whether the bytes are all of the file; else its frames are not looked at.
    """
    file = read_jxl(data) if whole else _read_beginning(data)
    if not _is_installed():
        raise UnreadableImage(
            FailureKind.UNSUPPORTED,
            "JPEG XL picture: not supported without imagesieve[jxl]; install that, or convert it to JPEG or PNG",
        )
    return *file.sides, file.header.bits


def _read_beginning(data: bytes) -> JxlFile:
    with _refusing():
        stream = codestream(data, whole=False)
        header = read_codestream_header(stream)
        check_supported(header)
        return JxlFile(header, (), stream)


def _is_installed() -> bool:
    try:
        return importlib.util.find_spec(_DECODER) is not None
    except ImportError:
        return False


def decode_jxl(data: bytes) -> NDArray[Any]:
    """The values of the first picture, upright: grey `[h, w]`, or with alpha, RGB or RGBA `[h, w, c]`; uint8, uint16
    where 9 to 16 bits are stored, spread over its whole range, else float32 or float16. Raises UnreadableImage.

    Pixels that were coded in XYB are in sRGB, others as they are stored. One thread; 15 to 80 ms a megapixel and up to
    30 bytes a pixel, and 10 more for each channel that is no colour.
    """
    file = read_jxl(data)
    with _refusing():
        return _values(file)


def show_jxl(data: bytes) -> tuple[Picture, bool]:
    """The first picture, in sRGB where its colours have a name and not a profile, over white; and whether nothing is
    left out: 8 bits, opaque, sRGB. Errors as `decode_jxl`; where colours are to be changed 40 ms a megapixel more.
    """
    file = read_jxl(data)
    with _refusing():
        values = _values(file)
        has_alpha = values.ndim == 3 and values.shape[2] in (2, 4)
        colours = values[..., :-1] if has_alpha else values
        if colours.ndim == 3 and colours.shape[2] == 1:
            colours = colours[..., 0]
        as_stored = file.header.mixed or bool(file.header.colours.icc) or is_srgb(file.header.colours)
        shown = to_8_bits(colours) if as_stored else to_srgb(colours, file.header.colours, file.header.white_nits)
        rgb = np.repeat(shown[..., None], 3, axis=2) if shown.ndim == 2 else np.ascontiguousarray(shown)
        if not has_alpha:
            return rgb, as_stored and values.dtype == np.uint8
        alpha = np.ascontiguousarray(to_8_bits(values[..., -1]))
        return over_white(rgb, alpha), as_stored and values.dtype == np.uint8 and bool(alpha.min() == 255)


@contextmanager
def _refusing() -> Iterator[None]:
    """What an error means for people."""
    try:
        yield
    except UnreadableImage:
        raise
    except Exception as error:  # a hostile file makes the decoder's wrapper raise several types
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableImage(FailureKind.DAMAGED, f"truncated or damaged JPEG XL file ({reason})") from error


def _values(file: JxlFile) -> NDArray[Any]:
    import imagecodecs  # an extra

    header, alpha = file.header, file.alpha
    try:
        values = np.asarray(imagecodecs.jpegxl_decode(_in_srgb(file), 0, numthreads=1))
    except imagecodecs.JpegxlError as error:
        raise ValueError(f"its decoder says {str(error).rpartition(' ')[2]}") from error
    if header.colours.space == GREY and header.channels and alpha is None:
        values = values[0]  # the further channels are planes behind it
    channels = (1 if header.colours.space == GREY else 3) + (alpha is not None)
    if values.shape[1::-1] != file.sides or (values.shape[2] if values.ndim == 3 else 1) != channels:
        raise ValueError(f"its header says {file.sides[0]} x {file.sides[1]} pixels, the picture in it is another")
    values = _spread(values, header.bits)
    return _straight(values) if alpha is not None and alpha.multiplied else values


def _in_srgb(file: JxlFile) -> bytes:
    """The codestream, its header changed so that pixels in XYB are given in sRGB; of PQ and HLG, which count in nits,
    with the white of a screen.
    """
    header, stream = file.header, file.stream
    if not header.mixed or "colours" not in header.spots:
        return stream
    first = int.from_bytes(stream[: header.end], "little")
    held = f"{first:0{8 * header.end}b}"[::-1]
    spots = header.spots
    start, end = spots["colours"]
    bits = held[:start] + (_AS_GREY if header.colours.space == GREY else _AS_SRGB)
    if "brightness" in spots and header.colours.curve in ABSOLUTE:
        bits += held[end : spots["brightness"][0]] + "1"
        end = spots["brightness"][1]
    bits += held[end : spots["transform"][1]]
    bits += "0" * (-len(bits) % 8)
    return int(bits[::-1], 2).to_bytes(len(bits) // 8, "little") + stream[header.end :]


def _spread(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Whole numbers over the range of their type, by repeating their upper bits."""
    if values.dtype.kind != "u" or bits > _DEEP or bits == 8 * values.dtype.itemsize:
        return values
    width = 8 * values.dtype.itemsize
    most = (1 << bits) - 1
    out = np.empty_like(values)
    for rows in strips(values):
        part = np.minimum(values[rows], most).astype(np.uint32)
        out[rows] = (part * ((1 << width) - 1) + most // 2) // most
    return out


def _straight(values: NDArray[Any]) -> NDArray[Any]:
    """Colours that were multiplied by their transparency, without it."""
    most = int(np.iinfo(values.dtype).max) if values.dtype.kind == "u" else 1
    out = values.copy()
    for rows in strips(values):
        alpha = np.maximum(values[rows, :, -1:], 1 if most > 1 else 1e-6).astype(np.float32)
        colours = np.minimum(values[rows, :, :-1] * (most / alpha), most)
        out[rows, :, :-1] = np.rint(colours) if most > 1 else colours
    return out
