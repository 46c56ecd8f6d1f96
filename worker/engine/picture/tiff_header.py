"""The first directory of a TIFF file, by Pillow's parser of its tags: how its values lie, who reads them rightly."""

import io
from dataclasses import dataclass
from typing import Any, Final

from PIL import TiffImagePlugin

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.formats import CONVERT, Reader

NATURAL, SIGNED, FRACTION = 1, 2, 3  # kinds of values
WHITE_IS_ZERO, GREY, COLOURS, PALETTE, INKS, YCBCR, LAB, ICC_LAB = 0, 1, 2, 3, 5, 6, 8, 9  # photometric interpretations
COLOURS_OF: Final = {WHITE_IS_ZERO: 1, GREY: 1, COLOURS: 3, PALETTE: 1, INKS: 4, LAB: 3, ICC_LAB: 3}
PREMULTIPLIED, ALPHA = 1, 2  # kinds of channels beyond the colours

_MOST_TAGS: Final = 65_536  # there are no more different ones
_ORIENTATION, _SAMPLE_FORMAT, _PREDICTOR, _INK_SET = 274, 339, 317, 332
_TILE_WIDTH, _TILE_LENGTH, _TILE_PLACES, _TILE_SIZES = 322, 323, 324, 325
_STRIPS: Final = (TiffImagePlugin.STRIPOFFSETS, TiffImagePlugin.STRIPBYTECOUNTS)
_CMYK, _VOID, _OF_FRACTIONS = 1, 4, 3  # a set of inks, a kind of values that says nothing, a predictor
_NONE, _OLD_JPEG, _FAX = 1, 6, (2, 3, 4)
_OPENCV_UNPACKS: Final = frozenset({_NONE, 5, 8, 32773, 32946})  # LZW, deflate, PackBits, deflate
_PREDICTED: Final = frozenset({5, 8, 32946, 34925, 50000})  # LZMA and Zstandard, too
_BYTES: Final = _PREDICTED | _OPENCV_UNPACKS  # codings of bytes, whatever these mean
_OPENCV_S: Final = {3: ((),), 4: ((), (ALPHA,))}  # channels of deep colour, and what those beyond the colours are
_OPENCV_S_DEPTHS: Final = {NATURAL: (10, 12, 14, 16, 32), FRACTION: (32, 64)}  # above 8 bits, by kind
_PILLOW_S_PLANES: Final = {COLOURS: ((), (ALPHA,)), INKS: ((),), YCBCR: ((),)}
_DEPTHS: Final = {NATURAL: {*range(1, 17), 32}, SIGNED: {8, 16, 32}, FRACTION: {16, 32, 64}}
_MOST_CHANNELS: Final = 6  # as Pillow has it


@dataclass(frozen=True, slots=True)
class TiffLayout:
    """How the values of a picture lie in its file.

    width, height: pixels, as stored. order: `<` or `>`. bits: of a value. planes: whether each channel stands apart.
    extra: what the channels beyond the colours are. piece: width and height, pixels, of a strip or tile. places, sizes:
    bytes, of each.
    """

    width: int
    height: int
    order: str
    bits: int
    channels: int
    photometric: int
    planes: bool
    extra: tuple[int, ...]
    kind: int
    coding: int
    predictor: int
    fill: int
    tiled: bool
    piece: tuple[int, int]
    places: tuple[int, ...]
    sizes: tuple[int, ...]
    colour_map: tuple[int, ...]

    @property
    def colours(self) -> int:
        """How many channels are colours."""
        return COLOURS_OF[self.photometric]


def read_tiff_header(data: bytes) -> tuple[int, int, int, Reader]:
    """Width and height in pixels, orientation (1 to 8), and the reader.

    Raises UnreadableImage for what no reader takes rightly, nearly anything for tags that make no sense.
    """
    tags = first_directory(data)
    reader = _reader(data, tags)
    turned = tags.get(_ORIENTATION, 1)
    width, height = int(tags[TiffImagePlugin.IMAGEWIDTH]), int(tags[TiffImagePlugin.IMAGELENGTH])
    return width, height, turned if turned in range(1, 9) else 1, reader


def first_directory(data: bytes) -> Any:
    """Raises nearly anything where it does not parse."""
    tags, stream = directory_reader(data), io.BytesIO(data)
    entries = int.from_bytes(data[tags.next : tags.next + 8], "little" if data[:1] == b"I" else "big")
    if _is_big(data) and entries > _MOST_TAGS:
        raise ValueError(f"a directory of {entries:,} entries")
    stream.seek(tags.next)
    tags.load(stream)
    return tags


def directory_reader(data: bytes) -> Any:
    """Pillow's parser of tags, which knows large files by the third byte, and so no big-endian ones."""
    start = b"II+\0" + data[4:16] if _is_big(data) else data[:8]
    return TiffImagePlugin.ImageFileDirectory_v2(start, prefix=data[:2])


def _is_big(data: bytes) -> bool:
    return data[2:4] in (b"+\0", b"\0+")


