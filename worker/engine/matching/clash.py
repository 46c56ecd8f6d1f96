"""Where two pictures that were rendered alike show something else.

The structure of a place differs (the contrast-structure term of SSIM, Wang et al. 2004) at full size, or at a half, a
quarter, an eighth of it. Noise and compression average out on the way down, so the coarser a level is the fainter the
structure that counts: the folds of dark cloth, the clouds of a sky.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from worker.engine.matching.registration import Grey, Mask
from worker.engine.matching.windows import box

LEVELS: Final = 4  # each half the size of the one before
CLEAN: Final = (30.0, 10.0, 7.0, 5.0)  # squared levels, by level; variance that is granted to every pair ...
_NOISY: Final = (180.0, 40.0, 14.0, 8.0)  # ... and to the noisiest
_RESIDUE: Final = 3.0  # times the median of the variance that is left, which is granted between the two
_CLASH: Final = 0.4  # contrast-structure term below which a place shows something else
AGREES: Final = 0.6  # from which it shows the same
_OFF: Final = 35.0  # levels; difference of local means that a tone curve leaves only where something else is
SMALLEST: Final = 24  # pixels; no level is made smaller
_SHIFT: Final = np.ones((3, 3), np.uint8)  # pixels by which no alignment is perfect
_ONE_COLOUR: Final = 12.0  # levels within which a cover is of one brightness
_BESIDE: Final = 11  # pixels around what clashes that belong to it


@dataclass(frozen=True, slots=True)
class Clash:
    """mask: bool `[h, w]`, where the two show something else, at full or half size. pieces: pixels of the largest
    connected piece, of its own level each, full size first. agreeing: share of the places that show something that show
    the same, by level; beside: the same of those beside all that clashes. same: bool `[h, w]`, where both show the
    same, at full size. bare: share of the mask that has one brightness in one of the two: a cover.
    """

    mask: Mask
    pieces: tuple[int, ...]
    agreeing: tuple[float, ...]
    beside: tuple[float, ...]
    same: Mask
    bare: float

    @property
    def share(self) -> float:
        """Of all pixels."""
        return float(self.mask.mean())


class Local:
    """Local variances (`here`, `there`), covariance (`both`) and means of two grey pictures, within a mask."""

    def __init__(self, here: Grey, there: Grey, inside: Mask) -> None:
        weight = inside.astype(np.float32)
        count = np.maximum(box(weight), 1e-6)
        self.means = box(here * weight) / count, box(there * weight) / count
        self.here = np.maximum(box(here * here * weight) / count - self.means[0] ** 2, 0)
        self.there = np.maximum(box(there * there * weight) / count - self.means[1] ** 2, 0)
        self.both = box(here * there * weight) / count - self.means[0] * self.means[1]

    def structure(self, quiet: float) -> Grey:
        """1 where the two have the same structure, 0 where they have none in common, below where it is reversed."""
        return np.asarray((2 * self.both + quiet) / (self.here + self.there + quiet), np.float32)

    def shape(self, quiet: float) -> Grey:
        """As `structure`, whatever the contrast: 1 where a part was made darker or fainter."""
        granted = quiet / 2
        scale = np.sqrt((self.here + granted) * (self.there + granted))
        return np.asarray((self.both + granted) / scale, np.float32)

    def textured(self, quiet: float) -> Mask:
        """Where one of the two shows something."""
        return np.asarray(np.maximum(self.here, self.there) > quiet)

    def similarity(self, places: Mask) -> float:
        """Correlation of structure, all places together."""
        scale = float(self.here[places].sum()) * float(self.there[places].sum())
        return float(self.both[places].sum() / max(1e-6, scale**0.5))

    def off(self) -> Mask:
        """Where the local means differ by more than any rendering leaves."""
        return np.asarray(np.abs(self.means[0] - self.means[1]) > _OFF)


def find_clash(here: Grey, there: Grey, judged: Mask) -> Clash:
    """Compare structure at all levels. here, there: float32 `[h, w]`, rendered alike. judged: which pixels count.

    About 60 ms per megapixel.
    """
    mask, coarse, same = (np.zeros(judged.shape, bool) for _ in range(3))
    greys = here, there
    pieces, agreeing, levels = [], [], list[tuple[Mask, Mask]]()
    within = judged
    for level in range(LEVELS):
        local = Local(here, there, within)
        quiet = _granted(local, within, level)
        structure = local.structure(quiet)
        shows = within & local.textured(quiet)
        clash = _opened(within & ((structure < _CLASH) | local.off()))
        pieces.append(_largest(clash))
        levels.append((shows, shows & (structure > AGREES)))
        agreeing.append(_share(*levels[-1]))
        coarse |= _enlarged(clash, judged.shape) & judged
        mask = coarse.copy() if level <= 1 else mask
        if level == 0:
            same = shows & (structure > AGREES) & ~clash
        if min(judged.shape) < 2 * SMALLEST * 2**level:
            break
        size = (here.shape[1] // 2, here.shape[0] // 2)
        here, there = (np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA)) for grey in (here, there))
        within = cv2.resize(within.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 250
    near = cv2.dilate(coarse.astype(np.uint8), np.ones((_BESIDE, _BESIDE), np.uint8)) > 0
    beside = tuple(_share(*(part & ~_reduced(near, part.shape) for part in parts)) for parts in levels)
    bare = max(_commonest(grey[mask]) for grey in greys)
    return Clash(mask, tuple(pieces), tuple(agreeing), beside, same, bare)


def _share(whole: Mask, part: Mask) -> float:
    return float(part.sum() / max(1, whole.sum()))


def _commonest(values: Grey) -> float:
    """Share of the values that are near the commonest one."""
    if not len(values):
        return 0.0
    counts = np.histogram(values, bins=64, range=(0, 256))[0]
    commonest = 4 * float(np.convolve(counts, np.ones(5), mode="same").argmax()) + 2
    return float((np.abs(values - commonest) <= _ONE_COLOUR).mean())


def _reduced(mask: Mask, shape: tuple[int, ...]) -> Mask:
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA)) > 0


def _granted(local: Local, within: Mask, level: int) -> float:
    """The variance that noise and compression may cause, by what they leave nearly everywhere in the pair."""
    shows = within & local.textured(CLEAN[level])
    if not shows.any():
        return CLEAN[level]
    left = np.median((local.here + local.there - 2 * local.both)[shows])
    return float(np.clip(_RESIDUE * left, CLEAN[level], _NOISY[level]))


def _opened(clash: Mask) -> Mask:
    """Without lines of one or two pixels: they run along edges that are not aligned to a fraction of a pixel."""
    return np.asarray(cv2.morphologyEx(clash.astype(np.uint8), cv2.MORPH_OPEN, _SHIFT)) > 0


def _enlarged(clash: Mask, shape: tuple[int, ...]) -> Mask:
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(clash.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)) > 0


def _largest(clash: Mask) -> int:
    """Pixels of the largest connected piece."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(clash.astype(np.uint8), connectivity=8)
    return int(stats[1:, cv2.CC_STAT_AREA].max(initial=0))
