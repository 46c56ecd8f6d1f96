"""Printed pages and drawings in which one place is another: a word, a bar, a dimension."""

from typing import Final

import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CLEAN, JPEG, PAPER, PHOTOGRAPHED, SCANNED
from tests.hard.nature import noise
from tests.hard.paint import Sheet, centred
from tests.hard.words import WORDS, lines, two


def books(random: np.random.Generator) -> list[Picture]:
    """A dense page, and the same with one other word."""
    text = [line.split() for line in lines(random, 38, 64)]
    other = [list(line) for line in text]
    word = other[17][4]
    other[17][4] = str(random.choice([found for found in WORDS if len(found) == len(word) and found != word]))
    return [_book(text), _book(other)]


def facing_pages(random: np.random.Generator) -> list[Picture]:
    """Two pages of one book."""
    return [_book([line.split() for line in lines(random, 38, 64)]) for _ in range(2)]


def _book(text: list[list[str]]) -> Picture:
    sheet = Sheet((250, 247, 238), 760, 1120)
    centred(sheet, (380, 60), ["THE IRON COAST"], 15, "serif")
    for row, words in enumerate(text):
        sheet.text((80, 100 + row * 25), " ".join(words), 18, "roman")
    return sheet.picture()


def scores(random: np.random.Generator) -> list[Picture]:
    """Sheet music in which the notes of one bar are others."""
    notes = random.integers(-2, 9, (8, 4, 6))
    other = notes.copy()
    other[4, 2] = np.roll(notes[4, 2] + 2, 1) % 9
    return [_score(notes), _score(other)]


def _score(notes: np.ndarray) -> Picture:
    sheet = Sheet("white", 827, 1120)
    centred(sheet, (413, 70), ["Sonata in G"], 34, "serif")
    for row, system in enumerate(notes):
        top = 150 + row * 115
        for line in range(5):
            sheet.line((60, top + line * 10), (767, top + line * 10))
        for bar, heads in enumerate(system):
            left = 110 + bar * 164
            sheet.line((left + 160, top), (left + 160, top + 40))
            for beat, height in enumerate(heads):
                x, y = left + 12 + beat * 24, top + 40 - int(height) * 5
                sheet.oval((x, y), (6, 4.5), "black")
                sheet.line((x + 6, y), (x + 6, y - 30), width=2)
    return sheet.picture()


def crosswords(random: np.random.Generator) -> list[Picture]:
    """One grid with two solutions."""
    black = random.random((13, 13)) < 0.18
    return [_crossword(random, black) for _ in range(2)]


def _crossword(random: np.random.Generator, black: np.ndarray) -> Picture:
    sheet = Sheet("white", 640, 700)
    sheet.text((30, 14), "Crossword no. 1204", 24, "serif bold")
    for (down, along), filled in np.ndenumerate(black):
        left, top = 30 + along * 44, 60 + down * 46
        sheet.box((left, top), (left + 44, top + 46), "black" if filled else "white", "black")
        if not filled:
            sheet.hand((left + 12, top + 10), chr(65 + int(random.integers(0, 26))), 26, (30, 30, 30))
    return sheet.picture()


def sudokus(random: np.random.Generator) -> list[Picture]:
    result = []
    for _ in range(2):
        sheet = Sheet("white", 560, 600)
        sheet.text((30, 12), "Sudoku - hard", 22, "bold")
        for line in range(10):
            for ends in (((30, 50 + line * 54), (516, 50 + line * 54)), ((30 + line * 54, 50), (30 + line * 54, 536))):
                sheet.line(*ends, width=1 if line % 3 else 3)
        for down, along in np.argwhere(random.random((9, 9)) < 0.35):
            digit = str(random.integers(1, 10))
            sheet.text((57 + int(along) * 54, 77 + int(down) * 54), digit, 30, anchor="mm")
        result.append(sheet.picture())
    return result


def calendars(random: np.random.Generator) -> list[Picture]:
    """Two months of one design."""
    months = (("MAY", 0, 31), ("JUNE", 3, 30), ("JULY", 5, 31), ("AUGUST", 1, 31))
    result = []
    for number in random.choice(len(months), 2, replace=False):
        name, start, days = months[number]
        sheet = Sheet("white", 800, 620)
        sheet.box((0, 0), (800, 90), (200, 60, 50))
        sheet.text((30, 20), f"{name} 2023", 44, "bold", "white")
        for day in range(42):
            left, top = 20 + day % 7 * 108, 110 + day // 7 * 82
            sheet.box((left, top), (left + 108, top + 82), edge=(190, 190, 190))
            if 0 <= day - start < days:
                sheet.text((left + 8, top + 6), f"{day - start + 1}", 22)
        result.append(sheet.picture())
    return result


def dimensioned(random: np.random.Generator) -> list[Picture]:
    """A technical drawing in which one dimension is another."""
    length = int(random.integers(120, 480))
    return [_dimensioned(f"{number}.0") for number in (length, length + 5)]


