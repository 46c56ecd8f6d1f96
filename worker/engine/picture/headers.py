"""Size and orientation of a picture from its header alone; no pixel is decoded.

Where Pillow opens a format lazily its plugin reads the header. The other formats are those Pillow does not know, reads
only in part, or opens at a cost that grows with the picture.
"""

import io
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.avif import is_cropped, is_whole
from worker.engine.picture.bmp import read_fields
from worker.engine.picture.containers import check_scans, chunks, gif_size, segments
from worker.engine.picture.formats import CAMERA_RAW, CONVERT, Reader, recognise
from worker.engine.picture.heif import read_heif_header
from worker.engine.picture.jpeg_2000 import read_jpeg_2000, reader_of
from worker.engine.picture.jxl import read_jxl_header
from worker.engine.picture.pnm import read_pnm_header
from worker.engine.picture.psd import read_psd
from worker.engine.picture.raw import is_raw_tiff, read_preview
from worker.engine.picture.tiff_header import read_tiff_header

_ORIENTATION: Final = 0x0112
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of a frame, whatever its coding
_USUAL, _LOSSLESS = (0xC0, 0xC1, 0xC2), 0xC3
_RARE: Final = dict.fromkeys(range(0xC9, 0xCC), "arithmetic")
_OPENCV: Final[Reader] = "opencv"
_START_OF_SCAN: Final = 0xDA
_SUN_KINDS: Final = range(4)  # old, plain, in run-lengths, red first
_ODD_DEPTH: Final = 15  # of a TGA


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says. width, height: pixels as stored. orientation: EXIF's 1 to 8, 1 where there is none.

    reader: what decodes this picture rightly: a library, or a module of this room. bits: of a value, 0 where only the
    decoder knows.
    """

    format: str
    width: int
    height: int
    orientation: int = 1
    reader: Reader = "opencv"
    bits: int = 0


def probe(data: bytes) -> Header:
    """Read the header of an image file. Raises UnreadableImage. Costs about 0.1 ms, whatever the picture's size."""
    return _read(data, _READERS)


def probe_beginning(data: bytes) -> Header:
    """The same of the first bytes of a file that has more: nothing is said of what lies behind them.

    Of camera raw, whose previews may lie anywhere, width and height are 0. Raises UnreadableImage, of kind DAMAGED also
    where these bytes do not reach to all of the header. Orientation may be missing.
    """
    if recognise(data) == "TIFF" and is_raw_tiff(data):
        return _SIZELESS_RAW
    return _read(data, _READERS_OF_BEGINNINGS)


def _read(data: bytes, readers: "_Readers") -> Header:
    name = recognise(data)
    try:
        header = readers[name](data)
    except UnreadableImage:
        raise
    except Exception as error:  # a hostile header makes Pillow raise nearly any type
        raise UnreadableImage(
            FailureKind.DAMAGED,
            f"{name} file whose header cannot be read: damaged, or of a kind not supported here ({error})",
        ) from error
    if (header.width < 1 or header.height < 1) and header is not _SIZELESS_RAW:
        raise UnreadableImage(
            FailureKind.DAMAGED, f"damaged {name} file: its header says {header.width} x {header.height} pixels"
        )
    return header


def _exif_orientation(block: bytes) -> int:
    """Orientation in an EXIF block; 1 where the block is broken, which takes nothing from the picture."""
    exif = Image.Exif()
    try:
        exif.load(block)
        value = exif.get(_ORIENTATION, 1)
    except Exception:  # as hostile as a header
        return 1
    return int(value) if value in range(1, 9) else 1


def _lazily(plugin: Callable[[io.BytesIO], ImageFile], data: bytes) -> ImageFile:
    # Pillow's own limit is process-wide and may lie below the caller's, who judges by this header before any pixel.
    Image.MAX_IMAGE_PIXELS = None
    return plugin(io.BytesIO(data))


def _plugin(name: str, plugin: Callable[[io.BytesIO], ImageFile]) -> Callable[[bytes], Header]:
    """Reader of the header of a format without orientation, which Pillow also decodes."""

    def read(data: bytes) -> Header:
        width, height = _lazily(plugin, data).size
        return Header(name, width, height, reader="pillow")

    return read


