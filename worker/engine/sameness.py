"""Whether one file holds all that another holds: the proof before the other may go though its bytes are not the same.

What a report calls `identical` looks the same. Here the stored values are compared, of every channel in full depth, the
colour below transparency among them, by two decoders where there are two; and what the files hold beside their first
picture (worker.engine.inventory). What is not understood is not proved.
"""

import hashlib
import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.errors import UnreadableImage
from worker.engine.decode import decode, decode_stored, probe
from worker.engine.inventory import take_inventory
from worker.engine.parts import Held, Inventory, in_words

_PILLOW: Final = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a file holds. pixels: digest of the picture as it is shown, upright. stored: digest of the stored values.

    seen: digest by each decoder that reads it, by the decoder's name. plain: whether it is of one single colour.
    """

    pixels: str
    stored: str
    seen: dict[str, str]
    plain: bool
    inventory: Inventory


@dataclass(frozen=True, slots=True)
class Proof:
    """How a file compares with its keeper.

    against: why it is not proved that the keeper holds its picture, "" where it is. lost: what of the file is not in
    its keeper, in words such as `its date`.
    """

    against: str = ""
    lost: tuple[str, ...] = ()


def sign(data: bytes, max_pixels: int) -> Signature:
    """The signature of an image file. Raises UnreadableImage as `decode`; takes its time and memory, four times."""
    header = probe(data)
    inventory = take_inventory(data, header.format)
    picture = decode(data, max_pixels)
    pixels, plain = _digest(picture), is_plain(picture)
    stored = _digest(_canonical(picture))  # of a JPEG, which has 8 bits and no transparency
    if header.format != "JPEG":
        values = _canonical(decode_stored(data, header))
        deep = values.dtype != np.uint8
        plain = plain or (not deep and not values[..., 3].any())
        if deep or not (values[..., 3] == 255).all():
            stored = f"turned {header.orientation} {_digest(values)}"
    return Signature(pixels, stored, _seen(data), plain, inventory)


def is_plain(picture: NDArray[np.uint8]) -> bool:
    """Whether all of a picture `[h, w, 3]` is of one colour."""
    return bool((picture == picture[:1, :1]).all())


def _canonical(values: NDArray[Any]) -> NDArray[Any]:
    """8-bit pictures of 1, 3 or 4 channels as RGBA `[h, w, 4]`, others as they are stored, channels last."""
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    if values.dtype != np.uint8:
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
        return values if values.ndim == 3 else values[..., None]
    if values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=2)
    if values.shape[2] == 1:
        values = np.repeat(values, 3, axis=2)
    if values.shape[2] == 2:
        values = np.concatenate([np.repeat(values[..., :1], 3, axis=2), values[..., 1:]], axis=2)
    if values.shape[2] == 3:
        values = np.concatenate([values, np.full((*values.shape[:2], 1), 255, np.uint8)], axis=2)
    return values


def _seen(data: bytes) -> dict[str, str]:
    """What each decoder makes of the file, as it is shown; none where it reads none, for the other one decides then."""
    found = {}
    readers: tuple[tuple[str, Callable[[bytes], NDArray[Any]]], ...] = (("opencv", _by_opencv), ("pillow", _by_pillow))
    for name, read in readers:
        with suppress(Exception):  # hostile pixels make Pillow raise nearly any type
            found[name] = _digest(read(data))
    return found


def _by_opencv(data: bytes) -> NDArray[Any]:
    shown: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if shown is None:
        raise UnreadableImage("OpenCV does not read it")
    return shown


def _by_pillow(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data), formats=_PILLOW) as image:
        return np.asarray(image.convert("RGBA"))


def prove(keeper: Signature, other: Signature) -> Proof:
    """Whether `keeper` holds all that `other` holds (pure)."""
    one, two = keeper.inventory, other.inventory
    lost = [*in_words((two.metadata - one.metadata) | (two.extras - one.extras))]
    if two.lossy and (two.lossy, two.coded) != (one.lossy, one.coded):
        lost.append(f"its coding as {two.lossy}")  # from which the keeper seems to have been made
    return Proof(_against(keeper, other), tuple(lost))


def _against(keeper: Signature, other: Signature) -> str:
    one, two = keeper.inventory, other.inventory
    if keeper.pixels != other.pixels:
        return "in full size its pixels are not those of its keeper"
    for who, inventory in (("it", two), ("its keeper", one)):
        if inventory.unknown:
            return f"of {who} not everything can be compared: {inventory.unknown}"
    if other.plain:
        return "it is of one single colour, or all transparent, which proves nothing"
    if keeper.stored != other.stored:
        return "its stored values (depth, transparency, or the colour below it) are not those of its keeper"
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


def _digest(values: NDArray[Any]) -> str:
    digest = hashlib.sha256(f"{values.shape} {values.dtype}".encode())
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