def _dimensioned(number: str) -> Picture:
    sheet = Sheet("white", 1400, 990)
    sheet.box((20, 20), (1380, 970), edge="black", width=2)
    sheet.box((220, 180), (900, 600), edge="black", width=3)
    for x in (380, 740):
        sheet.oval((x, 390), 90, edge="black", width=3)
        sheet.line((x - 120, 390), (x + 120, 390), colour=(90, 90, 90))
        sheet.line((x, 270), (x, 510), colour=(90, 90, 90))
    sheet.line((220, 690), (900, 690), width=2)
    sheet.text((560, 664), number, 22, anchor="ma")
    sheet.text((990, 380), "210.0", 22)
    sheet.box((950, 790), (1380, 970), edge="black", width=2)
    sheet.text((970, 806), "Bracket mounting\nMaterial S235\nScale 1:2\nSheet 1 of 3", 20)
    return sheet.picture()


def floor_plans(random: np.random.Generator) -> list[Picture]:
    """Two flats of one house: a wall and a door stand elsewhere."""
    result = []
    for wall in two(random, ["330", "410", "470"]):
        sheet = Sheet("white", 900, 660)
        sheet.box((60, 60), (840, 600), edge="black", width=9)
        sheet.line((60, 330), (840, 330), width=6)
        sheet.line((int(wall), 60), (int(wall), 330), width=6)
        sheet.line((600, 330), (600, 600), width=6)
        sheet.box((int(wall) - 60, 326), (int(wall) - 6, 334), "white")
        for at, name in (
            ((180, 180), "Bedroom"),
            ((640, 180), "Living"),
            ((300, 460), "Kitchen"),
            ((710, 460), "Bath"),
        ):
            sheet.text(at, name, 20, anchor="mm")
        result.append(sheet.picture())
    return result


def charts(random: np.random.Generator) -> list[Picture]:
    """Two curves on the same axes."""
    result = []
    for _ in range(2):
        sheet = Sheet("white", 900, 600)
        sheet.text((450, 30), "Temperature of the reactor", 22, anchor="mm")
        for line in range(6):
            sheet.line((80, 80 + line * 88), (860, 80 + line * 88), colour=(220, 220, 220))
            sheet.text((66, 80 + line * 88), f"{100 - line * 20}", 14, anchor="rm")
            sheet.text((80 + line * 156, 545), f"{line * 10}", 14, anchor="mm")
        sheet.box((80, 80), (860, 520), edge="black")
        heights = 300 + noise(random, 200, 1, 1.2)[0] * 80
        sheet.line(
            *((80 + step * 3.92, float(high)) for step, high in enumerate(heights)), colour=(200, 60, 30), width=3
        )
        result.append(sheet.picture())
    return result


def maps(random: np.random.Generator) -> list[Picture]:
    """One map with its marker in two places."""
    plan = city(random)
    result = []
    for x, y in ((250, 200), (660, 430)):
        sheet = Sheet(plan, fine=2)
        sheet.shape((x, y), (x - 16, y - 30), (x + 16, y - 30), fill=(220, 40, 40))
        sheet.oval((x, y - 36), 19, (220, 40, 40))
        sheet.oval((x, y - 36), 7, "white")
        result.append(sheet.picture())
    return result


def city(random: np.random.Generator) -> Picture:
    """A town from above, as map services draw it: 900 x 640."""
    sheet = Sheet((238, 236, 228), 900, 640)
    sheet.shape((0, 420), (320, 500), (520, 640), (0, 640), fill=(170, 210, 235))
    sheet.box((560, 60), (760, 190), (200, 225, 180))
    for number in range(26):
        at, slope = float(random.uniform(0, 900)), float(random.uniform(-160, 160))
        ends = ((at, 0), (at + slope, 640)) if number % 2 else ((0, at * 0.7), (900, at * 0.7 + slope))
        sheet.line(*ends, colour=(205, 200, 190), width=9)
        sheet.line(*ends, colour="white", width=6)
    for _ in range(24):
        at = random.uniform([20, 20], [780, 610])
        sheet.text((float(at[0]), float(at[1])), str(random.choice(WORDS)).title() + " St", 13, colour=(90, 90, 90))
    return sheet.picture()


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("book-page-one-word", books, "none", CLEAN, SCANNED),
    *recipes("pages-of-one-book", facing_pages, "none", *PAPER),
    *recipes("sheet-music-one-bar", scores, "none", CLEAN, SCANNED),
    *recipes("crosswords-filled", crosswords, "none", CLEAN, SCANNED),
    *recipes("sudokus", sudokus, "none", *PAPER),
    *recipes("calendar-months", calendars, "none", CLEAN, PHOTOGRAPHED),
    *recipes("drawing-one-dimension", dimensioned, "none", CLEAN, SCANNED),
    *recipes("floor-plans", floor_plans, "none", CLEAN, SCANNED),
    *recipes("charts-one-axis", charts, "none", CLEAN, JPEG),
    *recipes("maps-one-marker", maps, "none", CLEAN, JPEG),
)
