"""One look at two pictures says what they are at every similarity that may be asked for."""

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from shared.records import Relation
from worker.engine.edits.additions import captioned
from worker.engine.edits.attacks import encoded
from worker.engine.edits.tones import noisy
from worker.engine.matching.evidence import SAFE, Finding
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import confirm
from worker.engine.picture.decode import decode
from worker.engine.sketch.sketch import describe
from worker.pipeline.calibrating.looks import look, propose_sides
from worker.pipeline.calibrating.originals import Side

Picture = NDArray[np.uint8]


def page() -> Picture:
    sheet = np.full((600, 800, 3), 255, np.uint8)
    for line in range(12):
        text = f"{line} the quick brown fox jumps over"
        cv2.putText(sheet, text, (20, 40 + 45 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2, cv2.LINE_AA)
    return sheet


CAT, PAGE = skimage.data.chelsea(), page()
CUP = np.asarray(cv2.resize(skimage.data.coffee(), (300, 200), interpolation=cv2.INTER_AREA), np.uint8)
CHANCE = np.random.default_rng(1)
PAIRS = {
    "copy": (CUP, decode(encoded(CUP, ".jpg", 40), 10**8)),
    "noisy": (CAT, noisy(40)(CAT, CHANCE)),  # near, and not at the highest similarity
    "captioned": (CUP, captioned(CUP, CHANCE)),
    "mirrored": (CUP, np.ascontiguousarray(CUP[:, ::-1])),
    "page": (PAGE, decode(encoded(PAGE, ".jpg", 30), 10**8)),
    "blurred page": (PAGE, np.asarray(cv2.GaussianBlur(PAGE, (0, 0), 1.2), np.uint8)),
}


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_a_finding_says_what_is_confirmed_at_every_similarity(name: str, whole: bool) -> None:
    first, second = PAIRS[name]
    sides = Side(describe(first), lambda: first), Side(describe(second), lambda: second)
    proposal = propose_sides(*sides)
    assert proposal
    found = look(*sides, proposal, whole)
    sketches = sides[0].sketch, sides[1].sketch
    for similarity in np.linspace(*SAFE["similarity"], 6):
        thresholds = Thresholds(similarity=float(similarity), whole=whole)
        match = confirm((first, second), sketches, proposal, thresholds)
        assert found.relation(float(similarity)) is (match.relation if match else None)


def test_what_cannot_be_read_any_more_is_a_stranger() -> None:
    there, gone = Side(describe(CUP), lambda: CUP), Side(describe(CUP), lambda: None)
    proposal = propose_sides(there, gone)
    assert proposal
    assert look(there, gone, proposal, whole=False) == Finding()
    assert look(there, there, proposal, whole=False).reached is Relation.NEAR
