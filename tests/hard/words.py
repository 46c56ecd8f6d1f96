"""What stands on drawn pages: words, names, numbers, drawn from a generator."""

from typing import Final

import numpy as np

_TEXT: Final = (
    "the of and to in is you that it he was for on are as with his they at be this have from or one had by word "
    "but not what all were we when your can said there use an each which she do how their if will up other about "
    "out many then them these so some her would make like him into time has look two more write go see number no "
    "way could people my than first water been call who oil its now find long down day did get come made may part "
    "river mountain harbour winter letter garden window evening silence market village morning"
)
WORDS: Final = tuple(_TEXT.split())
FIRST: Final = ("Anna", "Luis", "Mehmet", "Ingrid", "Tomas", "Yuki", "Olga", "Peter", "Amina", "Carla", "Joao", "Priya")
LAST: Final = ("Petrova", "Ortega", "Yilmaz", "Larsen", "Novak", "Tanaka", "Ivanova", "Schmidt", "Diallo", "Rossi")
STREETS: Final = ("Mill Street", "Oak Avenue", "Harbour Road", "Station Lane", "Church Hill", "Garden Row")
GOODS: Final = (
    "Milk 1L", "Bread", "Apples 1kg", "Cheese", "Yoghurt", "Coffee", "Butter", "Rice 2kg", "Olive oil", "Tomatoes",
    "Soap", "Pasta", "Eggs x10", "Honey", "Tea", "Salmon",
)  # fmt: skip


def sentence(random: np.random.Generator, count: int) -> str:
    words = " ".join(random.choice(WORDS, count))
    return words[0].upper() + words[1:] + "."


def lines(random: np.random.Generator, count: int, letters: int) -> list[str]:
    """Lines of a paragraph, none longer than so many letters."""
    result = []
    for _ in range(count):
        line = ""
        while len(longer := f"{line} {random.choice(WORDS)}".strip()) <= letters:
            line = longer
        result.append(line)
    return result


def two(random: np.random.Generator, among: tuple[str, ...] | list[str]) -> list[str]:
    """Two different ones."""
    return [str(chosen) for chosen in random.choice(among, 2, replace=False)]


def people(random: np.random.Generator) -> list[str]:
    """Two people's names, of which no part is the same."""
    return [f"{first} {last}" for first, last in zip(two(random, FIRST), two(random, LAST), strict=True)]


def digits(random: np.random.Generator, count: int) -> str:
    return "".join(str(digit) for digit in random.integers(0, 10, count))


def money(random: np.random.Generator, most: int = 100) -> str:
    return f"{random.uniform(1, most):.2f}"


def other_digit(number: str, at: int) -> str:
    """The number with the digit at a place turned into another of the same width."""
    return number[:at] + str((int(number[at]) + 5) % 10) + number[at + 1 :]
