"""The first sight of many candidates at once: it refuses strangers, and nothing that a closer look would find."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_sample_image

from benchmarks.pictures import make_pictures
from worker.engine.edits.attacks import ATTACKS, HARD_ATTACKS, edited
from worker.engine.matching.alignment import alignments
from worker.engine.matching.bits import hamming
from worker.engine.matching.screening import VOTES, vote
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import promising, propose
from worker.engine.picture.decode import decode
from worker.engine.sketch.sketch import Sketch, describe

MAX_PIXELS = 10**8


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> list[Sketch]:
    paths = make_pictures(tmp_path_factory.mktemp("strangers"), 40, (640, 480))
    return [describe(decode(path.read_bytes(), MAX_PIXELS)) for path in paths]


def copies(name: str) -> tuple[Sketch, dict[str, Sketch]]:
    photo: NDArray[np.uint8] = load_sample_image(name)
    made = {one.name: describe(decode(edited(photo, one, name), MAX_PIXELS)) for one in (*ATTACKS, *HARD_ATTACKS)}
    return describe(photo), made


@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_it_passes_every_copy_that_a_closer_look_finds(name: str) -> None:
    original, made = copies(name)
    found = {edit for edit, copy in made.items() if propose(original, copy, Thresholds())}
    assert len(found) > 60
    passed = {edit for edit, may in zip(made, promising(original, list(made.values())), strict=True) if may}
    assert found <= passed
    assert found <= {edit for edit, copy in made.items() if promising(copy, [original])[0]}


def test_it_refuses_nearly_all_strangers(strangers: list[Sketch]) -> None:
    passed = [promising(one, [other for other in strangers if other is not one]).mean() for one in strangers]
    assert np.mean(passed) < 0.05


def test_each_is_judged_by_itself_whoever_stands_beside_it(strangers: list[Sketch]) -> None:
    original, made = copies("china.jpg")
    known = [*strangers, made["mirror"], made["corner-36"], *strangers]
    votes = vote(original, known)
    np.testing.assert_array_equal(votes, [vote(original, [one])[0] for one in known])
    assert votes[40] > 20
    assert votes[41] >= VOTES


def test_pictures_without_keypoints_stand_among_others(strangers: list[Sketch]) -> None:
    empty = replace(strangers[0], keypoints=strangers[0].keypoints.first(0))
    np.testing.assert_array_equal(vote(empty, [strangers[1], empty]), [0, 0])
    np.testing.assert_array_equal(vote(strangers[0], [empty, strangers[0]])[:1], [0])
    assert vote(strangers[0], []).shape == (0,)
    assert not promising(empty, []).size


def test_votes_are_for_what_a_transform_is_found_for(strangers: list[Sketch]) -> None:
    original, made = copies("flower.jpg")
    turned = made["rotate-45"]
    assert alignments(original, turned)[0].inliers > 16
    assert vote(turned, [original])[0] >= VOTES


def test_hamming_counts_bits() -> None:
    chance = np.random.default_rng(0)
    first, second = chance.integers(0, 256, (5, 16), np.uint8), chance.integers(0, 256, (7, 16), np.uint8)
    expected = [[int(np.unpackbits(one ^ other).sum()) for other in second] for one in first]
    np.testing.assert_array_equal(hamming(first, second), expected)
    assert hamming(first[:0], second).shape == (0, 7)
