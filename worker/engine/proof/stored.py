"""The values of a picture as they are stored: every channel in full depth, and the numbers of a colour map."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.decode import OURS, for_opencv, read_values
from worker.engine.picture.headers import Header, probe
from worker.engine.picture.heif import decode_heif
from worker.engine.picture.jxl import decode_jxl
from worker.engine.picture.pillow_files import PLUGINS, open_by_pillow, refusal
from worker.engine.picture.raw import read_preview

_MAPPED: Final = ("PNG", "GIF", "BMP", "TIFF")  # formats that are understood and may have a colour map
_PNG_PALETTE: Final = 3
_WHOLE: Final = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}  # what is opaque


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of a picture and not shown. marks: digest of it, "" where everything stored is shown: 8 bits,
    opaque, no two numbers of one colour. numbers: digest of the numbers of its colour map and of that map, "" without
    one. bits: of a value. transparent: whether anything shines through; clear: whether nothing can be seen.
    """

    marks: str = ""
    numbers: str = ""
    bits: int = 8
    transparent: bool = False
    clear: bool = False


def decode_stored(data: bytes, header: Header) -> NDArray[Any]:
    """The values of a picture as they are stored, of any depth: grey, RGB, alpha last. Errors as `decode`."""
    if header.reader in OURS:
        return read_values(header, data)
    if header.reader == "heif":
        return decode_heif(data)
    if header.reader == "jxl":
        return decode_jxl(data)
    if header.reader == "raw":
        coded = read_preview(data).coded
        return decode_stored(coded, probe(coded))
    if header.reader == "opencv":
        pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(for_opencv(data), np.uint8), cv2.IMREAD_UNCHANGED)
        if pixels is None:
            raise UnreadableImage(FailureKind.DAMAGED, f"truncated or damaged {header.format} file")
        return (
            pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]] if pixels.ndim == 3 and pixels.shape[2] > 2 else pixels
        )
    image = open_by_pillow(header, data)
    try:
        if image.mode in ("I", "F") or image.mode.startswith("I;16"):
            return np.asarray(image)
        return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))
    except Exception as error:  # hostile pixels make Pillow raise nearly any type
        raise refusal(header, error) from error


def read_stored(data: bytes, header: Header, whole: bool = False) -> Stored:
    """What is stored and not shown. Errors as `decode`; takes its time and memory, twice with a colour map.

    whole: the picture is known to have 8 bits and to be opaque, which is sooner.
    """
    if header.format == "JPEG" or (whole and not may_have_map(data, header)):  # of 8 bits, opaque
        return Stored()
    if whole:
        numbers, shared = _numbers(data, header)
        return Stored(f" {numbers}" if shared else "", numbers)
    values = canonical(decode_stored(data, header))
    deep, alpha = values.dtype != np.uint8, values[..., -1]
    transparent = values.shape[2] == 4 and not bool((alpha == _WHOLE.get(values.dtype, 1)).all())
    marks = f"turned {header.orientation} {digest_of(values)}" if deep or transparent else ""
    numbers, shared = _numbers(data, header)
    return Stored(
        f"{marks} {numbers}" if shared else marks,
        numbers,
        header.bits or 8 * values.dtype.itemsize,
        transparent,
        transparent and not alpha.any(),
    )


def may_have_map(data: bytes, header: Header) -> bool:
    """Whether the pixels of this file may be numbers of a colour map. Constant cost."""
    if header.format == "PNG":
        return data[25] == _PNG_PALETTE
    return header.format in _MAPPED and header.reader == "pillow"


def _numbers(data: bytes, header: Header) -> tuple[str, bool]:
    """Digest of the numbers and their map, and whether some number is not to be told from its colour."""
    if not may_have_map(data, header):
        return "", False
    try:
        if PLUGINS[header.format](io.BytesIO(data)).mode != "P":  # before its pixels are decoded
            return "", False
        image = open_by_pillow(Header(header.format, header.width, header.height, reader="pillow"), data)
        if image.mode != "P":  # a GIF that leaves some of its canvas uncovered
            return "", False
        numbers, used = np.asarray(image), np.flatnonzero(image.histogram())
        table, clear = bytes(image.getpalette() or ()), image.info.get("transparency")
        colours = _colours(table, clear)
    except UnreadableImage:
        raise
    except Exception as error:  # hostile pixels make Pillow raise nearly any type
        raise refusal(header, error) from error
    shared = len(np.unique(colours[used], axis=0)) < len(used) or int(used.max()) >= len(table) // 3
    digest = hashlib.sha256(f"{digest_of(numbers)} {clear!r}".encode())
    digest.update(table.rstrip(b"\0"))  # some writers fill it up
    return digest.hexdigest(), shared


def _colours(table: bytes, clear: bytes | int | None) -> NDArray[np.uint8]:
    """RGBA of each number `[256, 4]`, as Pillow paints it."""
    every = Image.frombytes("P", (256, 1), bytes(range(256)))
    every.putpalette(table)
    if clear is not None:
        every.info["transparency"] = clear
    painted: NDArray[np.uint8] = np.asarray(every.convert("RGBA"))[0]
    return painted


def canonical(values: NDArray[Any]) -> NDArray[Any]:
    """Pictures of 1 to 4 channels of 8 or 16 bits as RGBA `[h, w, 4]`, others as they are stored, channels last."""
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if values.ndim == 2:
        values = values[..., None]
    if values.dtype not in _WHOLE or values.shape[2] > 4:
        return values
    colour, alpha = (values[..., :-1], values[..., -1:]) if values.shape[2] in (2, 4) else (values, None)
    if colour.shape[2] == 1:
        colour = np.repeat(colour, 3, axis=2)
    if alpha is None:
        alpha = np.full((*values.shape[:2], 1), _WHOLE[values.dtype], values.dtype)
    return np.concatenate([colour, alpha], axis=2)


def digest_of(values: NDArray[Any]) -> str:
    """SHA-256, in hex, of shape, type and values."""
    digest = hashlib.sha256(f"{values.shape} {values.dtype}".encode())
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