def _reader(data: bytes, tags: Any) -> Reader:
    """Who reads it rightly: measured on files of each kind (tests/unit/test_tiff.py)."""
    coding, photometric = tags.get(TiffImagePlugin.COMPRESSION, _NONE), _photometric(tags)
    if coding not in TiffImagePlugin.COMPRESSION_INFO:
        raise unsupported(f"with compression {coding}")
    if photometric == INKS and tags.get(_INK_SET, _CMYK) != _CMYK:
        raise unsupported("of inks that are not cyan, magenta, yellow and black")
    kinds, bits, channels = set(tags.get(_SAMPLE_FORMAT, (NATURAL,))), _bits(tags), _channels(tags)
    # Pillow does not turn them; where nothing says which is white they are as they should be.
    if TiffImagePlugin.PHOTOMETRIC_INTERPRETATION in tags and photometric == WHITE_IS_ZERO and kinds - {NATURAL, _VOID}:
        raise unsupported("in which 0 is white, of values that are no natural numbers")
    deep_colour = photometric == COLOURS and bits[0] > 8 and _extra(tags) in _OPENCV_S.get(channels, ())
    deep_grey = photometric == GREY and bits == (64,)
    known = coding in _OPENCV_UNPACKS and bits[0] in _OPENCV_S_DEPTHS.get(max(kinds), ())
    if (deep_colour or deep_grey) and known and not _in_planes(tags):
        return "opencv"
    if data[2:4] != b"\0+" and _pillow_reads(tags, photometric, bits, coding):
        return "pillow"
    read_tiff_layout(tags)  # raises where it is of another kind
    return "tiff"


def _pillow_reads(tags: Any, photometric: int, bits: tuple[int, ...], coding: int) -> bool:
    """Whether Pillow has it in its table, and what it does with it is right: the rest it cuts off, swaps or wraps."""
    kinds = tuple(tags.get(_SAMPLE_FORMAT, (NATURAL,)))
    kinds = kinds[:1] if len(set(kinds)) == 1 else kinds
    key = tags.prefix, photometric, kinds, tags.get(TiffImagePlugin.FILLORDER, 1), bits, _extra(tags)
    if coding == _OLD_JPEG:
        return True
    too_deep = max(bits) > (1 if coding in _FAX else 8) and coding not in _BYTES
    if key not in TiffImagePlugin.OPEN_INFO or too_deep:
        return False
    if _in_planes(tags) and len(bits) > 1:
        return max(bits) == 8 and _extra(tags) in _PILLOW_S_PLANES.get(photometric, ())
    wraps, cuts_off = (kinds, bits) == ((NATURAL,), (32,)), photometric == COLOURS and max(bits) > 8
    return not wraps and not cuts_off


def read_tiff_layout(tags: Any) -> TiffLayout:
    """Raises UnreadableImage for a layout that `worker.engine.picture.tiff_values` does not read, nearly anything for
    tags that make no sense.
    """
    bits, kinds, photometric = set(_bits(tags)), set(tags.get(_SAMPLE_FORMAT, (NATURAL,))), _photometric(tags)
    kind = NATURAL if kinds == {_VOID} else min(kinds)
    coding, predictor = tags.get(TiffImagePlugin.COMPRESSION, _NONE), tags.get(_PREDICTOR, 1)
    channels, width = _channels(tags), int(tags[TiffImagePlugin.IMAGEWIDTH])
    if coding not in _BYTES or photometric not in COLOURS_OF or len(kinds) > 1 or len(bits) > 1:
        raise unsupported(f"with such channels or depths (compression {coding}, photometric {photometric})")
    if photometric not in (WHITE_IS_ZERO, GREY, COLOURS) and (kind != NATURAL or min(bits) > 16):
        raise unsupported(f"of such values (kind {kind}, {min(bits)} bits, photometric {photometric})")
    if min(bits) not in _DEPTHS.get(kind, ()) or not COLOURS_OF[photometric] <= channels <= _MOST_CHANNELS:
        raise unsupported(f"with such channels or depths ({channels} of {min(bits)} bits)")
    if coding not in _PREDICTED:
        predictor = 1
    if (
        predictor not in (1, 2, 3)
        or (predictor > 1 and min(bits) % 8)
        or (predictor == _OF_FRACTIONS and kind != FRACTION)
    ):
        raise unsupported(f"with predictor {predictor} for {min(bits)} bits")
    tiled, height = _TILE_WIDTH in tags, int(tags[TiffImagePlugin.IMAGELENGTH])
    rows = min(tags.get(TiffImagePlugin.ROWSPERSTRIP, height), height)
    places, sizes = (_TILE_PLACES, _TILE_SIZES) if tiled else _STRIPS
    return TiffLayout(
        width, height, "<" if tags.prefix == b"II" else ">", min(bits), channels, photometric, _in_planes(tags),
        _extra(tags), kind, coding, predictor, tags.get(TiffImagePlugin.FILLORDER, 1), tiled,
        (tags[_TILE_WIDTH], tags[_TILE_LENGTH]) if tiled else (width, rows),
        tuple(tags[places]), tuple(tags[sizes]), tuple(tags.get(TiffImagePlugin.COLORMAP, ())),
    )  # fmt: skip


def unsupported(what: str) -> UnreadableImage:
    """Refusal of an intact file. what: `with ...` or `of ...`."""
    return UnreadableImage(FailureKind.UNSUPPORTED, f"TIFF picture {what}: {CONVERT}")


def _photometric(tags: Any) -> int:
    return int(tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, WHITE_IS_ZERO))


def _channels(tags: Any) -> int:
    return int(tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1))


def _bits(tags: Any) -> tuple[int, ...]:
    """Of each channel; some writers say it once for all."""
    bits, channels = tuple(tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,))), _channels(tags)
    return bits * min(channels, _MOST_CHANNELS) if len(bits) == 1 else bits[:channels]


def _extra(tags: Any) -> tuple[int, ...]:
    return tuple(tags.get(TiffImagePlugin.EXTRASAMPLES, ()))


def _in_planes(tags: Any) -> bool:
    return bool(tags.get(TiffImagePlugin.PLANAR_CONFIGURATION, 1) == 2) and _channels(tags) > 1
