"""What two pictures are to each other, from how well they agree: the same picture, a variant of it, or neither.

- Near is the whole picture, agreeing everywhere: one holds all that the other shows, nothing stands elsewhere than
  noise, compression and a pixel of shift would put it, and colours changed as a whole. A crop is near; a picture within
  a page, whose border is an edge, is not.
- A variant has something added, covered or changed in a place, and shows the same in the rest of it, in many places.
  What was written upon anew (ink.py) is no variant, and neither is a page, a drawing or a product on white.
"""

from typing import Final

from shared.records import Relation
from worker.engine.matching.agreement import Agreement
from worker.engine.matching.thresholds import Thresholds

_NO_PIECE: Final = 12  # pixels, of levels below full size, that say nothing yet
_USUAL: Final = 150_000  # pixels of a picture of which pieces may be as large as the thresholds say
_FINEST: Final = 0.12  # similarity that what is finest may take away
_FINER: Final = 12  # times as large as at half size, where a thing has a quarter of its pixels: fine texture, ...
_FINE: Final = 6  # ... of which pieces may be so many times as large: compression and noise take it away
_ONE_COLOUR: Final = 0.5  # share of what clashes that has one brightness: a cover, no table
_ALL_AROUND: Final = 3  # sides of an overlap along which what lies around a page differs


def relate(found: Agreement, plain: float, thresholds: Thresholds) -> Relation | None:
    """The relation of two pictures; None if they have none.

    plain: share of the less plain one that is of one brightness (sketch.py): pages, drawings and products have more.
    """
    if min(found.lost) > thresholds.lost:  # neither is, as far as it shows anything, within the other
        return None
    agrees = _agrees_everywhere(found, plain, thresholds) and not _is_recoloured(found, plain, thresholds)
    if agrees and min(found.area) >= thresholds.area and not is_held(found, thresholds):
        return Relation.NEAR
    return Relation.VARIANT if _is_variant(found, agrees, plain, thresholds) else None


def is_held(found: Agreement, thresholds: Thresholds) -> bool:
    """Whether the larger picture is a page or another picture around the smaller one, and no bare frame."""
    larger = found.lost[0] if found.area[0] <= found.area[1] else found.lost[1]
    return found.framed and larger > thresholds.frame


def _is_recoloured(found: Agreement, plain: float, thresholds: Thresholds) -> bool:
    """Whether a part has another colour: a product in another one."""
    if found.recoloured > thresholds.recoloured or found.relit > thresholds.relit:
        return True
    if not _is_product(found, plain, thresholds):
        return False
    changed = found.recoloured + found.faded > thresholds.plain_recoloured or found.tint > thresholds.plain_tint
    return changed or found.relit > thresholds.plain_relit


def _agrees_everywhere(found: Agreement, plain: float, thresholds: Thresholds) -> bool:
    largest = _largest_pieces(found, thresholds)
    return (
        _is_similar(found, thresholds)
        and found.uneven <= thresholds.uneven
        and all(piece <= most for piece, most in zip(found.pieces, largest, strict=False))
        and found.peak <= largest_peak(found, plain, thresholds)
        and min(found.agreeing[1:], default=1.0) >= thresholds.agreeing
        and not _is_doubtful(found, thresholds)
        and not (_is_product(found, plain, thresholds) and _is_hollow(found, thresholds))
    )


def _is_similar(found: Agreement, thresholds: Thresholds) -> bool:
    """Where noise, compression or a mosaic took what is finest, and nothing else, less of that need agree."""
    fine = (
        found.even < thresholds.even
        and found.coarse >= thresholds.coarse
        and min(found.agreeing[1:], default=0.0) >= thresholds.coarse_agreeing
        and _is_fine(found)
    )
    least = thresholds.similarity - (_FINEST if fine else 0)
    return found.similarity * (1 - found.clash) >= least


def _is_fine(found: Agreement) -> bool:
    """Whether what clashes is fine texture, and no thing."""
    return len(found.pieces) > 1 and found.pieces[1] * _FINER <= found.pieces[0]


