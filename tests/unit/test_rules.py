"""What two pictures are to each other, by what was measured of how they agree."""

import dataclasses

import numpy as np

from shared.records import Relation
from worker.engine.matching.agreement import Agreement
from worker.engine.matching.rules import relate
from worker.engine.matching.thresholds import Thresholds

SKIES = Agreement(  # two skies under one watermark, whose letters are most of what they show
    similarity=0.918,
    coarse=0.945,
    clash=0.0,
    pieces=(0, 0, 33, 12),
    peak=1.921,
    agreeing=(1.0, 1.0, 0.977, 0.922),
    beside=(1.0, 1.0, 0.978, 0.935),
    grain=0.493,
    grained=0.743,
    shot=0.005,
    hollow=0.0,
    even=0.806,
    pixels=254_840,
    shaped=1.0,
    uneven=0.0,
    sides=0,
    bare=0.0,
    same=45_535,
    rewritten=False,
    recoloured=0.0,
    tint=6.461,
    faded=0.0,
    relit=17.0,
    lost=(0.0, 0.0),
    area=(0.998, 0.995),
    framed=False,
    transform=np.eye(3),
    overlap=((0.0, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0)),
)


def test_skies_under_one_watermark_are_different_where_each_has_its_own_grain() -> None:
    assert relate(SKIES, 0.09, Thresholds()) is None


def test_a_sky_with_the_same_grain_is_the_same_picture() -> None:
    assert relate(dataclasses.replace(SKIES, shot=0.7), 0.09, Thresholds()) is Relation.NEAR


def test_a_sky_that_was_smoothed_has_no_grain_to_tell_by() -> None:
    assert relate(dataclasses.replace(SKIES, grained=0.1), 0.09, Thresholds()) is Relation.NEAR