def _unsupported(name: str, what: str) -> UnreadableImage:
    """Refusal of an intact file."""
    return UnreadableImage(FailureKind.UNSUPPORTED, f"{name} picture {what}: {CONVERT}")


def _jpeg(data: bytes, whole: bool = True) -> Header:
    """ITU-T T.81, annex B. Also sees to it that the end is there: decoders paint what a zero-filled download lacks.

    whole: whether the data are all of the file.
    """
    size, orientation, reader = None, 0, _OPENCV
    for marker, start, length in segments(data):
        if marker == _START_OF_SCAN:
            if not whole:
                break
            if data.find(b"\xff\xd9", start) < 0:
                raise UnreadableImage(FailureKind.DAMAGED, "truncated JPEG file: its end is missing")
            check_scans(data, start + length)
            break
        if marker in _FRAMES and not size:
            depth, height, width = struct.unpack_from(">BHH", data, start)
            if depth != 8:
                raise _unsupported("JPEG", f"of {depth} bits a sample")
            if marker not in (*_USUAL, _LOSSLESS):
                raise _unsupported("JPEG", f"of a rare coding ({_RARE.get(marker, 'in layers')})")
            size, reader = (width, height), "lossless" if marker == _LOSSLESS else _OPENCV
        if marker == 0xE1 and not orientation and data.startswith(b"Exif\0\0", start):
            orientation = _exif_orientation(data[start : start + length])
    if not size:
        raise ValueError("no size in it")
    return Header("JPEG", size[0], size[1], orientation or 1, reader)


def _avif(data: bytes) -> Header:
    if is_cropped(data):  # the library gives the whole of it
        raise _unsupported("AVIF", "that its file crops (clap)")
    try:
        image = _lazily(AvifImageFile, data)
    except Exception as error:
        # The library opens nothing above a limit of its own; the size stands in the box "ispe".
        if (at := data.find(b"ispe")) < 0:
            if is_whole(data):
                raise _unsupported("AVIF", f"that its decoder does not take ({error})") from error
            raise
        width, height = struct.unpack_from(">II", data, at + 8)
        return Header("AVIF", width, height, reader="pillow")
    width, height = image.size
    return Header("AVIF", width, height, _exif_orientation(image.info.get("exif", b"")), reader="pillow")


def _heic(data: bytes) -> Header:
    width, height, bits = read_heif_header(data)
    return Header("HEIC", width, height, reader="heif", bits=bits)


def _jpeg_xl(data: bytes, whole: bool = True) -> Header:
    width, height, bits = read_jxl_header(data, whole)
    return Header("JPEG XL", width, height, reader="jxl", bits=bits)


def _png(data: bytes, whole: bool = True) -> Header:
    if data[12:16] == b"CgBI":
        raise _unsupported("PNG", "of Apple's own kind (CgBI)")
    if data[12:16] != b"IHDR":
        raise ValueError("another chunk stands before it")
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    orientation, grey_with_transparency = 0, False
    for kind, start, size in chunks(data, 8, "big"):
        if start + size > len(data):
            if not whole:
                break
            # OpenCV would set aside what the chunk claims to hold, up to 4 GB, before it looks.
            raise UnreadableImage(FailureKind.DAMAGED, "truncated or damaged PNG file (a chunk reaches beyond its end)")
        if kind == b"IEND":
            break
        if kind == b"eXIf" and not orientation:  # may stand behind the pixels
            orientation = _exif_orientation(data[start : start + size])
        elif kind == b"tRNS":
            grey_with_transparency = colour == 0 and depth <= 8
    # OpenCV drops the transparency of a grey PNG.
    return Header("PNG", width, height, orientation or 1, "pillow" if grey_with_transparency else "opencv")


def _webp(data: bytes) -> Header:
    """By the container's specification; Pillow would allocate the whole canvas to open it."""
    kind, orientation = data[12:16], 0
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        for name, start, size in chunks(data, 12, "little"):
            if name == b"EXIF" and not orientation:
                orientation = _exif_orientation(data[start : start + size])
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    return Header("WebP", width, height, orientation or 1)


def _tiff(data: bytes) -> Header:
    if is_raw_tiff(data):
        return _camera_raw(data)
    width, height, orientation, reader = read_tiff_header(data)
    # The libraries apply it themselves.
    return Header("TIFF", width, height, orientation if reader == "tiff" else 1, reader=reader)


