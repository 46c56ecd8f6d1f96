"""Two registered pictures made equally fine: what blur, noise, compression or sharpening changed is taken out.

A copy that is blurred, noisy or hard compressed differs from its original in detail everywhere and in nothing that is
shown, and so does one that was sharpened.
"""

from typing import Final

import cv2
import numpy as np

from worker.engine.matching.registration import Grey, Mask, correlate, grey_of
from worker.engine.matching.windows import SAMPLE, box, local_correlation
from worker.engine.picture.channels import Picture, farthest_channel

BLURS: Final = (0.6, 0.9, 1.3, 1.8, 2.5, 3.5, 5.0)  # pixels; standard deviations tried in turn
SLIGHT_BLURS: Final = BLURS[:2]  # what noise and compression need; more would take letters away

_STEP: Final = np.array([[0, -1, 1]], np.float32)
_DARK, _BRIGHT = 8, 247  # levels; beyond them detail is lost by clipping
_FINER: Final = 1.1  # times as fine as the other; less is left as it is
_HALOS: Final = (0.7, 1.0, 2.0, 4.0)  # pixels; standard deviations of what a copy may have been sharpened by
_STRONGEST: Final = 5.0  # times that may have been added
_AROUND: Final = 31  # pixels; side of the surroundings of a detail
_FEW_ALIKE: Final = 200  # pixels from which nothing can be learnt
_ALIKE: Final = 0.99  # correlation of detail from which no copy was sharpened
_UNEXPLAINED: Final = 0.5  # share of what was unlike in detail that sharpening may leave, where a copy was sharpened
_CALMER: Final = 0.01  # correlation that is gained by taking single pixels away, where they are noise
_FAR: Final = 24  # levels from the median of its neighbours, beyond which a pixel stands out
_SHOWS: Final = 25.0  # squared levels; variance, of the two together, from which a place shows how fine they are
_AGREES: Final = 0.6  # local correlation from which two show the same in a place


def make_equally_fine(here: Picture, there: Picture, inside: Mask, blurs: tuple[float, ...]) -> tuple[Picture, Picture]:
    """The two, RGB uint8 `[h, w, 3]`, with one of them changed until both are equally fine where both show something.

    inside: bool `[h, w]`, where they overlap. blurs: pixels, to try. About 50 ms per megapixel.
    """
    greys = grey_of(here), grey_of(there)
    lit = [((grey > _DARK) & (grey < _BRIGHT)).astype(np.uint8) for grey in greys]
    whole = inside & (cv2.erode(lit[0] & lit[1], np.ones((5, 5), np.uint8)) > 0)
    whole = whole if whole.sum() >= 0.05 * inside.sum() else inside
    energies = [_energy(grey) for grey in greys]
    shows = whole & (np.sqrt(energies[0][1] * energies[1][1]) > _SHOWS)
    if shows.sum() < 50:
        return here, there
    first, second = (_fineness(*energy, shows) for energy in energies)
    if first > second:
        return _as_fine(here, there, second, shows, blurs)
    there, here = _as_fine(there, here, first, shows, blurs)
    return here, there


def _as_fine(
    finer: Picture, other: Picture, goal: float, shows: Mask, blurs: tuple[float, ...]
) -> tuple[Picture, Picture]:
    """The two equally fine: the finer one blurred, or the other sharpened, whichever makes them more alike."""
    blurred = _as_fine_as(_calmed(finer, other, shows), goal, shows, blurs)
    if correlate(_detail(blurred), _detail(other), shows) >= _ALIKE:
        return blurred, other
    correlation, _ = local_correlation(grey_of(blurred), grey_of(other), shows)
    alike = shows & (correlation > _AGREES)  # what covers a place has edges of its own
    if alike.sum() < _FEW_ALIKE:
        return blurred, other
    sharpened = _sharpened_like(finer, other, alike)
    unlike = 1 - correlate(_detail(blurred), _detail(other), alike)
    if 1 - correlate(_detail(finer), _detail(sharpened), alike) <= _UNEXPLAINED * unlike:
        return finer, sharpened
    return blurred, other


def _detail(picture: Picture) -> Grey:
    """What a picture shows beside the brightness around it, which a vignette changes, too."""
    grey = grey_of(picture)
    return np.asarray(grey - cv2.blur(grey, (_AROUND, _AROUND)), np.float32)


def _sharpened_like(finer: Picture, other: Picture, alike: Mask) -> Picture:
    """The other picture with what a blur takes from it added, as often as explains the finer one best.

    That is how pictures are sharpened (unsharp mask). It leaves halos along edges, which no blur takes away again.
    """
    places = np.flatnonzero(alike.ravel())[:: max(1, int(alike.sum()) // SAMPLE)]
    soft = grey_of(other)
    goal, known = (_detail(picture).ravel()[places] for picture in (finer, other))
    found = []
    for sigma in _HALOS:
        detail = (soft - cv2.GaussianBlur(soft, (0, 0), sigma)).ravel()[places]
        (gain, times), error, *_ = np.linalg.lstsq(np.stack([known, detail], axis=1), goal, rcond=None)
        if gain > 0 and times > 0:
            found.append((float(error.sum()), sigma, min(float(times / gain), _STRONGEST)))
    if not found:
        return other
    _, sigma, strength = min(found)
    detail = other - cv2.GaussianBlur(other, (0, 0), sigma).astype(np.float32)
    return np.asarray(np.clip(other + strength * detail, 0, 255).round(), np.uint8)


def _calmed(picture: Picture, other: Picture, shows: Mask) -> Picture:
    """The picture without single pixels that stand out, if it is more like the other one then: noise, no thin lines."""
    goal = grey_of(other)
    least, calmest = correlate(grey_of(picture), goal, shows) + _CALMER, picture
    if least >= 1:
        return picture
    impulses = _without_impulses(_without_impulses(picture))
    for calmed in (np.asarray(cv2.medianBlur(picture, 3), np.uint8), impulses):
        alike = correlate(grey_of(calmed), goal, shows)
        if alike > least:
            least, calmest = alike, calmed
    return calmest


def _without_impulses(picture: Picture) -> Picture:
    """The picture with only those pixels changed to their neighbours' median that are far from it."""
    median = cv2.medianBlur(picture, 3)
    far = farthest_channel(picture, median) > _FAR
    return np.asarray(np.where(far[..., None], median, picture), np.uint8)


def _energy(grey: Grey) -> tuple[Grey, Grey]:
    """Local squared gradient and variance."""
    x, y = (cv2.filter2D(grey, -1, kernel) for kernel in (_STEP, _STEP.T))
    mean = box(grey)
    return box(x * x + y * y), np.maximum(box(grey * grey) - mean * mean, 0)


def _fineness(gradient: Grey, variance: Grey, shows: Mask) -> float:
    """Squared gradient relative to the variance, median over the places that show something.

    Place by place, so that neither gain nor a caption over a part of the picture changes it.
    """
    return float(np.median(gradient[shows] / np.maximum(variance[shows], 1)))


def _as_fine_as(picture: Picture, goal: float, shows: Mask, blurs: tuple[float, ...]) -> Picture:
    blurred = picture
    for sigma in blurs:
        if _fineness(*_energy(grey_of(blurred)), shows) <= _FINER * goal:
            break
        blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    return blurred
