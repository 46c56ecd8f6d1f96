"""An inventory of what a file holds, and its making (worker.engine.proof.inventory)."""

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.wording import size_of
from worker.engine.proof.directories import read_directories
from worker.engine.proof.exif import RATING, exif_fields, written_size
from worker.engine.proof.xmp import held_in, is_rated

Held = tuple[str, str]  # what it is, in words, and the digest of its value

_SEVERAL: Final = re.compile(r"(pages|frames|frames of an animation|\d+ pictures)$")  # as the readers of formats say it
APART: Final = "its parts cannot be told apart"
SENSOR: Final = "the sensor's values"  # what makes a file a camera raw
_MOST_PROFILE: Final = 1 << 26  # bytes of a colour profile, so that a hostile one fills no memory
_PIECE: Final = 1 << 20
_LONGEST_BRANDS: Final = 256  # bytes of the box that a video begins with


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a file holds. colour: what says how its values are to be shown. extras: more pictures, videos, layers, parts
    that nobody here knows. metadata: what is said of the picture. lossy: name of a coding that pixels alone do not
    hold, "" for none. coded: digest of its coded data, where only the same data hold the same, else "". unknown: why
    not everything in it can be known, "" where it can. profile: the ICC profile of its colours, b"" without one.
    written: width and height that its EXIF says it has, 0 where it says none. rated: whether somebody gave it stars.
    """

    colour: frozenset[Held] = frozenset()
    extras: frozenset[Held] = frozenset()
    metadata: frozenset[Held] = frozenset()
    lossy: str = ""
    coded: str = ""
    unknown: str = ""
    profile: bytes = b""
    written: tuple[int, int] = (0, 0)
    rated: bool = False


@dataclass
class Parts:
    """An inventory that is being made."""

    colour: set[Held] = field(default_factory=set)
    extras: set[Held] = field(default_factory=set)
    metadata: set[Held] = field(default_factory=set)
    lossy: str = ""
    coded: str = ""
    unknown: str = ""
    icc: bytes = b""
    written: tuple[int, int] = (0, 0)
    rated: bool = False

    def exif(self, block: bytes, below: bool = False) -> None:
        """The fields of an EXIF block; below: those of the directories below its first one alone."""
        fields = list(exif_fields(block, below))
        self.metadata |= {(name, digest(value)) for name, value in fields}
        self.written = self.written if any(self.written) else written_size(block)
        self.rated = self.rated or any(name == RATING for name, _ in fields)
        if below:
            return
        try:
            hidden = read_directories(block).hidden(block)
        except Exception:  # as hostile as a header
            hidden = block
        if hidden.strip(b"\0"):
            self.metadata.add(("bytes of its EXIF that no field accounts for", digest(hidden)))

    def xmp(self, packet: bytes) -> None:
        """An XMP packet: words, but for the files that some cameras put into it."""
        if held := held_in(packet):
            self.extras.add((f"{held} in its XMP", digest(packet)))
        self.metadata.add(("XMP", digest(packet)))
        self.rated = self.rated or is_rated(packet)

    def profile(self, profile: bytes) -> None:
        """An ICC profile, whatever the format that holds it."""
        self.colour.add(("its colour profile", digest(profile)))
        self.icc = self.icc or profile

    def behind(self, rest: bytes, picture: str = "") -> None:
        """Bytes behind the end of the picture; zeros are padding. picture: what other picture is among them."""
        if rest.strip(b"\0"):
            known = " and ".join(filter(None, (picture, "a video" if _is_video(rest) else "")))
            self.extras.add((f"{known or 'something'} ({size_of(len(rest))} behind its picture)", digest(rest)))

    def between(self, gaps: bytes) -> None:
        """Bytes that belong to no part; zeros are padding."""
        if gaps.strip(b"\0"):
            self.extras.add((f"{size_of(len(gaps))} that belong to none of its parts", digest(gaps)))

    def done(self) -> Inventory:
        """What was found."""
        return Inventory(
            frozenset(self.colour), frozenset(self.extras), frozenset(self.metadata), self.lossy, self.coded,
            self.unknown, self.icc, self.written, self.rated,
        )  # fmt: skip


def _is_video(rest: bytes) -> bool:
    """Whether a video, as telephones write it, is among these bytes: ISO/IEC 14496-12."""
    at = rest.find(b"ftyp")
    while at >= 4:
        if 8 <= int.from_bytes(rest[at - 4 : at], "big") <= _LONGEST_BRANDS:
            return True
        at = rest.find(b"ftyp", at + 1)
    return False


def digest(value: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(value).hexdigest()


def holds_several(inventory: Inventory) -> bool:
    """Whether a file has more pictures behind the first: pages, frames."""
    return any(_SEVERAL.search(name) for name, _ in inventory.extras)


def in_words(held: frozenset[Held]) -> Iterator[str]:
    """What these are, each once, in order."""
    yield from sorted({name for name, _ in held})


def inflate(packed: bytes) -> bytes:
    """What a zlib stream of one part holds. Raises ValueError or zlib.error where it does not end, or has a tail."""
    stream = zlib.decompressobj()
    out = stream.decompress(packed, _MOST_PROFILE)
    if not stream.eof or stream.unused_data:
        raise ValueError("a compressed part that does not end where it should")
    return out


def holds_more(pieces: Iterator[bytes], expected: int) -> bool:
    """Whether a zlib stream in these pieces gives more than `expected` bytes, or bytes follow its end.

    Holds a megabyte at once, whatever the stream says. Raises zlib.error where it is damaged.
    """
    stream, given = zlib.decompressobj(), 0
    for piece in pieces:
        if stream.eof and piece:
            return True
        while piece and not stream.eof:
            given += len(stream.decompress(piece, _PIECE))
            if given > expected:
                return True
            piece = stream.unconsumed_tail
        if stream.unused_data:
            return True
    return False


def margin_bits(rows: NDArray[np.uint8], bits: int) -> bytes:
    """What fills the last byte of rows of `bits` bits `[h, bytes]`, b"" where it is all zeros, or all ones."""
    spare = -bits % 8
    if not spare or not rows.size:
        return b""
    margin = rows[:, (bits - 1) // 8] & ((1 << spare) - 1)
    return b"" if np.isin(margin[0], (0, (1 << spare) - 1)) and (margin == margin[0]).all() else margin.tobytes()
