"""Pictures that look taken outside: noise of a natural spectrum, landscapes from it, and the two photos of
scikit-learn's package.
"""

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2
from sklearn.datasets import load_sample_image

from tests.hard.case import Picture

PHOTOS: Final = ("china.jpg", "flower.jpg")


@cache
def photo(name: str) -> Picture:
    """One of PHOTOS: 640 x 427. Not to be written to."""
    return np.asarray(load_sample_image(name), np.uint8)


def part(name: str, left: float, top: float, width: int, height: int, share: float = 0.5) -> Picture:
    """A part of a photo, from shares of its sides, as wide as `share` of it says, brought to a size."""
    whole = photo(name)
    wide = min(round(whole.shape[1] * share), round(whole.shape[0] * width / height))
    high = min(whole.shape[0], round(wide * height / width))
    x, y = round((whole.shape[1] - wide) * left), round((whole.shape[0] - high) * top)
    taken = whole[y : y + high, x : x + wide]
    return np.asarray(cv2.resize(taken, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def noise(random: np.random.Generator, width: int, height: int, power: float = 1.0) -> NDArray[np.float32]:
    """[h, w], mean 0, deviation 1, an amplitude that falls with the frequency to that power: 1 is nature's."""
    sides = next_fast_len(height), next_fast_len(width)
    spectrum = rfft2(random.standard_normal(sides, np.float32))
    rise = np.hypot(np.fft.fftfreq(sides[0])[:, None], np.fft.rfftfreq(sides[1])[None])
    rise[0, 0] = 1
    spectrum *= (rise**-power).astype(np.float32)
    spectrum[0, 0] = 0
    result = irfft2(spectrum, s=sides)[:height, :width]
    return np.asarray((result - result.mean()) / result.std(), np.float32)


def clipped(values: NDArray[np.floating]) -> Picture:
    """To whole levels of 0 to 255."""
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def grain(random: np.random.Generator, shape: tuple[int, ...], levels: float) -> NDArray[np.float32]:
    """What a sensor adds to each place and colour."""
    return random.standard_normal(shape, np.float32) * np.float32(levels)


def surface(
    random: np.random.Generator,
    width: int,
    height: int,
    colour: tuple[int, int, int],
    contrast: float = 18,
    power: float = 0.9,
) -> Picture:
    """A table, a wall, a lawn: one colour under natural noise."""
    uneven = noise(random, width, height, power) * np.float32(contrast)
    return clipped(np.array(colour, np.float32) + uneven[..., None])


def sky(random: np.random.Generator, width: int, height: int, clouds: float = 1.0) -> Picture:
    """Blue that pales towards the horizon, with clouds."""
    fall = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    blue = np.float32([70, 120, 200]) * (1 - fall) + np.float32([190, 210, 230]) * fall
    cover = np.clip(noise(random, width, height, 1.7) * np.float32(0.6 * clouds), 0, 1)[..., None]
    return clipped(blue * (1 - cover) + 240 * cover)


def landscape(random: np.random.Generator, width: int, height: int) -> Picture:
    """Hills behind one another under a sky, with trees and stones: another one with every call."""
    scene = sky(random, width, height).astype(np.float32)
    rows = np.arange(height)[:, None]
    hills = int(random.integers(3, 6))
    for hill in range(hills):
        base = height * (0.3 + 0.6 * hill / hills)
        crest = base + noise(random, width, 1, 1.3)[0] * height * random.uniform(0.03, 0.09)
        colour = np.float32(random.uniform([40, 60, 20], [150, 130, 110]) * (0.6 + 0.4 * hill / hills))
        grown = colour + noise(random, width, height, 0.8)[..., None] * np.float32(random.uniform(14, 30))
        scene = np.where((rows > crest[None])[..., None], grown, scene)
    for _ in range(int(random.integers(5, 12))):
        _stand(scene, random)
    return clipped(cv2.GaussianBlur(scene, (0, 0), 0.6))


def _stand(scene: NDArray[np.floating], random: np.random.Generator) -> None:
    """Put a bush, a tree or a stone into the scene: a rough oval, lit from above."""
    height, width = scene.shape[:2]
    x, y = random.uniform(0, width), random.uniform(0.4, 0.95) * height
    wide, high = random.uniform(0.02, 0.1) * width, random.uniform(0.03, 0.16) * height
    left, top = max(0, int(x - 1.5 * wide)), max(0, int(y - 1.5 * high))
    seen = scene[top : int(y + 1.5 * high) + 2, left : int(x + 1.5 * wide) + 2]
    down, along = np.mgrid[: seen.shape[0], : seen.shape[1]]
    size = seen.shape[1], seen.shape[0]
    rough = ((along + left - x) / wide) ** 2 + ((down + top - y) / high) ** 2 + noise(random, *size) * 0.25
    light = (1.1 - 0.5 * (down + top - y + high) / (2 * high))[..., None]
    colour = random.uniform([30, 40, 20], [190, 150, 110]) + noise(random, *size, 0.6)[..., None] * 20
    seen[rough < 1] = (colour * light)[rough < 1]
