"""Pictures for the demo where no photos are installed: landscapes that are drawn, the same on every machine.

Each is full of places that tell it from all others, as a photo is: keypoints find nothing in flat colours.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIZE: Final = (800, 600)  # pixels
RIDGES: Final = 4  # of mountains, one before the other
TREES: Final = 60
Colour = tuple[int, int, int]


def draw_landscape(number: int) -> Image.Image:
    """The landscape with this number, RGB, 800 x 600 pixels. A tenth of a second."""
    chance = Random(number)  # noqa: S311 - the same pictures everywhere, no secret
    picture = _sky(chance)
    draw = ImageDraw.Draw(picture)
    x, y, r = chance.randrange(100, 700), chance.randrange(60, 180), chance.randrange(20, 60)
    draw.ellipse((x - r, y - r, x + r, y + r), fill=_colour(chance, 200, 255))
    for ridge in range(RIDGES):
        _ridge(draw, chance, 180 + 90 * ridge, _colour(chance, 150 - 30 * ridge, 220 - 40 * ridge))
    for _ in range(TREES):
        _tree(draw, chance)
    for _ in range(chance.randrange(2, 6)):
        _house(draw, chance)
    return ImageChops.multiply(picture, _grain(chance))


def _sky(chance: Random) -> Image.Image:
    """Clouds: few points of colour, stretched."""
    few = Image.new("RGB", (9, 7))
    few.putdata([_colour(chance, 110, 255) for _ in range(63)])
    return few.resize(SIZE, Image.Resampling.BICUBIC)


def _grain(chance: Random) -> Image.Image:
    """What paper or a sensor adds, light enough to be multiplied with."""
    small = SIZE[0] // 4, SIZE[1] // 4
    noise = Image.frombytes("L", small, bytes(chance.randrange(180, 256) for _ in range(small[0] * small[1])))
    return noise.resize(SIZE, Image.Resampling.BICUBIC).filter(ImageFilter.SMOOTH).convert("RGB")


def _ridge(draw: ImageDraw.ImageDraw, chance: Random, height: int, colour: Colour) -> None:
    """A chain of mountains over the whole width, and lighter and darker slopes on it."""
    tops = [(x, height + chance.randrange(-70, 70)) for x in range(0, SIZE[0] + 80, 80)]
    draw.polygon([(0, SIZE[1]), *tops, (SIZE[0] + 80, SIZE[1])], fill=colour)
    for (left, _), (middle, top), (right, _) in zip(tops, tops[1:], tops[2:], strict=False):
        shade = chance.randrange(-35, 35)
        foot = top + chance.randrange(60, 160)
        draw.polygon([(left, foot), (middle, top), (right, foot)], fill=_shaded(colour, shade))


def _tree(draw: ImageDraw.ImageDraw, chance: Random) -> None:
    x, y, r = chance.randrange(SIZE[0]), chance.randrange(380, SIZE[1]), chance.randrange(8, 34)
    green = (chance.randrange(20, 90), chance.randrange(70, 170), chance.randrange(20, 80))
    draw.line((x, y, x, y + 2 * r), fill=(90, 60, 30), width=max(2, r // 5))
    if chance.random() < 0.5:
        draw.ellipse((x - r, y - r, x + r, y + r), fill=green)
    else:
        draw.polygon([(x, y - 2 * r), (x - r, y + r), (x + r, y + r)], fill=green)


def _house(draw: ImageDraw.ImageDraw, chance: Random) -> None:
    x, y, width = chance.randrange(20, 700), chance.randrange(400, 540), chance.randrange(40, 110)
    height = width * 2 // 3
    wall = _colour(chance, 130, 250)
    draw.rectangle((x, y, x + width, y + height), fill=wall, outline=(40, 40, 40))
    draw.polygon([(x - 6, y), (x + width // 2, y - height // 2), (x + width + 6, y)], fill=_colour(chance, 60, 180))
    for left, top in _windows(x, y, width, height):
        draw.rectangle((left, top, left + width // 8, top + height // 4), fill=_colour(chance, 20, 120))


def _windows(x: int, y: int, width: int, height: int) -> Iterator[tuple[int, int]]:
    for column in range(3):
        for row in range(2):
            yield x + width // 8 + column * width // 3, y + height // 8 + row * height // 2


def _colour(chance: Random, low: int, high: int) -> Colour:
    return chance.randrange(low, high), chance.randrange(low, high), chance.randrange(low, high)


def _shaded(colour: Colour, more: int) -> Colour:
    red, green, blue = (max(0, min(255, part + more)) for part in colour)
    return red, green, blue
