"""Products of a shop, on white: the outline is the same, what they are is not."""

from collections.abc import Callable
from typing import Final

import numpy as np

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CAMERA, CLEAN, JPEG
from tests.hard.nature import clipped, noise
from tests.hard.paint import Colour, Sheet

Outline = Callable[[Sheet, Colour], None]


def cut(sheet: Sheet, outline: Outline, cloth: Picture, shade: np.ndarray) -> Picture:
    """The cloth in the outline, under folds of light, on the white of the sheet."""
    mask = Sheet("black", cloth.shape[1], cloth.shape[0], fine=2)
    outline(mask, "white")
    cover = mask.picture()[..., :1] / 255.0
    return clipped(sheet.picture() * (1 - cover) + cloth * shade[..., None] * cover)


def folds(random: np.random.Generator, width: int, height: int, depth: float = 0.07) -> np.ndarray:
    return 1 - depth * 1.5 + depth * noise(random, width, height, 1.6)


def plain(colour: tuple[int, int, int], width: int = 480, height: int = 600) -> Picture:
    return np.full((height, width, 3), colour, np.uint8)


SHIRT: Final = (
    (150, 80), (200, 105), (280, 105), (330, 80), (440, 160), (395, 250), (345, 215), (348, 540), (132, 540),
    (135, 215), (85, 250), (40, 160),
)  # fmt: skip
TROUSERS: Final = ((150, 40), (330, 40), (352, 570), (262, 570), (242, 210), (234, 210), (214, 570), (126, 570))
DRESS: Final = (
    (190, 40), (210, 90), (270, 90), (290, 40), (320, 60), (300, 240), (390, 560), (90, 560), (180, 240), (160, 60),
)  # fmt: skip


def shirt(sheet: Sheet, colour: Colour) -> None:
    """480 x 600, as all clothes here."""
    sheet.shape(*SHIRT, fill=colour)


def trousers(sheet: Sheet, colour: Colour) -> None:
    sheet.shape(*TROUSERS, fill=colour)


def dress(sheet: Sheet, colour: Colour) -> None:
    sheet.shape(*DRESS, fill=colour)


def printed_shirts(random: np.random.Generator) -> list[Picture]:
    """One shirt with two prints."""
    light = folds(random, 480, 600)
    result = []
    for words in ("OCEAN\nCLUB", "NIGHT\nOWLS"):
        cloth = Sheet((245, 245, 242), 480, 600)
        cloth.text((240, 270), words, 44, "bold", (30, 50, 120), "mm")
        result.append(cut(Sheet("white", 480, 600), shirt, cloth.picture(), light))
    return result


def coloured_shirts(random: np.random.Generator) -> list[Picture]:
    """One shirt in three colours: products in another colour are other products."""
    light = folds(random, 480, 600)
    return [
        cut(Sheet("white", 480, 600), shirt, plain(tone), light)
        for tone in ((190, 40, 50), (40, 80, 160), (60, 120, 70))
    ]


def jeans(random: np.random.Generator) -> list[Picture]:
    """Light jeans, olive trousers, torn jeans: one outline."""
    result = []
    for tone, contrast in (((150, 175, 205), 14), ((105, 108, 70), 5), ((150, 178, 210), 14)):
        cloth = clipped(plain(tone) + noise(random, 480, 600, 0.3)[..., None] * contrast)
        result.append(cut(Sheet("white", 480, 600), trousers, cloth, folds(random, 480, 600)))
    torn = Sheet(result[2], fine=2)
    for x, y in ((180, 330), (172, 420), (298, 300), (305, 400)):
        torn.oval((x, y), (24, 11), (225, 205, 185), (235, 240, 245), 4)
    return [*result[:2], torn.picture()]


def dark_trousers(random: np.random.Generator) -> list[Picture]:
    """Two pairs so dark that hardly anything but the outline shows: a seam, a pocket, a belt loop."""
    result = []
    for seam, pocket in ((190, 90), (168, 120)):
        cloth = Sheet(clipped(plain((26, 27, 32)) + noise(random, 480, 600, 0.5)[..., None] * 1.5))
        cloth.line((seam, 45), (seam - 22, 560), colour=(34, 35, 41), width=2)
        cloth.line((155, pocket), (205, pocket - 25), colour=(38, 39, 45), width=2)
        cloth.line((278, pocket - 25), (330, pocket), colour=(38, 39, 45), width=2)
        result.append(cut(Sheet("white", 480, 600), trousers, cloth.picture(), np.ones((600, 480))))
    return result


