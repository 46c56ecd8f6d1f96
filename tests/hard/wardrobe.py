"""A catalogue's small pictures of clothes on white: one cut in several cloths, laid anew for each picture."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.hard.case import Picture, Recipe, recipes
from tests.hard.dress import CAMERA, CLEAN, JPEG
from tests.hard.nature import clipped, noise
from tests.hard.paint import Point, Sheet
from tests.hard.products import DRESS, SHIRT, TROUSERS

Cloth = tuple[int, int, int]
WIDE, HIGH = 480, 600  # drawn; shown at SMALL
SMALL: Final = (208, 260)
SHORTS: Final = (
    (120, 180), (360, 180), (392, 420), (256, 430), (244, 330), (236, 330), (224, 430), (88, 420),
)  # fmt: skip
BLACK, NAVY, WHITE, IVORY = (24, 24, 26), (28, 32, 50), (236, 236, 239), (238, 231, 214)
GREY, OLIVE, PINK, MINT = (150, 151, 155), (96, 94, 66), (240, 96, 120), (160, 214, 190)
LIGHT_BLUE, DARK_BLUE = (168, 190, 212), (50, 66, 104)


def _laid(
    random: np.random.Generator, cut: Sequence[Point], cloth: Cloth | Picture, seams: Sequence[Sequence[Point]] = ()
) -> Picture:
    """The cut in a cloth: edges a little elsewhere, folds of its own, seams, a label at the neck."""
    edge = [(x + float(random.normal(0, 1.5)), y + float(random.normal(0, 1.5))) for x, y in cut]
    mask = Sheet("black", WIDE, HIGH, fine=2)
    mask.shape(*edge, fill="white")
    cover = cv2.GaussianBlur(mask.picture(), (0, 0), 1.2)[..., :1].astype(np.float32) / 255
    ground = cloth if isinstance(cloth, np.ndarray) else np.full((HIGH, WIDE, 3), cloth, np.uint8)
    sewn = Sheet(ground, fine=2)
    for seam in seams:
        sewn.line(*seam, colour=tuple(int(level * 0.72) for level in ground[300, 240]), width=2.5)
    sewn.box((226, 112), (254, 124), (235, 235, 230))
    light = np.minimum(0.97 + noise(random, WIDE, HIGH, 1.7)[..., None] * np.float32(0.06), 1.04)
    picture = clipped(255 * (1 - cover) + sewn.picture() * light * cover)
    return np.asarray(cv2.resize(picture, SMALL, interpolation=cv2.INTER_AREA), np.uint8)


def _printed(random: np.random.Generator, ground: Cloth, ink: Cloth, power: float, share: float) -> Picture:
    """A cloth with a print of leaves: places of noise above a level."""
    field: NDArray[np.float32] = noise(random, WIDE, HIGH, power)
    return clipped(np.where((field > np.quantile(field, 1 - share))[..., None], ink, ground))


def shirt_range(random: np.random.Generator) -> list[Picture]:
    """One shirt in white, black, grey, pink."""
    hems = ((140, 520), (340, 520)), ((150, 110), (135, 215)), ((330, 110), (345, 215))
    return [_laid(random, SHIRT, tone, hems) for tone in (WHITE, BLACK, GREY, PINK)]


def white_and_ivory(random: np.random.Generator) -> list[Picture]:
    """Two that are nearly the ground they lie on."""
    return [_laid(random, SHIRT, tone, (((140, 520), (340, 520)),)) for tone in (WHITE, IVORY)]


def black_and_navy(random: np.random.Generator) -> list[Picture]:
    """Trousers of hardly any texture in two dark cloths."""
    return [_laid(random, TROUSERS, tone) for tone in (BLACK, NAVY)]


def two_black(random: np.random.Generator) -> list[Picture]:
    """One has pockets and a crease, the other a drawstring."""
    pockets = ((160, 70), (190, 130)), ((320, 70), (290, 130)), ((190, 220), (170, 560)), ((290, 220), (310, 560))
    string = ((236, 60), (222, 150)), ((244, 60), (258, 150)), ((150, 66), (330, 66))
    return [_laid(random, TROUSERS, BLACK, seams) for seams in (pockets, string)]


def washes(random: np.random.Generator) -> list[Picture]:
    """One cut of jeans in two washes, and torn."""
    seams = ((165, 80), (205, 120)), ((315, 80), (275, 120)), ((240, 50), (240, 210))
    light, dark = (_laid(random, TROUSERS, tone, seams) for tone in (LIGHT_BLUE, DARK_BLUE))
    ground = Sheet(np.full((HIGH, WIDE, 3), LIGHT_BLUE, np.uint8), fine=2)
    for _ in range(7):
        x, y = random.uniform([150, 240], [330, 520])
        ground.oval((float(x), float(y)), (float(random.uniform(10, 26)), 8), (236, 232, 228))
    return [light, dark, _laid(random, TROUSERS, ground.picture(), seams)]


def light_and_olive(random: np.random.Generator) -> list[Picture]:
    return [_laid(random, TROUSERS, tone) for tone in (LIGHT_BLUE, OLIVE)]


def shorts_range(random: np.random.Generator) -> list[Picture]:
    seams = ((130, 205), (350, 205)), ((240, 182), (240, 330)), ((150, 210), (110, 280)), ((330, 210), (370, 280))
    return [_laid(random, SHORTS, tone, seams) for tone in (PINK, MINT, BLACK)]


def printed_dresses(random: np.random.Generator) -> list[Picture]:
    """One dress in three prints."""
    cloths = ((WHITE, (40, 110, 80), 0.9, 0.4), (BLACK, (150, 110, 150), 0.9, 0.3), (IVORY, BLACK, 1.4, 0.45))
    return [_laid(random, DRESS, _printed(random, *cloth)) for cloth in cloths]


def plain_and_striped(random: np.random.Generator) -> list[Picture]:
    stripes = np.where((np.arange(HIGH) // 9 % 2 > 0)[:, None, None], (60, 60, 80), np.full((1, WIDE, 3), WHITE))
    return [_laid(random, DRESS, BLACK), _laid(random, DRESS, clipped(stripes)), _laid(random, DRESS, OLIVE)]


def contrast_sleeves(random: np.random.Generator) -> list[Picture]:
    """White shirts with sleeves of two colours."""
    result = []
    for tone in (DARK_BLUE, PINK):
        cloth = Sheet("white", WIDE, HIGH, fine=2)
        cloth.box((0, 0), (WIDE, HIGH), WHITE)
        for side in (((0, 60), (152, 60), (136, 260), (0, 260)), ((480, 60), (328, 60), (344, 260), (480, 260))):
            cloth.shape(*side, fill=tone)
        result.append(_laid(random, SHIRT, cloth.picture()))
    return result


RECIPES: Final[tuple[Recipe, ...]] = tuple(
    recipe
    for kind, draw in (
        ("shirts-of-a-range", shirt_range),
        ("shirts-white-and-ivory", white_and_ivory),
        ("trousers-black-and-navy", black_and_navy),
        ("trousers-two-black", two_black),
        ("jeans-of-a-range", washes),
        ("trousers-light-and-olive", light_and_olive),
        ("shorts-of-a-range", shorts_range),
        ("dresses-other-print", printed_dresses),
        ("dresses-plain-and-striped", plain_and_striped),
        ("shirts-contrast-sleeves", contrast_sleeves),
    )
    for recipe in recipes(kind, draw, "none", CLEAN, JPEG, CAMERA)
)
