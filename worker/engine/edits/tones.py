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


def noisy(deviation: float) -> Edit:
    """Gaussian noise with a standard deviation of so many levels."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        return as_picture(picture.astype(np.float32) + random.normal(0, deviation, picture.shape))

    return edit


def contrasted(share: float) -> Edit:
    """Distance from the picture's mean grey times `share`."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        mean = float(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).mean())
        return as_picture(mean + share * (picture.astype(np.float32) - mean))

    return edit


def jittered(picture: Picture, random: np.random.Generator) -> Picture:
    """Brightness, contrast and saturation, each times 0.7 to 1.4."""
    brightness, contrast, saturation = np.exp(random.uniform(np.log(0.7), np.log(1.4), 3))
    brighter = toned(brightness)(picture, random)
    return saturated(saturation)(contrasted(contrast)(brighter, random), random)


def hue_turned(degrees: float) -> Edit:
    """Every hue turned by so many degrees, one way or the other."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        turn = degrees * (1 if random.random() < 0.5 else -1)
        values = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
        values[..., 0] = (values[..., 0] + turn) % 360
        return as_picture(cv2.cvtColor(values, cv2.COLOR_HSV2RGB) * 255)

    return edit


def faded(opacity: float) -> Edit:
    """As seen on white with that opacity, 0 to 1."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        return as_picture(255 + opacity * (picture.astype(np.float32) - 255))

    return edit


def sharpened(strength: float) -> Edit:
    """What a blur of 3 x 3 would take away, added `strength` times."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        sharp = picture.astype(np.float32)
        return as_picture(sharp + strength * (sharp - cv2.blur(sharp, (3, 3))))

    return edit


def pixelated(share: float) -> Edit:
    """Blocks of one colour; there are `share` of the width by `share` of the height."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        few = (max(1, round(width * share)), max(1, round(height * share)))
        small = cv2.resize(picture, few, interpolation=cv2.INTER_AREA)
        return pixels(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST))

    return edit


def shuffled(share: float) -> Edit:
    """`share` of the pixels, drawn at random, exchanged among each other."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        result = picture.reshape(-1, 3).copy()
        chosen = random.choice(len(result), int(share * len(result)), replace=False)
        result[chosen] = result[random.permutation(chosen)]
        return result.reshape(picture.shape)

    return edit
