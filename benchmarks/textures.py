"""Pictures of which none is like another, as costly to read, to describe and to compare as photos.

A photo's spectrum with other phases, the same ones for its three colours: Galerne, Gousseau and Morel, "Random Phase
Textures: Theory and Synthesis", IEEE Transactions on Image Processing 20, 2011.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FINEST: Final = (512, 384)  # the largest that a spectrum is taken of: photos have little beyond it

_SPECTRA_KEPT: Final = 64  # 2.4 MB each at the finest


def make_textures(
    photos: Sequence[Path], folder: Path, count: int, size: tuple[int, int], first: int = 0
) -> list[Path]:
    """Write `count` pictures of `size` pixels as JPEG, with the spectra of `photos` in turn; their paths.

    Seeded by their size and number: those of another call differ if it begins with another `first`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(first, first + count):
        paths.append(folder / f"{folder.name}-{number:05}.jpg")
        finest = min(size[0], FINEST[0]), min(size[1], FINEST[1])
        spectrum = _spectrum(photos[number % len(photos)], finest)
        _with_other_phases(spectrum, finest, (*size, number)).resize(size, Image.Resampling.BICUBIC).save(
            paths[-1], quality=90
        )
    return paths


@lru_cache(maxsize=_SPECTRA_KEPT)
def _spectrum(photo: Path, size: tuple[int, int]) -> NDArray[np.complex64]:
    """complex64 `[h, w // 2 + 1, 3]` of a photo at this width and height."""
    with Image.open(photo) as opened:
        pixels = np.asarray(opened.convert("RGB").resize(size), np.float32)
    return np.fft.rfft2(pixels, axes=(0, 1)).astype(np.complex64)


def _with_other_phases(spectrum: NDArray[np.complex64], size: tuple[int, int], seed: Sequence[int]) -> Image.Image:
    sides = size[::-1]
    # Those of real noise, so that the picture is real too. The mean stays.
    turns = np.fft.rfft2(np.random.default_rng(seed).standard_normal(sides, np.float32))
    turns /= np.abs(turns)
    turns[0, 0] = 1
    turned = np.fft.irfft2(spectrum * turns[..., None], s=sides, axes=(0, 1))
    return Image.fromarray(np.clip(np.rint(turned), 0, 255).astype(np.uint8))
