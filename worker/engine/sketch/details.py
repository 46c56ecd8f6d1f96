"""The details of a whole picture: how its brightness runs, without the smooth trend that different skies share.

They say whether two whole pictures are alike where keypoints cannot (worker.engine.matching.shading). They are kept in
the sketch, since every verdict asks for those of two dozen pictures: a KiB each, where decoding the small picture again
takes 0.2 ms.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE: Final = 32  # pixels to which a picture is brought
DETAILS_BYTES: Final = SIDE * SIDE

_FAINT: Final = 1.5  # levels; standard deviation below which what is left may be compression
_STEPS: Final = 127  # that the largest value is stored as


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """values: int8 `[SIDE, SIDE]`, brightness less its quadratic trend, in steps of any size; all 0 where hardly
    anything is left. count: how many components of its spectrum share the variance, the exponential of their entropy.
    """

    values: NDArray[np.int8]
    count: float

    @property
    def there(self) -> bool:
        """Whether there are any."""
        return self.count > 0


NONE: Final = Details(np.zeros((SIDE, SIDE), np.int8), 0.0)


def find_details(grey: NDArray[Any]) -> Details:
    """The details of a grey uint8 picture `[h, w]` of any size. 0.1 ms."""
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    rest = small - _TREND @ (_TREND.T @ small)
    length = float(np.linalg.norm(rest))
    if length < _FAINT * SIDE:
        return NONE
    shares = cv2.dct((rest / length).reshape(SIDE, SIDE)) ** 2
    count = float(np.exp(-(shares * np.log(np.maximum(shares, 1e-12))).sum()))
    values = np.rint(rest * (_STEPS / np.abs(rest).max())).astype(np.int8)
    return Details(values.reshape(SIDE, SIDE), count)


def _trend() -> NDArray[np.float32]:
    """Orthonormal columns that span the quadratic functions of the place: float32 `[SIDE ** 2, 6]`."""
    y, x = (axis.ravel() for axis in np.meshgrid(*[np.linspace(-1, 1, SIDE)] * 2, indexing="ij"))
    columns = np.column_stack([np.ones(len(x)), x, y, x * x, x * y, y * y])
    return np.asarray(np.linalg.qr(columns)[0], np.float32)


_TREND: Final = _trend()
