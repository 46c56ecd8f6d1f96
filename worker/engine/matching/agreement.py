"""How well two aligned pictures agree, place by place: what each shows that the other does not, and where.

The finer picture is laid over the coarser one (registration.py), both are rendered alike (rendering.py), and what is
left is compared (clash.py, colours.py).
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from shared.records import Box
from worker.engine.matching.alignment import Transform, inverse, project
from worker.engine.matching.borders import has_edges
from worker.engine.matching.clash import Local, find_clash
from worker.engine.matching.colours import faded_share, find_foreign, find_recolouring
from worker.engine.matching.fineness import BLURS, SLIGHT_BLURS
from worker.engine.matching.ground import count_sides, find_even, find_grain, find_hollow, find_shot
from worker.engine.matching.ink import is_rewritten
from worker.engine.matching.lighting import find_relit, find_shaped, find_uneven, relight
from worker.engine.matching.places import find_around, find_places
from worker.engine.matching.registration import Grey, Mask, grey_of, reach, register, warp
from worker.engine.matching.rendering import render_alike
from worker.engine.matching.spots import find_peak, is_patched
from worker.engine.picture.channels import Picture
from worker.engine.picture.scaling import no_larger
from worker.engine.sketch.inset import find_inset
from worker.engine.sketch.keypoints import WORK_SIDE

_RIM: Final = 0.006  # of the long side; nearer to its border an overlap is not judged: no alignment is perfect
_SHOWS: Final = 4.0  # squared levels; variance that bars and frames stay below
_EVEN_BAR: Final = 10.0  # levels; range of brightness within bars and frames
_NEXT_TO: Final = 4  # pixels of the work frame by which a picture in a page may be found too small
_FRAME: Final = 0.004  # share of what is shown that a bare frame around a picture may show
_WITHIN_INSET: Final = 0.97  # share of the overlap that must lie in it
_UNLIT: Final = 0.01  # share of the overlap that clashes, or is darker, below which no lighting is looked for
_UNEVEN: Final = 0.05  # share that is darker from which the shapes of the places are looked at
_FEWEST: Final = 200  # pixels of overlap that can be judged at all
_FINER: Final = 0.8  # of the other's scale; a picture that is finer than that is blurred before it is made smaller


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares are of 0 to 1.

    Beside each other: pixels: of the overlap. similarity: correlation of local structure over all places that do not
    clash; coarse: the same at half size. clash: share of the overlap that shows something else. pieces, agreeing,
    beside, bare: see Clash. peak: of the most different spot, see spots.py. grain, grained, shot, hollow, even, sides:
    see ground.py. same: pixels that show the same. rewritten: whether other words stand in the same place (ink.py).
    uneven, shaped: of a part that was made darker, see lighting.py. recoloured: share of the coloured overlap whose
    colour no saturation or white balance explains; tint: levels of colour by which that moved the whole. faded: share
    of it that lost its colour and changed its brightness. relit: levels by which a part changed its brightness while
    another kept it.

    One in the other: lost: share of what the first, the second picture shows that is not in the other. area: share of
    the first, of the second picture that overlaps the other. framed: whether the larger picture has an edge where the
    smaller one ends (borders.py). transform: as it was corrected, from pixels of the first to pixels of the second.
    overlap, places: what overlaps, what clashes, a box in the first and in the second picture; () where nothing does.
    """

    similarity: float
    coarse: float
    clash: float
    pieces: tuple[int, ...]
    peak: float
    agreeing: tuple[float, ...]
    beside: tuple[float, ...]
    grain: float
    grained: float
    shot: float
    hollow: float
    even: float
    pixels: int
    shaped: float
    uneven: float
    sides: int
    bare: float
    same: int
    rewritten: bool
    recoloured: float
    tint: float
    faded: float
    relit: float
    lost: tuple[float, float]
    area: tuple[float, float]
    framed: bool
    transform: Transform
    overlap: tuple[Box, Box]
    places: tuple[Box, Box] | tuple[()] = ()

    @property
    def share(self) -> float:
        """How much of the larger picture is not the same picture."""
        return 1 - min(self.area) * (1 - self.clash)


