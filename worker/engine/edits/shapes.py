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


def reshaped(times: float) -> Edit:
    """Width over height times so many; the area stays."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        size = (max(8, round(width * np.sqrt(times))), max(8, round(height / np.sqrt(times))))
        return pixels(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR))

    return edit


def cropped(share: float) -> Edit:
    """`share` of the width and of the height is cut away, at a random place."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        cut_y, cut_x = round(height * share), round(width * share)
        top, left = int(random.integers(0, cut_y + 1)), int(random.integers(0, cut_x + 1))
        return picture[top : top + height - cut_y, left : left + width - cut_x]

    return edit


def cornered(share: float) -> Edit:
    """One of the four corners: `share` of the width and of the height."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        high, wide = round(height * share), round(width * share)
        top, left = random.integers(0, 2, 2) * [height - high, width - wide]
        return picture[top : top + high, left : left + wide]

    return edit


def centred(share: float) -> Edit:
    """The middle: `share` of the width and of the height."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        high, wide = round(height * share), round(width * share)
        top, left = (height - high) // 2, (width - wide) // 2
        return picture[top : top + high, left : left + wide]

    return edit


def rotated(degrees: float) -> Edit:
    """Turned about the centre on the same canvas; the corners become black."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        return pixels(cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_LINEAR))

    return edit


def tilted(degrees: float) -> Edit:
    """Turned about the centre, up to 90 degrees, and cut to the largest upright rectangle without empty corners."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        wide, high = (int(side) for side in _largest_inside(width, height, np.radians(degrees)))
        turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
        turn[:, 2] += [(wide - width) / 2, (high - height) / 2]
        return pixels(cv2.warpAffine(picture, turn, (wide, high), flags=cv2.INTER_LINEAR))

    return edit


def _largest_inside(width: int, height: int, angle: float) -> tuple[float, float]:
    """Width and height of the largest upright rectangle inside one that is turned by `angle` radians."""
    sine, cosine = np.sin(angle), np.cos(angle)
    longer, shorter = max(width, height), min(width, height)
    if shorter <= 2 * sine * cosine * longer or np.isclose(sine, cosine):  # two corners on the longer sides, two free
        half = shorter / 2
        sides = half / sine, half / cosine
        return sides if width >= height else sides[::-1]
    both = cosine**2 - sine**2
    return (width * cosine - height * sine) / both, (height * cosine - width * sine) / both


def turned(quarters: int) -> Edit:
    """Turned by quarters, counter-clockwise."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        return np.ascontiguousarray(np.rot90(picture, quarters))

    return edit


def mirrored(picture: Picture, _: np.random.Generator) -> Picture:
    """Left and right exchanged."""
    return np.ascontiguousarray(picture[:, ::-1])


def upended(picture: Picture, _: np.random.Generator) -> Picture:
    """Top and bottom exchanged, as in a mirror that lies below."""
    return np.ascontiguousarray(picture[::-1])


def perspective(picture: Picture, random: np.random.Generator) -> Picture:
    """Each corner moves inwards by up to 4 % of the sides; what lies outside is black."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    moved = corners + inwards * random.uniform(0, 0.04, (4, 2)) * [width, height]
    warp = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return pixels(cv2.warpPerspective(picture, warp, (width, height), flags=cv2.INTER_LINEAR))


def photographed(deviation: float) -> Edit:
    """Seen from an angle, as a screen is photographed: each corner moves at random, also out of the picture.

    deviation: of the move in pixels, for pictures of 500 pixels and more; a tenth of the long side for smaller ones. No
    corner moves more than twice as far. What lies outside is black.
    """

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        far = min(deviation, max(height, width) / 10)
        moves = np.clip(random.normal(0, far, (4, 2)), -2 * far, 2 * far)
        warp = cv2.getPerspectiveTransform(corners, (corners + moves).astype(np.float32))
        return pixels(cv2.warpPerspective(picture, warp, (width, height), flags=cv2.INTER_CUBIC))

    return edit
