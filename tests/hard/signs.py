"""Signs and tokens: one blank, another number, figure or position on it."""

from typing import Final

import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CAMERA, CLEAN, JPEG, PHOTOGRAPHED
from tests.hard.nature import clipped, noise, sky
from tests.hard.paint import Colour, Sheet, centred
from tests.hard.words import digits, two


def traffic_signs(random: np.random.Generator) -> list[Picture]:
    """Two limits before one sky."""
    ground = sky(random, 480, 520)
    result = []
    for limit in two(random, ["30", "50", "80"]):
        sheet = Sheet(ground, fine=2)
        sheet.box((230, 330), (250, 520), (150, 150, 155))
        sheet.oval((240, 210), 160, "white", (200, 20, 30), 36)
        sheet.text((240, 210), limit, 130, "bold", "black", "mm")
        result.append(sheet.picture())
    return result


def number_plates(random: np.random.Generator) -> list[Picture]:
    result = []
    for _ in range(2):
        letters = "".join(random.choice(list("ABCDEFGHKLMNPRST"), 2))
        sheet = Sheet((245, 245, 240), 720, 170, fine=2)
        sheet.box((4, 4), (716, 166), edge="black", width=6, round_=14)
        sheet.box((10, 10), (76, 160), (20, 60, 160))
        sheet.text((43, 135), "A", 36, "bold", "white", "mm")
        sheet.text((398, 88), f"PE {letters} {digits(random, 4)}", 96, "mono", "black", "mm")
        result.append(sheet.picture())
    return result


def playing_cards(random: np.random.Generator) -> list[Picture]:
    """Two ranks of one suit, and one of another."""
    ranks = two(random, ["5", "6", "8", "9"])
    return [_card(int(ranks[0]), "heart"), _card(int(ranks[1]), "heart"), _card(int(ranks[0]), "diamond")]


