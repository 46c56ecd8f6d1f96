"""Edits that put a picture together with another one, or with another state of itself."""

from typing import Final

import cv2
import numpy as np

from worker.engine.edits.pixels import Edit, pixels
from worker.engine.edits.scenes import scene
from worker.engine.picture.channels import Picture

_LONG_SIDE: Final = 1024  # at least, of a picture that others are put on


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """The whole picture, as large as it goes into `width` by `height`."""
    factor = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    return pixels(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR))


def put(canvas: Picture, picture: Picture, left: int, top: int) -> None:
    """Put the picture into the canvas itself. What would stand beyond its edges is left out."""
    height, width = canvas.shape[0] - top, canvas.shape[1] - left
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture[:height, :width]


def on_another(picture: Picture, random: np.random.Generator) -> Picture:
    """On another picture, of 4 to 3 and at least 1,024 pixels: half its width or height, somewhere on it."""
    width = max(_LONG_SIDE, *picture.shape[:2])
    canvas = scene(width * 3 // 4, width, random)
    small = fitted(picture, round(canvas.shape[1] * 0.5), round(canvas.shape[0] * 0.5))
    room = np.array(canvas.shape[:2]) - small.shape[:2]
    top, left = (int(place) for place in random.integers(0, room + 1))
    put(canvas, small, left, top)
    return canvas


def under_another(share: float) -> Edit:
    """Another picture over it. share: of the width and of the height that it covers, from 40 % of them on."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        result = picture.copy()
        height, width = picture.shape[:2]
        put(result, scene(round(height * share), round(width * share), random), round(width * 0.4), round(height * 0.4))
        return result

    return edit


def filled_up(picture: Picture, _: np.random.Generator) -> Picture:
    """Widened to 16 by 9 (or heightened, where it is wider), as videos are: beside it the picture itself, blurred."""
    height, width = picture.shape[:2]
    size = max(width, round(height * 16 / 9)), max(height, round(width * 9 / 16))
    ground = pixels(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR))
    canvas = pixels(cv2.GaussianBlur(ground, (0, 0), max(size) / 40))
    put(canvas, picture, (size[0] - width) // 2, (size[1] - height) // 2)
    return canvas


def halved(edit: Edit) -> Edit:
    """The edit on one half of the picture alone: left, right, upper or lower. It must leave the size as it is."""

    def on_half(picture: Picture, random: np.random.Generator) -> Picture:
        result, changed = picture.copy(), edit(picture, random)
        turns = int(random.integers(0, 4))
        half, other = np.rot90(result, turns), np.rot90(changed, turns)
        half[: len(half) // 2] = other[: len(half) // 2]
        return result

    return on_half