def _largest_pieces(found: Agreement, thresholds: Thresholds) -> tuple[int, ...]:
    """Pixels of the largest piece that may clash, by level."""
    if found.even >= thresholds.even:
        return thresholds.pieces
    share = min(1.0, found.pixels / _USUAL)  # a small picture shows things small
    is_clean = found.beside[0] >= thresholds.clean  # all else is the same: what clashes is a thing, and no noise
    full, *coarser = thresholds.clean_pieces if is_clean else thresholds.noisy_pieces
    fine = _is_fine(found) and not (is_clean and share < 1)  # letters of a small picture are as thin
    largest = (_FINE if fine else 1) * full, *coarser
    return tuple(max(_NO_PIECE, round(share * pixels)) for pixels in largest)


def largest_peak(found: Agreement, plain: float, thresholds: Thresholds) -> float:
    """By how many times a single spot of two copies may exceed what is usual in the pair."""
    is_busy = plain < thresholds.plain and found.even < thresholds.even
    return thresholds.busy_peak if is_busy else thresholds.peak


def _is_hollow(found: Agreement, thresholds: Thresholds) -> bool:
    """Whether an outline is all that agrees. Two shades that one curve makes alike may seem to share their grain."""
    grainless = found.grain < thresholds.grain or found.shot < thresholds.grain / 2
    return found.hollow > thresholds.hollow and grainless


def _is_doubtful(found: Agreement, thresholds: Thresholds) -> bool:
    """Whether all that agrees may be words or a watermark over an even ground, of which even the grain is another."""
    if found.even < thresholds.laid or (found.grain >= thresholds.grain and not _is_another_shot(found, thresholds)):
        return False
    return found.similarity < thresholds.sure or max(found.pieces[1:], default=0) > _NO_PIECE


def _is_variant(found: Agreement, agrees: bool, plain: float, thresholds: Thresholds) -> bool:
    if found.same < thresholds.shown or min(found.area) < thresholds.held:
        return False
    held = is_held(found, thresholds)
    if held and agrees:
        return True
    if _is_page(found, plain, thresholds) or found.recoloured > thresholds.covered or found.relit > thresholds.relit:
        return False
    return _is_shaded(found, thresholds) or (
        (min(found.grain, found.shot) >= thresholds.grain / 2 or _is_one_scene(found, thresholds))
        and not found.rewritten
        and (found.pieces[0] >= thresholds.added or held)
        and found.clash <= (thresholds.covered if found.bare >= thresholds.bared else thresholds.changed)
        and min(found.beside[:3]) >= thresholds.beside
    )


def _is_one_scene(found: Agreement, thresholds: Thresholds) -> bool:
    """Whether two shots from one place agree: of another instant, with another grain, nearly all over."""
    agrees = min(found.beside) >= thresholds.scene and found.clash <= thresholds.changed / 2
    return agrees and found.even < thresholds.laid


def _is_product(found: Agreement, plain: float, thresholds: Thresholds) -> bool:
    """Whether the two are drawings, pages or products: on an even ground that is of one brightness, or no shot's."""
    return found.even >= thresholds.even and (plain >= thresholds.plain or not _is_one_shot(found, thresholds))


def _is_one_shot(found: Agreement, thresholds: Thresholds) -> bool:
    """Whether the even ground of both has the same grain, nearly all over."""
    return found.grained >= thresholds.grained and found.shot >= thresholds.shot


def _is_another_shot(found: Agreement, thresholds: Thresholds) -> bool:
    """Whether the even ground of both has grain nearly all over, and each its own."""
    return found.grained >= thresholds.grained and found.shot < thresholds.grain / 2


def _is_shaded(found: Agreement, thresholds: Thresholds) -> bool:
    """Whether a part was made darker, and has the shape that it had."""
    return found.uneven > thresholds.uneven and found.shaped >= thresholds.shaped


def _is_page(found: Agreement, plain: float, thresholds: Thresholds) -> bool:
    """Whether the two are pages under some light, perhaps each on a table of its own.

    An even ground of several brightnesses with the same grain all over is one shot of a sky or a wall, and no paper.
    """
    if plain < thresholds.paper and _is_one_shot(found, thresholds):
        return False
    laid = found.sides >= _ALL_AROUND and found.bare < _ONE_COLOUR
    return found.even >= (thresholds.laid if laid else thresholds.even)
