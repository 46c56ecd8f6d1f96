"""Edits that add something: bars, frames, words, stickers."""

from typing import Final

import cv2
import numpy as np

from worker.engine.edits.pixels import pixels
from worker.engine.picture.channels import Picture

_WORDS: Final = ("when", "nobody", "looks", "monday", "sale", "today", "only", "at", "this", "best", "summer", "found")


def letterboxed(picture: Picture, _: np.random.Generator) -> Picture:
    """Black bars of 12 % of the height above and below."""
    bar = round(picture.shape[0] * 0.12)
    return pixels(cv2.copyMakeBorder(picture, bar, bar, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0)))


def framed(picture: Picture, random: np.random.Generator) -> Picture:
    """A frame of one colour, 6 % of the long side."""
    edge = round(max(picture.shape[:2]) * 0.06)
    colour = tuple(int(level) for level in random.integers(0, 256, 3))
    return pixels(cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=colour))


def _write(picture: Picture, text: str, at: tuple[int, int], height: float, colour: tuple[int, int, int]) -> None:
    scale = height / 30  # this font is about 30 pixels high at scale 1
    thick = max(1, round(scale * 2))
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)


def captioned(picture: Picture, random: np.random.Generator) -> Picture:
    """A black or white bar with words over the lowest 14 %."""
    result = picture.copy()
    height, width = result.shape[:2]
    top = height - round(height * 0.14)
    dark = random.random() < 0.5
    result[top:] = 0 if dark else 255
    text = " ".join(random.choice(_WORDS, 4))
    ink = (255, 255, 255) if dark else (0, 0, 0)
    _write(result, text, (round(width * 0.05), height - round(height * 0.05)), height * 0.05, ink)
    return result


def watermarked(picture: Picture, random: np.random.Generator) -> Picture:
    """Words, half transparent, across the middle."""
    layer = picture.copy()
    height, width = layer.shape[:2]
    text = " ".join(random.choice(_WORDS, 2)).upper()
    _write(layer, text, (round(width * 0.1), round(height * random.uniform(0.4, 0.7))), height * 0.1, (255, 255, 255))
    return pixels(cv2.addWeighted(layer, 0.6, picture, 0.4, 0))


def stickered(picture: Picture, random: np.random.Generator) -> Picture:
    """An opaque disc of one colour with a ring, about 8 % of the picture, anywhere."""
    result = picture.copy()
    height, width = result.shape[:2]
    radius = round(np.sqrt(0.08 * height * width / np.pi))
    centre = (int(random.uniform(0.2, 0.8) * width), int(random.uniform(0.2, 0.8) * height))
    colour = tuple(int(level) for level in random.integers(0, 256, 3))
    cv2.circle(result, centre, radius, colour, -1, cv2.LINE_AA)
    cv2.circle(result, centre, radius * 3 // 4, (255, 255, 255), max(2, radius // 12), cv2.LINE_AA)
    return result


def overlaid(picture: Picture, random: np.random.Generator) -> Picture:
    """An opaque panel with words over 12 % of the picture, as a screen recording or a shop puts it there."""
    result = picture.copy()
    height, width = result.shape[:2]
    panel_h, panel_w = round(height * 0.3), round(width * 0.4)
    top, left = int(random.integers(0, height - panel_h + 1)), int(random.integers(0, width - panel_w + 1))
    result[top : top + panel_h, left : left + panel_w] = random.integers(180, 256, 3)
    for line in range(3):
        at = (left + panel_w // 12, top + round(panel_h * (0.28 + 0.27 * line)))
        _write(result, " ".join(random.choice(_WORDS, 2)), at, panel_h * 0.14, (40, 40, 40))
    return result
