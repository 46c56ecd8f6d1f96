"""Edits that move, cut or turn a picture."""

import cv2
import numpy as np

from worker.engine.edits.pixels import Edit, pixels
from worker.engine.picture.channels import Picture


def scaled(share: float) -> Edit:
    """Both sides times `share`."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        size = (max(8, round(width * share)), max(8, round(height * share)))
        return pixels(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))

    return edit


def stretched(picture: Picture, _: np.random.Generator) -> Picture:
    """15 % wider than it was."""
    height, width = picture.shape[:2]
    return pixels(cv2.resize(picture, (round(width * 1.15), height), interpolation=cv2.INTER_LINEAR))


def cropped(share: float) -> Edit:
    """`share` of the width and of the height is cut away, at a random place."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        cut_y, cut_x = round(height * share), round(width * share)
        top, left = int(random.integers(0, cut_y + 1)), int(random.integers(0, cut_x + 1))
        return picture[top : top + height - cut_y, left : left + width - cut_x]

    return edit


def rotated(degrees: float) -> Edit:
    """Turned about the centre on the same canvas; the corners become black."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        return pixels(cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_LINEAR))

    return edit


def turned(quarters: int) -> Edit:
    """Turned by quarters, counter-clockwise."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        return np.ascontiguousarray(np.rot90(picture, quarters))

    return edit


def mirrored(picture: Picture, _: np.random.Generator) -> Picture:
    """Left and right exchanged."""
    return np.ascontiguousarray(picture[:, ::-1])


def perspective(picture: Picture, random: np.random.Generator) -> Picture:
    """Each corner moves inwards by up to 4 % of the sides; what lies outside is black."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    moved = corners + inwards * random.uniform(0, 0.04, (4, 2)) * [width, height]
    warp = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return pixels(cv2.warpPerspective(picture, warp, (width, height), flags=cv2.INTER_LINEAR))
