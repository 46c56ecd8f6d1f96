"""The frames of a JPEG XL codestream, from their headers alone: ISO/IEC 18181-1, annex F. No pixel is decoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from worker.engine.picture.jxl_bits import Bits
from worker.engine.picture.jxl_entropy import Numbers
from worker.engine.picture.jxl_header import JxlHeader

REGULAR, _SMALL, REFERENCE, _PROGRESSIVE = range(4)  # kinds; a small frame is a later one at an eighth of its size
_USES_SMALL: Final = 32  # a flag
_CROP: Final = ((8, 0), (11, 256), (14, 2304), (30, 18688))
_PART: Final = ((10, 0), (14, 1024), (22, 17408), (30, 4211712))
_SHIFTS: Final = ((0, 0), (1, 1), (1, 0), (0, 1))  # by which the colours of JPEG are halved across and down
_REPLACE, _BLEND, _ADD_WEIGHTED, _MULTIPLY = 0, 2, 3, 4
_MOST_FRAMES: Final = 10_000
_MOST_PARTS: Final = 1_000_000  # of all frames
_ORDER_CONTEXTS: Final = 8
_GROUP: Final = 128  # pixels of the side of the smallest group


@dataclass(slots=True)
class Frame:
    """kind: such as REGULAR. width, height: pixels as coded. duration: how long it is shown, in ticks. last: whether
    nothing follows. cropped: whether it is a part of the picture.
    """

    kind: int = REGULAR
    width: int = 0
    height: int = 0
    duration: int = 0
    last: bool = True
    cropped: bool = False
    modular: bool = False
    upsampling: int = 1
    level: int = 0
    group: int = 1
    passes: int = 1
    halved: tuple[int, int] = (0, 0)

    @property
    def pixels(self) -> int:
        """How many are coded."""
        return self.width * self.height >> 6 * self.level

    @property
    def shown(self) -> bool:
        """Whether it is one that is looked at, not a step on the way to one."""
        return self.kind in (REGULAR, _PROGRESSIVE) and (self.last or self.duration > 0)


def read_frames(stream: bytes, header: JxlHeader) -> Iterator[Frame]:
    """Each frame of a codestream, up to the last one; the preview is passed over.

    Raises ValueError where headers make no sense, or the last frame does not end before the file does. 0.1 ms each.
    """
    at, parts = header.end, 0
    if header.preview != (0, 0):
        _, at, parts = _read_frame(stream, at, header, header.preview)
    for _ in range(_MOST_FRAMES):
        frame, at, count = _read_frame(stream, at, header, (header.width, header.height))
        parts += count
        if parts > _MOST_PARTS:
            raise ValueError(f"more than {_MOST_PARTS:,} parts of frames")
        yield frame
        if frame.last:
            header.behind = at
            return
    raise ValueError(f"more than {_MOST_FRAMES:,} frames")


def _read_frame(stream: bytes, at: int, header: JxlHeader, sides: tuple[int, int]) -> tuple[Frame, int, int]:
    """A frame, the byte behind it, and how many parts it has."""
    bits = Bits(stream, 8 * at)
    frame = Frame(width=sides[0], height=sides[1])
    if not bits.flag():
        _read_head(bits, frame, header)
    count = _count_parts(frame)
    if count > min(_MOST_PARTS, len(stream)):  # each has a size of more than a byte
        raise ValueError("its end is missing")
    if bits.flag():
        _pass_order(bits, count)
    bits.align()
    size = sum(bits.choice(*_PART) for _ in range(count))
    bits.align()
    end = (bits.at >> 3) + size
    if end > len(stream):
        raise ValueError("its end is missing")
    return frame, end, count


def _read_head(bits: Bits, frame: Frame, header: JxlHeader) -> None:
    further = len(header.channels)
    frame.kind, frame.modular, flags = bits.read(2), bits.flag(), bits.large()
    if not header.mixed and bits.flag() and not flags & _USES_SMALL:  # colours as in a JPEG
        modes = [_SHIFTS[bits.read(2)] for _ in range(3)]
        frame.halved = max(across for across, _ in modes), max(down for _, down in modes)
    if not flags & _USES_SMALL:
        frame.upsampling = 1 << bits.read(2)
        bits.skip(2 * further)
    if frame.modular:
        frame.group = bits.read(2)
    elif header.mixed:
        bits.skip(6)
    if frame.kind != REFERENCE:
        _read_passes(bits, frame)
    if frame.kind == _SMALL:
        frame.level = bits.read(2) + 1
        partial = False
    else:
        partial = bits.flag() and _read_crop(bits, frame)
    _read_place(bits, frame, header, partial)
    bits.text()
    _pass_filters(bits, frame.modular)
    bits.extensions()


def _read_place(bits: Bits, frame: Frame, header: JxlHeader, partial: bool) -> None:
    """How a frame is laid over those before, how long it is shown, and where it is kept."""
    further, replaces = len(header.channels), True
    frame.last = False
    if frame.kind in (REGULAR, _PROGRESSIVE):
        replaces = _read_blending(bits, further, partial) == _REPLACE
        for _ in range(further):
            _read_blending(bits, further, partial)
        if header.animated:
            frame.duration = bits.choice(0, 1, (8, 0), (32, 0))
            bits.skip(32 * header.timed)
        frame.last = bits.flag() and frame.kind == REGULAR
    kept = 0 if frame.kind == _SMALL or frame.last else bits.read(2)
    referred = not frame.last and frame.kind != _SMALL and (frame.duration == 0 or kept != 0)
    if frame.kind == REFERENCE or (referred and replaces and not partial):
        bits.flag()


def _read_passes(bits: Bits, frame: Frame) -> None:
    frame.passes = bits.choice(1, 2, 3, (3, 4))
    if frame.passes > 1:
        halvings = bits.choice(0, 1, 2, (1, 3))
        bits.skip(2 * (frame.passes - 1) + 2 * halvings)
        for _ in range(halvings):
            bits.choice(0, 1, 2, (3, 0))


def _read_crop(bits: Bits, frame: Frame) -> bool:
    """Whether some of the picture is left out."""
    left = top = 0
    whole = frame.width, frame.height
    if frame.kind != REFERENCE:
        left, top = ((packed >> 1) ^ -(packed & 1) for packed in (bits.choice(*_CROP), bits.choice(*_CROP)))
    sides = bits.choice(*_CROP), bits.choice(*_CROP)
    frame.width, frame.height = sides[0] or frame.width, sides[1] or frame.height
    frame.cropped = True
    return frame.kind != REFERENCE and (left > 0 or top > 0 or sides[0] + left < whole[0] or sides[1] + top < whole[1])


def _read_blending(bits: Bits, further: int, partial: bool) -> int:
    """How a frame, or a channel of it, is laid over those before."""
    mode = bits.choice(0, 1, 2, (2, 3))
    weighted = further > 0 and mode in (_BLEND, _ADD_WEIGHTED)
    if weighted:
        bits.choice(0, 1, 2, (3, 3))
    if weighted or mode == _MULTIPLY:
        bits.flag()
    if mode != _REPLACE or partial:
        bits.read(2)
    return mode


def _pass_filters(bits: Bits, modular: bool) -> None:
    if bits.flag():
        return
    if bits.flag() and bits.flag():
        bits.skip(96)
    if bits.read(2):
        if not modular and bits.flag():
            bits.skip(128)
        if bits.flag():
            bits.skip(80)
        if bits.flag():
            bits.skip(48 if modular else 64)
        if modular:
            bits.skip(16)
    bits.extensions()


def _count_parts(frame: Frame) -> int:
    """How many parts its pixels lie in."""
    coded = (_up(side, 8**frame.level) for side in (frame.width, frame.height))
    across, down = (_up(side, frame.upsampling) for side in coded)
    side = _GROUP << frame.group
    groups = _up(across, side) * _up(down, side)
    if groups == 1 and frame.passes == 1:
        return 1
    wide, high = (_up(length, 8 << half) << half for length, half in zip((across, down), frame.halved, strict=True))
    return 2 + _up(wide, side) * _up(high, side) + groups * frame.passes


def _up(length: int, by: int) -> int:
    """A quotient, rounded up."""
    return -(-length // by)


def _pass_order(bits: Bits, count: int) -> None:
    """Pass over the order in which the parts lie."""
    numbers, last = Numbers(bits, _ORDER_CONTEXTS), 0
    moved = numbers.read(min(count.bit_length(), _ORDER_CONTEXTS - 1))
    if moved > count:
        raise ValueError("an order of parts that makes no sense")
    for _ in range(moved):
        last = numbers.read(min(last.bit_length(), _ORDER_CONTEXTS - 1))
    numbers.finish()
