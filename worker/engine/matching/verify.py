"""Whether two pictures are the same one, edited, or variants of each other.

Two steps, each cheaper than being wrong. `propose` looks at the sketches: keypoints give a transform (alignment.py;
shading.py where there are no corners) and the small pictures are glanced at under it (glance.py), which refuses nearly
every stranger. `confirm` lays the decoded pictures over each other at the resolution that tells, and decides
(agreement.py, rules.py). Nothing is near by its sketch alone.

Shots of a burst are the same picture while nothing moves by more than a pixel of those 1,024; a pan while what it loses
stays below `lost`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.records import Box, Relation
from worker.engine.matching.agreement import Agreement, compare, find_fine_peak
from worker.engine.matching.alignment import Alignment, Transform, alignments, inverse, project, resized
from worker.engine.matching.glance import agreeing_share
from worker.engine.matching.rules import is_held, largest_peak, relate
from worker.engine.matching.screening import screen
from worker.engine.matching.shading import align_shading
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.wording import is_upright, words
from worker.engine.picture.channels import Picture
from worker.engine.picture.mosaic import find_blocks, without_blocks
from worker.engine.picture.scaling import no_larger
from worker.engine.sketch.keypoints import WORK_SIDE
from worker.engine.sketch.sketch import Sketch

FEW_KEYPOINTS: Final = 16  # below it a picture has no corners to go by
PIXEL_SIDE: Final = 1024  # pixels; long side at which structure is compared
LOOK_SIDE: Final = 512  # pixels; long side of a first look
FINE_SIDE: Final = 2000  # pixels; long side at which single spots are, beyond which `confirm` need not look
SOFT_SIDE: Final = 128  # pixels; long side at which pictures without corners are: they have nothing finer

_GLANCE: Final = 0.35  # share of what the small pictures show that must agree ...
_PLAIN_GLANCE: Final = 0.6  # ... of pages, which agree in their layout: of one brightness in
_PLAIN: Final = 0.4  # such a share ...
_SURE_GLANCE: Final = 0.22  # ... and where many keypoints do: stripes leave a quarter
_SURE_INLIERS: Final = 30
_BY_CHANCE: Final = 0.03  # share of the keypoints of strangers that agree with some transform
_WORTH_A_LOOK: Final = 1.8  # times as large must pictures be
_SURELY: Final = 2.0  # times what may be lost at full size, which a first look sees less exactly
_HOPELESS: Final = 1500  # pixels of the largest clashing piece of a first look
_SOFT_STRETCH, _STRETCH = 1.3, 3.0  # between the ratios of the sides of pictures without corners, and of others
_LEGIBLE: Final = 0.45  # of the other's scale; a page that is smaller may have lost its words


@dataclass(frozen=True, slots=True)
class Proposal:
    """How one picture may lie in another. transform: from the first's work frame to the second's. soft: they have no
    corners, and are whole copies if anything."""

    transform: Transform
    soft: bool


@dataclass(frozen=True, slots=True)
class PictureMatch:
    """What two pictures are to each other. similarity: 0 to 1. reason: in words.

    share: of a variant, how much of it differs. places: where, a box in the first and in the second picture; of a page
    that holds the other picture, where that lies in it, and all of the other.
    """

    relation: Relation
    similarity: float
    reason: str
    share: float = 0.0
    places: tuple[Box, Box] | tuple[()] = ()


def promising(new: Sketch, known: Sequence[Sketch]) -> NDArray[np.bool_]:
    """Which of the known pictures `propose` should look at: bool `[n]`. 6 ms for 24, of strangers it refuses 99 %."""
    return screen(new, known, FEW_KEYPOINTS, (_SOFT_STRETCH, _STRETCH))


def propose(first: Sketch, second: Sketch, thresholds: Thresholds) -> Proposal | None:
    """How the one may lie in the other; None where they are strangers. About 2 ms."""
    if min(len(first.keypoints), len(second.keypoints)) < FEW_KEYPOINTS:
        shading = align_shading(first, second, _SOFT_STRETCH)
        return Proposal(shading.transform, soft=True) if shading else None
    plain = min(first.plain, second.plain) / 255 >= _PLAIN
    best, most, seen = None, 0.0, 0.0
    enough = thresholds.inliers + _BY_CHANCE * min(len(first.keypoints), len(second.keypoints))
    for found in alignments(first, second):
        few = found.inliers < enough
        if (few and (plain or found.inliers < thresholds.inliers)) or not _plausible(first, found):
            continue
        agreeing = _glance(first, second, found.transform)
        least = _PLAIN_GLANCE if few or plain else _SURE_GLANCE if found.inliers >= _SURE_INLIERS else _GLANCE
        if agreeing >= least and agreeing * found.inliers > most:
            best, most, seen = Proposal(found.transform, soft=False), agreeing * found.inliers, agreeing
    return best if seen >= _PLAIN_GLANCE else _propose_whole(first, second, seen) or best


def _propose_whole(first: Sketch, second: Sketch, seen: float) -> Proposal | None:
    """The whole of the one on the whole of the other, if more of them agrees than was seen to: an edit may have left no
    corner as it was."""
    shading = align_shading(first, second, _STRETCH)
    if shading is None or _glance(first, second, shading.transform) < max(_PLAIN_GLANCE, seen):
        return None
    return Proposal(shading.transform, soft=False)


def _glance(first: Sketch, second: Sketch, transform: Transform) -> float:
    """Share of what the small pictures show that agrees, in the frame of the coarser one."""
    pictures = first.picture(), second.picture()
    between = _between(pictures, transform)
    if abs(np.linalg.det(between[:2, :2])) > 1:
        return agreeing_share(pictures[1], pictures[0], inverse(between))
    return agreeing_share(*pictures, between)


def confirm(
    pictures: tuple[Picture, Picture], sketches: tuple[Sketch, Sketch], proposal: Proposal, thresholds: Thresholds
) -> PictureMatch | None:
    """What the two are to each other, by the decoded, oriented pictures; None where they are different ones.

    pictures: RGB uint8 `[h, w, 3]`; may be reduced, to no less than FINE_SIDE. Symmetric but for the direction of words
    and places: those say how the second came from the first.
    """
    plain = min(sketch.plain for sketch in sketches) / 255
    if plain < thresholds.plain:
        pictures = _without_blocks(pictures)
    small = tuple(no_larger(picture, SOFT_SIDE if proposal.soft else PIXEL_SIDE) for picture in pictures)
    if _is_hopeless((small[0], small[1]), proposal, plain, thresholds):
        return None
    found = _agreement((small[0], small[1]), proposal.transform, thresholds.lost)
    relation = found and relate(found, plain, thresholds)
    if found is None or relation is None:
        return None
    if relation is Relation.NEAR:
        relation = _confirm_near(pictures, (small[0], small[1]), proposal, found, plain, thresholds)
    upright = not thresholds.whole or is_upright(*sketches, proposal.transform, found)
    return _match(sketches, proposal.transform, found, relation, thresholds) if relation and upright else None


def _without_blocks(pictures: tuple[Picture, Picture]) -> tuple[Picture, Picture]:
    """The two without the edges of the blocks that one of them is made of: pixelated, it shows none of its own."""
    first, second = (find_blocks(picture) for picture in pictures)
    if first and not second:
        return without_blocks(pictures[0], first), pictures[1]
    if second and not first:
        return pictures[0], without_blocks(pictures[1], second)
    return pictures


def _is_hopeless(small: tuple[Picture, Picture], proposal: Proposal, plain: float, thresholds: Thresholds) -> bool:
    """Whether a first look, at a quarter of the cost, shows another picture: pages of one layout by the dozen."""
    if min(max(picture.shape[:2]) for picture in small) < _WORTH_A_LOOK * LOOK_SIDE:
        return False
    looked = no_larger(small[0], LOOK_SIDE), no_larger(small[1], LOOK_SIDE)
    found = _agreement(looked, proposal.transform, _SURELY * thresholds.lost)
    if found is None:
        return True
    return relate(found, plain, thresholds) is None and found.pieces[0] > _HOPELESS


def _confirm_near(
    pictures: tuple[Picture, Picture],
    small: tuple[Picture, Picture],
    proposal: Proposal,
    found: Agreement,
    plain: float,
    thresholds: Thresholds,
) -> Relation | None:
    """Near, unless single spots differ at a finer scale, or one of two pages is too coarse to tell; None then.

    A spot is too small for a variant: another digit is another page.
    """
    if plain >= thresholds.plain and not proposal.soft and _scale_of(found) < _LEGIBLE:
        finest = _agreement(small, proposal.transform, thresholds.lost, finest=True)
        if finest is None or relate(finest, plain, thresholds) is not Relation.NEAR:
            return None
    fine = tuple(no_larger(picture, FINE_SIDE) for picture in pictures)
    scales = [max(large.shape[:2]) / max(little.shape[:2]) for large, little in zip(fine, small, strict=True)]
    if max(scales) <= 1:
        return Relation.NEAR
    between = resized(found.transform, *scales)
    most = largest_peak(found, plain, thresholds)
    return Relation.NEAR if find_fine_peak(fine[0], fine[1], between) <= most else None


def _scale_of(found: Agreement) -> float:
    """How much coarser one picture shows what the other does, 1 at most."""
    scale = float(np.sqrt(abs(np.linalg.det(found.transform[:2, :2]))))
    return min(scale, 1 / max(scale, 1e-6))


def _agreement(
    pictures: tuple[Picture, Picture], transform: Transform, lost: float, finest: bool = False
) -> Agreement | None:
    return compare(*pictures, _between(pictures, transform), finest, lost)


def _between(pictures: tuple[Picture, Picture], transform: Transform) -> Transform:
    """From pixels of the first to pixels of the second. transform: between their work frames."""
    first, second = (max(picture.shape[:2]) / WORK_SIDE for picture in pictures)
    return resized(transform, first, second)


def _match(
    sketches: tuple[Sketch, Sketch], transform: Transform, found: Agreement, relation: Relation, thresholds: Thresholds
) -> PictureMatch:
    similarity = round(max(0.0, found.similarity * (1 - found.clash)), 4)
    reason = words(*sketches, transform, found, relation)
    if relation is Relation.NEAR:
        return PictureMatch(relation, similarity, reason)
    places = found.overlap if is_held(found, thresholds) else found.places
    return PictureMatch(relation, similarity, reason, round(found.share, 4), places)


def _plausible(first: Sketch, found: Alignment) -> bool:
    """Whether an edit could have moved the corners so: no folding, no stretch beyond 2.8, no scale beyond 8."""
    width, height = first.frame
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    moved = project(found.transform, corners)
    edges = np.roll(moved, -1, axis=0) - moved
    turns = edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1)
    if not (np.all(turns > 0) or np.all(turns < 0)):
        return False
    steps = np.linalg.norm(edges, axis=1) / [width, height, width, height]
    skew = np.abs(np.sum(edges * np.roll(edges, -1, axis=0), axis=1)) / (
        np.linalg.norm(edges, axis=1) * np.linalg.norm(np.roll(edges, -1, axis=0), axis=1)
    )
    return bool(steps.max() < 8 and steps.min() > 1 / 8 and steps.max() < 2.8 * steps.min() and skew.max() < 0.8)
