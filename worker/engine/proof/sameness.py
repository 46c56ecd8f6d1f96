"""Whether one file holds all that another holds: the proof before the other may go though its bytes are not the same.

What a report calls `identical` looks the same. Here the stored values are compared, of every channel in full depth, the
colour below transparency among them, by two decoders where there are two; and what the files hold beside their first
picture (worker.engine.proof.inventory). What is not understood is not proved.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.decode import Header, decode, probe, upright
from worker.engine.proof.inventory import take_inventory
from worker.engine.proof.parts import Held, Inventory, digest, in_words
from worker.engine.proof.stored import Stored, canonical, digest_of, read_stored
from worker.engine.proof.tails import has_tail

_STORED: Final = "depth, transparency, the colour below it, or the numbers of a colour map"
_GREY: Final = 24  # levels that the colours of a grey picture may differ by, once a JPEG was made of it
_ROWS: Final = 16  # of a picture, looked at together
_PILLOW: Final = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a file holds. pixels: digest of the picture as it is shown, upright. stored: what that does not show.

    seen: digest by each decoder that reads it, by the decoder's name. plain: whether it is of one single colour.
    coloured: whether it is more than grey.
    """

    pixels: str
    stored: Stored
    seen: dict[str, str]
    plain: bool
    inventory: Inventory
    coloured: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """How a file compares with its keeper.

    against: why it is not proved that the keeper holds its picture, "" where it is. lost: parts of the file that its
    keeper lacks, in words such as `its date`. more: what of them no name for a kind makes up for, such as `a video`: it
    holds more than its keeper, whose picture may be an edited one.
    """

    against: str = ""
    lost: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


def sign(data: bytes, max_pixels: int) -> Signature:
    """The signature of an image file. Raises UnreadableImage as `decode`; takes five times its time and memory."""
    header = probe(data)
    inventory = _with_tail(take_inventory(data, header.format), data, header)
    picture = decode(data, max_pixels)
    stored = read_stored(data, header)
    plain = is_plain(picture) or stored.clear
    coloured = bool((picture.max(axis=2) - picture.min(axis=2) > _GREY).any())
    return Signature(digest_of(picture), stored, _seen(data, header, stored), plain, inventory, coloured)


def _with_tail(inventory: Inventory, data: bytes, header: Header) -> Inventory:
    """What lies behind the codes of its pixels is one more thing that the file holds."""
    try:
        if inventory.unknown or not has_tail(data, header.format):
            return inventory
    except Exception:  # hostile codes raise nearly any type
        return replace(inventory, unknown=f"the coding of this {header.format} file")
    return replace(inventory, extras=inventory.extras | {("bytes behind its coded pixels", digest(data))})


def is_plain(picture: NDArray[np.uint8]) -> bool:
    """Whether all of a picture `[h, w, 3]` is of one colour; 3 ms a megapixel where it is, or nearly."""
    starts = range(0, len(picture), _ROWS)
    return all(bool((picture[start : start + _ROWS] == picture[:1, :1]).all()) for start in starts)


def _seen(data: bytes, header: Header, stored: Stored) -> dict[str, str]:
    """What each decoder makes of the file, upright. Where one does not read it the other one decides."""
    found = {}
    readers: list[tuple[str, Callable[[bytes], NDArray[Any]]]] = [("pillow", _by_pillow)]
    # OpenCV drops the transparency of a grey PNG, and multiplies the colours of a TIFF by theirs.
    if header.reader == "opencv" or not (header.format == "PNG" or (header.format == "TIFF" and stored.transparent)):
        readers.append(("opencv", _by_opencv))
    for name, read in readers:
        with suppress(Exception):  # hostile pixels make Pillow raise nearly any type
            found[name] = digest_of(upright(read(data), header.orientation))
    return found


def _by_opencv(data: bytes) -> NDArray[Any]:
    values: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise UnreadableImage(FailureKind.UNSUPPORTED, "OpenCV does not read it")
    return canonical(values)


def _by_pillow(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data), formats=_PILLOW) as image:
        if image.mode.startswith("I;16"):  # of colours Pillow gives the upper 8 bits, too
            return canonical((np.asarray(image) >> 8).astype(np.uint8))
        return np.asarray(image.convert("RGBA"))


def prove(keeper: Signature, other: Signature) -> Proof:
    """Whether `keeper` holds all that `other` holds (pure)."""
    return Proof(_against(keeper, other), tuple(_lost(keeper, other)), tuple(_more(keeper, other)))


def _more(keeper: Signature, other: Signature) -> Iterator[str]:
    if other.stored.bits > keeper.stored.bits:
        yield f"its {other.stored.bits} bits"
    if other.stored.transparent and not keeper.stored.transparent:
        yield "its transparency"
    if other.coloured and not keeper.coloured:
        yield "its colours"
    if other.pixels == keeper.pixels:  # all that tells the two apart would go
        if other.stored.marks not in ("", keeper.stored.marks):
            yield f"values that are not shown ({_STORED})"
        yield from in_words(other.inventory.colour - keeper.inventory.colour)
    yield from in_words(other.inventory.extras - keeper.inventory.extras)


def _lost(keeper: Signature, other: Signature) -> Iterator[str]:
    """What would go with `other`; of an edited copy its depth, transparency and profile, too."""
    one, two = keeper.inventory, other.inventory
    if other.stored.bits > keeper.stored.bits:
        yield f"its {other.stored.bits} bits"
    if other.stored.transparent and not keeper.stored.transparent:
        yield "its transparency"
    yield from in_words((two.metadata - one.metadata) | (two.extras - one.extras) | (two.colour - one.colour))
    if two.lossy and (two.lossy, two.coded) != (one.lossy, one.coded):
        yield f"its coding as {two.lossy}"  # from which the keeper seems to have been made
    if other.stored.numbers and other.stored.numbers != keeper.stored.numbers:
        yield "the numbers of its colour map"
    if two.unknown:
        yield f"what is not compared ({two.unknown})"


def _against(keeper: Signature, other: Signature) -> str:
    one, two = keeper.inventory, other.inventory
    if keeper.pixels != other.pixels:
        return "in full size its pixels are not those of its keeper"
    for who, inventory in (("it", two), ("its keeper", one)):
        if inventory.unknown:
            return f"not everything in {who} can be compared: {inventory.unknown}"
    if other.plain:
        return "it is of one single colour, or all transparent, which proves nothing"
    if keeper.stored.marks != other.stored.marks:
        return f"its stored values ({_STORED}) are not those of its keeper"
    if one.colour != two.colour:
        return f"its keeper says otherwise how its colours are to be shown ({_listed(one.colour ^ two.colour)})"
    if more := two.extras - one.extras:
        return f"it holds what its keeper does not: {_listed(more)}"
    if any(keeper.seen[name] != other.seen[name] for name in keeper.seen.keys() & other.seen.keys()):
        return "a second decoder sees another picture in it than in its keeper"
    return ""


def _listed(held: frozenset[Held]) -> str:
    return ", ".join(in_words(held))


def compare_files(keeper: bytes, other: bytes, max_pixels: int) -> Proof:
    """`prove` for two image files, decoded one after the other. Raises UnreadableImage."""
    return prove(sign(keeper, max_pixels), sign(other, max_pixels))
