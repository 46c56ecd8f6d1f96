"""What the edits of this package work on."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engine.picture.channels import Picture

Edit = Callable[[Picture, np.random.Generator], Picture]  # draws what varies from picture to picture
Colour = tuple[int, int, int]  # red, green, blue


def as_picture(values: NDArray[Any]) -> Picture:
    """Rounded and clipped to 0 to 255."""
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def pixels(values: Any) -> Picture:
    """What OpenCV gave, with its type."""
    return np.asarray(values, np.uint8)


def some_colour(least: int, below: int, random: np.random.Generator) -> Colour:
    """A colour whose three levels lie in that range, drawn at random."""
    red, green, blue = (int(level) for level in random.integers(least, below, 3))
    return red, green, blue
