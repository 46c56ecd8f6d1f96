"""Designs with another title, words or pictures in them: covers, posters, slides, boards."""

from typing import Final

import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CLEAN, JPEG, PHOTOGRAPHED
from tests.hard.nature import clipped, landscape, part, surface
from tests.hard.paint import Sheet, centred
from tests.hard.words import WORDS, lines, people, sentence, two


def book_covers(random: np.random.Generator) -> list[Picture]:
    """Two volumes of a series with one picture."""
    ground = part("flower.jpg", 0.5, 0.5, 420, 620, 0.4)
    result = []
    for number in two(random, ["1", "3", "7"]):
        sheet = Sheet(ground)
        centred(sheet, (210, 70), ["THE IRON COAST"], 38, "serif bold", "white")
        sheet.text((390, 560), f"VOL {number}", 34, "bold", "white", "ra")
        result.append(sheet.picture())
    return result


def record_sleeves(random: np.random.Generator) -> list[Picture]:
    """Two records of one label: the layout is the same, name and colours are not."""
    result = []
    for name in two(random, WORDS[60:]):
        tone = tuple(int(level) for level in random.integers(40, 220, 3))
        sheet = Sheet(tone, 600, 600, fine=2)
        sheet.box((0, 0), (600, 70), "black")
        sheet.text((20, 18), "DEEP HARBOUR RECORDS", 28, "bold", "white")
        for ring in range(6):
            sheet.oval((300, 330), 220 - ring * 36, edge=(250, 250, 245), width=5)
        centred(sheet, (300, 330), [name.upper()], 64, "bold", "white")
        sheet.text((580, 560), f"DHR-{random.integers(100, 999)}", 22, "mono", "white", "ra")
        result.append(sheet.picture())
    return result


def posters(random: np.random.Generator) -> list[Picture]:
    """Two evenings of one series of concerts."""
    result = []
    for person in people(random):
        sheet = Sheet((245, 225, 190), 600, 850, fine=2)
        for ray in range(24):
            turn = np.radians(ray * 15)
            ends = [(300 + 700 * np.cos(turn + side), 420 + 700 * np.sin(turn + side)) for side in (-0.06, 0.06)]
            sheet.shape((300, 420), *((float(x), float(y)) for x, y in ends), fill=(235, 170, 90))
        centred(sheet, (300, 90), ["SUMMER NIGHTS"], 56, "bold", (120, 30, 30))
        centred(sheet, (300, 420), person.upper().split(), 58, "bold", (30, 40, 90))
        centred(sheet, (300, 760), [f"{random.integers(1, 30)} JULY - TOWN HALL"], 28, "bold", (120, 30, 30))
        result.append(sheet.picture())
    return result


def memes(random: np.random.Generator) -> list[Picture]:
    """One picture under other words."""
    result = []
    for _ in range(2):
        sheet = Sheet(part("china.jpg", 0.3, 0.5, 560, 420, 0.8))
        for middle in (40, 380):
            words = lines(random, 1, 24)[0].upper()
            for x, y in ((-2, -2), (2, 2), (-2, 2), (2, -2)):
                sheet.text((280 + x, middle + y), words, 30, "bold", "black", "mm")
            sheet.text((280, middle), words, 30, "bold", "white", "mm")
        result.append(sheet.picture())
    return result


def quotes(random: np.random.Generator) -> list[Picture]:
    """Two sayings on one backdrop, with its maker's mark."""
    ground = clipped(landscape(random, 600, 600) * 0.45)
    result = []
    for _ in range(2):
        sheet = Sheet(ground)
        centred(sheet, (300, 200), lines(random, 5, 20), 32, "italic", "white")
        centred(sheet, (300, 560), ["@daily.northwind"], 20, "sans", (220, 220, 220))
        result.append(sheet.picture())
    return result