def _camera_raw(data: bytes) -> Header:
    """Of the preview in it."""
    preview = read_preview(data)
    inner = probe(preview.coded)
    return Header(CAMERA_RAW, inner.width, inner.height, preview.orientation(inner.orientation), "raw")


def _pnm(data: bytes) -> Header:
    if data[1:2] in b"fF":
        words = data[:4096].split(maxsplit=3)
        return Header("PNM", int(words[1]), int(words[2]))
    header = read_pnm_header(data)
    return Header("PNM", header.width, header.height, reader="netpbm")


def _radiance(data: bytes) -> Header:
    found = re.search(rb"\n([-+])([XY])\s+(\d+)\s+[-+][XY]\s+(\d+)\s*\n", data[:65536])
    if not found:
        raise ValueError("no line with its size")
    first, second = int(found[3]), int(found[4])
    width, height = (second, first) if found[2] == b"Y" else (first, second)
    return Header("Radiance HDR", width, height)


def _sun(data: bytes) -> Header:
    width, height, depth, _, kind, mapped = struct.unpack_from(">6I", data, 4)
    if kind not in _SUN_KINDS or (mapped and depth == 1) or (depth == 32 and kind > 1):
        raise _unsupported("Sun raster", f"of kind {kind}, {depth} bits")
    # OpenCV makes black of grey and of 1 bit, and knows neither run-lengths nor red first.
    return Header("Sun raster", width, height, reader="opencv" if depth > 8 and kind < 2 else "pillow")


def _gif(data: bytes) -> Header:
    return Header("GIF", *gif_size(data), reader="pillow")


def _jpeg_2000(data: bytes) -> Header:
    picture = read_jpeg_2000(data)
    return Header("JPEG 2000", picture.width, picture.height, reader=reader_of(picture))


def _bmp(data: bytes) -> Header:
    if fields := read_fields(data):
        return Header("BMP", fields.width, fields.height, reader="bmp")
    return _plugin("BMP", BmpImageFile)(data)


def _psd(data: bytes) -> Header:
    document = read_psd(data)
    return Header("Photoshop", document.width, document.height, reader="psd")


def _tga(data: bytes) -> Header:
    if data[16] == _ODD_DEPTH:
        raise _unsupported("TGA", f"of {_ODD_DEPTH} bits")
    width, height = struct.unpack_from("<HH", data, 12)
    return Header("TGA", width, height, reader="pillow")


def _ico(data: bytes) -> Header:
    """The largest picture of an icon. Its directory may lie about sizes; the pictures themselves are asked."""
    count = int.from_bytes(data[4:6], "little")
    starts = [struct.unpack_from("<I", data, 18 + 16 * number)[0] for number in range(count)]
    width, height = max((_icon_size(data, start) for start in starts), key=lambda size: size[0] * size[1])
    return Header("ICO", width, height, reader="pillow")


def _icon_size(data: bytes, start: int) -> tuple[int, int]:
    if data.startswith(b"\x89PNG", start):
        width, height = struct.unpack_from(">II", data, start + 16)
    else:
        width, height = struct.unpack_from("<ii", data, start + 4)
        height = abs(height) // 2  # picture and mask are stored as one
    return width, height


_Readers = dict[str, Callable[[bytes], Header]]
_READERS: Final[_Readers] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "WebP": _webp,
    "TIFF": _tiff,
    "BMP": _bmp,
    "AVIF": _avif,
    "HEIC": _heic,
    "JPEG 2000": _jpeg_2000,
    "JPEG XL": _jpeg_xl,
    "PNM": _pnm,
    "Radiance HDR": _radiance,
    "Sun raster": _sun,
    "TGA": _tga,
    "Photoshop": _psd,
    CAMERA_RAW: _camera_raw,
    "ICO": _ico,
}
_SIZELESS_RAW: Final = Header(CAMERA_RAW, 0, 0, reader="raw")
_READERS_OF_BEGINNINGS: Final[_Readers] = {
    **_READERS,
    "JPEG": partial(_jpeg, whole=False),
    "PNG": partial(_png, whole=False),
    "JPEG XL": partial(_jpeg_xl, whole=False),
    CAMERA_RAW: lambda _: _SIZELESS_RAW,
}
