"""Pictures of nothing in particular, with edges, depth and grain as photos have them: what copies are put on.

Leaves of all sizes fallen over each other: Lee, Mumford and Huang, "Occlusion Models for Natural Images", International
Journal of Computer Vision 41, 2001. No two are alike, and none is a photo that a collection could hold.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.edits.pixels import as_picture
from worker.engine.picture.channels import Picture

_LEAVES: Final = 350
_COLOURS: Final = 7
_GRAIN: Final = 22  # standard deviation of the cloudy grain, in levels


def scene(height: int, width: int, random: np.random.Generator) -> Picture:
    """Leaves over each other, with grain: uint8 `[height, width, 3]`. About 60 ms a megapixel."""
    levels = random.uniform(20, 236, (_COLOURS, 3))
    palette = np.rint((levels + levels.mean(axis=1, keepdims=True)) / 2).astype(int)  # half as colourful
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = palette[0]
    for _ in range(_LEAVES):
        colour = np.clip(palette[random.integers(_COLOURS)] + random.integers(-25, 26, 3), 0, 255)
        _leaf(canvas, tuple(int(level) for level in colour), random)
    return as_picture(canvas + _GRAIN * _clouds(height, width, random)[..., None])


def _leaf(canvas: Picture, colour: tuple[int, ...], random: np.random.Generator) -> None:
    """An ellipse or a polygon; radii follow the inverse cube between 1/50 and a third of the shorter side."""
    height, width = canvas.shape[:2]
    least, most = min(height, width) / 50, min(height, width) / 3
    radius = 1 / np.sqrt(random.uniform(1 / most**2, 1 / least**2))
    centre = random.uniform(0, 1, 2) * [width, height]
    if random.random() < 0.5:
        axes = (max(1, round(radius)), max(1, round(radius * random.uniform(0.3, 1))))
        turn = float(random.uniform(0, 180))
        cv2.ellipse(canvas, (int(centre[0]), int(centre[1])), axes, turn, 0, 360, colour, -1, cv2.LINE_AA)
        return
    angles = np.sort(random.uniform(0, 2 * np.pi, int(random.integers(3, 7))))
    corners = centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], colour, cv2.LINE_AA)


def _clouds(height: int, width: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Noise whose amplitude falls with the frequency, as in photos: mean 0, standard deviation 1."""
    spectrum = np.fft.rfft2(random.standard_normal((height, width), np.float32))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = np.inf
    clouds = np.fft.irfft2(spectrum / frequency, s=(height, width))
    return np.asarray(clouds / clouds.std(), np.float32)
