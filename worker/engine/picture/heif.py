"""HEIC pictures: HEVC in the container HEIF, decoded by libheif and libde265 (pi-heif).

libheif turns, mirrors and crops a picture as its boxes ask (irot, imir, clap). An EXIF orientation beside them says how
it was taken, and is not applied a second time. What libheif and its wrapper would take on trust is looked at first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import _pi_heif  # pi_heif's own functions copy the metadata of every picture in a file, of hostile ones by the gigabyte
import numpy as np
from numpy.typing import NDArray

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.avif import boxes
from worker.engine.picture.channels import Picture, over_white, strips
from worker.engine.picture.formats import CONVERT
from worker.engine.picture.heif_items import Item, read_items
from worker.engine.picture.hevc import Shape, check_units, read_configuration

_CODED: Final = (b"hvc1", b"hev1")
_MADE: Final = (b"grid", b"iden")  # of other items
_ALPHA: Final = (b"auxid:1\0", b":alpha\0")  # how the names of auxiliary pictures end that are transparency
_PROFILES: Final = (b"prof", b"rICC")  # kinds of "colr" that hold one
_DEEPEST: Final = 8  # items that are made of items
_MOST_PARTS: Final = 10_000
_MOST_WORK: Final = 8  # times as many pixels may be decoded as are shown: tiles, transparency, what is cropped
_FREE_WORK: Final = 4_000_000  # pixels


def read_heif_header(data: bytes) -> tuple[int, int, int]:
    """Width and height of the upright picture, and the bits of a value.

    Raises UnreadableImage. 0.2 ms, and 10 where there are a thousand tiles.
    """
    with _refusing(data):
        shapes = [_shape(data, item) for item in _coded(data)]
        picture = _open(data)
        width, height = picture.size_mode[0]
        pixels = sum(shape.width * shape.height for shape in shapes)
        if pixels > _MOST_WORK * width * height + _FREE_WORK:
            raise ValueError(f"{pixels:,} coded pixels for a picture of {width} x {height}")
        return width, height, picture.bit_depth


def decode_heif(data: bytes) -> NDArray[Any]:
    """The values of the primary picture, upright: grey `[h, w]`, RGB or RGBA `[h, w, c]`; uint8, or where more than 8
    bits are stored uint16, spread over its whole range. Raises UnreadableImage.

    60 ms a megapixel, most of them in a thread of the library's, and up to 11 bytes a pixel, 22 with more bits.
    """
    with _refusing(data):
        own = set()
        for item in _coded(data):
            shape = _shape(data, item)
            check_units(read_data(data, item), shape)
            own |= set() if is_alpha(data, item) else {(shape.chroma, shape.depth)}
        picture = _open(data)
        if len(own) != 1 or own.pop()[1] != picture.bit_depth:
            raise ValueError("parts of different depths")
        values = _values(picture)
        return _straight(values) if picture.size_mode[1].split(";")[0].endswith("a") else values


def show_heif(values: NDArray[Any]) -> tuple[Picture, bool]:
    """What `decode_heif` gives as RGB over white, and whether nothing is left out: 8 bits, opaque."""
    plain = values.dtype == np.uint8
    if values.ndim == 2:
        return np.repeat(_upper(values)[..., None], 3, axis=2), plain
    if values.shape[2] == 3:
        return _upper(values), plain
    shown, opaque = np.empty((*values.shape[:2], 3), np.uint8), True
    for rows in strips(values):
        part = _upper(values[rows])
        alpha = np.ascontiguousarray(part[..., 3])
        shown[rows] = over_white(np.ascontiguousarray(part[..., :3]), alpha)
        opaque = opaque and bool(alpha.min() == 255)
    return shown, plain and opaque


def _upper(values: NDArray[Any]) -> NDArray[np.uint8]:
    return values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)


@contextmanager
def _refusing(data: bytes) -> Iterator[None]:
    """What an error means for people. pi-heif raises SyntaxError for what libheif knows and does not do."""
    try:
        yield
    except UnreadableImage:
        raise
    except Exception as error:  # a hostile file makes libheif raise nearly any type
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, SyntaxError):
            raise UnreadableImage(FailureKind.UNSUPPORTED, f"HEIC picture ({reason}): {CONVERT}") from error
        kinds = {kind for kind, _, _ in boxes(data, 0, len(data))}
        if b"meta" not in kinds and kinds & {b"moov", b"mini"}:
            what = "sequence of HEIC pictures" if b"moov" in kinds else "HEIC picture of the short form (mini)"
            raise UnreadableImage(FailureKind.UNSUPPORTED, f"{what}: {CONVERT}") from error
        raise UnreadableImage(FailureKind.DAMAGED, f"truncated or damaged HEIC file ({reason})") from error


def read_profile(data: bytes) -> bytes:
    """The ICC profile of the primary picture, or of the tiles that it is made of; b"" for none.

    Raises ValueError where its boxes make no sense.
    """
    primary, items = read_items(data)
    own = items[primary]
    for item in (own, *(items[part] for part in own.parts[:1] if part in items)):
        for at, end in item.all_held(b"colr"):
            if data[at : at + 4] in _PROFILES:
                return data[at + 4 : end]
    return b""


def _coded(data: bytes) -> Iterator[Item]:
    """The items that are decoded for the primary picture and its transparency, each as often as it is used."""
    primary, items = read_items(data)
    alpha: dict[int, list[int]] = {}
    for number, item in items.items():
        for one in item.belongs if is_alpha(data, item) else ():
            alpha.setdefault(one, []).append(number)
    waiting, count = [(primary, 0)], 0
    while waiting:
        number, depth = waiting.pop()
        count += 1
        if number not in items:
            raise ValueError("a part of its picture is missing")
        if depth > _DEEPEST or count > _MOST_PARTS:
            raise ValueError("a picture that is made of too many parts")
        item = items[number]
        if item.kind in _CODED:
            yield item
        elif item.kind not in _MADE:
            coding = item.kind.decode("latin-1")
            raise UnreadableImage(FailureKind.UNSUPPORTED, f"HEIC picture that is coded as {coding!a}: {CONVERT}")
        waiting += [(one, depth + 1) for one in (*item.parts, *alpha.get(number, ()))]


def is_alpha(data: bytes, item: Item) -> bool:
    """Whether an item is the transparency of others."""
    found = item.held(b"auxC")
    return found is not None and any(end in data[slice(*found)] for end in _ALPHA)


def _shape(data: bytes, item: Item) -> Shape:
    found = item.held(b"hvcC")
    if found is None:
        raise ValueError("no configuration of its decoder")
    return read_configuration(data[slice(*found)])


def read_data(data: bytes, item: Item) -> bytes:
    """What an item holds. Raises UnreadableImage, ValueError."""
    if item.extents is None:
        raise UnreadableImage(FailureKind.UNSUPPORTED, f"HEIC picture whose data lie in another item: {CONVERT}")
    if any(at + size > len(data) for at, size in item.extents):
        raise ValueError("its end is missing")
    # An extent without a length reaches to the end of the file.
    return b"".join(data[at : at + size] if size else data[at:] for at, size in item.extents)


def _open(data: bytes) -> Any:
    """The primary picture, of which nothing is decoded yet; then in one thread, in its own depth."""
    for picture in _pi_heif.load_file(data, 1, False, False, True, False, "", False):
        if picture is not None and picture.primary:
            return picture
    raise ValueError("no primary picture")


def _values(picture: Any) -> NDArray[Any]:
    size, depth = picture.size_mode[0], picture.bit_depth
    plane = picture.data  # is decoded now, and with it the size is that of what was found
    width, height = picture.size_mode[0]
    if (width, height) != size:
        raise ValueError(f"its header says {size[0]} x {size[1]} pixels, the picture in it has {width} x {height}")
    values = np.frombuffer(plane, "<u2" if depth > 8 else np.uint8).reshape(height, width, -1)
    values = values[..., 0] if values.shape[2] == 1 else values
    if depth == 8:
        return values.copy()  # the memory is the picture's, and goes with it
    spread: NDArray[np.uint16] = np.left_shift(values, 16 - depth, dtype=np.uint16)
    for rows in strips(values):
        spread[rows] |= values[rows] >> (2 * depth - 16)
    return spread


def _straight(values: NDArray[Any]) -> NDArray[Any]:
    """Colours that were multiplied by their transparency, without it."""
    most = int(np.iinfo(values.dtype).max)
    out = values.copy()
    for rows in strips(values):
        alpha = np.maximum(values[rows, :, 3:], 1).astype(np.float32)
        out[rows, :, :3] = np.rint(np.minimum(values[rows, :, :3] * (most / alpha), most))
    return out
