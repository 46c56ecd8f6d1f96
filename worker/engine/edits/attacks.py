"""The attack sets: copies of a picture as people make them, one edit each or two at once.

Parameters vary a little from picture to picture (where the crop lies, what a caption says), never from run to run:
they are drawn from a generator seeded by the picture's name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import cv2
import numpy as np

from shared.records import Relation
from worker.engine.edits import additions as add
from worker.engine.edits import compositions as compose
from worker.engine.edits import screens, shapes, tones
from worker.engine.edits.pixels import Edit
from worker.engine.picture.channels import Picture


@dataclass(frozen=True, slots=True)
class Attack:
    """name: of the edit. edit: what it does to the picture. suffix, quality: how the copy is saved.

    relation: what copy and original are to each other. Near: all that the copy shows is the picture and agrees
    everywhere, whatever became of its tones, its shape and what lies around it. Variant: something was added, covered
    or changed in a place, or it stands among other things.
    """

    name: str
    edit: Edit
    suffix: str = ".jpg"
    quality: int = 90
    relation: Relation = Relation.NEAR


def both(first: Edit, second: Edit) -> Edit:
    """Two edits, one after the other."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        return second(first(picture, random), random)

    return edit


def _variant(name: str, edit: Edit) -> Attack:
    return Attack(name, edit, relation=Relation.VARIANT)


ATTACKS: Final = (  # those that `calibrate` measures, too
    Attack("png", tones.unchanged, ".png"),
    Attack("webp-60", tones.unchanged, ".webp", 60),
    Attack("jpeg-30", tones.unchanged, quality=30),
    Attack("jpeg-10", tones.unchanged, quality=10),
    Attack("half", shapes.scaled(0.5)),
    Attack("quarter", shapes.scaled(0.25)),
    Attack("crop-5", shapes.cropped(0.05)),
    Attack("crop-20", shapes.cropped(0.20)),
    Attack("brighter", tones.toned(1.35, 12)),
    Attack("darker", tones.toned(0.6)),
    Attack("contrast", tones.toned(1.3, -35, 0.9)),
    Attack("grey", tones.saturated(0.0)),
    Attack("saturation", tones.saturated(1.8)),
    Attack("colour-shift", tones.colour_shifted),
    Attack("blur", tones.blurred),
    Attack("noise", tones.noisy(15)),
    Attack("letterbox", add.letterboxed),
    Attack("frame", add.framed),
    Attack("rotate-2", shapes.rotated(2)),
    Attack("rotate-90", shapes.turned(1)),
    Attack("rotate-180", shapes.turned(2)),
    Attack("mirror", shapes.mirrored),
    Attack("stretch", shapes.stretched),
    Attack("perspective", shapes.perspective),
    _variant("caption", add.captioned),
    _variant("watermark", add.watermarked),
    _variant("sticker", add.stickered),
    _variant("overlay", add.overlaid),
    Attack("mirror+crop-20", both(shapes.mirrored, shapes.cropped(0.20))),
    Attack("crop-20+jpeg-30", shapes.cropped(0.20), quality=30),
    Attack("rotate-90+half", both(shapes.turned(3), shapes.scaled(0.5))),
    _variant("caption+half", both(add.captioned, shapes.scaled(0.5))),
    Attack("grey+letterbox", both(tones.saturated(0.0), add.letterboxed)),
    Attack("blur+darker", both(tones.blurred, tones.toned(0.6))),
)

# What AugLy's image augmenters do (Papakipos and Bitton, "AugLy: Data Augmentations for Robustness", 2022), with their
# defaults where those change anything: the copies of the Image Similarity Challenge were made of them. And some more.
HARD_ATTACKS: Final = (
    Attack("jpeg-20", tones.unchanged, quality=20),
    Attack("brightness-1.5", tones.toned(1.5)),
    Attack("brightness-0.5", tones.toned(0.5)),
    Attack("contrast-0.5", tones.contrasted(0.5)),
    Attack("colour-jitter", tones.jittered),
    Attack("hue-25", tones.hue_turned(25)),
    Attack("opacity-50", tones.faded(0.5)),
    Attack("pixelated", tones.pixelated(0.2)),
    Attack("sharpened", tones.sharpened(3)),
    Attack("shuffled-10", tones.shuffled(0.10)),
    Attack("noise-25", tones.noisy(25.5)),
    Attack("upside-down", shapes.upended),
    Attack("aspect-2.2", shapes.reshaped(2.2)),
    Attack("aspect-0.5", shapes.reshaped(0.5)),
    Attack("perspective-50", shapes.photographed(50)),
    Attack("corner-36", shapes.cornered(0.6)),
    Attack("middle-25", shapes.centred(0.5)),
    Attack("rotate-15", shapes.tilted(15)),
    Attack("rotate-45", shapes.tilted(45)),
    Attack("padded-30", add.padded(0.3)),
    Attack("padded-square", add.squared),
    Attack("rounded-frame", add.rounded, relation=Relation.VARIANT),
    Attack("filled-up", compose.filled_up, relation=Relation.VARIANT),
    _variant("screenshot", screens.on_website),
    _variant("screenshot+mirror", both(screens.on_website, shapes.mirrored)),
    _variant("phone", screens.on_phone),
    _variant("screen-bars", screens.between_bars),
    _variant("stripes", add.striped()),
    _variant("stripes-thin", add.striped(degrees=60, width=0.2, density=0.8)),
    _variant("meme", add.titled),
    _variant("text", add.written_over),
    _variant("emoji", add.smiling(1, 0.15)),
    _variant("emojis", add.smiling(6, 0.12)),
    _variant("on-another", compose.on_another),
    _variant("under-another", compose.under_another(0.5)),
    _variant("half-darker", compose.halved(tones.toned(0.5))),
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


def attacked(picture: Picture, name: str, attacks: Sequence[Attack] = ATTACKS) -> Iterator[tuple[Attack, bytes]]:
    """Every attack on one picture: the attack and the bytes of the copy. The same name gives the same copies."""
    for attack in attacks:
        yield attack, edited(picture, attack, name)
