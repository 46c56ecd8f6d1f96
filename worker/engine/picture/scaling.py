"""Making pictures smaller."""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def average(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture, uint8 `[h, w, ...]`, at this smaller width and height; each pixel is the mean of those it covers.

    Halved first while it is four times as large: that takes OpenCV a tenth of the time of averaging at another ratio.
    It blurs and shifts by a fraction of what is averaged last. Fc2 features of 32 photos kept a cosine of 0.9997 to
    those without any halving, and of 0.998 where it went on to twice as large.
    """
    while picture.shape[1] >= 4 * size[0] and picture.shape[0] >= 4 * size[1]:
        half = -(-picture.shape[1] // 2), -(-picture.shape[0] // 2)
        picture = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_LINEAR), np.uint8)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def no_larger(picture: Pixels, side: int) -> Pixels:
    """The picture, uint8 `[h, w, ...]`, with a long side of `side` pixels at most."""
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
