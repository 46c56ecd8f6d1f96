"""Small papers: receipts, tickets, cards, tags and codes of which the print is the same and the number is not."""

from typing import Final

import cv2
import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CLEAN, PAPER, PHOTOGRAPHED, SCANNED
from tests.hard.paint import Sheet, centred
from tests.hard.words import GOODS, digits, money, people, two


def receipts(random: np.random.Generator) -> list[Picture]:
    """Two purchases in one shop."""
    return [_receipt(random) for _ in range(2)]


def _receipt(random: np.random.Generator) -> Picture:
    sheet = Sheet((246, 244, 238), 420, 780)
    centred(sheet, (210, 50), ["CORNER MARKET"], 28, "bold")
    centred(sheet, (210, 90), ["12 Mill Street  Tel 555-0137"], 15, "mono")
    for row in range(8):
        sheet.text((30, 150 + row * 38), str(random.choice(GOODS)), 20, "mono")
        sheet.text((390, 150 + row * 38), money(random, 20), 20, "mono", anchor="ra")
    sheet.line((30, 490), (390, 490), width=2)
    sheet.text((30, 510), "TOTAL", 24, "mono")
    sheet.text((390, 510), money(random, 90), 24, "mono", anchor="ra")
    sheet.text((30, 600), f"No {digits(random, 6)}  Thank you!", 17, "mono")
    return sheet.picture()


def coded(random: np.random.Generator, cells: int = 25) -> Picture:
    """A QR code of random contents, a pixel a cell, with its three marks."""
    dots = random.integers(0, 2, (cells, cells)) * 255
    for down, along in ((0, 0), (0, cells - 7), (cells - 7, 0)):
        dots[max(0, down - 1) : down + 8, max(0, along - 1) : along + 8] = 255
        dots[down : down + 7, along : along + 7] = 0
        dots[down + 1 : down + 6, along + 1 : along + 6] = 255
        dots[down + 2 : down + 5, along + 2 : along + 5] = 0
    return np.repeat(dots[..., None], 3, 2).astype(np.uint8)


def enlarged(picture: Picture, side: int) -> Picture:
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)


