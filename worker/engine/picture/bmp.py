"""BMP files whose pixels are fields of bits, as masks say: those that Pillow does not know, or whose alpha it drops."""

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from worker.engine.picture.formats import CONVERT

_CORE, _OS2 = 12, (16, 64)  # bytes of the oldest header, and of IBM's
_PLAIN, _FIELDS, _FIELDS_WITH_ALPHA = 0, 3, 6  # compressions
_CODINGS: Final = (_PLAIN, 1, 2, _FIELDS, _FIELDS_WITH_ALPHA)  # 1 and 2 are run-lengths
_BITS: Final = (1, 4, 8, 16, 24, 32)
_MASKS_AT: Final = 14 + 40
_WITH_ALPHA: Final = 56  # bytes of the first header that has a mask for it
_PILLOW_S: Final = {
    16: {(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0)},
    24: {(0xFF0000, 0xFF00, 0xFF, 0)},
    32: {(0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0), (0xFF000000, 0xFF00, 0xFF, 0),
         (0xFF000000, 0xFF0000, 0xFF00, 0xFF), (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
         (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF000000, 0xFF00, 0xFF, 0xFF0000), (0, 0, 0, 0)},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BmpFields:
    """bits: of a pixel. masks: which of them are red, green, blue, alpha; 0 for none. downwards: from the top row."""

    width: int
    height: int
    downwards: bool
    bits: int
    masks: tuple[int, ...]
    start: int


def read_fields(data: bytes) -> BmpFields | None:
    """None for what Pillow reads rightly.

    Raises UnreadableImage for what nobody does, struct.error for a header that is cut off.
    """
    header = struct.unpack_from("<I", data, 14)[0]
    if header == _CORE:
        return None
    if header in _OS2 and (header == _OS2[0] or struct.unpack_from("<I", data, 30)[0] > 2):
        raise _unsupported("of OS/2")
    width, height, _, bits, coding = struct.unpack_from("<iiHHI", data, 18)
    if coding not in _CODINGS or bits not in _BITS:
        raise _unsupported(f"of {bits} bits, compression {coding}")
    if coding not in (_FIELDS, _FIELDS_WITH_ALPHA):
        return None
    has_alpha = header >= _WITH_ALPHA or coding == _FIELDS_WITH_ALPHA
    masks = (*struct.unpack_from("<3I", data, _MASKS_AT), *(struct.unpack_from("<I", data, _MASKS_AT + 12) * has_alpha))
    masks = (*masks, 0)[:4]
    if coding == _FIELDS and masks in _PILLOW_S.get(bits, ()):
        return None
    if bits not in (16, 32) or not all(map(_is_field, masks)) or not any(masks[:3]):
        raise _unsupported(f"of {bits} bits with masks {', '.join(f'{mask:x}' for mask in masks)}")
    return BmpFields(width, abs(height), height < 0, bits, masks, struct.unpack_from("<I", data, 10)[0])


def decode_fields(data: bytes) -> NDArray[np.uint8]:
    """RGB, or RGBA, `[h, w, c]`, each field spread over 8 bits. Errors as `read_fields`; ValueError where it is cut."""
    fields = read_fields(data)
    if fields is None:
        raise ValueError("no fields of bits")
    size = fields.bits // 8
    stride = -(-fields.width * size // 4) * 4
    if fields.start + stride * fields.height > len(data):
        raise ValueError("its end is missing")
    rows = np.frombuffer(data, np.uint8, stride * fields.height, fields.start).reshape(fields.height, stride)
    pixels = rows[:, : fields.width * size].copy().view(f"<u{size}")
    if not fields.downwards:
        pixels = pixels[::-1]
    return np.dstack([_field(pixels, mask) for mask in fields.masks[: 4 if fields.masks[3] else 3]])


def _field(pixels: NDArray[Any], mask: int) -> NDArray[np.uint8]:
    if not mask:
        return np.zeros(pixels.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    values = (pixels & np.array(mask, pixels.dtype)) >> np.array(shift, pixels.dtype)
    if most > 65_535:  # more than anybody sees
        values, most = values >> np.array(most.bit_length() - 16, pixels.dtype), 65_535
    scale: NDArray[np.uint8] = np.rint(np.arange(most + 1) * (255 / most)).astype(np.uint8)
    return np.asarray(scale[values])


def _is_field(mask: int) -> bool:
    """Whether its bits stand together."""
    low = mask & -mask
    return not mask & (mask + low)


def _unsupported(what: str) -> UnreadableImage:
    return UnreadableImage(FailureKind.UNSUPPORTED, f"BMP picture {what}: {CONVERT}")