def compare(
    first: Picture, second: Picture, transform: Transform, finest: bool = False, lost: float = 1.0
) -> Agreement | None:
    """Compare two RGB pictures under a transform from pixels of the first to pixels of the second.

    Pictures of different resolution are compared at the coarser one, the sharper one blurred; with `finest` at the
    finer one, hardly blurred, so that what only one of them resolves counts as different. None if they hardly overlap
    or hardly agree, or if each shows more than the share `lost` of what it shows where the other is not: two crops.
    Cost: 550 ms per megapixel of the resolution that they are compared at; two crops a fifth of that.
    """
    scale = _scale(first, transform)
    if not 1e-3 < scale < 1e3:
        return None
    if (scale > 1) != finest:
        swapped = _compare(second, first, inverse(transform), 1 / scale, finest, lost)
        return swapped and _swap(swapped)
    return _compare(first, second, transform, scale, finest, lost)


def _swap(found: Agreement) -> Agreement:
    return replace(
        found,
        lost=found.lost[::-1],
        area=found.area[::-1],
        transform=inverse(found.transform),
        overlap=found.overlap[::-1],
        places=found.places[::-1],
    )


def _scale(first: Picture, transform: Transform) -> float:
    """Length of a step of the first picture's centre, in pixels of the second."""
    centre = np.array([first.shape[1] / 2, first.shape[0] / 2])
    there = project(transform, centre + np.array([[0, 0], [1, 0], [0, 1]]))
    return float(np.sqrt(abs(np.linalg.det(there[1:] - there[0]))))


def _compare(
    fine: Picture, coarse: Picture, transform: Transform, scale: float, finest: bool, most_lost: float
) -> Agreement | None:
    size = (coarse.shape[1], coarse.shape[0])
    if reach(fine, transform, size).sum() < _FEWEST:
        return None
    if scale < _FINER:
        fine = np.asarray(cv2.GaussianBlur(fine, (0, 0), 0.5 * np.sqrt(1 / scale**2 - 1)), np.uint8)
    transform = register(fine, coarse, transform)
    moved, inside = warp(fine, transform, size), reach(fine, transform, size)
    if inside.sum() < _FEWEST:
        return None
    back = reach(coarse, inverse(transform), (fine.shape[1], fine.shape[0]))
    lost = _lost(grey_of(fine), back), _lost(grey_of(coarse), inside)
    if min(lost) > most_lost:
        return None
    alike = render_alike(moved, coarse, inside, SLIGHT_BLURS if finest else BLURS)
    if alike is None:
        return None
    judged = _core(inside)
    clash, uneven = find_clash(*alike, judged), find_uneven(*alike, judged)
    if max(clash.share, uneven) > _UNLIT:
        lit = relight(*alike, inside)
        uneven = min(uneven, find_uneven(*lit, judged))
        under = find_clash(*lit, judged) if clash.share > _UNLIT else clash
        alike, clash = (lit, under) if under.share < 0.5 * clash.share else (alike, clash)
    good, beside, greys = inside & ~clash.mask, judged & ~clash.mask, (grey_of(moved), grey_of(coarse))
    grained, shot = find_shot(*greys, beside)
    recoloured, tint = find_recolouring(moved, coarse, good)
    return Agreement(
        similarity=Local(*alike, inside).similarity(good),
        coarse=_similarity_at_half(*alike, good),
        clash=float(clash.mask.sum() / inside.sum()),
        pieces=clash.pieces,
        peak=float("inf") if is_patched(moved, coarse, judged) else find_peak(*alike, judged),
        agreeing=clash.agreeing,
        beside=clash.beside,
        grain=find_grain(*alike, judged),
        grained=grained,
        shot=shot,
        pixels=int(inside.sum()),
        uneven=uneven,
        shaped=find_shaped(*greys, judged) if uneven > _UNEVEN else 1.0,
        hollow=find_hollow(*alike, judged, clash.same),
        even=min(find_even(moved, inside), find_even(coarse, inside)),
        sides=count_sides(clash.mask, judged),
        bare=clash.bare,
        same=int(clash.same.sum()),
        rewritten=is_rewritten(*alike, clash.mask, find_foreign(moved, coarse, clash.mask, judged)),
        recoloured=recoloured,
        tint=tint,
        faded=faded_share(moved, coarse, good),
        relit=find_relit(*(grey[good] for grey in greys)),
        lost=lost,
        area=(float(back.mean()), float(inside.mean())),
        framed=_framed(fine, coarse, transform, *((True, inside) if back.mean() > inside.mean() else (False, back))),
        transform=transform,
        overlap=(find_around(back), find_around(inside)),
        places=find_places(clash.mask, inverse(transform), fine),
    )


