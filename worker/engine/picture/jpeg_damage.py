"""Whether a JPEG file is whole, by the decoder's own word: libjpeg paints what is missing grey, and warns."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import simplejpeg

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.containers import all_segments

# Scans that end too soon, codes that none has, restart markers that are not there, markers that no encoder writes.
# Stray bytes between segments, which some cameras write, take nothing from the picture.
_DAMAGE: Final = re.compile(
    r"premature end|bad huffman|instead of rst|bad arithmetic|bad progression|unsupported marker|bogus marker",
    re.IGNORECASE,
)
# Data that are left when all blocks are there: of a hole the decoder made blocks, too.
_LEFT: Final = re.compile(r"(\d+) extraneous bytes before marker 0x(\w\w)")
_HOLE, _ERASED = bytes(256), b"\xff" * 256  # half of the least that a disk or a download loses
_TABLES, _SCAN, _END = 0xC4, 0xDA, 0xD9
_FEW: Final = 64  # bytes, of what cameras write before the end


def check_jpeg(data: bytes) -> None:
    """Raise UnreadableImage for a JPEG file of which libjpeg says that part of its picture is missing or damaged, or in
    whose scans there are holes: zeros where its tables make no picture of them.

    Decodes it at an eighth of its size: about 1 ms a megapixel. What this decoder does not read (four colours, odd
    subsampling) is not judged.
    """
    try:
        simplejpeg.decode_jpeg(
            data, colorspace="GRAY", fastdct=True, fastupsample=True, min_height=1, min_width=1, min_factor=8
        )
    except ValueError as error:
        if _is_damage(str(error), data):
            raise UnreadableImage(FailureKind.DAMAGED, f"truncated or damaged JPEG file ({error})") from error
    if (_HOLE in data or _ERASED in data) and _has_hole(data):
        raise UnreadableImage(FailureKind.DAMAGED, "truncated or damaged JPEG file (a hole in its picture)")


def _is_damage(said: str, data: bytes) -> bool:
    if _DAMAGE.search(said):
        return True
    left = _LEFT.search(said)
    return bool(left) and not _is_stray(data, int(left[1]), int(left[2], 16))  # type: ignore[index]


def _is_stray(data: bytes, size: int, before: int) -> bool:
    """Whether bytes before this marker are none of the picture's: they stand before its first scan, or are what cameras
    fill up with before the end, a few zeros, or ones.
    """
    scanned = False
    try:
        for marker, at, _, gap in all_segments(data):
            if marker == _END == before:
                return size <= _FEW and not data[at - 2 - size : at - 2].strip(b"\0\xff")
            if marker == before and gap and not scanned:
                return True
            scanned = scanned or marker == _SCAN
    except ValueError:
        pass
    return False


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
    so that a picture of one colour may be a long row of zeros.
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
        """Whether zeros are blocks without a change, in a scan with this head."""
        count = head[0]
        first, last, high = head[1 + 2 * count], head[2 + 2 * count], head[3 + 2 * count] >> 4
        for number in range(count):
            table = head[2 + 2 * number]
            # A scan that refines has bits of its own beside codes; of those with codes, 0 ends a block, or several.
            if first == 0 and not high and self.first.get((0, table >> 4), 0) != 0:
                return False
            if last and self.first.get((1, table & 15), 0) & 15:
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
