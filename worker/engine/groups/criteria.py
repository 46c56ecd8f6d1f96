"""The criteria of the order of keepers: what each measures of a file, lowest first, and its words.

What is not known, of files that were read by a version that did not look, stands in the middle: it neither wins nor
loses against all.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from shared.records.nature import Coding, Nature, parse_nature
from worker.engine.groups.copies import count_copy_marks, is_copy_folder
from worker.engine.groups.groups import Member
from worker.engine.proof.holding import holds_sensor

Measure = Callable[[Member], int | str]

COMPANIONS: Final = "companions"
FORMAT: Final = "format"
_DEPTH_ALONE: Final = re.compile(r"\d+ bits")
_UNKNOWN_METADATA: Final = -7  # between a camera, -8 at least, and none
_UNKNOWN_STEP: Final = 16  # about that of a JPEG of quality 86
_LOST_STEP: Final = 256  # behind every table: how coarse it once was nobody knows
_ENLARGED: Final = 1000
_FILED, _ROOT, _AMONG_COPIES = range(3)


def rank_format(member: Member, formats: tuple[str, ...]) -> int:
    """Twice the place of its format; what is not known stands between the two halves."""
    nature = parse_nature(member.nature)
    if nature is not None:
        return 2 * formats.index(nature.format)
    if holds_sensor(member.holds):
        return 2 * formats.index("raw")
    return 2 * (len(formats) // 2) + 1


def _pixels(member: Member) -> int:
    """Without bars and frames, and without what an enlargement has added to what the camera wrote."""
    pixels, nature = member.content or member.width * member.height, parse_nature(member.nature)
    return -min(pixels, nature.written) if nature and nature.written else -pixels


def _holds(member: Member) -> int:
    """Depth alone is nothing where the pixels were a JPEG before, which has 8 bits."""
    nature = parse_nature(member.nature)
    return not member.holds or bool(nature and nature.anew and _DEPTH_ALONE.fullmatch(member.holds))


def _metadata(member: Member) -> int:
    nature = parse_nature(member.nature)
    if nature is None or (nature.unread and nature.coding is not Coding.RAW):
        return _UNKNOWN_METADATA
    return -2 * (4 * (nature.camera or nature.coding is Coding.RAW) + 2 * nature.place + nature.rated)


def _sharpness(member: Member) -> int:
    nature = parse_nature(member.nature)
    if nature is None:
        return _UNKNOWN_STEP
    return _ENLARGED * bool(nature.written) + _step(nature)


def _step(nature: Nature) -> int:
    if nature.anew:
        return _LOST_STEP
    return _UNKNOWN_STEP if nature.coding in (Coding.HEIC, Coding.OTHER) else nature.step


def _undamaged(member: Member) -> int:
    nature = parse_nature(member.nature)
    return 1 if nature is None else 2 * nature.odd


def _name(member: Member) -> int:
    return count_copy_marks(member.path.rpartition("/")[2])


def _depth(member: Member) -> int:
    folder = member.path.rpartition("/")[0]
    if not folder:
        return _ROOT
    return _AMONG_COPIES if is_copy_folder(folder) else _FILED


CRITERIA: Final[Mapping[str, tuple[str, Measure]]] = {
    "undamaged": ("undamaged", _undamaged),
    "pixels": ("most pixels", _pixels),
    "holds": ("holds more than a picture of 8 bits", _holds),
    FORMAT: ("best format", lambda _: 0),  # by the order that is set: see `Ranking`
    "metadata": ("most said of it (camera, place, rating)", _metadata),
    "sharpness": ("not enlarged, finest steps", _sharpness),
    "bytes": ("largest file", lambda member: -member.bytes),
    COMPANIONS: ("most companions", lambda _: 0),  # what lies beside a file no member knows: see `Ranking`
    "name": ("not named as a copy", _name),
    "depth": ("filed in a folder", _depth),
    "oldest": ("oldest", lambda member: member.mtime_ns),
    "newest": ("newest", lambda member: -member.mtime_ns),
    "shortest": ("shortest path", lambda member: len(member.path)),
    "path": ("first by path", lambda member: member.path),
}
