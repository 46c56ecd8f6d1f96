"""The attack set: copies of photos as people make them, one edit each or two at once, seeded by the photo's name.

An edit takes an RGB picture and a random generator and gives the edited picture with the encoding to save it in.
Parameters vary a little from photo to photo (where the crop lies, what a caption says), never from run to run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Edit = Callable[[Picture, np.random.Generator], Picture]

_SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
_WORDS: Final = ("when", "nobody", "looks", "monday", "sale", "today", "only", "at", "this", "best", "summer", "found")


@dataclass(frozen=True, slots=True)
class Attack:
    """name: of the edit. edit: what it does to the picture. suffix, quality: how the copy is saved."""

    name: str
    edit: Edit
    suffix: str = ".jpg"
    quality: int = 90


def _as_float(picture: Picture) -> NDArray[np.float32]:
    return picture.astype(np.float32)


def _as_picture(values: NDArray[Any]) -> Picture:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _pixels(values: Any) -> Picture:
    return np.asarray(values, np.uint8)


def unchanged(picture: Picture, _: np.random.Generator) -> Picture:
    """Only the encoding changes."""
    return picture


def scaled(share: float) -> Edit:
    """Both sides times `share`."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        size = (max(8, round(width * share)), max(8, round(height * share)))
        return _pixels(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))

    return edit


def stretched(picture: Picture, _: np.random.Generator) -> Picture:
    """15 % wider than it was."""
    height, width = picture.shape[:2]
    return _pixels(cv2.resize(picture, (round(width * 1.15), height), interpolation=cv2.INTER_LINEAR))


def cropped(share: float) -> Edit:
    """`share` of the width and of the height is cut away, at a random place."""

    def edit(picture: Picture, random: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        cut_y, cut_x = round(height * share), round(width * share)
        top, left = int(random.integers(0, cut_y + 1)), int(random.integers(0, cut_x + 1))
        return picture[top : top + height - cut_y, left : left + width - cut_x]

    return edit


def toned(gain: float, offset: float = 0.0, gamma: float = 1.0) -> Edit:
    """Gain and offset after a gamma curve, clipped."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        return _as_picture(255 * (_as_float(picture) / 255) ** gamma * gain + offset)

    return edit


def saturated(share: float) -> Edit:
    """Distance from grey times `share`; 0 is a grey picture."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None].astype(np.float32)
        return _as_picture(grey + share * (_as_float(picture) - grey))

    return edit


def colour_shifted(picture: Picture, random: np.random.Generator) -> Picture:
    """Another white balance: red up and blue down by a tenth to a fifth, or the other way round."""
    strength = random.uniform(0.10, 0.20) * (1 if random.random() < 0.5 else -1)
    return _as_picture(_as_float(picture) * np.array([1 + strength, 1.0, 1 - strength], np.float32))


def blurred(picture: Picture, _: np.random.Generator) -> Picture:
    """Gaussian blur of 1/250 of the long side (2 pixels of 500)."""
    return _pixels(cv2.GaussianBlur(picture, (0, 0), max(picture.shape[:2]) / 250))


def noisy(picture: Picture, random: np.random.Generator) -> Picture:
    """Gaussian noise with a standard deviation of 15 levels."""
    return _as_picture(_as_float(picture) + random.normal(0, 15, picture.shape))


def letterboxed(picture: Picture, _: np.random.Generator) -> Picture:
    """Black bars of 12 % of the height above and below."""
    bar = round(picture.shape[0] * 0.12)
    return _pixels(cv2.copyMakeBorder(picture, bar, bar, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0)))


def framed(picture: Picture, random: np.random.Generator) -> Picture:
    """A frame of one colour, 6 % of the long side."""
    edge = round(max(picture.shape[:2]) * 0.06)
    colour = tuple(int(level) for level in random.integers(0, 256, 3))
    return _pixels(cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=colour))


