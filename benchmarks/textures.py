"""Pictures of which none is like another, as costly to read, to describe and to compare as photos.

A photo's spectrum with other phases, the same ones for its three colours: Galerne, Gousseau and Morel, "Random Phase
Textures: Theory and Synthesis", IEEE Transactions on Image Processing 20, 2011.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

FINEST: Final = (512, 384)  # the largest that a spectrum is taken of: photos have little beyond it


def make_textures(
    photos: Sequence[Path], folder: Path, count: int, size: tuple[int, int], first: int = 0
) -> list[Path]:
    """Write `count` pictures of `size` pixels as JPEG, with the spectra of `photos` in turn; their paths.

    Seeded by their size and number: those of another call differ if it begins with another `first`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(first, first + count):
        with Image.open(photos[number % len(photos)]) as photo:
            small = photo.convert("RGB").resize((min(size[0], FINEST[0]), min(size[1], FINEST[1])))
        paths.append(folder / f"{folder.name}-{number:05}.jpg")
        _with_other_phases(small, (*size, number)).resize(size, Image.Resampling.BICUBIC).save(paths[-1], quality=90)
    return paths


def _with_other_phases(photo: Image.Image, seed: Sequence[int]) -> Image.Image:
    pixels = np.asarray(photo, np.float32)
    sides = pixels.shape[:2]
    # Those of real noise, so that the picture is real too. The mean stays.
    turns = np.fft.rfft2(np.random.default_rng(seed).standard_normal(sides, np.float32))
    turns /= np.abs(turns)
    turns[0, 0] = 1
    spectrum = np.fft.rfft2(pixels, axes=(0, 1)) * turns[..., None]
    turned = np.fft.irfft2(spectrum, s=sides, axes=(0, 1))
    return Image.fromarray(np.clip(np.rint(turned), 0, 255).astype(np.uint8))
