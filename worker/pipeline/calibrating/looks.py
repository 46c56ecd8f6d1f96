"""What two pictures are found to be to each other, whatever similarity is asked for."""

from dataclasses import replace
from typing import Final

from shared.records import Relation
from worker.engine.matching.evidence import SAFE, Finding, loosened
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import Proposal, confirm, propose
from worker.pipeline.calibrating.originals import Side

_LOOSE: Final = loosened(Thresholds())
_UNREACHED: Final = 2.0  # a similarity that no pair has


def propose_sides(first: Side, second: Side) -> Proposal | None:
    """How the one may lie in the other, by their sketches."""
    return propose(first.sketch, second.sketch, _LOOSE)


def look(first: Side, second: Side, proposal: Proposal, whole: bool) -> Finding:
    """What the pictures themselves say; 200 to 400 ms and their decoding, twice that where they are hardly near.

    whole: whether only whole, unturned copies are near. A picture that cannot be had any more is a stranger.
    """
    one, two = first.picture(), second.picture()
    if one is None or two is None:
        return Finding()
    pictures, sketches, thresholds = (one, two), (first.sketch, second.sketch), replace(_LOOSE, whole=whole)
    found = confirm(pictures, sketches, proposal, thresholds)
    if found is None:
        return Finding()
    if found.relation is Relation.VARIANT:
        return Finding(found.similarity, Relation.VARIANT, Relation.VARIANT)
    if found.similarity > SAFE["similarity"][1]:
        return Finding(found.similarity, Relation.NEAR)  # no threshold is stricter
    stricter = confirm(pictures, sketches, proposal, replace(thresholds, similarity=_UNREACHED))
    return Finding(found.similarity, Relation.NEAR, stricter.relation if stricter else None)
