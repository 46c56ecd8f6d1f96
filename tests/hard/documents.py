"""Documents of offices: the form is the same, what was entered is not."""

from typing import Final

import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CLEAN, PAPER, PHOTOGRAPHED, SCANNED
from tests.hard.paint import Sheet, centred
from tests.hard.words import GOODS, STREETS, digits, lines, money, other_digit, people, sentence, two

FIELDS: Final = ("Name", "Date of birth", "Address", "Telephone", "Insured since", "Occupation", "Reason of the claim")


def forms(random: np.random.Generator) -> list[Picture]:
    """Two people's answers to one form, typed."""
    return [_form(random, person, "mono") for person in people(random)]


def written_forms(random: np.random.Generator) -> list[Picture]:
    """The same by hand."""
    return [_form(random, person, "") for person in people(random)]


def blank_and_filled(random: np.random.Generator) -> list[Picture]:
    return [_form(random, "", ""), _form(random, people(random)[0], "")]


def _form(random: np.random.Generator, person: str, face: str) -> Picture:
    sheet = Sheet("white", 827, 1169)
    sheet.text((60, 60), "CLAIM FORM 27-B", 30, "bold")
    sheet.text((60, 104), "Please fill in block letters. Leave nothing out.", 15)
    street = f"{random.integers(1, 99)} {random.choice(STREETS)}"
    given = (person, f"{random.integers(1, 28)}.{random.integers(1, 12)}.19{random.integers(50, 99)}", street,
             digits(random, 9), f"20{random.integers(10, 24)}", *lines(random, 2, 18))  # fmt: skip
    for number, (field, answer) in enumerate(zip(FIELDS, given, strict=True)):
        top = 160 + number * 105
        sheet.text((60, top), field, 15)
        sheet.box((60, top + 24), (767, top + 74), edge="black")
        if person and face:
            sheet.text((74, top + 36), answer, 22, face, (20, 20, 60))
        elif person:
            sheet.hand((74, top + 34), answer, 26)
    sheet.text((60, 920), "I declare that all of the above is true and complete.", 15)
    sheet.line((60, 1060), (400, 1060))
    sheet.text((60, 1068), "Signature", 13)
    if person:
        sheet.hand((80, 1008), person, 44, width=2.2)
    return sheet.picture()


def invoices(random: np.random.Generator) -> list[Picture]:
    """A page of 1654 x 2339 in which the total has one other digit."""
    rows = [(str(random.choice(GOODS)), money(random)) for _ in range(14)]
    total, person = f"{random.integers(1000, 9999)}.40", people(random)[0]
    return [_invoice(rows, number, person) for number in (total, other_digit(total, 2))]


def _invoice(rows: list[tuple[str, str]], total: str, person: str) -> Picture:
    sheet = Sheet("white", 1654, 2339)
    sheet.text((140, 140), "NORTHWIND SUPPLIES", 54, "bold", (30, 60, 120))
    sheet.text((140, 220), "12 Mill Street, Port Ellen", 30)
    sheet.text((140, 420), f"Invoice 2023-0417\n{person}", 36)
    for number, (name, price) in enumerate(rows):
        top = 640 + number * 84
        sheet.text((140, top), f"{number + 1}", 32)
        sheet.text((260, top), name, 32)
        sheet.text((1500, top), price, 32, "mono", anchor="ra")
        sheet.line((140, top + 62), (1500, top + 62), colour=(190, 190, 190), width=2)
    sheet.text((1080, 1880), "Total", 40, "bold")
    sheet.text((1500, 1880), total, 40, "mono", anchor="ra")
    sheet.text((140, 2160), "Payable within 14 days. Thank you for your order.", 26)
    return sheet.picture()


def statements(random: np.random.Generator) -> list[Picture]:
    """Two months of one account."""
    holder, number = people(random)[0], digits(random, 12)
    return [_statement(random, holder, number, month) for month in ("March", "April")]


def _statement(random: np.random.Generator, holder: str, number: str, month: str) -> Picture:
    sheet = Sheet("white", 827, 1169)
    sheet.box((0, 0), (827, 90), (0, 70, 60))
    sheet.text((50, 28), "First Harbour Bank", 30, "bold", "white")
    sheet.text((50, 120), f"{holder}\nAccount {number}\n{month} 2023", 17)
    for row in range(24):
        top = 230 + row * 35
        sheet.text((50, top), f"{random.integers(1, 28):02}.", 14)
        sheet.text((120, top), str(random.choice(["Card payment", "Transfer", "Direct debit", "Cash"])), 14)
        sheet.text((300, top), str(random.choice(GOODS)), 14)
        sheet.text((770, top), f"-{money(random, 400)}", 14, "mono", anchor="ra")
        sheet.line((50, top + 26), (770, top + 26), colour=(215, 215, 215))
    return sheet.picture()


