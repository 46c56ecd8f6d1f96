"""Two registered pictures rendered alike: what an edit of the whole picture changed is taken out.

They are made equally fine (fineness.py), one is recoloured as the other is (every channel a quadratic function of the
three, clipped as the other is clipped), and a monotone tone curve takes the rest of brightness, contrast and gamma out.
What is left is what the two show.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.engine.matching.fineness import BLURS, make_equally_fine
from worker.engine.matching.registration import Grey, Mask, grey_of
from worker.engine.matching.windows import SAMPLE, WINDOW, box, local_correlation, variance
from worker.engine.picture.channels import Picture

_SHOWS: Final = 25.0  # squared levels; variance, of the two together, from which a place shows how fine they are
_TO_THE_LEVEL, _NEARLY = 1.5, 0.8  # levels, and the share of the places that differ by less
_FEW: Final = 0.02  # share of the places that may differ by more, wherever they are
_BLACK, _WHITE = 3, 252  # levels; beyond them a channel is clipped
_UNCLIPPED: Final = 0.1  # share of the pixels that is enough to learn a channel from
_ROUNDS: Final = 8
_FOLLOWING: Final = 60  # percent of the pixels that are believed to follow
_CLOSE: Final = 2.0  # levels; nearer ones follow in any case
_RIDGE: Final = 1e-4  # weight, per pixel, of a channel that stays what it is
_AGREES: Final = 0.6  # local correlation from which a place helps to find the tone curve
_FOLLOWED: Final = 25.0  # levels; difference of local means that the recolouring explains ...
_MOST: Final = 0.35  # ... in a share of the agreeing places that is no chance: half a picture may have been darkened
_SOFT: Final = 0.02  # share of the places that show something, below which all of them give the tone curve
_BINS: Final = 12

_Values = NDArray[np.float32]


def render_alike(
    here: Picture, there: Picture, inside: Mask, blurs: tuple[float, ...] = BLURS
) -> tuple[Grey, Grey] | None:
    """The two in grey, float32 `[h, w]`, one of them recoloured; None where they agree in hardly any place.

    here, there: RGB uint8 `[h, w, 3]`. blurs: pixels, to try. About 100 ms per megapixel.
    """
    if _are_alike(here, there, inside):
        return grey_of(here), grey_of(there)
    here, there = make_equally_fine(here, there, inside, blurs)
    if _clipped(here, inside) <= _clipped(there, inside):  # what is clipped in the other cannot be brought back
        one, other = _recoloured(here, there, inside), grey_of(there)
    else:
        one, other = grey_of(here), _recoloured(there, here, inside)
    correlation, variance = local_correlation(one, other, inside)
    shows = inside & (variance > _SHOWS)
    if shows.sum() < _SOFT * inside.sum():
        return _toned(one, other, inside)
    agreeing = inside & (correlation > _AGREES)
    if agreeing.sum() < 50:
        return None
    followed = agreeing & (np.abs(box(one) - box(other)) < _FOLLOWED)
    return _toned(one, other, followed if followed.sum() >= _MOST * agreeing.sum() else agreeing)


def _are_alike(here: Picture, there: Picture, inside: Mask) -> bool:
    """Whether nothing is to be taken out: what the two show is to the level the same, nearly everywhere or but for
    what was put upon it. Single pixels all over are noise."""
    greys = grey_of(here), grey_of(there)
    shows = inside & (variance(greys[0], WINDOW) > _SHOWS)
    off = shows & (np.abs(greys[0] - greys[1]) >= _TO_THE_LEVEL)
    share = float(off.sum() / max(1, shows.sum()))
    if not shows.any() or share > 1 - _NEARLY:
        return False
    solid = cv2.morphologyEx(off.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return share < _FEW or bool(solid.sum() > 0.5 * off.sum())


def _clipped(picture: Picture, inside: Mask) -> int:
    return int((((picture <= _BLACK) | (picture >= _WHITE)) & inside[..., None]).sum())


def _recoloured(source: Picture, target: Picture, inside: Mask) -> Grey:
    """`source` in the colours of `target`, in grey: as one edit of the whole picture would have changed it."""
    places = np.flatnonzero(inside.ravel())[:: max(1, int(inside.sum()) // SAMPLE)]
    given, wanted = (
        cv2.blur(picture, (3, 3)).reshape(-1, 3)[places].astype(np.float32) for picture in (source, target)
    )
    basis = _quadratic(given)
    factors = np.column_stack([_learn(basis, wanted[:, channel], channel) for channel in range(3)])
    return grey_of(_mapped(source, factors))


def _mapped(source: Picture, factors: _Values) -> Picture:
    """Every channel a quadratic function of the three, clipped. factors: `[10, 3]`, as `_quadratic` orders them."""
    colours = source.astype(np.float32) / 255
    channels = []
    for constant, red, green, blue, rr, gg, bb, rg, gb, rb in factors.T.tolist():
        rises = np.array([[rr, rg, 0, red], [0, gg, gb, green], [rb, 0, bb, blue]])  # c + (A x + l) x
        channels.append(cv2.transform(cv2.transform(colours, rises) * colours, np.ones((1, 3))) + constant)
    return np.asarray(np.clip(np.rint(np.dstack(channels)), 0, 255), np.uint8)


def _quadratic(colours: _Values) -> _Values:
    """float32 `[n, 10]`: the quadratic functions of RGB `[n, 3]`."""
    red, green, blue = (colours / 255).T
    ones = np.ones_like(red)
    products = red * red, green * green, blue * blue, red * green, green * blue, red * blue
    return np.asarray(np.column_stack([ones, red, green, blue, *products]), np.float32)


def _learn(basis: _Values, wanted: _Values, channel: int) -> _Values:
    """Factors `[10]` of one channel, by least squares on the pixels that follow them.

    A clipped pixel says no more than that its value lies beyond: it counts only while it is predicted within.
    """
    low, high = wanted <= _BLACK, wanted >= _WHITE
    kept = ~(low | high)
    if kept.sum() < _UNCLIPPED * len(wanted):
        kept = np.ones(len(wanted), bool)
    start, weight = kept, _RIDGE * len(wanted)
    stays = np.zeros(10, np.float32)
    stays[channel + 1] = 255
    for _ in range(_ROUNDS):
        rows = basis[kept]
        factors = np.linalg.solve(rows.T @ rows + weight * np.eye(10), rows.T @ wanted[kept] + weight * stays)
        predicted = basis @ factors
        explained = (high & (predicted >= _WHITE)) | (low & (predicted <= _BLACK))
        off = np.where(explained, 0, np.abs(predicted - wanted))
        limit = max(float(np.percentile(off[~explained], _FOLLOWING)) if not explained.all() else 0.0, _CLOSE)
        before, kept = kept, (off <= limit) & ~explained
        if kept.sum() < 50:
            kept = start
        if np.array_equal(kept, before):
            break
    return np.asarray(factors, np.float32)


def _toned(here: Grey, there: Grey, agreeing: Mask) -> tuple[Grey, Grey]:
    """The two with one of them under the monotone curve that brings it nearest to the other where they agree.

    The one with less black and white gets the curve.
    """
    clipped = [int(((grey <= _BLACK) | (grey >= _WHITE)).sum()) for grey in (here, there)]
    if clipped[0] > clipped[1]:
        return here, _curved(there, here, agreeing)
    return _curved(here, there, agreeing), there


def _curved(here: Grey, there: Grey, agreeing: Mask) -> Grey:
    """`here` under the curve through the medians of bins with equally many pixels."""
    values, targets = here[agreeing], there[agreeing]
    step = max(1, len(values) // SAMPLE)
    values, targets = values[::step], targets[::step]
    order = np.argsort(values, kind="stable")
    filled = [part for part in np.array_split(order, _BINS) if len(part)]
    knots = np.array([np.median(values[part]) for part in filled])
    levels = np.array([np.median(targets[part]) for part in filled])
    rising = np.append(np.diff(knots) > 0, True)
    knots, levels = knots[rising], np.maximum.accumulate(levels[rising])
    below, above = levels[0] - knots[0], levels[-1] + 255 - knots[-1]
    curve = np.interp(here, [-1, *knots, 256], [below - 1, *levels, above + 1])
    return np.asarray(np.clip(curve, 0, 255), np.float32)
