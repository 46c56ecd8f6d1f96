"""One drawing in another colour: cards, buttons, lamps, icons."""

from typing import Final

import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CAMERA, CLEAN, JPEG
from tests.hard.paint import Colour, Sheet
from tests.hard.words import two

_STRONG: Final[tuple[Colour, ...]] = ((205, 30, 40), (20, 120, 40), (25, 50, 190), (225, 185, 20))


def _colours(random: np.random.Generator) -> list[Colour]:
    return [_STRONG[number] for number in random.permutation(len(_STRONG))]


def colour_cards(random: np.random.Generator) -> list[Picture]:
    """Paint cards: one colour with a white field."""
    result = []
    for colour in _colours(random):
        sheet = Sheet(colour, 360, 270)
        sheet.box((40, 50), (170, 115), "white")
        result.append(sheet.picture())
    return result


def buttons(random: np.random.Generator) -> list[Picture]:
    """One word on buttons of different colours: confirm, delete."""
    [word, _] = two(random, ["Next", "Done", "Save"])
    result = []
    for colour in _colours(random)[:3]:
        sheet = Sheet("white", 420, 200, fine=2)
        sheet.box((30, 30), (390, 170), colour, round_=30)
        sheet.text((210, 100), word, 64, "bold", "white", "mm")
        result.append(sheet.picture())
    return result


def signal_lamps(random: np.random.Generator) -> list[Picture]:
    """A housing with one lamp that says whether the machine runs."""
    result = []
    for colour in _colours(random)[:3]:
        sheet = Sheet((200, 205, 210), 400, 400, fine=2)
        sheet.box((70, 70), (330, 330), (70, 75, 80), "black", 4, 24)
        sheet.oval((200, 200), 70, colour, "black", 4)
        sheet.text((200, 300), "STATUS", 26, "bold", "white", "mm")
        result.append(sheet.picture())
    return result


def covers_of_one_design(random: np.random.Generator) -> list[Picture]:
    """Two covers of a series, told apart by their colour alone."""
    result = []
    for colour in _colours(random)[:2]:
        sheet = Sheet(colour, 400, 600, fine=2)
        sheet.box((40, 60), (360, 200), "white")
        sheet.text((200, 130), "REPORT", 60, "bold", "black", "mm")
        sheet.line((40, 480), (360, 480), colour="white", width=6)
        sheet.text((200, 530), "Institute of Measures", 24, "sans", "white", "mm")
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("colour-cards", colour_cards, "none", CLEAN, JPEG),
    *recipes("buttons-in-colours", buttons, "none", CLEAN, JPEG),
    *recipes("signal-lamps", signal_lamps, "none", CLEAN, JPEG, CAMERA),
    *recipes("covers-of-one-design", covers_of_one_design, "none", CLEAN, JPEG, CAMERA),
)
