"""Edits that show a picture on a screen: in the page of a website, in a phone's feed, between a phone's bars."""

from typing import Final

import cv2
import numpy as np

from worker.engine.edits.compositions import fitted, put
from worker.engine.edits.lettering import some_words, write
from worker.engine.edits.pixels import Colour, some_colour
from worker.engine.picture.channels import Picture

_INK: Final = (38, 38, 38)
_PALE: Final = (142, 142, 142)
_LINE: Final = (219, 219, 219)
_BLUE: Final = (0, 149, 246)


def on_website(picture: Picture, random: np.random.Generator) -> Picture:
    """In the page of a website, 1280 by 800: within 640 by 480 pixels (up to 30 %) on black, comments beside it."""
    page = np.full((800, 1280, 3), 250, np.uint8)
    _box(page, (0, 0, 1280, 60), (255, 255, 255), _LINE)
    write(page, some_words(1, random).title(), (140, 42), 30, _INK)
    _box(page, (500, 15, 780, 46), (239, 239, 239), _LINE)
    write(page, "Search", (520, 36), 15, _PALE)
    for place in range(5):
        cv2.circle(page, (940 + 46 * place, 30), 12, _INK, 2, cv2.LINE_AA)
    _box(page, (140, 100, 1140, 580), (255, 255, 255), _LINE)
    page[100:580, 140:780] = 0
    small = fitted(picture, 640, 480)
    put(page, small, 140 + (640 - small.shape[1]) // 2, 100 + (480 - small.shape[0]) // 2)
    _comments(page, (800, 130), 7, random)
    _box(page, (1040, 535, 1120, 565), _BLUE, _BLUE)
    write(page, "Post", (1058, 556), 15, (255, 255, 255))
    write(page, "More posts from " + some_words(2, random), (140, 630), 17, _PALE)
    for place in range(3):
        shade = some_colour(120, 240, random)
        _box(page, (140 + 340 * place, 655, 460 + 340 * place, 800), shade, shade)
    return page


def on_phone(picture: Picture, random: np.random.Generator) -> Picture:
    """In a phone's feed, 720 by 1520: as wide as the screen, up to 720 pixels high (up to 47 %), text around it."""
    small = fitted(picture, 720, 720)
    page = np.full((1520, 720, 3), 255, np.uint8)
    _status(page, 44, random)
    write(page, some_words(1, random).title(), (30, 105), 36, _INK)
    _box(page, (0, 130, 720, 131), _LINE, _LINE)
    cv2.circle(page, (56, 186), 32, some_colour(60, 220, random), -1, cv2.LINE_AA)
    write(page, some_words(2, random), (106, 182), 24, _INK)
    write(page, some_words(1, random), (106, 214), 19, _PALE)
    top = 240
    put(page, small, (720 - small.shape[1]) // 2, top)
    below = top + small.shape[0]
    for place in range(3):
        cv2.circle(page, (46 + 70 * place, below + 46), 20, _INK, 3, cv2.LINE_AA)
    write(page, f"{int(random.integers(10, 9999))} likes", (26, below + 110), 24, _INK)
    _comments(page, (26, below + 160), (1400 - below - 160) // 60, random)
    _box(page, (0, 1420, 720, 1520), (255, 255, 255), _LINE)
    for place in range(5):
        _box(page, (60 + 140 * place, 1450, 100 + 140 * place, 1490), (255, 255, 255), _INK)
    return page


def between_bars(picture: Picture, random: np.random.Generator) -> Picture:
    """A phone's status above (6 % of the height) and its three buttons below (7 %), on black."""
    height, width = picture.shape[:2]
    above, below = max(8, round(height * 0.06)), max(8, round(height * 0.07))
    result = np.zeros((above + height + below, width, 3), np.uint8)
    put(result, picture, 0, above)
    _status(result[:above], above, random, (255, 255, 255))
    middle, radius = above + height + below // 2, max(2, below // 5)
    for place in (0.25, 0.5, 0.75):
        cv2.circle(result, (round(width * place), middle), radius, (200, 200, 200), 2, cv2.LINE_AA)
    return result


def _box(page: Picture, corners: tuple[int, int, int, int], fill: Colour, edge: Colour) -> None:
    left, top, right, bottom = corners
    cv2.rectangle(page, (left, top), (right, bottom), fill, -1)
    cv2.rectangle(page, (left, top), (right, bottom), edge, 1)


def _status(page: Picture, height: int, random: np.random.Generator, ink: Colour = _INK) -> None:
    """The hour at the left, a battery and the strength of the signal at the right."""
    width, line = page.shape[1], round(height * 0.75)
    write(page, f"{int(random.integers(1, 24))}:{int(random.integers(10, 60))}", (height, line), height * 0.5, ink)
    top = round(height * 0.3)
    _box(page, (width - 2 * height, top, width - height, line), ink, ink)
    for bar in range(4):
        left = width - 4 * height + bar * height // 3
        page[round(line - (line - top) * (bar + 1) / 4) : line, left : left + max(1, height // 5)] = ink


def _comments(page: Picture, start: tuple[int, int], count: int, random: np.random.Generator) -> None:
    """Lines of a name and some words, one every 60 pixels."""
    left, top = start
    for line in range(count):
        shade = some_colour(60, 220, random)
        cv2.circle(page, (left + 18, top + 60 * line), 17, shade, -1, cv2.LINE_AA)
        write(page, some_words(1, random), (left + 50, top + 60 * line - 4), 16, _INK)
        write(page, some_words(int(random.integers(2, 5)), random), (left + 50, top + 60 * line + 18), 15, _PALE)
