"""Whether a JPEG file is whole, by the decoder's own word: libjpeg paints what is missing grey, and warns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.containers import all_segments
from worker.engine.picture.formats import CONVERT

Pixels = NDArray[np.uint8]

# What takes nothing from the picture, or is a limit of this decoder and not of its file. All else that libjpeg says, an
# error or a warning, is damage: scans that end too soon, codes that none has, markers that make no sense or are gone.
_HARMLESS: Final = re.compile(
    r"inconsistent progression|could not determine subsampling|unsupported colou?r conversion", re.IGNORECASE
)
# Data that are left when all blocks are there: of a hole the decoder made blocks, too.
_LEFT: Final = re.compile(r"(\d+) extraneous bytes before marker 0x(\w\w)")
_HOLE, _ERASED = bytes(64), b"\xff" * 256  # an eighth and half of the least that a disk or a download loses
_TABLES, _SCAN, _END = 0xC4, 0xDA, 0xD9
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {_TABLES, 0xC8, 0xCC}  # markers of a frame, whatever its coding
_SEQUENTIAL: Final = (0xC0, 0xC1)
_WHOLE_SCAN: Final = b"\0\x3f\0"  # how the head of a scan ends that is not progressive
_USUAL, _YCBCR = b"\1\2\3", b"\1"  # numbers of components, and Adobe's for their coding
_ADOBE, _CODINGS = 0xEE, 2  # says how colours are coded, by a number up to this one
_WHOLE: Final = (0, 0)  # no size to which a picture is reduced
_MANY: Final = 4  # frequencies that are not the same in a row of blocks, whatever the picture
_FEW: Final = 64  # bytes, of what cameras write before the end


def check_jpeg(data: bytes) -> None:
    """Raise UnreadableImage for a JPEG file of which libjpeg says that part of its picture is missing or damaged, in
    which a colour has no scan, or in whose scans there are holes: zeros where its tables make no picture of them.

    Decodes it at an eighth of its size: about 3 ms a megapixel. What this decoder does not read (odd subsampling) is
    not judged.
    """
    _decode(_bare(data).data, "GRAY", (1, 1), fast=True)


def decode_lossless_jpeg(data: bytes) -> Pixels:
    """A JPEG without loss (ITU-T T.81, annex H): grey `[h, w]` or RGB `[h, w, 3]`. Raises UnreadableImage."""
    for colours in ("RGB", "GRAY"):  # this decoder makes neither of the other
        values = _decode(_bare(data).data, colours, _WHOLE, fast=False)
        if values is not None:
            return values if colours == "RGB" else values[..., 0]
    raise UnreadableImage(FailureKind.UNSUPPORTED, f"lossless JPEG picture of such colours: {CONVERT}")


def decode_whole_jpeg(data: bytes) -> Pixels | None:
    """`check_jpeg`, and the picture as it is stored, every pixel of it: RGB `[h, w, 3]`, by the fast transform, which
    may be some levels off. None where this decoder does not read it. About 4 ms a megapixel.
    """
    return _decode(_bare(data).data, "RGB", _WHOLE, fast=True)


def decode_checked_jpeg(data: bytes, size: tuple[int, int] | None = None) -> Pixels | None:
    """`check_jpeg`, and in the same pass the picture as it is stored: RGB `[h, w, 3]`, to the last bit what OpenCV's
    libjpeg-turbo makes of the file. None where that is not sure, or this decoder does not read it.

    size: width and height, pixels, of the picture at a half, a quarter or an eighth, rounded up; whole without it.
    About 3 ms a megapixel of the file.
    """
    bare = _bare(data)
    if bare.usual:
        return _decode(bare.data, "RGB", size or _WHOLE, fast=False)
    _decode(bare.data, "GRAY", (1, 1), fast=True)
    return None


def _decode(bare: bytes, colours: str, size: tuple[int, int], fast: bool) -> Pixels | None:
    """size: width and height down to which the decoder may reduce the picture, by up to 8; _WHOLE: not at all."""
    values: Pixels | None = None

    def read(strict: bool) -> Pixels:
        width, height = size
        found: Pixels = simplejpeg.decode_jpeg(
            bare, colours, fastdct=fast, fastupsample=fast, min_height=height, min_width=width, strict=strict
        )
        return found

    try:
        values = read(strict=True)
    except ValueError as error:
        if _is_damage(str(error), bare):
            raise UnreadableImage(FailureKind.DAMAGED, f"truncated or damaged JPEG file ({error})") from error
        if _LEFT.search(str(error)):  # all of the picture is there
            values = read(strict=False)
    if (_HOLE in bare or _ERASED in bare) and _has_hole(bare):
        raise UnreadableImage(FailureKind.DAMAGED, "truncated or damaged JPEG file (a hole in its picture)")
    return values


@dataclass(frozen=True, slots=True)
class _Bare:
    """data: the file without what is said of its picture. usual: whether all decoders agree on its colours: it is grey,
    or YCbCr by the numbers of its components and by whatever else tells.
    """

    data: bytes
    usual: bool


def _bare(data: bytes) -> _Bare:
    """The file without what is said of its picture, and without bytes that belong to no segment.

    The decoder stops at its first warning. One that takes nothing from the picture (stray bytes between segments, as
    some cameras write them, an unknown version of JFIF) would hide another that does. Raises UnreadableImage where a
    colour has no scan: the decoder paints it without a word.
    """
    out, frame, wanted, scan = bytearray(data[:2]), 0, b"", 0
    numbers, told = b"", True
    try:
        for marker, at, length, _ in all_segments(data):
            alone = marker == 1 or 0xD0 <= marker <= _END
            if scan:
                out += data[scan : at - (2 if alone else 4)]
                scan = 0
            body = data[at : at + length]
            if marker in _FRAMES:
                frame, wanted = marker, body[6::3][: body[5]]
                numbers = wanted
            if marker == _SCAN:
                count, scan = body[0], at + length
                wanted = bytes(set(wanted).difference(body[1 : 1 + 2 * count : 2]))
                if frame in _SEQUENTIAL:
                    body = body[: 1 + 2 * count] + _WHOLE_SCAN  # all else is warned of, and not looked at
            if marker == _ADOBE:
                told = told and body[11:12] == _YCBCR
            if marker == _END or not (alone or _is_said(marker, body)):
                out += bytes((0xFF, marker)) + (b"" if alone else (len(body) + 2).to_bytes(2, "big")) + body
    except (ValueError, IndexError):  # as it is, it is for the decoder to judge
        return _Bare(data, usual=False)
    if wanted:
        raise UnreadableImage(FailureKind.DAMAGED, "truncated or damaged JPEG file (a colour is missing)")
    return _Bare(bytes(out), usual=told and (len(numbers) == 1 or numbers == _USUAL))


def _is_said(marker: int, body: bytes) -> bool:
    """Whether a segment takes no part in decoding."""
    if marker == _ADOBE and body.startswith(b"Adobe") and len(body) == 12 and body[11] <= _CODINGS:
        return False
    return 0xE0 <= marker <= 0xEF or marker == 0xFE


def _is_damage(said: str, bare: bytes) -> bool:
    """A few zeros, or ones, before the end are what cameras fill up with."""
    if left := _LEFT.search(said):
        size, before = int(left[1]), int(left[2], 16)
        return before != _END or size > _FEW or bool(bare[-2 - size : -2].strip(b"\0\xff"))
    return not _HARMLESS.search(said)


def _has_hole(data: bytes) -> bool:
    try:
        return any(
            data.find(_ERASED, scan.start, scan.end) >= 0
            or (not scan.of_nothing and data.find(_HOLE, scan.start, scan.end) >= 0)
            for scan in _scans(data)
        )
    except (ValueError, IndexError):  # the decoder has read more of it than is read here
        return False


@dataclass
class _Scan:
    """Its data, from `start` to `end`. of_nothing: whether its tables give the code of zeros to what changes nothing,
    or evenly, so that a picture of one colour, or shaded, may be a long row of zeros.
    """

    start: int
    end: int = 0
    of_nothing: bool = True


@dataclass
class _Tables:
    """What the code of all zeros means, by class (0 DC, 1 AC) and number of a table."""

    first: dict[tuple[int, int], int] = field(default_factory=dict)

    def define(self, body: bytes) -> None:
        at = 0
        while at + 17 < len(body):
            self.first[body[at] >> 4, body[at] & 15] = body[at + 17]
            at += 17 + sum(body[at + 1 : at + 17])

    def are_of_nothing(self, head: bytes) -> bool:
        """Whether zeros may be blocks without a change, or of an even shading, in a scan with this head."""
        count = head[0]
        first, last = head[1 + 2 * count : 3 + 2 * count]
        for number in range(count):
            table = head[2 + 2 * number]
            # Of the codes of what is not the mean of a block 0 ends a block, or several. Means that fall evenly, as in
            # a shading, may be zeros, and so may the few lowest frequencies.
            if last - first >= _MANY and self.first.get((1, table & 15), 0) & 15:
                return False
        return True


def _scans(data: bytes) -> Iterator[_Scan]:
    tables, scan = _Tables(), None
    for marker, at, length, _ in all_segments(data):
        if scan:
            scan.end = at
            yield scan
            scan = None
        if marker == _TABLES:
            tables.define(data[at : at + length])
        elif marker == _SCAN:
            scan = _Scan(at + length, of_nothing=tables.are_of_nothing(data[at : at + length]))