def _card(rank: int, suit: str) -> Picture:
    sheet = Sheet("white", 360, 520, fine=2)
    sheet.box((6, 6), (354, 514), edge=(120, 120, 120), width=2, round_=20)
    columns = ((110, rank // 2), (180, rank % 2), (250, rank // 2))
    for x, count in columns:
        for number in range(count):
            _pip(sheet, x, 260 + (number - (count - 1) / 2) * 100, 26, suit)
    for at, mark in (((36, 44), 100), ((324, 476), 430)):
        sheet.text(at, str(rank), 40, "bold", (200, 20, 30), "mm")
        _pip(sheet, at[0], mark - 10, 12, suit)
    return sheet.picture()


def _pip(sheet: Sheet, x: float, y: float, size: float, suit: str) -> None:
    red = (200, 20, 30)
    if suit == "diamond":
        sheet.shape((x, y - size * 1.3), (x + size, y), (x, y + size * 1.3), (x - size, y), fill=red)
        return
    for side in (-0.5, 0.5):
        sheet.oval((x + side * size, y - size * 0.35), size * 0.56, red)
    sheet.shape((x - size * 1.02, y - size * 0.15), (x + size * 1.02, y - size * 0.15), (x, y + size * 1.15), fill=red)


def dominoes(random: np.random.Generator) -> list[Picture]:
    result = []
    for pair in ((2, 5), (3, 6)):
        sheet = Sheet((60, 110, 70), 300, 520, fine=2)
        sheet.box((40, 30), (260, 490), (245, 242, 230), (120, 110, 90), 3, 24)
        sheet.line((60, 260), (240, 260), width=4)
        for half, count in enumerate(pair):
            for number in range(count):
                x, y = 100 + number % 3 * 50, 90 + half * 230 + number // 3 * 80
                sheet.oval((x, y), 17, "black")
        result.append(sheet.picture())
    return result


def chess_positions(random: np.random.Generator) -> list[Picture]:
    """A position, and after one move."""
    order = random.permutation(64)
    places, empty = [int(place) for place in order[:14]], int(order[20])
    return [_chess(places), _chess([empty, *places[1:]])]


def _chess(places: list[int]) -> Picture:
    sheet = Sheet("white", 560, 560, fine=2)
    for square in range(64):
        x, y = square % 8 * 70, square // 8 * 70
        sheet.box((x, y), (x + 70, y + 70), (240, 217, 181) if (square + square // 8) % 2 else (181, 136, 99))
    for number, square in enumerate(places):
        x, y = square % 8 * 70 + 35, square // 8 * 70 + 35
        tone: Colour = (250, 250, 245) if number % 2 else (30, 30, 30)
        sheet.oval((x, y - 10), 11, tone, (80, 80, 80))
        sheet.shape((x - 8, y - 4), (x + 8, y - 4), (x + 17, y + 24), (x - 17, y + 24), fill=tone, edge=(80, 80, 80))
    return sheet.picture()


def coins(random: np.random.Generator) -> list[Picture]:
    """Two values of one mint."""
    result = []
    for value, year in zip(two(random, ["1", "2", "5"]), ("1998", "2004"), strict=True):
        sheet = Sheet((40, 40, 44), 460, 460, fine=2)
        sheet.oval((230, 230), 200, (196, 178, 120), (150, 130, 80), 8)
        for step in np.radians(np.arange(0, 360, 6)):
            sheet.oval((230 + 184 * float(np.cos(step)), 230 + 184 * float(np.sin(step))), 4, (150, 130, 80))
        sheet.text((230, 200), value, 170, "serif bold", (120, 100, 55), "mm")
        centred(sheet, (230, 322), ["CROWNS", year], 30, "serif", (120, 100, 55))
        result.append(clipped(sheet.picture() + noise(random, 460, 460, 0.8)[..., None] * 5))
    return result


def stamps(random: np.random.Generator) -> list[Picture]:
    """Two values of one issue: the engraving is the same, value and colour are not."""
    down, along = np.mgrid[:420, :340].astype(np.float32)
    lines = (np.sin(down * 0.9 + 3 * np.sin(along / 30)) > 0).astype(np.float32)
    head = np.exp(-(((along - 170) / 74) ** 2 + ((down - 190) / 100) ** 2) * 1.2)
    result = []
    for value, tone in (("20", (150, 30, 40)), ("50", (30, 60, 140))):
        ink = (1 - lines * (0.35 + 0.5 * head))[..., None]
        sheet = Sheet(clipped(np.array(tone) * (1 - ink) + 245 * ink))
        sheet.box((10, 10), (330, 410), edge=tone, width=4)
        sheet.text((316, 400), value, 64, "serif bold", tone, "rs")
        sheet.text((170, 34), "ARDENIA POST", 26, "serif", tone, "mm")
        for place in range(18):
            for x, y in ((place * 20, 0), (place * 20, 420), (0, place * 24), (340, place * 24)):
                sheet.oval((x, y), 7, (60, 60, 60))
        result.append(sheet.picture())
    return result


def flags(random: np.random.Generator) -> list[Picture]:
    """Three stripes, two of which are other colours."""
    tones: tuple[tuple[Colour, ...], ...] = (
        ((200, 30, 40), (250, 250, 250), (30, 60, 150)),
        ((40, 130, 70), (250, 250, 250), (210, 120, 30)),
    )
    result = []
    for stripes in tones:
        sheet = Sheet("white", 540, 360)
        for number, tone in enumerate(stripes):
            sheet.box((number * 180, 0), (number * 180 + 180, 360), tone)
        result.append(sheet.picture())
    return result


def smileys(random: np.random.Generator) -> list[Picture]:
    """One face with two moods."""
    result = []
    for mood in ("glad", "sad"):
        sheet = Sheet("white", 300, 300, fine=2)
        sheet.oval((150, 150), 130, (250, 205, 60), (190, 140, 30), 5)
        for x in (105, 195):
            sheet.oval((x, 120), (14, 20), (70, 45, 20))
        curve = np.linspace(-1, 1, 20)
        bend = 34 * (1 - curve**2) * (1 if mood == "glad" else -1)
        points = ((150 + 70 * float(x), 195 + float(y)) for x, y in zip(curve, bend, strict=True))
        sheet.line(*points, colour=(70, 45, 20), width=10)
        result.append(sheet.picture())
    return result


def logos(random: np.random.Generator) -> list[Picture]:
    """Names of two firms in one badge."""
    result = []
    for name in ("NORTHWIND", "SOUTHGATE"):
        sheet = Sheet("white", 420, 420, fine=2)
        sheet.oval((210, 210), 180, (20, 60, 110))
        sheet.oval((210, 210), 162, edge="white", width=5)
        sheet.shape((210, 90), (300, 250), (120, 250), fill="white")
        sheet.text((210, 300), name, 34, "bold", "white", "mm")
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("traffic-signs", traffic_signs, "none", JPEG, CAMERA),
    *recipes("number-plates", number_plates, "none", CLEAN, PHOTOGRAPHED),
    *recipes("playing-cards", playing_cards, "none", CLEAN, PHOTOGRAPHED),
    *recipes("dominoes", dominoes, "none", CLEAN, CAMERA),
    *recipes("chess-after-one-move", chess_positions, "none", CLEAN, CAMERA),
    *recipes("coins", coins, "none", JPEG, CAMERA),
    *recipes("stamps", stamps, "none", JPEG, CAMERA),
    *recipes("flags", flags, "none", CLEAN, JPEG),
    *recipes("smileys", smileys, "none", CLEAN, JPEG),
    *recipes("logos", logos, "none", CLEAN, JPEG),
)
