"""Edits that change brightness, colour and detail, and leave every place where it was."""

import cv2
import numpy as np

from worker.engine.edits.pixels import Edit, as_picture, pixels
from worker.engine.picture.channels import Picture


def unchanged(picture: Picture, _: np.random.Generator) -> Picture:
    """Only the encoding changes."""
    return picture


def toned(gain: float, offset: float = 0.0, gamma: float = 1.0) -> Edit:
    """Gain and offset after a gamma curve, clipped."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        return as_picture(255 * (picture.astype(np.float32) / 255) ** gamma * gain + offset)

    return edit


def saturated(share: float) -> Edit:
    """Distance from grey times `share`; 0 is a grey picture."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
        return as_picture(grey + share * (picture.astype(np.float32) - grey))

    return edit


def colour_shifted(picture: Picture, random: np.random.Generator) -> Picture:
    """Another white balance: red up and blue down by a tenth to a fifth, or the other way round."""
    strength = random.uniform(0.10, 0.20) * (1 if random.random() < 0.5 else -1)
    return as_picture(picture.astype(np.float32) * np.array([1 + strength, 1.0, 1 - strength], np.float32))


def blurred(picture: Picture, _: np.random.Generator) -> Picture:
    """Gaussian blur of 1/250 of the long side (2 pixels of 500)."""
    return pixels(cv2.GaussianBlur(picture, (0, 0), max(picture.shape[:2]) / 250))


def noisy(picture: Picture, random: np.random.Generator) -> Picture:
    """Gaussian noise with a standard deviation of 15 levels."""
    return as_picture(picture.astype(np.float32) + random.normal(0, 15, picture.shape))
