"""What the header of a JPEG XL codestream says of its picture: ISO/IEC 18181-1, annexes D and E."""

from dataclasses import dataclass, field
from typing import Final

from worker.engine.picture.jxl_bits import Bits, unsupported
from worker.engine.picture.jxl_icc import read_icc

_MOST_CHANNELS: Final = 4  # beside the colours; the decoder holds them all
_RATIOS: Final = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDE: Final = ((9, 1), (13, 1), (18, 1), (30, 1))
_OPSIN: Final = 16  # numbers
_KERNELS: Final = (15, 55, 210)  # numbers of each

GREY, RGB, XYB = 1, 0, 2  # colour spaces
D65, SRGB = 1, 1  # a white point, primaries
SRGB_CURVE: Final = 13
ALPHA, BLACK = 0, 4  # kinds of further channels
_OF_CHANNELS: Final = {1: "a depth map", 2: "a spot colour", 3: "a mask", 5: "a sensor's mosaic", 6: "a thermal image"}

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Colours:
    """What values mean. space: GREY, RGB or XYB. white, primaries: a number of the standard's or coordinates x, y.
    curve: a number of the standard's, or the exponent that values were raised to. icc: its profile, "" for none.
    """

    space: int = RGB
    white: int | Point = D65
    primaries: int | tuple[Point, ...] = SRGB
    curve: int | float = SRGB_CURVE
    icc: bytes = b""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that is no colour. kind: ALPHA, BLACK or another. multiplied: whether colours have been by it."""

    kind: int = ALPHA
    bits: int = 8
    multiplied: bool = False

    @property
    def words(self) -> str:
        """What it is, for people."""
        return _OF_CHANNELS.get(self.kind, "a further channel")


@dataclass(slots=True)
class JxlHeader:
    """width, height: pixels as stored. orientation: EXIF's 1 to 8. bits: of a value; fraction: whether it is one.
    mixed: whether pixels are coded in the colour space of the eye (XYB): the decoder may give them in any other.
    white_nits: how bright the greatest value is. preview: sides of the small picture before it, (0, 0) for none.
    spots: the bits at which colours, brightness and profile begin and end. end: the byte at which frames begin.
    behind: the byte behind the last of them, once they have been read.
    """

    width: int = 0
    height: int = 0
    orientation: int = 1
    bits: int = 8
    fraction: bool = False
    mixed: bool = True
    colours: Colours = field(default_factory=Colours)
    white_nits: float = 255.0
    channels: tuple[Channel, ...] = ()
    animated: bool = False
    timed: bool = False
    preview: tuple[int, int] = (0, 0)
    spots: dict[str, tuple[int, int]] = field(default_factory=dict)
    end: int = 0
    behind: int = 0


def read_codestream_header(stream: bytes) -> JxlHeader:
    """The header of a codestream, its colour profile included. Raises ValueError.

    0.1 ms; a profile of 3 kB takes 10.
    """
    bits, found = Bits(stream, 16), JxlHeader()
    found.width, found.height = _read_size(bits)
    if not bits.flag():
        _read_metadata(bits, found)
    start = bits.at
    if not bits.flag():
        if found.mixed and not bits.flag():
            bits.skip(16 * _OPSIN)
        which = bits.read(3)
        bits.skip(16 * sum(size for place, size in enumerate(_KERNELS) if which >> place & 1))
    found.spots["transform"] = start, bits.at
    if "profile" in found.spots:
        start = bits.at
        found.colours = Colours(found.colours.space, icc=read_icc(bits))
        found.spots["profile"] = start, bits.at
    bits.align()
    found.end = bits.at >> 3
    return found


def _read_size(bits: Bits) -> tuple[int, int]:
    small = bits.flag()
    height = 8 * (bits.read(5) + 1) if small else bits.choice(*_SIDE)
    if ratio := bits.read(3):
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return 8 * (bits.read(5) + 1) if small else bits.choice(*_SIDE), height


def _read_preview(bits: Bits) -> tuple[int, int]:
    eighths = bits.flag()
    ways = (16, 32, (5, 1), (9, 33)) if eighths else ((6, 1), (8, 65), (10, 321), (12, 1345))
    unit = 8 if eighths else 1
    height = unit * bits.choice(*ways)
    if ratio := bits.read(3):
        across, down = _RATIOS[ratio - 1]
        return height * across // down, height
    return unit * bits.choice(*ways), height


def _read_metadata(bits: Bits, found: JxlHeader) -> None:
    more = bits.flag()
    if more:
        found.orientation = bits.read(3) + 1
        if bits.flag():
            _read_size(bits)  # as which it should be shown
        found.preview = _read_preview(bits) if bits.flag() else (0, 0)
        found.animated = bits.flag()
        if found.animated:
            bits.choice(100, 1000, (10, 1), (30, 1))
            bits.choice(1, 1001, (8, 1), (10, 1))
            bits.choice(0, (3, 0), (16, 0), (32, 0))
            found.timed = bits.flag()
    found.bits, found.fraction = _read_depth(bits)
    bits.flag()
    count = bits.choice(0, 1, (4, 2), (12, 1))
    found.channels = tuple(_read_channel(bits) for _ in range(count))
    found.mixed = bits.flag()
    start = bits.at
    found.colours = _read_colours(bits, found)
    found.spots["colours"] = start, bits.at
    if more:
        start = bits.at
        if not bits.flag():
            found.white_nits = bits.fraction()
            bits.skip(16)
            bits.skip(17)
            if found.white_nits <= 0:
                raise ValueError("a picture without light")
        found.spots["brightness"] = start, bits.at
    bits.extensions()


def check_supported(found: JxlHeader) -> None:
    """Raise UnreadableImage for an intact picture of a kind that is not read."""
    if found.colours.space not in (RGB, GREY):
        raise unsupported(f"in colour space {found.colours.space}")
    if any(channel.kind == BLACK for channel in found.channels):
        raise unsupported("in CMYK")
    if len(found.channels) > _MOST_CHANNELS:
        raise unsupported(f"with {len(found.channels)} channels beside its colours")
    if found.fraction and found.bits not in (16, 32):
        raise unsupported(f"of fractions of {found.bits} bits")


def _read_depth(bits: Bits) -> tuple[int, bool]:
    if not bits.flag():
        depth = bits.choice(8, 10, 12, (6, 1))
        if depth > 31:
            raise ValueError(f"{depth} bits of a value")
        return depth, False
    depth, exponent = bits.choice(32, 16, 24, (6, 1)), bits.read(4) + 1
    if not 2 <= exponent <= 8 or not 2 <= depth - exponent - 1 <= 23:
        raise ValueError("fractions that make no sense")
    return depth, True


def _read_channel(bits: Bits) -> Channel:
    if bits.flag():
        return Channel()
    kind, (depth, _) = bits.name(), _read_depth(bits)
    bits.choice(0, 3, 4, (3, 1))  # how much smaller it is
    bits.text()
    multiplied = kind == ALPHA and bits.flag()
    if kind == 2:
        bits.skip(64)
    elif kind == 5:
        bits.choice(1, (2, 0), (4, 3), (8, 19))
    return Channel(kind, depth, multiplied)


def _read_colours(bits: Bits, found: JxlHeader) -> Colours:
    if bits.flag():
        return Colours()
    profile, space = bits.flag(), bits.name()
    if profile:
        found.spots["profile"] = (0, 0)  # stands behind all else
        return Colours(space)
    white: int | Point = D65
    primaries: int | tuple[Point, ...] = SRGB
    if space != XYB:
        white = bits.name()
        white = _read_point(bits) if white == 2 else white
    if space not in (XYB, GREY):
        primaries = bits.name()
        primaries = (_read_point(bits), _read_point(bits), _read_point(bits)) if primaries == 2 else primaries
    curve: int | float = SRGB_CURVE
    if space != XYB:
        curve = bits.read(24) / 1e7 if bits.flag() else bits.name()
    bits.name()  # rendering intent
    return Colours(space, white, primaries, curve)


def _read_point(bits: Bits) -> Point:
    def coordinate() -> float:
        packed = bits.choice((19, 0), (19, 524288), (20, 1048576), (21, 2097152))
        return (packed >> 1 if packed & 1 == 0 else -(packed >> 1) - 1) / 1e6

    return coordinate(), coordinate()
