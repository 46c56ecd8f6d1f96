"""Words, written onto pictures."""

from typing import Final

import cv2
import numpy as np

from worker.engine.edits.pixels import Colour
from worker.engine.picture.channels import Picture

_WORDS: Final = ("when", "nobody", "looks", "monday", "sale", "today", "only", "at", "this", "best", "summer", "found")


def some_words(count: int, random: np.random.Generator) -> str:
    """`count` words, drawn at random."""
    return " ".join(random.choice(_WORDS, count))


def write(picture: Picture, text: str, at: tuple[int, int], height: float, colour: Colour) -> None:
    """Write a line into the picture itself. at: its lower left end, x and y. height: of a line, in pixels."""
    scale = height / 30  # this font is about 30 pixels high at scale 1
    thick = max(1, round(scale * 2))
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)


def width_of(text: str, height: float) -> int:
    """Pixels that a line of that height takes."""
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, height / 30, max(1, round(height / 15)))
    return int(width)
