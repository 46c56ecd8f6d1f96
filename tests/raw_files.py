"""Camera raw files, small, made by hand: a TIFF with a mosaic of sensor values and JPEG previews."""

import io
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

Field = tuple[int, int, Any]  # tag, type, values; where the values are bytes, they lie elsewhere and are pointed at

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8}
_LETTERS = {1: "B", 3: "H", 4: "I"}


def jpeg(picture: np.ndarray, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=95, **options)
    return out.getvalue()


def _packed(kind: int, values: Any) -> bytes:
    if isinstance(values, bytes):
        return values
    if kind in (5, 10):
        return b"".join(struct.pack("<ii", *one) for one in values)
    return struct.pack(f"<{len(values)}{_LETTERS[kind]}", *values)


def tiff(directories: Sequence[Sequence[Field]], below: Sequence[Sequence[Field]] = (), behind: bytes = b"") -> bytes:
    """Directories that follow each other, and such that the first one names (330). Values of type 4 that are bytes are
    put into the file, and their place is the value. behind: what follows the file's first 8 bytes.
    """
    body, places, nexts = bytearray(b"II*\0" + bytes(4) + behind), [], []

    def add(fields: Sequence[Field]) -> int:
        entries = []
        for tag, kind, values in sorted(fields, key=lambda field: field[0]):
            if kind == 4 and isinstance(values, bytes):
                at = len(body)
                body.extend(values)
                values = (at,)
            packed = _packed(kind, values)
            count = len(packed) // _SIZES[kind]
            if len(packed) > 4:
                at = len(body)
                body.extend(packed + bytes(len(packed) % 2))
                packed = struct.pack("<I", at)
            entries.append(struct.pack("<HHI", tag, kind, count) + packed.ljust(4, b"\0"))
        body.extend(bytes(len(body) % 2))
        place = len(body)
        body.extend(struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4))
        nexts.append(len(body) - 4)
        return place

    places = [add(fields) for fields in below]
    at = 4
    for number, fields in enumerate(directories):
        place = add([*fields, (330, 4, places)] if places and not number else fields)
        struct.pack_into("<I", body, at, place)
        at = nexts[-1]
    return bytes(body)


def preview(data: bytes, size: tuple[int, int]) -> list[Field]:
    """A JPEG preview as DNG has it. size: width, height."""
    return [
        (254, 4, (1,)), (256, 4, (size[0],)), (257, 4, (size[1],)), (258, 3, (8, 8, 8)), (259, 3, (7,)), (262, 3, (6,)),
        (273, 4, data), (277, 3, (3,)), (278, 4, (size[1],)), (279, 4, (len(data),)),
    ]  # fmt: skip


def mosaic(width: int = 64, height: int = 48) -> list[Field]:
    """The values of a sensor."""
    values = np.arange(width * height, dtype="<u2").tobytes()
    return [
        (254, 4, (0,)), (256, 4, (width,)), (257, 4, (height,)), (258, 3, (16,)), (259, 3, (1,)), (262, 3, (32803,)),
        (273, 4, values), (277, 3, (1,)), (278, 4, (height,)), (279, 4, (len(values),)), (284, 3, (1,)),
        (33421, 3, (2, 2)), (33422, 1, (0, 1, 1, 2)),
    ]  # fmt: skip


def camera(orientation: int = 1, make: bytes = b"Maker\0", model: bytes = b"Model\0") -> list[Field]:
    matrix = [(1, 1), (0, 1), (0, 1), (0, 1), (1, 1), (0, 1), (0, 1), (0, 1), (1, 1)]
    return [
        (271, 2, make), (272, 2, model), (274, 3, (orientation,)), (50706, 1, (1, 4, 0, 0)), (50707, 1, (1, 1, 0, 0)),
        (50708, 2, model), (50721, 10, matrix), (50728, 5, [(1, 1)] * 3), (50778, 3, (21,)),
    ]  # fmt: skip


def dng(
    previews: Sequence[tuple[bytes, tuple[int, int]]], orientation: int = 1, sensor: tuple[int, int] = (64, 48)
) -> bytes:
    """A DNG whose first directory is the first preview; the others and the mosaic stand below it."""
    first = preview(*previews[0]) if previews else [(254, 4, (1,))]
    return tiff([[*first, *camera(orientation)]], [mosaic(*sensor), *(preview(*one) for one in previews[1:])])
