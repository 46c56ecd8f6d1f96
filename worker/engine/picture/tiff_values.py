"""TIFF pictures of which both libraries make something else, or nothing: planes of more than 8 bits, odd depths,
fractions of 16 bits, alpha that its colours are multiplied by, Lab.

Only what is packed is left to libtiff, through Pillow, to which a strip is one of bytes; what the bytes mean is done
here, by the text of TIFF 6.0 and its technical note 3.
"""

import io
import struct
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

from worker.engine.picture.channels import Picture
from worker.engine.picture.lab import rgb_of_lab
from worker.engine.picture.tiff_header import (
    ALPHA,
    FRACTION,
    ICC_LAB,
    INKS,
    LAB,
    PALETTE,
    PREMULTIPLIED,
    SIGNED,
    WHITE_IS_ZERO,
    TiffLayout,
    first_directory,
    read_tiff_layout,
    unsupported,
)

_DIFFERENCES, _OF_FRACTIONS = 2, 3  # predictors
_MOST_PADDED: Final = 1 << 24  # bytes beyond the edges of a picture, of its tiles
_AT_ONCE: Final = 1 << 20  # values worked on together; a multiple of 8
_SHORT, _LONG = 3, 4  # types of tags


def decode_tiff(data: bytes) -> NDArray[Any]:
    """The first picture, as it is stored, not turned: grey `[h, w]`, RGB `[h, w, 3]`, alpha last and not multiplied in.

    Of any type; natural numbers of fewer than 16 bits are spread over 8 or 16. Inks, numbers of a colour map and Lab
    come as 8-bit RGB. Raises UnreadableImage for what is not read, nearly anything for what is damaged. Takes 10 to 100
    ms a megapixel, and up to four times the bytes of its values.
    """
    layout = read_tiff_layout(first_directory(data))
    values = unpack_values(data, layout)
    colours = show_values(values[..., : layout.colours], layout)
    if layout.channels == layout.colours or layout.extra[:1] not in ((), (PREMULTIPLIED,), (ALPHA,)):
        return colours[..., 0] if colours.shape[2] == 1 else colours
    alpha = _spread(values[..., layout.colours], layout)
    if layout.extra[:1] == (PREMULTIPLIED,):
        colours = _divide(colours, alpha)
    if colours.dtype != alpha.dtype:  # of 8 bits, whatever was stored
        alpha = (alpha >> 8).astype(np.uint8)
    return np.concatenate([colours, alpha[..., None]], axis=2)


