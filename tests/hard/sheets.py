"""Ruled and printed sheets that are filled in, ticked and recorded on."""

from typing import Final

import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CLEAN, JPEG, PAPER, PHOTOGRAPHED, SCANNED
from tests.hard.nature import noise
from tests.hard.paint import Sheet, centred
from tests.hard.papers import face
from tests.hard.words import GOODS, digits, lines, money, people, two


def answer_sheets(random: np.random.Generator) -> list[Picture]:
    """Two candidates' marks on one sheet of bubbles."""
    return [_answer_sheet(random.integers(0, 5, 40)) for _ in range(2)]


def answers_one_other(random: np.random.Generator) -> list[Picture]:
    """The same sheet with one mark elsewhere."""
    first = random.integers(0, 5, 40)
    other = first.copy()
    other[17] = (first[17] + 2) % 5
    return [_answer_sheet(first), _answer_sheet(other)]


def _answer_sheet(answers: np.ndarray) -> Picture:
    sheet = Sheet("white", 620, 880, fine=2)
    sheet.text((40, 30), "MATHEMATICS - PAPER 2", 24, "bold")
    for number, answer in enumerate(answers):
        left, top = 60 + number // 20 * 290, 90 + number % 20 * 38
        sheet.text((left, top), f"{number + 1}", 15, anchor="rm")
        for choice in range(5):
            at = left + 34 + choice * 42, top
            sheet.oval(at, 13, (40, 40, 46) if choice == answer else "white", (200, 60, 60), 2)
            if choice != answer:
                sheet.text(at, "ABCDE"[choice], 11, colour=(200, 60, 60), anchor="mm")
    return sheet.picture()


def ballots(random: np.random.Generator) -> list[Picture]:
    """Two votes on one paper."""
    names = [f"{person}" for _ in range(4) for person in people(random)]
    result = []
    for chosen in (2, 5):
        sheet = Sheet((248, 244, 226), 620, 800, fine=2)
        sheet.text((40, 30), "BALLOT - TOWN COUNCIL", 28, "bold")
        for row, name in enumerate(names):
            top = 110 + row * 82
            sheet.box((40, top), (580, top + 66), edge="black", width=2)
            sheet.text((70, top + 20), name, 22)
            sheet.oval((535, top + 33), 20, edge="black", width=2)
            if row == chosen:
                sheet.line((522, top + 20), (548, top + 46), colour=(30, 30, 120), width=4)
                sheet.line((548, top + 20), (522, top + 46), colour=(30, 30, 120), width=4)
        result.append(sheet.picture())
    return result


def cheques(random: np.random.Generator) -> list[Picture]:
    """Two cheques of one book."""
    number = digits(random, 8)
    down, along = np.mgrid[:330, :760].astype(np.float32)
    ground = np.clip(np.array([216, 232, 240]) + np.sin(along / 5 + 2 * np.sin(down / 12))[..., None] * 8, 0, 255)
    result = []
    for person in people(random):
        sheet = Sheet(ground.astype(np.uint8), fine=2)
        sheet.text((24, 18), "First Harbour Bank", 24, "serif bold", (20, 60, 90))
        for row, words in enumerate((f"Pay {person}", f"{lines(random, 1, 30)[0]} only")):
            sheet.line((24, 130 + row * 54), (560, 130 + row * 54))
            sheet.hand((40, 98 + row * 54), words, 28, width=2)
        sheet.box((590, 90), (736, 140), "white", "black")
        sheet.text((600, 102), money(random, 900), 24, "mono")
        sheet.hand((520, 230), person.split()[0], 40, width=2.4)
        sheet.text((24, 290), f"{number}  40-12-77  {digits(random, 6)}", 22, "type")
        result.append(sheet.picture())
    return result


def cardiograms(random: np.random.Generator) -> list[Picture]:
    """Two hearts on one kind of paper."""
    result = []
    for _ in range(2):
        sheet = Sheet((255, 246, 244), 900, 560, fine=2)
        for line in range(0, 900, 10):
            tone, wide = ((240, 150, 150), 1.5) if line % 50 == 0 else ((250, 205, 205), 0.6)
            sheet.line((line, 0), (line, 560), colour=tone, width=wide)
            if line < 560:
                sheet.line((0, line), (900, line), colour=tone, width=wide)
        beat, steps = float(random.uniform(90, 190)), np.arange(880)
        for row, lead in enumerate(("I", "II", "III")):
            phase = (steps % beat) / beat
            spike = np.exp(-(((phase - 0.4) / 0.018) ** 2)) * 80 - np.exp(-(((phase - 0.45) / 0.02) ** 2)) * 25
            curve = 110 + row * 170 - spike - np.exp(-(((phase - 0.7) / 0.06) ** 2)) * random.uniform(5, 22)
            points = ((10.0 + step, float(high)) for step, high in zip(steps.tolist(), curve, strict=True))
            sheet.line(*points, width=1.6)
            sheet.text((14, 40 + row * 170), lead, 18, "bold")
        result.append(sheet.picture())
    return result


