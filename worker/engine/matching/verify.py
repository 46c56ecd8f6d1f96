"""Whether two pictures are the same one, edited: the decision, its similarity and its words.

Three steps, each cheaper than being wrong: keypoints give a transform (alignment.py), the small pictures of the two
sketches are compared under it (agreement.py), and a pair that passes is confirmed by `verify_pixels` on the decoded
pictures, where a date in light grey on an otherwise equal page is still visible. The rules:

- one picture must hold (nearly) all of the other: a crop does, two frames of a pan do not;
- what both show must correlate, under one tone curve and one smooth change of light; a covered part may differ if it is
  one piece (caption, sticker), not if it is scattered (other words, another moment);
- pictures that are mostly empty (pages, drawings, products on white) may not differ in any place: one word is the
  picture. They are compared at the finer of their resolutions, so that a copy too small or too blurred to tell one word
  from another is refused;
- colours may be shifted, faded or missing as a whole, not in one place;
- pictures without corners are the same only as whole copies (see shading.py).

Shots of a burst are the same picture while nothing moves by more than about a hundredth of the long side, or what moves
stays within one piece that a sticker could have covered; a pan while what it loses stays below `lost`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.engine.matching.agreement import Agreement, compare
from worker.engine.matching.alignment import Alignment, Transform, align, project, resized
from worker.engine.matching.shading import align_shading
from worker.engine.matching.wording import words
from worker.engine.picture.channels import Picture
from worker.engine.sketch.keypoints import WORK_SIDE
from worker.engine.sketch.sketch import Sketch

FEW_KEYPOINTS: Final = 16  # below it a picture has no corners to go by
PIXEL_SIDE: Final = 1024  # pixels; long side beyond which verify_pixels need not look


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When two pictures count as the same. The defaults are safe; `imagesieve calibrate` may set others.

    inliers: keypoints that must agree on a transform. similarity: correlation of what both show, less what is
    covered. clash, textured_clash: share of the overlap, and of what it shows, that may be covered. scattered: share
    of the overlap that may differ outside three pieces. lost: share of what one picture shows that may be missing in
    the other. area: share of the larger picture that the smaller must fill. recoloured: share of the coloured places
    that may have another colour.
    flat, plain: shares of one brightness (see sketch.py) from which a pair are pages, drawings or products on white:
    one must be that flat, both that plain. For those:
    plain_recoloured, as recoloured; relit: levels by which a part may change its brightness while another keeps it;
    spot: pixels that may differ in one place, at the finer of the two resolutions.
    """

    inliers: int = 8
    similarity: float = 0.68
    clash: float = 0.25
    textured_clash: float = 0.35
    scattered: float = 0.03
    lost: float = 0.025
    area: float = 0.2
    recoloured: float = 0.35
    flat: float = 0.25
    plain: float = 0.2
    plain_recoloured: float = 0.1
    relit: float = 64.0
    spot: int = 100


@dataclass(frozen=True, slots=True)
class PictureMatch:
    """Two pictures that are the same one. similarity: 0 to 1. transform: from the first's work frame to the second's.

    reason: in words. covered: share of the overlap that shows something else. settled: False where only the pictures
    themselves can tell (`verify_pixels`): without them such a pair is not the same one.
    """

    similarity: float
    transform: Transform
    reason: str
    covered: float
    settled: bool


def verify(first: Sketch, second: Sketch, thresholds: Thresholds) -> PictureMatch | None:
    """Whether two sketches are of the same picture; None if not. About 1 ms for unrelated pictures, 6 ms for a match.

    Symmetric but for the direction of transform and words: those say how `second` came from `first`.
    """
    if min(len(first.keypoints), len(second.keypoints)) < FEW_KEYPOINTS:
        return _match_shading(first, second, thresholds)
    found = align(first, second)
    if found is None or found.inliers < thresholds.inliers or not _plausible(first, found):
        return None
    pictures = first.picture(), second.picture()
    settled = not _both_plain(first, second, thresholds)
    agreement = _agreement(pictures, found.transform)
    if agreement is None or not accepts(agreement, thresholds):
        return None
    return _match(first, second, found.transform, agreement, settled)


def _match_shading(first: Sketch, second: Sketch, thresholds: Thresholds) -> PictureMatch | None:
    """Pictures without corners: whole copies only (see shading.py)."""
    found = align_shading(first, second)
    if found is None:
        return None
    whole = Agreement(found.similarity, 0.0, 0.0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0.0, (0.0, 0.0), (1.0, 1.0))
    return _match(first, second, found.transform, whole, settled=not _both_plain(first, second, thresholds))


def verify_pixels(
    pictures: tuple[Picture, Picture], sketches: tuple[Sketch, Sketch], match: PictureMatch, thresholds: Thresholds
) -> PictureMatch | None:
    """Settle a match of two sketches on the decoded, oriented pictures; None if they differ after all.

    Only for matches that are not settled: of photos, the small pictures tell more than noise and blur leave of the
    large ones. Pictures may be reduced, to no less than PIXEL_SIDE. About 60 ms for two pictures of a megapixel.
    """
    agreement = _agreement(pictures, match.transform, finest=True)
    if agreement is None or not accepts(agreement, thresholds):
        return None
    recoloured = agreement.recoloured + agreement.faded > thresholds.plain_recoloured
    if recoloured or agreement.relit > thresholds.relit or agreement.largest > thresholds.spot:
        return None
    return _match(*sketches, match.transform, agreement, settled=True)


def _agreement(pictures: tuple[Picture, Picture], transform: Transform, finest: bool = False) -> Agreement | None:
    first, second = (max(picture.shape[:2]) / WORK_SIDE for picture in pictures)
    return compare(*pictures, resized(transform, first, second), finest)


def _match(first: Sketch, second: Sketch, transform: Transform, agreement: Agreement, settled: bool) -> PictureMatch:
    similarity = round(max(0.0, agreement.similarity * (1 - agreement.clash)), 4)
    return PictureMatch(similarity, transform, words(first, second, transform, agreement), agreement.clash, settled)


def accepts(found: Agreement, thresholds: Thresholds) -> bool:
    """The rules named above that hold for every pair, on one agreement."""
    return (
        found.similarity * (1 - found.clash) >= thresholds.similarity
        and found.clash <= thresholds.clash
        and found.textured_clash <= thresholds.textured_clash
        and found.scattered * found.clash <= thresholds.scattered
        and min(found.lost) <= thresholds.lost
        and min(found.area) >= thresholds.area
        and found.recoloured <= thresholds.recoloured
    )


def _both_plain(first: Sketch, second: Sketch, thresholds: Thresholds) -> bool:
    """Whether the two are pages, drawings or products.

    Flat alone may be a photo made too bright or too hard compressed, plain alone one of little contrast; a page with
    noise stays plain but not flat.
    """
    flat, plain = max(first.flat, second.flat) / 255, min(first.plain, second.plain) / 255
    return flat >= thresholds.flat and plain >= thresholds.plain


def _plausible(first: Sketch, found: Alignment) -> bool:
    """Whether an edit could have moved the corners so: no folding, no stretch beyond 1.5, no scale beyond 8."""
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
    return bool(steps.max() < 8 and steps.min() > 1 / 8 and steps.max() < 1.5 * steps.min() and skew.max() < 0.3)