def show_values(values: NDArray[Any], layout: TiffLayout) -> NDArray[Any]:
    """Colours `[h, w, c]` as they are shown."""
    if layout.photometric == PALETTE:
        return _mapped(values[..., 0], layout)
    values = _spread(values, layout)
    if layout.photometric == WHITE_IS_ZERO:
        return np.iinfo(values.dtype).max - values
    if layout.photometric == INKS:
        inks = 255 - (values >> 8 if values.itemsize == 2 else values).astype(np.uint16)
        return ((inks[..., :3] * inks[..., 3:] + 127) // 255).astype(np.uint8)
    if layout.photometric in (LAB, ICC_LAB):
        return rgb_of_lab(values, signed=layout.photometric == LAB)
    return values


def _spread(values: NDArray[Any], layout: TiffLayout) -> NDArray[Any]:
    """Natural numbers over the whole range of their type; signed ones of 8 bits as natural ones, as Pillow does."""
    if layout.kind == SIGNED and layout.bits == 8:
        return values.view(np.uint8)
    if layout.kind == FRACTION:
        return values.astype(np.float32) if layout.bits == 16 else values
    if layout.bits in (8, 16, 32):
        return values
    most, full = (1 << layout.bits) - 1, np.iinfo(values.dtype).max
    scale = np.rint(np.arange(most + 1) * (full / most)).astype(values.dtype)
    return np.asarray(scale[values])


def _mapped(numbers: NDArray[Any], layout: TiffLayout) -> Picture:
    """As with the maps that Pillow reads: one whose values all lie below 256 has 8 bits."""
    colours = np.array(layout.colour_map).reshape(3, -1).T
    colours = (colours if colours.max() < 256 else colours >> 8).astype(np.uint8)
    return np.asarray(colours[numbers], np.uint8)


def _divide(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """By the share that alpha is; colours that cannot be seen stay."""
    fractions = colours.dtype.kind == "f"
    whole, most = (1.0, np.inf) if fractions else (float(np.iinfo(alpha.dtype).max), np.iinfo(colours.dtype).max)
    flat, shares = np.array(colours).reshape(-1, colours.shape[2]), alpha.reshape(-1, 1)
    for start in range(0, len(flat), _AT_ONCE):
        part, share = flat[start : start + _AT_ONCE], shares[start : start + _AT_ONCE] / whole
        divided = np.divide(part, share, out=part.astype(np.float64), where=share > 0)
        part[:] = np.minimum(divided if fractions else np.rint(divided), most)
    return flat.reshape(colours.shape)


def unpack_values(data: bytes, layout: TiffLayout) -> NDArray[Any]:
    """All channels `[h, w, c]`, in the type they are stored in, or the next larger one."""
    groups = layout.channels if layout.planes else 1
    together = layout.channels // groups
    across, down = (-(-all_ // one) for all_, one in zip((layout.width, layout.height), layout.piece, strict=True))
    width, rows = layout.piece
    row = -(-width * together * layout.bits // 8)
    if row * across * rows * down > row * layout.width // width * layout.height + _MOST_PADDED:
        raise unsupported("whose tiles are far larger than itself")
    count = across * down
    if not len(layout.places) == len(layout.sizes) == count * groups:
        raise ValueError(f"{len(layout.places)} of {count * groups} strips or tiles")
    out: NDArray[Any] | None = None
    for first in range(0, count * groups, count):
        pieces = [
            data[at : at + size]
            for at, size in zip(layout.places[first : first + count], layout.sizes[first : first + count], strict=True)
        ]
        total = rows * count if layout.tiled else layout.height
        packed = _unpack(pieces, row, rows, total, layout)
        values = _numbers(packed, width * together, layout).reshape(total, width, together)
        if layout.tiled:
            values = values.reshape(down, across, rows, width, together).swapaxes(1, 2)
            values = values.reshape(down * rows, across * width, together)[: layout.height, : layout.width]
        if groups == 1:
            return np.ascontiguousarray(values)
        out = np.empty((layout.height, layout.width, groups), values.dtype) if out is None else out
        out[..., first // count] = values[..., 0]
    if out is None:
        raise ValueError("no channels")
    return out


def _unpack(pieces: list[bytes], row: int, rows: int, total: int, layout: TiffLayout) -> NDArray[np.uint8]:
    """Bytes `[total, row]`, by libtiff, of pieces of `rows` each: a grey picture, as it takes it."""
    places = np.cumsum([8, *map(len, pieces)])
    tags = (
        (256, _LONG, (row,)), (257, _LONG, (total,)), (258, _SHORT, (8,)), (259, _SHORT, (layout.coding,)),
        (262, _SHORT, (1,)), (266, _SHORT, (layout.fill,)), (273, _LONG, places[:-1]), (277, _SHORT, (1,)),
        (278, _LONG, (rows,)), (279, _LONG, list(map(len, pieces))),
    )  # fmt: skip
    start = int(places[-1])
    lists = start + 2 + 12 * len(tags) + 4
    entries, behind = b"", b""
    for tag, kind, values in tags:
        packed = np.asarray(values, "<u4" if kind == _LONG else "<u2").tobytes()
        if len(packed) > 4:
            packed, behind = struct.pack("<I", lists + len(behind)), behind + packed
        entries += struct.pack("<HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    head = struct.pack("<2sHI", b"II", 42, start)
    file = b"".join([head, *pieces, struct.pack("<H", len(tags)), entries, bytes(4), behind])
    with TiffImageFile(io.BytesIO(file)) as image:
        return np.asarray(image)


def _numbers(packed: NDArray[np.uint8], count: int, layout: TiffLayout) -> NDArray[Any]:
    """`count` values of each row, of bytes `[h, row]`, what a predictor did undone."""
    size, step = layout.bits // 8, 1 if layout.planes else layout.channels
    if layout.bits % 8:
        return _narrow(packed, count, layout.bits)
    if layout.predictor == _OF_FRACTIONS:
        packed = np.cumsum(packed.reshape(len(packed), -1, step), axis=1, dtype=np.uint8).reshape(len(packed), size, -1)
        values = np.ascontiguousarray(packed.swapaxes(1, 2)).view(f">f{size}")[..., 0]
        return np.asarray(values.astype(values.dtype.newbyteorder("=")))
    kind = {SIGNED: "i", FRACTION: "f"}.get(layout.kind, "u")
    natural = packed.view(f"{layout.order}u{size}").astype(f"u{size}")
    if layout.predictor == _DIFFERENCES:
        natural = np.cumsum(natural.reshape(len(packed), -1, step), axis=1, dtype=natural.dtype)
    return natural.reshape(len(packed), -1).view(f"{kind}{size}")


def _narrow(packed: NDArray[np.uint8], count: int, bits: int) -> NDArray[Any]:
    """Values of 1 to 15 bits, the highest bit first, each row beginning at a byte: uint8, or uint16 above 8 bits."""
    room = 8 if bits < 8 else 16
    out = np.empty((len(packed), count), f"u{room // 8}")
    rows = max(1, _AT_ONCE // count)
    for top, left in product(range(0, len(packed), rows), range(0, count, _AT_ONCE)):
        values = out[top : top + rows, left : left + _AT_ONCE]
        start = left * bits // 8  # of a byte, for so many values fill whole ones
        part = packed[top : top + rows, start : start + -(-values.shape[1] * bits // 8)]
        ones = np.unpackbits(part, axis=1)[:, : values.shape[1] * bits].reshape(-1, bits)
        whole = np.packbits(np.pad(ones, ((0, 0), (room - bits, 0))), axis=1)
        values[:] = whole.view(f">u{room // 8}").reshape(values.shape)
    return out