def seismograms(random: np.random.Generator) -> list[Picture]:
    """Two days on one drum."""
    result = []
    for _ in range(2):
        sheet = Sheet("white", 840, 600)
        sheet.text((20, 10), "STATION ELLEN  BHZ  24 h", 18, "mono")
        for row in range(24):
            calm = noise(random, 800, 1, 0.2)[0] * 1.5
            if random.random() < 0.25:
                start = int(random.integers(50, 600))
                calm[start:] *= 1 + 9 * np.exp(-np.arange(800 - start) / 50)
            points = ((20.0 + step, 50.0 + row * 22.5 + float(high)) for step, high in enumerate(calm))
            sheet.line(*points, colour=("black", (170, 30, 30), (30, 30, 150))[row % 3])
        result.append(sheet.picture())
    return result


def notebooks(random: np.random.Generator) -> list[Picture]:
    """Two pages of one squared notebook."""
    result = []
    for _ in range(2):
        sheet = Sheet((250, 250, 246), 620, 860, fine=2)
        for line in range(0, 860, 20):
            sheet.line((0, line), (620, line), colour=(185, 205, 225))
            sheet.line((line, 0), (line, 860), colour=(185, 205, 225))
        sheet.line((560, 0), (560, 860), colour=(220, 120, 120), width=2)
        for row in range(16):
            words = lines(random, 1, int(random.integers(12, 24)))[0]
            sheet.hand((40, 44 + row * 48.0), words, 30, (40, 50, 120), 2.2)
        result.append(sheet.picture())
    return result


def menus(random: np.random.Generator) -> list[Picture]:
    """One menu, new prices."""
    dishes = [f"{first} & {second}".lower() for first, second in (two(random, GOODS) for _ in range(12))]
    result = []
    for _ in range(2):
        sheet = Sheet((244, 234, 214), 600, 860)
        sheet.box((20, 20), (580, 840), edge=(110, 60, 40), width=3)
        centred(sheet, (300, 80), ["The Harbour Inn"], 40, "italic", (110, 60, 40))
        for row, dish in enumerate(dishes):
            sheet.text((60, 150 + row * 54), dish, 21, "serif")
            sheet.text((540, 150 + row * 54), money(random, 30), 21, "serif", anchor="ra")
        result.append(sheet.picture())
    return result


def nutrition_labels(random: np.random.Generator) -> list[Picture]:
    rows = ("Energy", "Fat", "  of which saturates", "Carbohydrate", "  of which sugars", "Fibre", "Protein", "Salt")
    result = []
    for _ in range(2):
        sheet = Sheet("white", 440, 560)
        sheet.box((16, 16), (424, 544), edge="black", width=4)
        sheet.text((34, 30), "Nutrition", 44, "bold")
        sheet.text((34, 96), "per 100 g", 20)
        for number, word in enumerate(rows):
            sheet.line((16, 136 + number * 50), (424, 136 + number * 50), width=2)
            sheet.text((34, 148 + number * 50), word, 20)
            sheet.text((406, 148 + number * 50), f"{money(random, 60)} g", 20, "bold", anchor="ra")
        result.append(sheet.picture())
    return result


def yearbooks(random: np.random.Generator) -> list[Picture]:
    """Two classes on pages of one layout."""
    result = []
    for year in ("A", "B"):
        sheet = Sheet((236, 232, 224), 760, 820)
        centred(sheet, (380, 46), [f"Class of 2014 {year}"], 36, "serif bold")
        for place in range(12):
            left, top = 40 + place % 4 * 178, 96 + place // 4 * 240
            sheet.put(face(random, 146, 180), (left, top))
            centred(sheet, (left + 73, top + 200), [people(random)[0]], 16, "serif")
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("answer-sheets", answer_sheets, "none", CLEAN, SCANNED),
    *recipes("answer-sheet-one-mark", answers_one_other, "none", CLEAN, SCANNED),
    *recipes("ballots", ballots, "none", *PAPER),
    *recipes("cheques", cheques, "none", CLEAN, SCANNED),
    *recipes("cardiograms", cardiograms, "none", CLEAN, SCANNED),
    *recipes("seismograms", seismograms, "none", CLEAN),
    *recipes("notebook-pages", notebooks, "none", SCANNED, PHOTOGRAPHED),
    *recipes("menus-other-prices", menus, "none", JPEG, PHOTOGRAPHED),
    *recipes("nutrition-labels", nutrition_labels, "none", CLEAN, PHOTOGRAPHED),
    *recipes("yearbook-pages", yearbooks, "none", JPEG),
)