def barred(random: np.random.Generator, width: int, height: int, unit: int = 3) -> Picture:
    """A bar code."""
    bars = random.integers(0, 2, width // unit) * 255
    row = np.repeat(bars, unit)
    return np.repeat(np.tile(row, (height, 1))[..., None], 3, 2).astype(np.uint8)


def tickets(random: np.random.Generator) -> list[Picture]:
    """Two seats of one concert."""
    return [_ticket(random, seat) for seat in two(random, ["14", "15", "31", "28"])]


def _ticket(random: np.random.Generator, seat: str) -> Picture:
    sheet = Sheet((250, 240, 215), 900, 360)
    for line in range(0, 900, 12):
        sheet.line((line, 0), (line + 120, 360), colour=(240, 226, 190))
    sheet.box((0, 0), (900, 70), (150, 30, 50))
    sheet.text((30, 16), "HARBOUR PHILHARMONIC", 32, "bold", "white")
    sheet.text((30, 100), "Symphony No. 4\nFriday 12 May, 19:30", 26, "serif")
    sheet.text((30, 230), f"Row C   Seat {seat}", 40, "bold")
    sheet.text((30, 310), f"No {digits(random, 8)}", 18, "mono")
    sheet.put(enlarged(coded(random), 225), (640, 100))
    return sheet.picture()


def boarding_passes(random: np.random.Generator) -> list[Picture]:
    """Two passengers of one flight."""
    result = []
    for person in people(random):
        sheet = Sheet("white", 1000, 380)
        sheet.box((0, 0), (1000, 64), (20, 80, 160))
        sheet.text((28, 14), "BOARDING PASS    NORTHWIND AIR", 30, "bold", "white")
        seat = f"{random.integers(1, 40)}{random.choice(list('ABCDEF'))}"
        words = (("Passenger", person.upper()), ("Flight", "NW 417"), ("Gate", "B12"), ("Seat", seat))
        for number, (word, value) in enumerate(words):
            left, top = 30 + (number % 2) * 380, 90 + number // 2 * 100
            sheet.text((left, top), word, 16, colour=(110, 110, 110))
            sheet.text((left, top + 24), value, 28, "bold")
        sheet.put(barred(random, 600, 70), (30, 295))
        sheet.put(enlarged(coded(random), 200), (770, 100))
        result.append(sheet.picture())
    return result


def identity_cards(random: np.random.Generator) -> list[Picture]:
    """Two people's cards of one state."""
    return [_identity_card(random, person) for person in people(random)]


def _identity_card(random: np.random.Generator, person: str) -> Picture:
    down, along = np.mgrid[:430, :680].astype(np.float32)
    waves = np.sin(along / 6 + 4 * np.sin(down / 40))[..., None]
    sheet = Sheet(np.clip([205, 222, 236] + waves * [8, 6, 10], 0, 255).astype(np.uint8))
    sheet.text((26, 18), "REPUBLIC OF ARDENIA", 28, "bold", (30, 50, 110))
    sheet.text((26, 54), "IDENTITY CARD", 18, "sans", (30, 50, 110))
    sheet.put(face(random, 190, 240), (30, 100))
    birth = f"{random.integers(1, 28):02}.{random.integers(1, 12):02}.19{random.integers(50, 99)}"
    for row, (word, value) in enumerate((("Surname", person.split()[1]), ("Given name", person.split()[0]),
                                         ("Date of birth", birth), ("Number", digits(random, 9)))):  # fmt: skip
        sheet.text((260, 104 + row * 60), word, 13, colour=(90, 90, 110))
        sheet.text((260, 122 + row * 60), value, 24, "bold")
    sheet.text((26, 370), f"ID<<{person.upper().replace(' ', '<<')}<<<<<<<<<{digits(random, 9)}"[:38], 24, "mono")
    return sheet.picture()


def face(random: np.random.Generator, width: int, height: int) -> Picture:
    """Somebody's portrait, as plain as a drawing can be."""
    tone = tuple(int(level) for level in np.array([235, 200, 170]) * random.uniform(0.55, 1))
    hair = tuple(int(level) for level in random.integers(20, 140, 3))
    sheet = Sheet((200, 205, 210), width, height, fine=2)
    x, wide = width / 2, width * random.uniform(0.24, 0.31)
    sheet.oval((x, height * 1.02), (width * 0.45, height * 0.28), tuple(int(c) for c in random.integers(30, 200, 3)))
    sheet.oval((x, height * 0.40), (wide * 1.15, height * 0.34), hair)
    sheet.oval((x, height * 0.47), (wide, height * 0.30), tone)
    for side in (-1, 1):
        eye = x + side * wide * random.uniform(0.38, 0.45), height * 0.44
        sheet.oval(eye, (wide * 0.17, height * 0.022), "white")
        sheet.oval(eye, wide * 0.08, (40, 30, 20))
    nose = height * random.uniform(0.52, 0.56)
    sheet.line((x, height * 0.46), (x + wide * 0.1, nose), (x, nose), colour=(120, 80, 60), width=2)
    mouth = wide * random.uniform(0.3, 0.5)
    sheet.line((x - mouth, height * 0.64), (x + mouth, height * 0.64), colour=(170, 70, 70), width=4)
    return sheet.picture()


def business_cards(random: np.random.Generator) -> list[Picture]:
    """Two people of one firm."""
    result = []
    for person in people(random):
        sheet = Sheet("white", 640, 370)
        sheet.shape((0, 0), (170, 0), (90, 370), (0, 370), fill=(20, 110, 120))
        sheet.oval((75, 80), 38, (250, 190, 40))
        sheet.text((200, 60), "NORTHWIND ENGINEERING", 26, "bold", (20, 90, 100))
        sheet.text((200, 150), person, 30)
        sheet.text((200, 196), str(random.choice(["Sales", "Design", "Director", "Service"])), 18, colour=(90, 90, 90))
        sheet.text((200, 280), f"+44 {digits(random, 9)}\n{person.split()[0].lower()}@northwind.example", 17)
        result.append(sheet.picture())
    return result


def price_tags(random: np.random.Generator) -> list[Picture]:
    """Two prices of one shelf."""
    goods = two(random, GOODS)
    result = []
    for name in goods:
        sheet = Sheet((255, 222, 60), 560, 320)
        sheet.box((10, 10), (550, 310), edge="black", width=4)
        sheet.text((40, 34), name, 38, "bold")
        sheet.text((520, 110), money(random, 20), 96, "bold", (190, 20, 20), "ra")
        sheet.text((40, 262), f"1 kg = {money(random, 30)}", 20)
        result.append(sheet.picture())
    return result


def bar_codes(random: np.random.Generator) -> list[Picture]:
    result = []
    for _ in range(2):
        sheet = Sheet("white", 560, 300)
        sheet.put(barred(random, 480, 200, 4), (40, 30))
        sheet.text((280, 262), digits(random, 13), 30, "mono", anchor="mm")
        result.append(sheet.picture())
    return result


def qr_codes(random: np.random.Generator) -> list[Picture]:
    result = []
    for _ in range(2):
        sheet = Sheet("white", 460, 520)
        sheet.put(enlarged(coded(random, 33), 396), (32, 30))
        centred(sheet, (230, 475), ["SCAN ME"], 30, "bold")
        result.append(sheet.picture())
    return result


def parcel_labels(random: np.random.Generator) -> list[Picture]:
    """Two parcels of one carrier."""
    result = []
    for person in people(random):
        sheet = Sheet("white", 520, 760)
        sheet.box((10, 10), (510, 750), edge="black", width=3)
        sheet.text((30, 26), "NORD PARCEL", 40, "bold")
        sheet.line((10, 90), (510, 90), width=3)
        sheet.text((30, 110), f"{person}\n{random.integers(1, 90)} Oak Avenue\nPort Ellen", 26)
        sheet.line((10, 270), (510, 270), width=3)
        sheet.text((30, 290), digits(random, 4), 90, "bold")
        sheet.put(enlarged(coded(random), 150), (330, 285))
        sheet.put(barred(random, 440, 180, 4), (40, 480))
        sheet.text((260, 700), digits(random, 16), 30, "mono", anchor="mm")
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("receipts", receipts, "none", *PAPER),
    *recipes("tickets", tickets, "none", *PAPER),
    *recipes("boarding-passes", boarding_passes, "none", CLEAN, SCANNED),
    *recipes("identity-cards", identity_cards, "none", *PAPER),
    *recipes("business-cards", business_cards, "none", CLEAN, PHOTOGRAPHED),
    *recipes("price-tags", price_tags, "none", CLEAN, PHOTOGRAPHED),
    *recipes("bar-codes", bar_codes, "none", CLEAN, PHOTOGRAPHED),
    *recipes("qr-codes", qr_codes, "none", CLEAN, PHOTOGRAPHED),
    *recipes("parcel-labels", parcel_labels, "none", CLEAN, PHOTOGRAPHED),
)
