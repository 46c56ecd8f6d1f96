"""From what decoders give (any depth, any number of channels) to 8-bit RGB."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import UnreadableImage
from shared.failures import FailureKind

Picture = NDArray[np.uint8]

_ODD: Final = 10_000  # of so many pixels one may be odd: brighter than its picture, or darker, by 16 times the range
_LEAST_PIXELS: Final = 64  # below which none is
_AT_ONCE: Final = 1 << 22  # values worked on at once, so that wide intermediate types stay small


def to_rgb(pixels: NDArray[Any]) -> Picture:
    """RGB `[h, w, 3]` of OpenCV's channel order: grey `[h, w]`, grey and alpha, BGR or BGRA `[h, w, c]`.

    Alpha, which is taken as not premultiplied, is composed over white. Depths come down to 8 bit by `to_8_bit`.
    Raises UnreadableImage for other channel counts.
    """
    count = 1 if pixels.ndim == 2 else pixels.shape[2]
    if count not in (1, 2, 3, 4):
        raise UnreadableImage(
            FailureKind.UNSUPPORTED, f"a picture with {count} channels; convert it to one with 1 to 4"
        )
    colour = to_8_bit(pixels if count in (1, 3) else pixels[..., :-1])
    rgb: Picture = cv2.cvtColor(colour, cv2.COLOR_GRAY2RGB if count < 3 else cv2.COLOR_BGR2RGB)
    return rgb if count in (1, 3) else over_white(rgb, _alpha(pixels[..., -1]))


def farthest_channel(one: Picture, other: Picture) -> NDArray[np.uint8]:
    """By how much the most different channel of each pixel differs, uint8 `[h, w]`; `[h, w, c]` each.

    Channel by channel: a maximum along the last axis, which is so short, takes ten times as long.
    """
    first, *others = cv2.split(cv2.absdiff(one, other))
    for channel in others:
        cv2.max(first, channel, first)
    return np.asarray(first, np.uint8)


def over_white(rgb: Picture, alpha: NDArray[np.uint8]) -> Picture:
    """`rgb` `[h, w, 3]` with `alpha` `[h, w]` (255 opaque) over a white ground."""
    if alpha.min() == 255:
        return rgb
    out = np.empty_like(rgb)
    for rows in strips(rgb):
        weight = alpha[rows, :, None].astype(np.uint16)
        out[rows] = (rgb[rows] * weight + 255 * (255 - weight) + 127) // 255
    return out


def to_8_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Values of any depth, same shape, as 8 bit.

    16 bit: the upper 8 of the bits in use. Cameras and microscopes store 12-bit values unscaled in 16; what stays
    below 4096 is taken as that (and below 256 as 8 bit), or different pictures would all come out black.
    float: 0..1 as it is; beyond that, and for signed and 32-bit integers, the range of the finite values is spread over
    0..255. What is not finite: NaN and -inf are black, +inf white. 8-bit signed is read as unsigned, as Pillow does.
    Of both, one pixel in 10,000 (a hot one, a cosmic ray) may lie outside, or else the rest would be black; see _ODD.
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.itemsize == 1:
        return np.ascontiguousarray(values).view(np.uint8)
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:  # of either byte order
        shift = 0 if _fit(values, 256) else 4 if _fit(values, 4096) else 8
        upper = values >> shift
        return upper.astype(np.uint8) if shift == 8 else np.minimum(upper, 255).astype(np.uint8)
    low, high = _usual_range(values)
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return _spread(values, low, high)


def _fit(values: NDArray[Any], top: int) -> bool:
    """Whether all values but odd ones lie below this one."""
    most = _odd(values)
    # Nearly always the first rows tell.
    return all(most >= above for above in accumulate(np.count_nonzero(values[rows] >= top) for rows in strips(values)))


def _odd(values: NDArray[Any]) -> int:
    """How many values may be odd ones; a pixel is odd in all its channels."""
    channels = values.shape[2] if values.ndim == 3 else 1
    pixels = values.size // channels
    return -(-pixels // _ODD) * channels if pixels >= _LEAST_PIXELS else 0


def _usual_range(values: NDArray[Any]) -> tuple[float, float]:
    """The range of all finite values; without odd ones where these make it more than 16 times as wide."""
    low, high = _finite_range(values)
    odd = _odd(values)
    ends: list[NDArray[Any]] = [np.empty(0), np.empty(0)]
    for rows in strips(values) if odd else ():
        finite = values[rows][np.isfinite(values[rows])].astype(np.float64)
        if finite.size > 2 * odd:
            finite.partition((odd, finite.size - odd - 1))
        ends = [np.sort(np.append(ends[0], finite[: odd + 1]))[: odd + 1],
                np.sort(np.append(ends[1], finite[-odd - 1 :]))[-odd - 1 :]]  # fmt: skip
    usual = (float(ends[0][-1]), float(ends[1][0])) if ends[0].size > odd else (low, high)
    return usual if usual[0] < usual[1] and high / 16 - low / 16 > usual[1] - usual[0] else (low, high)


def _finite_range(values: NDArray[Any]) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    for rows in strips(values):
        finite = values[rows][np.isfinite(values[rows])]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return (low, high) if low <= high else (0.0, 1.0)


def _spread(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """`low` to 0, `high` to 255, the rest clipped; a single value becomes middle grey."""
    out = np.full(values.shape, 128, np.uint8)
    if high <= low:
        return out
    for rows in strips(values):
        with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinities are dealt with below
            # Halved, for high - low may overflow.
            part = (values[rows].astype(np.float64) / 2 - low / 2) / (high / 2 - low / 2)
        np.clip(np.nan_to_num(part, copy=False, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0, out=part)
        out[rows] = np.rint(part * 255).astype(np.uint8)
    return out


def _alpha(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Alpha by its type's whole range: it says how opaque, not how bright."""
    if values.dtype.itemsize == 1:
        return np.ascontiguousarray(values).view(np.uint8)
    if values.dtype.kind == "u":
        return (values >> (8 * (values.dtype.itemsize - 1))).astype(np.uint8)
    return _spread(values, 0.0, 1.0)


def strips(values: NDArray[Any]) -> Iterator[slice]:
    """Rows of a picture `[h, ...]`, few enough at a time for wide intermediate types."""
    height = max(1, _AT_ONCE * len(values) // max(1, values.size))
    return (slice(top, top + height) for top in range(0, len(values), height))
