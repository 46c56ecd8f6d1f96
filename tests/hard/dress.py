"""How drawings become files: rendered as they are, scanned, photographed from the hand, taken by a camera."""

from typing import Final

import cv2
import numpy as np

from tests.hard.case import Dress, Picture
from tests.hard.nature import clipped, grain, surface


def grained(picture: Picture, random: np.random.Generator) -> Picture:
    """Grain of a scanner or camera: 3 levels."""
    return clipped(picture + grain(random, picture.shape, 3))


def photographed(picture: Picture, random: np.random.Generator) -> Picture:
    """Lying on a table, seen a little from the side, darker towards the corners; three quarters as large."""
    size = round(picture.shape[1] * 0.75), round(picture.shape[0] * 0.75)
    picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = picture.shape[:2]
    colour = tuple(int(level) for level in random.integers(40, 150, 3))
    table = surface(random, round(width * 1.16), round(height * 1.16), colour)
    size = table.shape[1], table.shape[0]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + [width * 0.08, height * 0.08] + random.uniform(-0.03, 0.03, (4, 2)) * [width, height]
    turn = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    page = cv2.warpPerspective(picture, turn, size, flags=cv2.INTER_LINEAR)
    there = cv2.warpPerspective(np.ones((height, width), np.float32), turn, size)[..., None]
    across, down = np.meshgrid(*(np.linspace(-1, 1, side, dtype=np.float32) for side in size))
    x, y = (np.float32(shift) for shift in random.uniform(-0.4, 0.4, 2))
    light = (1 - np.float32(0.14) * ((across - x) ** 2 + (down - y) ** 2))[..., None]
    lit = (page * there * np.float32(0.95) + table * (1 - there)) * light
    return clipped(lit + grain(random, lit.shape, 2))


CLEAN: Final = Dress("clean")
JPEG: Final = Dress("jpeg", None, ".jpg", 85)
SCANNED: Final = Dress("scanned", grained, ".jpg", 85)
CAMERA: Final = Dress("camera", grained, ".jpg", 90)
PHOTOGRAPHED: Final = Dress("photographed", photographed, ".jpg", 88)
PAPER: Final = (CLEAN, SCANNED, PHOTOGRAPHED)