def find_fine_peak(first: Picture, second: Picture, transform: Transform) -> float:
    """`find_peak` alone, of larger pictures, under a transform that needs no correction; 150 ms for 3 megapixels."""
    if _scale(first, transform) > 1:
        return find_fine_peak(second, first, inverse(transform))
    size = (second.shape[1], second.shape[0])
    inside = reach(first, transform, size)
    moved, judged = warp(first, transform, size), _core(inside)
    alike = render_alike(moved, second, inside)
    return find_peak(*alike, judged) if alike and not is_patched(moved, second, judged) else float("inf")


def _framed(fine: Picture, coarse: Picture, transform: Transform, fine_is_held: bool, overlap: Mask) -> bool:
    """Whether the larger of the two is a page around a picture, of which the smaller one shows all or a part.

    overlap: in the larger one.
    """
    if fine_is_held:
        small, large, between = fine, coarse, transform
    else:
        small, large, between = coarse, fine, inverse(transform)
    return has_edges(small, large, between) or _is_inset(large, overlap)


def _is_inset(large: Picture, overlap: Mask) -> bool:
    """Whether what overlaps lies in the picture that is set into a page."""
    work = no_larger(large, WORK_SIDE)
    place = find_inset(work)
    if place is None:
        return False
    across, down = large.shape[1] / work.shape[1], large.shape[0] / work.shape[0]
    left, top, width, height = place
    shift = np.array([[across, 0, left * across], [0, down, top * down], [0, 0, 1]])
    if not has_edges(work[top : top + height, left : left + width], large, shift):  # a sky over trees is no page
        return False
    rows = slice(max(0, int((top - _NEXT_TO) * down)), int((top + height + _NEXT_TO) * down))
    columns = slice(max(0, int((left - _NEXT_TO) * across)), int((left + width + _NEXT_TO) * across))
    within = np.zeros(overlap.shape, bool)
    within[rows, columns] = True
    return bool(overlap[within].sum() >= _WITHIN_INSET * overlap.sum()) and _lost(grey_of(large), within) > _FRAME


def _similarity_at_half(here: Grey, there: Grey, good: Mask) -> float:
    """Where noise, compression and mosaics are averaged out."""
    size = (max(1, good.shape[1] // 2), max(1, good.shape[0] // 2))
    one, other = (np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA)) for grey in (here, there))
    whole = cv2.resize(good.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 250
    return Local(one, other, whole).similarity(whole)


def _core(inside: Mask) -> Mask:
    """The overlap without its rim: a step of a pixel there brings a bar or a frame in."""
    rim = 2 * max(1, round(_RIM * max(inside.shape))) + 1
    return np.asarray(cv2.erode(inside.astype(np.uint8), np.ones((rim, rim), np.uint8), borderValue=0)) > 0


def _lost(grey: Grey, overlap: Mask) -> float:
    """Share of what the picture shows that lies outside the overlap. Bars and frames show nothing: one brightness.

    A soft sky outside shows little but is no bar: then the share of the area counts.
    """
    near = cv2.dilate(overlap.astype(np.uint8), np.ones((17, 17), np.uint8)) > 0  # a bar's edge, smeared by compression
    outside = ~near
    if not outside.any():
        return 0.0
    mean = cv2.blur(grey, (3, 3))
    shows = cv2.blur(grey * grey, (3, 3)) - mean * mean > _SHOWS
    lost = float((shows & outside).sum() / max(1, shows.sum()))
    low, high = np.percentile(grey[outside], [5, 95])
    return lost if high - low <= _EVEN_BAR else max(lost, float(outside.mean()))