def letters(random: np.random.Generator) -> list[Picture]:
    """A letter, and the same with two of its lines exchanged."""
    text, person = lines(random, 22, 62), people(random)[0]
    swapped = [*text[:8], text[11], *text[9:11], text[8], *text[12:]]
    return [_letter(text, person), _letter(swapped, person)]


def _letter(text: list[str], person: str) -> Picture:
    sheet = Sheet("white", 827, 1169)
    sheet.text((560, 80), "4 Oak Avenue\nPort Ellen", 17, "serif")
    sheet.text((90, 210), f"Dear {person},", 19, "serif")
    for row, line in enumerate(text):
        sheet.text((90, 265 + row * 32), line, 19, "serif")
    sheet.hand((110, 1010), "Yours Ever", 34)
    return sheet.picture()


def typewritten(random: np.random.Generator) -> list[Picture]:
    """Two pages of one typescript, with grain."""
    return [_typed(random, page) for page in (12, 13)]


def _typed(random: np.random.Generator, page: int) -> Picture:
    sheet = Sheet((232, 226, 210), 740, 1046)
    sheet.text((370, 60), f"- {page} -", 20, "type", anchor="mm")
    for row, line in enumerate(lines(random, 30, 46)):
        for place, letter in enumerate(line):  # each with its own force
            ink = int(random.integers(30, 90))
            sheet.text(
                (80 + place * 12.5, 110 + row * 29 + int(random.integers(0, 2))), letter, 22, "type", (ink, ink, ink)
            )
    return sheet.picture()


def certificates(random: np.random.Generator) -> list[Picture]:
    """Two people's, on one guilloche."""
    return [_certificate(person) for person in people(random)]


def _certificate(person: str) -> Picture:
    down, along = np.mgrid[:560, :800].astype(np.float32)
    waves = np.sin(along / 9 + 3 * np.sin(down / 31)) * np.cos(down / 7 + 3 * np.sin(along / 27))
    ground = np.array([226, 238, 214]) + waves[..., None] * [14, 9, 14]
    sheet = Sheet(np.clip(ground, 0, 255).astype(np.uint8))
    sheet.box((16, 16), (784, 544), edge=(120, 90, 30), width=5)
    sheet.box((26, 26), (774, 534), edge=(120, 90, 30), width=1)
    centred(sheet, (400, 110), ["CERTIFICATE"], 46, "serif bold", (90, 60, 20))
    centred(sheet, (400, 260), [person], 34, "serif", (20, 30, 60))
    centred(sheet, (400, 360), ["has completed the course with distinction"], 18)
    sheet.oval((650, 450), 44, (180, 40, 40))
    sheet.hand((120, 430), "Director", 30)
    return sheet.picture()


def minutes(random: np.random.Generator) -> list[Picture]:
    """Minutes of two meetings on one letterhead, headings alike."""
    result = []
    for day in two(random, ["3 May", "17 May", "31 May"]):
        sheet = Sheet("white", 827, 1169)
        sheet.box((60, 50), (767, 120), (230, 235, 245))
        sheet.text((80, 66), f"Minutes of the board - {day}", 28, "bold")
        for number, heading in enumerate(("Present", "Finances", "Building works", "Staff", "Any other business")):
            top = 160 + number * 190
            sheet.text((60, top), f"{number + 1}. {heading}", 19, "bold")
            sheet.text((60, top + 34), "\n".join(sentence(random, 9) for _ in range(4)), 16)
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = (
    *recipes("forms", forms, "none", *PAPER),
    *recipes("written-forms", written_forms, "none", CLEAN, SCANNED, PHOTOGRAPHED),
    *recipes("blank-and-filled-form", blank_and_filled, "none", *PAPER),
    *recipes("invoices-one-digit", invoices, "none", CLEAN, SCANNED),
    *recipes("bank-statements", statements, "none", *PAPER),
    *recipes("letter-lines-exchanged", letters, "none", CLEAN, SCANNED),
    *recipes("typewriter-pages", typewritten, "none", SCANNED),
    *recipes("certificates", certificates, "none", *PAPER),
    *recipes("minutes", minutes, "none", *PAPER),
)
