"""Edits that add something: bars, frames, words, stickers, stripes."""

import cv2
import numpy as np

from worker.engine.edits.lettering import some_words, width_of, write
from worker.engine.edits.pixels import Edit, pixels, some_colour
from worker.engine.picture.channels import Picture


def letterboxed(picture: Picture, _: np.random.Generator) -> Picture:
    """Black bars of 12 % of the height above and below."""
    bar = round(picture.shape[0] * 0.12)
    return pixels(cv2.copyMakeBorder(picture, bar, bar, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0)))


def framed(picture: Picture, random: np.random.Generator) -> Picture:
    """A frame of one colour, 6 % of the long side."""
    edge = round(max(picture.shape[:2]) * 0.06)
    colour = some_colour(0, 256, random)
    return pixels(cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=colour))


def captioned(picture: Picture, random: np.random.Generator) -> Picture:
    """A black or white bar with words over the lowest 14 %."""
    result = picture.copy()
    height, width = result.shape[:2]
    top = height - round(height * 0.14)
    dark = random.random() < 0.5
    result[top:] = 0 if dark else 255
    text = some_words(4, random)
    ink = (255, 255, 255) if dark else (0, 0, 0)
    write(result, text, (round(width * 0.05), height - round(height * 0.05)), height * 0.05, ink)
    return result


def watermarked(picture: Picture, random: np.random.Generator) -> Picture:
    """Words, half transparent, across the middle."""
    layer = picture.copy()
    height, width = layer.shape[:2]
    text = some_words(2, random).upper()
    write(layer, text, (round(width * 0.1), round(height * random.uniform(0.4, 0.7))), height * 0.1, (255, 255, 255))
    return pixels(cv2.addWeighted(layer, 0.6, picture, 0.4, 0))


def stickered(picture: Picture, random: np.random.Generator) -> Picture:
    """An opaque disc of one colour with a ring, about 8 % of the picture, anywhere."""
    result = picture.copy()
    height, width = result.shape[:2]
    radius = round(np.sqrt(0.08 * height * width / np.pi))
    centre = (int(random.uniform(0.2, 0.8) * width), int(random.uniform(0.2, 0.8) * height))
    colour = some_colour(0, 256, random)
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
        write(result, some_words(2, random), at, panel_h * 0.14, (40, 40, 40))
    return result


def padded(share: float) -> Edit:
    """Black on all four sides, `share` of the width and of the height on each."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        high, wide = round(picture.shape[0] * share), round(picture.shape[1] * share)
        return pixels(cv2.copyMakeBorder(picture, high, high, wide, wide, cv2.BORDER_CONSTANT, value=(0, 0, 0)))

    return edit


def squared(picture: Picture, _: np.random.Generator) -> Picture:
    """Black on both sides of the shorter side, up to a square."""
    height, width = picture.shape[:2]
    high, wide = max(0, width - height) // 2, max(0, height - width) // 2
    return pixels(cv2.copyMakeBorder(picture, high, high, wide, wide, cv2.BORDER_CONSTANT, value=(0, 0, 0)))


def rounded(picture: Picture, random: np.random.Generator) -> Picture:
    """A frame of one colour, 5 % of the long side, and corners rounded off by a radius of 6 %."""
    height, width = picture.shape[:2]
    edge, radius = round(max(height, width) * 0.05), round(max(height, width) * 0.06)
    mask = np.zeros((height, width), np.uint8)
    mask[radius : height - radius] = 255
    mask[:, radius : width - radius] = 255
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
    framed_picture = np.empty((height + 2 * edge, width + 2 * edge, 3), np.uint8)
    framed_picture[:] = colour = some_colour(0, 256, random)
    inside = mask[..., None] / 255
    framed_picture[edge : edge + height, edge : edge + width] = np.rint(
        picture * inside + np.array(colour) * (1 - inside)
    )
    return framed_picture


def striped(degrees: float = 0.0, width: float = 0.5, density: float = 0.5) -> Edit:
    """Opaque white stripes.

    degrees: of the stripes; 0 lie across. width: share of the picture that they cover. density: the distance from one
    stripe to the next is 1 - density of the shorter side.
    """

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, wide = picture.shape[:2]
        y, x = np.mgrid[:height, :wide] - np.array([height / 2, wide / 2])[:, None, None]
        across = y * np.cos(np.radians(degrees)) + x * np.sin(np.radians(degrees))
        place = across / ((1 - density) * min(height, wide))
        return np.where(np.abs(place - np.rint(place))[..., None] < width / 2, np.uint8(255), picture)

    return edit


def titled(picture: Picture, random: np.random.Generator) -> Picture:
    """A white band of 250 pixels above, with a title as large as fits, as memes have it."""
    band = 250
    width = picture.shape[1]
    result = pixels(cv2.copyMakeBorder(picture, band, 0, 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255)))
    text = some_words(int(random.integers(1, 4)), random).upper()
    height = min(band * 0.6, 100 * width * 0.9 / width_of(text, 100))
    left = (width - width_of(text, height)) // 2
    write(result, text, (left, round(band / 2 + height * 0.35)), height, (0, 0, 0))
    return result


def written_over(picture: Picture, random: np.random.Generator) -> Picture:
    """Three lines of words in red from the left edge on, each 15 % of the shorter side high."""
    result = picture.copy()
    height = min(picture.shape[:2]) * 0.15
    for line in range(3):
        at = (round(height * 0.2), round(picture.shape[0] * 0.45 + line * height * 1.2))
        write(result, some_words(3, random), at, height, (220, 20, 20))
    return result


def smiling(count: int, size: float) -> Edit:
    """`count` yellow smileys at random places. size: their diameter, as a share of the picture's height."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        result = picture.copy()
        height, width = picture.shape[:2]
        radius = max(2, round(height * size / 2))
        for _ in range(count):
            x, y = random.uniform(0.1, 0.9, 2) * [width, height]
            _smiley(result, (int(x), int(y)), radius)
        return result

    return edit


def _smiley(picture: Picture, centre: tuple[int, int], radius: int) -> None:
    x, y = centre
    dark, thick = (90, 55, 10), max(1, radius // 9)
    cv2.circle(picture, centre, radius, (220, 150, 20), -1, cv2.LINE_AA)
    cv2.circle(picture, centre, max(1, radius - thick), (255, 204, 50), -1, cv2.LINE_AA)
    for side in (-1, 1):
        eye = (x + side * round(radius * 0.38), y - round(radius * 0.25))
        cv2.ellipse(picture, eye, (max(1, radius // 9), max(1, radius // 6)), 0, 0, 360, dark, -1, cv2.LINE_AA)
    mouth = (max(1, round(radius * 0.55)), max(1, round(radius * 0.5)))
    cv2.ellipse(picture, (x, y + radius // 10), mouth, 0, 15, 165, dark, thick, cv2.LINE_AA)