def rotated(degrees: float) -> Edit:
    """Turned about the centre on the same canvas; the corners become black."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        height, width = picture.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        return _pixels(cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_LINEAR))

    return edit


def turned(quarters: int) -> Edit:
    """Turned by quarters, counter-clockwise."""

    def edit(picture: Picture, _: np.random.Generator) -> Picture:
        return np.ascontiguousarray(np.rot90(picture, quarters))

    return edit


def mirrored(picture: Picture, _: np.random.Generator) -> Picture:
    """Left and right exchanged."""
    return np.ascontiguousarray(picture[:, ::-1])


def perspective(picture: Picture, random: np.random.Generator) -> Picture:
    """Each corner moves inwards by up to 4 % of the sides; what lies outside is black."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    moved = corners + inwards * random.uniform(0, 0.04, (4, 2)) * [width, height]
    warp = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return _pixels(cv2.warpPerspective(picture, warp, (width, height), flags=cv2.INTER_LINEAR))


def _write(picture: Picture, text: str, at: tuple[int, int], height: float, colour: tuple[int, int, int]) -> None:
    scale = height / 30  # this font is about 30 pixels high at scale 1
    thick = max(1, round(scale * 2))
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)


def captioned(picture: Picture, random: np.random.Generator) -> Picture:
    """A black or white bar with words over the lowest 14 %."""
    result = picture.copy()
    height, width = result.shape[:2]
    top = height - round(height * 0.14)
    dark = random.random() < 0.5
    result[top:] = 0 if dark else 255
    text = " ".join(random.choice(_WORDS, 4))
    ink = (255, 255, 255) if dark else (0, 0, 0)
    _write(result, text, (round(width * 0.05), height - round(height * 0.05)), height * 0.05, ink)
    return result


def watermarked(picture: Picture, random: np.random.Generator) -> Picture:
    """Words, half transparent, across the middle."""
    layer = picture.copy()
    height, width = layer.shape[:2]
    text = " ".join(random.choice(_WORDS, 2)).upper()
    _write(layer, text, (round(width * 0.1), round(height * random.uniform(0.4, 0.7))), height * 0.1, (255, 255, 255))
    return _pixels(cv2.addWeighted(layer, 0.6, picture, 0.4, 0))


def stickered(picture: Picture, random: np.random.Generator) -> Picture:
    """An opaque disc of one colour with a ring, about 8 % of the picture, anywhere."""
    result = picture.copy()
    height, width = result.shape[:2]
    radius = round(np.sqrt(0.08 * height * width / np.pi))
    centre = (int(random.uniform(0.2, 0.8) * width), int(random.uniform(0.2, 0.8) * height))
    colour = tuple(int(level) for level in random.integers(0, 256, 3))
    cv2.circle(result, centre, radius, colour, -1, cv2.LINE_AA)
    cv2.circle(result, centre, radius * 3 // 4, (255, 255, 255), max(2, radius // 12), cv2.LINE_AA)
    return result


def overlaid(picture: Picture, random: np.random.Generator) -> Picture:
    """An opaque panel with words over 12 % of the picture, as a screen recording or a shop puts it there."""
    result = picture.copy()
    height, width = result.shape[:2]
    panel_h, panel_w = round(height * 0.3), round(width * 0.4)
    top, left = int(random.integers(0, height - panel_h + 1)), int(random.integers(0, width - panel_w + 1))
    result[top : top + panel_h, left : left + panel_w] = random.integers(180, 256, 3)
    for line in range(3):
        at = (left + panel_w // 12, top + round(panel_h * (0.28 + 0.27 * line)))
        _write(result, " ".join(random.choice(_WORDS, 2)), at, panel_h * 0.14, (40, 40, 40))
    return result


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


def photos_in(folder: Path) -> list[Path]:
    """The pictures of a folder and its subfolders, by suffix, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())


def encoded(picture: Picture, suffix: str, quality: int) -> bytes:
    """The bytes of a file of that suffix. `quality` is for JPEG and WebP."""
    settings = {
        ".jpg": [cv2.IMWRITE_JPEG_QUALITY, quality],
        ".webp": [cv2.IMWRITE_WEBP_QUALITY, quality],
        ".png": [cv2.IMWRITE_PNG_COMPRESSION, 1],
    }
    _, data = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings[suffix])
    return bytes(data)


def attacked(picture: Picture, name: str) -> Iterator[tuple[Attack, bytes]]:
    """Every attack on one photo: the attack and the bytes of the copy. The same name gives the same copies."""
    for attack in ATTACKS:
        seed = int.from_bytes(sha256(f"{name}/{attack.name}".encode()).digest()[:8], "big")
        copy = attack.edit(picture, np.random.default_rng(seed))
        yield attack, encoded(copy, attack.suffix, attack.quality)
