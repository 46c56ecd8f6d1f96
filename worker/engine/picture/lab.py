"""CIE L*a*b* under the white of print (D50), as files store it, to sRGB."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.engine.picture.channels import Picture

_WHITE: Final = (0.96422, 1.0, 0.82521)  # D50
_KNEE: Final = 6 / 29  # of CIE's cube root, which is a line below it
# From D50 to D65 by Bradford's matrix, and from there to the linear values of sRGB.
_TO_RGB: Final = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]],
    np.float32,
)
_AT_ONCE: Final = 1 << 20  # pixels worked on together


def _bent() -> NDArray[np.uint8]:
    linear = np.linspace(0, 1, 65_536)
    bent = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * bent), np.uint8)


_BENT: Final = _bent()  # what screens expect, by linear light in 16 bits


def rgb_of_lab(values: NDArray[Any], signed: bool) -> Picture:
    """RGB `[h, w, 3]` of Lab values, uint8 or uint16 `[h, w, 3]`.

    signed: a and b are, else their zero is in the middle. What sRGB does not have is cut off. 0.2 s a megapixel.
    """
    size = values.dtype.itemsize
    flat, out = values.reshape(-1, 3), np.empty((values.size // 3, 3), np.uint8)
    for start in range(0, len(flat), _AT_ONCE):
        part = np.ascontiguousarray(flat[start : start + _AT_ONCE])
        height = part[..., 0] * np.float32(1 / 1.16 / (255, 65_535)[size - 1]) + np.float32(16 / 116)
        sides = part if signed else part ^ part.dtype.type(1 << (8 * size - 1))
        a, b = np.moveaxis(sides[..., 1:].view(f"i{size}") * np.float32(1 / 256 ** (size - 1)), -1, 0)
        roots = np.stack([height + a / 500, height, height - b / 200], axis=-1)
        cubes = np.where(roots > _KNEE, roots**3, 3 * _KNEE**2 * (roots - np.float32(4 / 29)))
        linear = (cubes * np.array(_WHITE, np.float32)) @ _TO_RGB.T
        out[start : start + _AT_ONCE] = _BENT[np.rint(np.clip(linear, 0, 1) * 65_535).astype(np.uint16)]
    return out.reshape(values.shape)
