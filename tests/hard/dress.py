"""How drawings become files: rendered as they are, scanned, photographed from the hand, taken by a camera."""

from typing import Final

import cv2
import numpy as np

from tests.hard.case import Dress, Picture
from tests.hard.nature import clipped, surface


def grained(picture: Picture, random: np.random.Generator) -> Picture:
    """Grain of a scanner or camera: 3 levels."""
    return clipped(picture + random.normal(0, 3, picture.shape))


def photographed(picture: Picture, random: np.random.Generator) -> Picture:
    """Lying on a table, seen a little from the side, darker towards the corners."""
    height, width = picture.shape[:2]
    colour = tuple(int(level) for level in random.integers(40, 150, 3))
    table = surface(random, round(width * 1.16), round(height * 1.16), colour)
    size = table.shape[1], table.shape[0]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + [width * 0.08, height * 0.08] + random.uniform(-0.03, 0.03, (4, 2)) * [width, height]
    turn = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    page = cv2.warpPerspective(picture, turn, size, flags=cv2.INTER_AREA)
    there = cv2.warpPerspective(np.ones((height, width), np.float32), turn, size)[..., None]
    across, down = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]))
    x, y = random.uniform(-0.4, 0.4, 2)
    light = (1 - 0.14 * ((across - x) ** 2 + (down - y) ** 2))[..., None]
    lit = (page * there * 0.95 + table * (1 - there)) * light
    return clipped(lit + random.normal(0, 2, lit.shape))


CLEAN: Final = Dress("clean")
JPEG: Final = Dress("jpeg", None, ".jpg", 85)
SCANNED: Final = Dress("scanned", grained, ".jpg", 85)
CAMERA: Final = Dress("camera", grained, ".jpg", 90)
PHOTOGRAPHED: Final = Dress("photographed", photographed, ".jpg", 88)
PAPER: Final = (CLEAN, SCANNED, PHOTOGRAPHED)
