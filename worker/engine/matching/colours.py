"""Whether one picture has another one's colours, up to saturation and white balance."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.picture.channels import Picture, farthest_channel

Values = NDArray[np.float64]

_COLOURED: Final = 18.0  # levels of chroma from which a place counts as coloured
_FADED: Final = 8.0  # levels of brightness by which a grey copy may differ
_DARK, _BRIGHT = 40.0, 250.0  # levels of brightness
_ENOUGH: Final = 0.05  # share of the places that are coloured, below which colours say little
_FOREIGN: Final = 20.0  # levels of chroma by which a cover has another colour ...
_NEARLY: Final = 90.0  # ... or twice as many as percent of the other places differ by
_SAMPLE: Final = 2000  # places looked at, about
_RECOLOURED: Final = 24.0  # levels of chroma; difference that is another colour, half of it where colours are faint


def find_recolouring(first: Picture, second: Picture, places: NDArray[np.bool_]) -> tuple[float, float]:
    """Share of the coloured places whose colour differs after the best saturation, tint and gain, and levels of that
    tint at most places. 0 for grey pictures.

    The more colourful picture's chroma (Cr, Cb, blurred) is brought to the other's by one factor that is not
    negative and one shift for the whole picture, constant or proportional to brightness, as saturation, tints and
    white balance do.
    A product in another colour cannot be explained so: its surroundings keep theirs. Where nearly all is of one colour,
    a tint explains any other: it is for the caller to say how strong one may be.
    """
    sample, brightness = _sampled(first, second, places)
    if not len(sample[0]):
        return 0.0, 0.0
    spread = [float(np.abs(chroma).mean()) for chroma in sample]
    rich, poor = sample if spread[0] >= spread[1] else sample[::-1]
    shifts = np.ones(len(rich)), brightness[0] / 128
    explained = [_explained(rich, poor, shift) for shift in shifts]
    best, tint = min(explained, key=lambda found: float(np.minimum(_farther(poor - found[0]), 2 * _RECOLOURED).mean()))
    limit = np.clip(0.5 * np.maximum(_farther(poor), _farther(best)), 0.5 * _RECOLOURED, _RECOLOURED)
    changed = _farther(poor - best) > limit  # white that would have to be tinted, too, for a shirt in another colour
    coloured = changed | (np.maximum(_farther(rich), _farther(poor)) > _COLOURED)
    return float(changed.sum() / max(coloured.sum(), _ENOUGH * len(coloured), 1)), float(np.median(_farther(tint)))


def faded_share(first: Picture, second: Picture, places: NDArray[np.bool_]) -> float:
    """Share of the coloured places that are grey in the other picture and brighter or darker than grey copies are.

    White may have been any bright colour before it was clipped, and black may become any dark one.
    """
    sample, brightness = _sampled(first, second, places)
    if not len(sample[0]):
        return 0.0
    colour = [_farther(chroma) for chroma in sample]
    coloured = np.maximum(*colour) > _COLOURED
    faded = coloured & (np.minimum(*colour) < _COLOURED / 2) & (np.abs(brightness[0] - brightness[1]) > _FADED)
    faded &= (np.maximum(*brightness) < _BRIGHT) & (np.maximum(*brightness) > _DARK)
    return float(faded.sum() / max(coloured.sum(), 0.02 * len(coloured), 1))


def find_foreign(
    first: Picture, second: Picture, clash: NDArray[np.bool_], judged: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Where the colours of the two are farther from each other than nearly anywhere that does not clash: bool `[h, w]`.
    What covers a picture has a colour of its own; what is written upon it leaves the ground between the letters."""
    if not clash.any():
        return clash
    one, other = (cv2.blur(cv2.cvtColor(part, cv2.COLOR_RGB2YCrCb)[..., 1:], (3, 3)) for part in (first, second))
    off = farthest_channel(one, other)
    rest = off[judged & ~clash]
    usual = float(np.percentile(rest[:: max(1, len(rest) // _SAMPLE)], _NEARLY)) if len(rest) else 0.0
    return np.asarray(off > max(_FOREIGN, 2 * usual))


def _sampled(first: Picture, second: Picture, places: NDArray[np.bool_]) -> tuple[list[Values], list[Values]]:
    """Chroma `[n, 2]` and brightness `[n]` of both pictures at some of the places."""
    step = max(1, round(float(np.sqrt(places.size / _SAMPLE))))
    within = np.ones((2 * step + 1, 2 * step + 1), np.uint8)  # what is blurred below reaches so far
    places = cv2.erode(places.astype(np.uint8), within, borderValue=1)[::step, ::step] > 0
    parts = [np.ascontiguousarray(picture[::step, ::step]) for picture in (first, second)]
    greys = [np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)[places], np.float64) for part in parts]
    return [_chroma(part)[places] for part in parts], greys


def _farther(values: Values) -> Values:
    """The larger of the two channels' distances from zero."""
    return np.maximum(np.abs(values[:, 0]), np.abs(values[:, 1]))


def _chroma(picture: Picture) -> Values:
    """Cr and Cb about zero, blurred: copies lose detail of colour first."""
    values = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)[..., 1:]
    return np.asarray(cv2.blur(values, (3, 3)), np.float64) - 128


def _explained(rich: Values, poor: Values, shift: Values) -> tuple[Values, Values]:
    """`rich` under the best factor and multiple of `shift`, and that multiple, by least squares on the places that
    follow it."""
    kept = np.ones(len(rich), bool)
    explained, tint = rich, np.zeros_like(rich)
    for _ in range(3):
        part = shift[kept]
        weight = part @ part
        slope, level = (values[kept] - part[:, None] * (part @ values[kept] / weight) for values in (rich, poor))
        factor = max(0.0, float((slope * level).sum() / max((slope * slope).sum(), 1e-6)))
        explained = factor * rich
        tint = shift[:, None] * (part @ (poor - explained)[kept] / weight)
        explained = explained + tint
        kept = _farther(poor - explained) <= _RECOLOURED
        if kept.sum() < 0.5 * len(kept):
            break
    return explained, tint
