"""Damage that the decoders of some formats pass over: in what has a checksum, an end or a size."""

import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from PIL import TiffImagePlugin
from PIL.GifImagePlugin import GifImageFile

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.camera_raw import read_below
from worker.engine.picture.containers import chunks, gif_extent, gif_parts, gif_size
from worker.engine.picture.formats import CAMERA_RAW
from worker.engine.picture.jpeg_damage import check_jpeg
from worker.engine.picture.tiff_header import directory_reader

_DEFLATE: Final = (8, 32946)
_JPEG, _TABLES = 7, 347  # coding of a TIFF, and the tag of the tables that all its strips share
_PIECES: Final = ((TiffImagePlugin.STRIPOFFSETS, TiffImagePlugin.STRIPBYTECOUNTS), (324, 325))  # strips, tiles
_MOST_PAGES: Final = 1000  # that are looked at
_MOST_DIRECTORIES: Final = 16  # of a camera, each of which names as many more
_TIFF_MARKS: Final = (b"II*\0", b"MM\0*")
_AT_ONCE: Final = 1 << 20


def check_parts(data: bytes, name: str) -> None:
    """Raise UnreadableImage for a file of this format of which a part is cut off or does not pass its checksum: the
    frames of an animation and the pages of a TIFF among them, which nobody decodes.

    About 1 ms a megabyte; a TIFF that is packed by deflate or JPEG takes half as long as its decoding.
    """
    try:
        why = _LOOKS[name](data) if name in _LOOKS else ""
    except UnreadableImage:
        raise
    except Exception as error:  # hostile parts make a parser raise nearly any type
        why = str(error) or type(error).__name__
    if why:
        raise UnreadableImage(FailureKind.DAMAGED, f"truncated or damaged {name} file ({why})")


def _png(data: bytes) -> str:
    """Of an animation alone: of other files the decoder looks at all checksums."""
    parts = list(chunks(data, 8, "big")) if b"acTL" in data else []
    for name, at, size in parts:
        if zlib.crc32(data[at - 4 : at + size]).to_bytes(4, "big") != data[at + size : at + size + 4]:
            return f"the checksum of a part {name.decode('latin-1')!a}"
    return ""


def _webp(data: bytes) -> str:
    if int.from_bytes(data[4:8], "little") > len(data) - 8 + 1:
        return "its end is missing"
    return ""


def _gif(data: bytes) -> str:
    end, ends = 0, [(0, 0)]
    try:
        for kind, _, behind, start in gif_parts(data):
            ends += [gif_extent(data, start)] if kind == "picture" else []
            end = behind
    except IndexError:
        return "its end is missing"
    except ValueError:  # some writers put anything behind the last frame
        if not data[end:].strip(b"\0"):
            right, bottom = (max(sides) for sides in zip(*ends, strict=True))
            width, height = gif_size(data)
            if right > width or bottom > height:  # Pillow would make room for it, whatever its size
                return f"a frame that reaches to {right} x {bottom}"
            _load_all(data)
    return ""


def _load_all(data: bytes) -> None:
    """Raises OSError, ValueError or the like where a frame is not whole."""
    with GifImageFile(io.BytesIO(data)) as image:
        for number in range(image.n_frames):
            image.seek(number)
            image.load()


def _tiff(data: bytes) -> str:
    for number, page in enumerate(_pages(data)):
        tables, coding = page.get(_TABLES, b""), page.get(TiffImagePlugin.COMPRESSION, 1)
        for piece in _pieces(data, page):
            if number == 0 and coding in _DEFLATE:
                _unpack(piece)
            elif number == 0 and coding == _JPEG and piece:
                check_jpeg(tables[:-2] + piece[2:] if tables else piece)
    return ""


def _raw(data: bytes) -> str:
    """Of those that are TIFF files: the pixels of the sensor, which nobody decodes."""
    if data[:4] not in _TIFF_MARKS:
        return ""
    for page in islice(_pages(data), _MOST_DIRECTORIES):
        for directory in (page, *read_below(data, page)):
            for _ in _pieces(data, directory):
                pass
    return ""


def _pages(data: bytes) -> Iterator[TiffImagePlugin.ImageFileDirectory_v2]:
    """The tags of each page. Raises nearly anything where they do not parse."""
    stream = io.BytesIO(data)
    page = directory_reader(data)
    seen = set[int]()
    for _ in range(_MOST_PAGES):
        if not page.next:
            return
        if page.next >= len(data):
            raise ValueError("a page is missing")
        if page.next in seen:
            raise ValueError("its pages follow each other in a circle")
        seen.add(page.next)
        stream.seek(page.next)
        page.load(stream)
        yield page


def _pieces(data: bytes, page: Mapping[int, Any]) -> Iterator[bytes]:
    """The strips, or tiles, of a page. Raises ValueError for one that is not in the file."""
    for places, sizes in _PIECES:
        for at, size in zip(page.get(places, ()), page.get(sizes, ()), strict=False):
            if at + size > len(data):
                raise ValueError("its end is missing")
            yield data[at : at + size]


def _unpack(piece: bytes) -> None:
    """Raises zlib.error, ValueError where the data make no sense, have no end, or do not pass their checksum.

    Holds a megabyte at once.
    """
    stream, rest = zlib.decompressobj(), piece
    while rest and not stream.eof:
        stream.decompress(rest, _AT_ONCE)
        rest = stream.unconsumed_tail
    if piece and not stream.eof:
        raise ValueError("packed data without an end")


_LOOKS: Final[dict[str, Callable[[bytes], str]]] = {
    "PNG": _png,
    "WebP": _webp,
    "GIF": _gif,
    "TIFF": _tiff,
    CAMERA_RAW: _raw,
}