def collages(random: np.random.Generator) -> list[Picture]:
    """Two of twelve pictures are others."""
    tiles = [landscape(random, 160, 150) for _ in range(14)]
    other = [tiles[12], *tiles[1:6], tiles[13], *tiles[7:12]]
    result = []
    for chosen in (tiles[:12], other):
        sheet = Sheet("white", 676, 474)
        for number, tile in enumerate(chosen):
            sheet.put(tile, (6 + number % 4 * 166, 6 + number // 4 * 156))
        result.append(sheet.picture())
    return result


def slides(random: np.random.Generator) -> list[Picture]:
    """Two slides on one plain background with a footer."""
    return [
        _slide(random, surface(np.random.default_rng(7), 960, 540, (30, 50, 90), 6, 1.6), "white") for _ in range(2)
    ]


def slides_over_a_photo(random: np.random.Generator) -> list[Picture]:
    """Two slides over one photo."""
    ground = clipped(part("china.jpg", 0, 0.5, 960, 540, 1.0) * 0.4 + 140)
    return [_slide(random, ground, (20, 20, 50)) for _ in range(2)]


def _slide(random: np.random.Generator, ground: Picture, ink: str | tuple[int, int, int]) -> Picture:
    sheet = Sheet(ground)
    sheet.text((60, 44), sentence(random, 4), 40, "bold", ink)
    for row in range(5):
        sheet.text((90, 140 + row * 66), f"- {lines(random, 1, 40)[0]}", 27, "sans", ink)
    sheet.text((60, 500), "Northwind - annual meeting 2023", 17, "sans", ink)
    return sheet.picture()


def slide_builds(random: np.random.Generator) -> list[Picture]:
    """One slide as it fills: with one more point."""
    points = lines(random, 4, 44)
    result = []
    for shown in (3, 4):
        sheet = Sheet("white", 960, 540)
        sheet.box((0, 0), (960, 100), (30, 80, 150))
        sheet.text((50, 28), "What comes next", 38, "bold", "white")
        for row, point in enumerate(points[:shown]):
            sheet.oval((70, 168 + row * 84), 8, (30, 80, 150))
            sheet.text((100, 150 + row * 84), point, 29)
        result.append(sheet.picture())
    return result


def whiteboards(random: np.random.Generator) -> list[Picture]:
    """Two meetings at one board."""
    return [
        _board(random, (238, 240, 240), ((30, 60, 150), (180, 40, 40), (30, 110, 60)), (190, 194, 198))
        for _ in range(2)
    ]


def blackboards(random: np.random.Generator) -> list[Picture]:
    return [_board(random, (38, 62, 52), ((235, 235, 225), (240, 220, 140)), (120, 84, 50)) for _ in range(2)]


def _board(
    random: np.random.Generator,
    ground: tuple[int, int, int],
    inks: tuple[tuple[int, int, int], ...],
    frame: tuple[int, int, int],
) -> Picture:
    smears = surface(np.random.default_rng(5), 900, 600, ground, 3, 1.4)  # not wiped off by either
    sheet = Sheet(smears, fine=2)
    sheet.box((0, 0), (900, 600), edge=frame, width=22)
    for row in range(7):
        ink = inks[int(random.integers(0, len(inks)))]
        at = 60 + float(random.uniform(0, 160)), 60 + row * 72.0
        sheet.hand(at, lines(random, 1, int(random.integers(12, 26)))[0], 42, ink, 3)
    for _ in range(3):
        x, y = (float(length) for length in random.uniform([500, 100], [780, 480]))
        sheet.box((x, y), (x + 90, y + 60), edge=inks[0], width=3)
    return sheet.picture()


def sticky_notes(random: np.random.Generator) -> list[Picture]:
    """One sheet of a pad, written on twice."""
    result = []
    for _ in range(2):
        sheet = Sheet(surface(np.random.default_rng(3), 500, 500, (252, 232, 110), 3, 1.2), fine=2)
        for row in range(4):
            sheet.hand((50.0, 70 + row * 96.0), lines(random, 1, 11)[0], 56, (40, 40, 60), 4)
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("book-covers-of-a-series", book_covers, "variant allowed", JPEG, PHOTOGRAPHED),
    *recipes("record-sleeves", record_sleeves, "none", JPEG, PHOTOGRAPHED),
    *recipes("posters", posters, "none", JPEG, PHOTOGRAPHED),
    *recipes("memes-other-words", memes, "variant allowed", JPEG),
    *recipes("quotes-one-backdrop", quotes, "variant allowed", JPEG),
    *recipes("collages-two-tiles", collages, "variant allowed", JPEG),
    *recipes("slides-one-background", slides, "none", CLEAN, JPEG),
    *recipes("slides-over-a-photo", slides_over_a_photo, "none", CLEAN, JPEG),
    *recipes("slide-one-more-point", slide_builds, "none", CLEAN, JPEG),
    *recipes("whiteboards", whiteboards, "none", JPEG, PHOTOGRAPHED),
    *recipes("blackboards", blackboards, "none", JPEG, PHOTOGRAPHED),
    *recipes("sticky-notes", sticky_notes, "none", JPEG, PHOTOGRAPHED),
)
