"""The attack set: copies of a picture as people make them, one edit each or two at once.

Parameters vary a little from picture to picture (where the crop lies, what a caption says), never from run to run:
they are drawn from a generator seeded by the picture's name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import cv2
import numpy as np

from worker.engine.edits.additions import captioned, framed, letterboxed, overlaid, stickered, watermarked
from worker.engine.edits.pixels import Edit
from worker.engine.edits.shapes import cropped, mirrored, perspective, rotated, scaled, stretched, turned
from worker.engine.edits.tones import blurred, colour_shifted, noisy, saturated, toned, unchanged
from worker.engine.picture.channels import Picture


@dataclass(frozen=True, slots=True)
class Attack:
    """name: of the edit. edit: what it does to the picture. suffix, quality: how the copy is saved."""

    name: str
    edit: Edit
    suffix: str = ".jpg"
    quality: int = 90


def both(first: Edit, second: Edit) -> Edit:
    """Two edits, one after the other."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        return second(first(picture, random), random)

    return edit


ATTACKS: Final = (
    Attack("png", unchanged, ".png"),
    Attack("webp-60", unchanged, ".webp", 60),
    Attack("jpeg-30", unchanged, quality=30),
    Attack("jpeg-10", unchanged, quality=10),
    Attack("half", scaled(0.5)),
    Attack("quarter", scaled(0.25)),
    Attack("crop-5", cropped(0.05)),
    Attack("crop-20", cropped(0.20)),
    Attack("brighter", toned(1.35, 12)),
    Attack("darker", toned(0.6)),
    Attack("contrast", toned(1.3, -35, 0.9)),
    Attack("grey", saturated(0.0)),
    Attack("saturation", saturated(1.8)),
    Attack("colour-shift", colour_shifted),
    Attack("blur", blurred),
    Attack("noise", noisy),
    Attack("letterbox", letterboxed),
    Attack("frame", framed),
    Attack("rotate-2", rotated(2)),
    Attack("rotate-90", turned(1)),
    Attack("rotate-180", turned(2)),
    Attack("mirror", mirrored),
    Attack("stretch", stretched),
    Attack("perspective", perspective),
    Attack("caption", captioned),
    Attack("watermark", watermarked),
    Attack("sticker", stickered),
    Attack("overlay", overlaid),
    Attack("mirror+crop-20", both(mirrored, cropped(0.20))),
    Attack("crop-20+jpeg-30", cropped(0.20), quality=30),
    Attack("rotate-90+half", both(turned(3), scaled(0.5))),
    Attack("caption+half", both(captioned, scaled(0.5))),
    Attack("grey+letterbox", both(saturated(0.0), letterboxed)),
    Attack("blur+darker", both(blurred, toned(0.6))),
)


def encoded(picture: Picture, suffix: str, quality: int) -> bytes:
    """The bytes of a file of that suffix. `quality` is for JPEG and WebP."""
    settings = {
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, quality],
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, quality],
        ".png": [cv2.IMWRITE_PNG_COMPRESSION, 1],
    }
    _, data = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings[suffix])
    return bytes(data)


def edited(picture: Picture, attack: Attack, name: str) -> bytes:
    """The bytes of the copy that `attack` makes of a picture. The same name gives the same copy."""
    seed = int.from_bytes(sha256(f"{name}/{attack.name}".encode()).digest()[:8], "big")
    copy = attack.edit(picture, np.random.default_rng(seed))
    return encoded(copy, attack.suffix, attack.quality)


def attacked(picture: Picture, name: str) -> Iterator[tuple[Attack, bytes]]:
    """Every attack on one picture: the attack and the bytes of the copy. The same name gives the same copies."""
    for attack in ATTACKS:
        yield attack, edited(picture, attack, name)