def dresses(random: np.random.Generator) -> list[Picture]:
    """Striped, dotted, checked: one cut."""
    down, along = np.mgrid[:600, :480]
    patterns = (along // 14 % 2, np.hypot(along % 40 - 20, down % 40 - 20) < 9, (along // 22 % 2) ^ (down // 22 % 2))
    light = folds(random, 480, 600)
    cloths = (clipped(np.where(pattern[..., None] > 0, (40, 40, 90), (230, 225, 215))) for pattern in patterns)
    return [cut(Sheet("white", 480, 600), dress, cloth, light) for cloth in cloths]


def shoes(random: np.random.Generator) -> list[Picture]:
    """One last, two models."""
    result = []
    for tone, stripes in (((200, 60, 50), 3), ((225, 225, 220), 1)):
        sheet = Sheet("white", 640, 420, fine=2)
        sheet.shape((90, 120), (230, 110), (330, 200), (520, 250), (570, 300), (560, 330), (80, 330), fill=tone)
        sheet.box((70, 320), (580, 352), "white", (150, 150, 150), 3, 14)
        for lace in range(5):
            sheet.line(
                (240 + lace * 26, 130 + lace * 19), (270 + lace * 26, 118 + lace * 19), colour=(40, 40, 40), width=5
            )
        for stripe in range(stripes):
            sheet.line((190 + stripe * 45, 190), (240 + stripe * 45, 315), colour=(30, 30, 60), width=18)
        shown = sheet.picture()
        leather = noise(random, 640, 420, 0.8)[..., None] * 5 * (shown.min(axis=2, keepdims=True) < 252)
        result.append(clipped(shown + leather))
    return result


def mugs(random: np.random.Generator) -> list[Picture]:
    """One mug with two prints."""
    result = []
    along = np.linspace(-1, 1, 300)
    for words, tone in (("BEST\nDAD", (190, 40, 40)), ("HELLO\nMONDAY", (40, 60, 130))):
        sheet = Sheet("white", 520, 480, fine=2)
        sheet.oval((390, 250), (80, 90), edge=(214, 214, 218), width=26)
        sheet.box((90, 90), (390, 420), (236, 236, 240), round_=16)
        sheet.text((240, 255), words, 52, "bold", tone, "mm")
        sheet.oval((240, 92), (150, 22), (222, 222, 226), (200, 200, 205), 3)
        picture = sheet.picture().astype(np.float32)
        picture[75:425, 90:390] *= (1 - 0.22 * along**2)[None, :, None]
        result.append(clipped(picture))
    return result


def phones(random: np.random.Generator) -> list[Picture]:
    """One phone with two starting screens."""
    result = []
    for _ in range(2):
        sheet = Sheet("white", 420, 720, fine=2)
        sheet.box((90, 40), (330, 680), (25, 25, 28), (90, 90, 95), 4, 34)
        ground = tuple(int(level) for level in random.integers(30, 220, 3))
        sheet.box((102, 70), (318, 650), ground, round_=18)
        for number in range(20):
            left, top = 118 + number % 4 * 50, 120 + number // 4 * 84
            sheet.box((left, top), (left + 36, top + 36), tuple(int(c) for c in random.integers(0, 255, 3)), round_=9)
        sheet.text((210, 96), f"{random.integers(0, 24):02}:{random.integers(0, 60):02}", 17, "bold", "white", "mm")
        result.append(sheet.picture())
    return result


def sofas(random: np.random.Generator) -> list[Picture]:
    """One sofa in two fabrics."""
    down, along = np.mgrid[:420, :720]
    tweed = 150 + noise(random, 720, 420, 0.1)[..., None] * 22 * np.array([1, 0.9, 0.8])
    checked = np.where(((along // 30 % 2) ^ (down // 30 % 2))[..., None] > 0, (120, 40, 45), (205, 190, 160))
    light = folds(random, 720, 420, 0.06)
    return [cut(Sheet("white", 720, 420), _sofa, clipped(cloth), light) for cloth in (tweed, checked)]


def _sofa(sheet: Sheet, colour: Colour) -> None:
    sheet.box((110, 70), (610, 260), colour, round_=30)
    sheet.box((60, 150), (160, 340), colour, round_=26)
    sheet.box((560, 150), (660, 340), colour, round_=26)
    sheet.box((150, 220), (570, 340), colour, round_=14)
    for x in (100, 600):
        sheet.box((x, 335), (x + 20, 385), colour)


def bottles(random: np.random.Generator) -> list[Picture]:
    """Two wines of one house."""
    result = []
    for name, tone in (("MERLOT", (120, 20, 40)), ("RIESLING", (190, 170, 60))):
        sheet = Sheet("white", 360, 720, fine=2)
        sheet.shape(
            (152, 40),
            (208, 40),
            (208, 210),
            (262, 290),
            (262, 690),
            (98, 690),
            (98, 290),
            (152, 210),
            fill=(24, 44, 30),
        )
        sheet.line((120, 310), (120, 670), colour=(70, 100, 80), width=8)
        sheet.box((100, 400), (260, 580), (245, 240, 225))
        sheet.text((180, 430), "CHATEAU ELLEN", 16, "serif", anchor="mm")
        sheet.text((180, 490), name, 26, "serif bold", tone, "mm")
        sheet.text((180, 550), f"20{random.integers(10, 24)}", 18, "serif", anchor="mm")
        result.append(sheet.picture())
    return result


RECIPES: Final[tuple[Recipe, ...]] = tuple(
    recipe
    for kind, draw in (
        ("shirts-other-print", printed_shirts),
        ("shirts-other-colour", coloured_shirts),
        ("jeans-one-outline", jeans),
        ("dark-trousers", dark_trousers),
        ("dresses-other-pattern", dresses),
        ("shoes", shoes),
        ("mugs-other-print", mugs),
        ("phones", phones),
        ("sofas-other-fabric", sofas),
        ("bottles", bottles),
    )
    for recipe in recipes(kind, draw, "none", JPEG, CAMERA)
) + recipes("dark-trousers", dark_trousers, "none", CLEAN)
