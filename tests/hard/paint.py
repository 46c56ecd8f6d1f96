"""A sheet to draw on: type, lines, boxes, and strokes as a hand makes them."""

import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.hard.case import Picture

FACES: Final = {
    "sans": "DejaVuSans.ttf",
    "bold": "DejaVuSans-Bold.ttf",
    "mono": "DejaVuSansMono.ttf",
    "serif": "DejaVuSerif.ttf",
    "serif bold": "DejaVuSerif-Bold.ttf",
    "italic": "DejaVuSerif-Italic.ttf",
    "roman": "cmr10.ttf",
    "type": "cmtt10.ttf",
}
Colour = str | tuple[int, int, int]
Point = tuple[float, float]


@cache
def font(face: str, size: int) -> ImageFont.FreeTypeFont:
    """One of the faces that matplotlib carries; size in pixels."""
    return ImageFont.truetype(Path(mpl.get_data_path(), "fonts", "ttf", FACES[face]), size)


class Sheet:
    """A picture that is drawn on. Lengths are pixels from the upper left; `fine` draws it so many times larger, so
    that `picture`, which shrinks it again, has smooth edges.
    """

    def __init__(self, ground: Colour | Picture = "white", width: int = 0, height: int = 0, fine: int = 1) -> None:
        self.fine = fine
        if isinstance(ground, np.ndarray):
            self._image = Image.fromarray(ground).resize((ground.shape[1] * fine, ground.shape[0] * fine))
        else:
            self._image = Image.new("RGB", (width * fine, height * fine), ground)
        self._draw = ImageDraw.Draw(self._image)

    def _at(self, *points: Point) -> list[Point]:
        return [(x * self.fine, y * self.fine) for x, y in points]

    def text(
        self, at: Point, words: str, size: int = 16, face: str = "sans", colour: Colour = "black", anchor: str = "la"
    ) -> None:
        """anchor as Pillow has it: la is the upper left, mm the middle."""
        used = font(face, size * self.fine)
        self._draw.text(self._at(at)[0], words, colour, used, anchor, spacing=size * self.fine // 3)

    def line(self, *points: Point, colour: Colour = "black", width: float = 1) -> None:
        self._draw.line(self._at(*points), colour, max(1, round(width * self.fine)), "curve")

    def box(
        self,
        at: Point,
        to: Point,
        fill: Colour | None = None,
        edge: Colour | None = None,
        width: float = 1,
        round_: int = 0,
    ) -> None:
        corners = self._at(at, to)
        self._draw.rounded_rectangle(corners, round_ * self.fine, fill, edge, max(1, round(width * self.fine)))

    def oval(
        self,
        middle: Point,
        radii: float | Point,
        fill: Colour | None = None,
        edge: Colour | None = None,
        width: float = 1,
    ) -> None:
        (x, y), (wide, high) = middle, radii if isinstance(radii, tuple) else (radii, radii)
        corners = self._at((x - wide, y - high), (x + wide, y + high))
        self._draw.ellipse(corners, fill, edge, max(1, round(width * self.fine)))

    def shape(self, *points: Point, fill: Colour | None = None, edge: Colour | None = None, width: float = 1) -> None:
        self._draw.polygon(self._at(*points), fill, edge, max(1, round(width * self.fine)))

    def put(self, picture: Picture, at: Point) -> None:
        """Lay a picture on it, by its upper left."""
        left, top = (round(length * self.fine) for length in at)
        laid = Image.fromarray(picture)
        self._image.paste(laid.resize((laid.width * self.fine, laid.height * self.fine)), (left, top))

    def hand(self, at: Point, words: str, size: float = 20, colour: Colour = (25, 35, 110), width: float = 1.6) -> None:
        """Words in strokes that look written: each letter a curve of its own, leaning to the right."""
        x, y = at
        for letter in words:
            if letter == " ":
                x += size * 0.5
                continue
            curve = _stroke(letter) * [size * 0.55, size] + [x, y]
            self.line(*(tuple(point) for point in curve.tolist()), colour=colour, width=width)
            x += size * 0.62

    def picture(self) -> Picture:
        """RGB uint8."""
        drawn = np.asarray(self._image, np.uint8)
        if self.fine == 1:
            return drawn.copy()
        size = (drawn.shape[1] // self.fine, drawn.shape[0] // self.fine)
        return np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8)


@cache
def _stroke(letter: str) -> np.ndarray:
    """[n, 2], in a box of 1 x 1: a smooth curve through a few points that are the letter's own."""
    random = np.random.default_rng(zlib.crc32(letter.encode()))
    tall = 0.0 if letter.isupper() or letter.isdigit() or letter in "bdfhklt" else 0.45
    knots = random.uniform([0.0, tall], [1.0, 1.0], (5, 2))
    knots = np.vstack([[0.0, 0.95], knots, [1.1, 0.9]])
    steps = np.linspace(0, len(knots) - 1, 40)
    smooth = [np.interp(steps, np.arange(len(knots)), knots[:, axis]) for axis in (0, 1)]
    curve = np.stack([np.convolve(np.pad(line, 4, "edge"), np.ones(9) / 9, "valid") for line in smooth], 1)
    curve[:, 0] += (1 - curve[:, 1]) * 0.3
    return curve


def centred(
    sheet: Sheet, middle: Point, lines: Sequence[str], size: int, face: str = "sans", colour: Colour = "black"
) -> None:
    """Lines below one another, each around the middle of its own."""
    for number, words in enumerate(lines):
        sheet.text((middle[0], middle[1] + number * size * 1.4), words, size, face, colour, "mm")
