"""Candidates: what each source finds, and that adding, removing and growing do not change it."""

import numpy as np
import pytest
import skimage.data
from sklearn.datasets import load_sample_image

from benchmarks.pictures import make_pictures
from worker.engine.edits.shapes import centred, cornered, tilted
from worker.engine.picture.decode import decode
from worker.engine.search.neighbours import Neighbours
from worker.engine.search.votes import MOST_IMAGES, Votes, _largest, entries
from worker.engine.search.whitening import fit_whitening
from worker.engine.sketch.sketch import describe


def itself(image):
    return image


@pytest.fixture(scope="module")
def photos():
    whole = [load_sample_image("china.jpg"), load_sample_image("flower.jpg"), skimage.data.astronaut()]
    whole += [skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()]
    return [part for photo in whole for part in (photo[:260, :300], photo[-260:, -300:])]


@pytest.fixture(scope="module")
def sketches(photos):
    return [describe(photo) for photo in photos]


@pytest.fixture(scope="module")
def features(photos):
    """Features that all point the same way, as a network's do: 1 + noise."""
    return (1 + 0.1 * np.random.default_rng(0).normal(size=(len(photos), 512))).astype(np.float16)


@pytest.fixture
def index(sketches, features):
    index = Neighbours(fit_whitening(features))
    index.add([str(number) for number in range(len(sketches))], features, sketches)
    return index


def test_whitened_features_are_unit_vectors_of_uncorrelated_components():
    random = np.random.default_rng(1)
    values = random.normal(size=(900, 40)) @ random.normal(size=(40, 64)) + 20
    whitening = fit_whitening(values, 16)
    turned = (values - whitening.mean) @ whitening.components.T
    assert np.allclose(np.cov(turned.T), np.eye(16), atol=1e-2)
    assert np.allclose(np.linalg.norm(whitening.apply(values), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("count", [2, 3, 200])
def test_whitening_fits_any_number_of_images(count):
    values = np.random.default_rng(2).normal(size=(count, 32))
    assert fit_whitening(values).apply(values).shape == (count, min(count - 1, 32))


def test_whitening_of_equal_features_stays_finite():
    assert np.isfinite(fit_whitening(np.ones((5, 8))).apply(np.ones((1, 8)))).all()


def test_near_features_are_found_whatever_the_keypoints(index, features, sketches):
    blank = describe(np.full((50, 50, 3), 7, np.uint8))
    near = features[3] + np.float16(0.01)
    assert index.search(near, blank, itself, 3)[0] == "3"


@pytest.mark.parametrize("edit", ["mirrored", "turned", "cropped"])
def test_shared_keypoints_are_found_whatever_the_features(index, photos, edit):
    edits = {
        "mirrored": lambda photo: photo[:, ::-1].copy(),
        "turned": lambda photo: np.rot90(photo).copy(),
        "cropped": lambda photo: photo[40:, :-40].copy(),
    }
    found = [index.by_keypoints(describe(edits[edit](photo)), 3) for photo in photos]
    assert sum(str(number) in one for number, one in enumerate(found)) >= len(photos) - 1


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Fifty pictures cut from a dozen, so that each has strangers and pictures that overlap it; and their index."""
    paths = make_pictures(tmp_path_factory.mktemp("made"), 50, (640, 480))
    pictures = [decode(path.read_bytes(), 10**6) for path in paths]
    features = np.random.default_rng(6).normal(size=(len(pictures), 64)).astype(np.float16)
    index = Neighbours(fit_whitening(features), features)
    index.add([str(number) for number in range(len(pictures))], features, list(map(describe, pictures)))
    return pictures, index


@pytest.mark.parametrize("edit", [centred(0.5), cornered(0.6), tilted(45)], ids=["middle", "corner", "tilted"])
def test_a_part_finds_its_picture_by_itself(made, edit):
    """Votes that need not agree, for the 104 keypoints of the whole, find half of them among the first three."""
    pictures, index = made
    copies = [edit(picture, np.random.default_rng(number)) for number, picture in enumerate(pictures)]
    found = [index.by_keypoints(describe(np.ascontiguousarray(copy)), 3) for copy in copies]
    assert sum(str(number) in one for number, one in enumerate(found)) >= 0.8 * len(pictures)


def test_of_a_group_only_the_likeliest_is_given(index, features, sketches):
    keepers = {str(number): "0" for number in range(6)}
    found = index.search(features[5], sketches[5], lambda image: keepers.get(image, image), 4)
    assert found[0] == "5"
    assert not set(keepers) - {"5"} & set(found)
    assert len(found) == len(set(found)) == 4


def test_a_removed_image_is_not_found(index, features, sketches):
    index.remove("4")
    index.remove("no such image")
    assert "4" not in index
    assert len(index) == len(sketches) - 1
    assert "4" not in index.search(features[4], sketches[4], itself, 20)


def test_a_removed_image_may_come_back(index, features, sketches):
    index.remove("4")
    index.add(["4"], features[4:5], sketches[4:5])
    assert index.search(features[4], sketches[4], itself, 20)[0] == "4"


def test_adding_twice_changes_nothing(index, features, sketches):
    index.add(["4", "4"], features[[4, 4]], [sketches[4], sketches[4]])
    assert len(index) == len(sketches)


def test_an_image_given_twice_in_one_call_is_added_once(features, sketches):
    index = Neighbours(fit_whitening(features))
    index.add(["a", "a"], features[:2], sketches[:2])
    assert index.by_keypoints(sketches[0], 5) == ["a"]
    assert index.by_features(features[0], 5) == ["a"]


def test_an_empty_index_finds_nothing(features, sketches):
    assert Neighbours(fit_whitening(features)).search(features[0], sketches[0], itself, 5) == []


def counted(votes, sketch, size):
    """Votes for images 0 to `size` - 1: float64 `[size]`."""
    images, agreeing = votes.count(sketch, np.ones(size, bool))
    result = np.zeros(size)
    result[images] = agreeing
    return result


def test_votes_do_not_depend_on_how_images_were_added(sketches):
    together, apart = Votes(), Votes()
    together.add(np.arange(len(sketches), dtype=np.uint32), [entries(sketch.keypoints) for sketch in sketches])
    for number, sketch in enumerate(sketches):
        apart.add(np.array([number], np.uint32), [entries(sketch.keypoints)])
    for sketch in sketches:
        assert np.allclose(counted(together, sketch, len(sketches)), counted(apart, sketch, len(sketches)))


@pytest.mark.parametrize("closed", [1, 500])
def test_votes_do_not_depend_on_what_is_merged(sketches, monkeypatch, closed):
    entries_of = [entries(sketch.keypoints) for sketch in sketches]
    plain, early = Votes(), Votes()
    plain.add(np.arange(len(sketches), dtype=np.uint32), entries_of)
    monkeypatch.setattr("worker.engine.search.votes._CLOSED", closed)
    for start in range(0, len(sketches), 3):
        part = np.arange(start, min(start + 3, len(sketches)), dtype=np.uint32)
        early.add(part, entries_of[start : start + 3])
    assert early._closed
    for sketch in sketches:
        assert np.allclose(counted(plain, sketch, len(sketches)), counted(early, sketch, len(sketches)))


def test_the_rarest_keys_are_counted_first(sketches, monkeypatch):
    votes, sketch = Votes(), sketches[0]
    own = entries(sketch.keypoints)
    few = own[0][:5], own[1][:5]
    votes.add(np.arange(30, dtype=np.uint32), [few] * 29 + [own])
    everything = counted(votes, sketch, 30)
    assert (everything > 0).all()
    monkeypatch.setattr("worker.engine.search.votes.POSTINGS", len(own[0]) - 5)
    rare = counted(votes, sketch, 30)
    assert np.flatnonzero(rare).tolist() == [29]
    assert rare[29] == pytest.approx((len(own[0]) - 5) * np.log(31), rel=1e-5)


def test_votes_that_disagree_about_turn_and_scale_do_not_add_up(sketches):
    votes, sketch = Votes(), sketches[0]
    keys_, lying = entries(sketch.keypoints)
    anyhow = np.random.default_rng(4).integers(0, 256, len(lying)).astype(np.uint8)
    votes.add(np.arange(2, dtype=np.uint32), [(keys_, anyhow), (keys_, lying)])
    strange, own = counted(votes, sketch, 2)
    assert own == pytest.approx(len(keys_) * np.log(3 / 2), rel=1e-5)
    assert strange < own / 4


def test_a_picture_without_corners_gets_no_votes(sketches):
    votes, blank = Votes(), describe(np.full((50, 50, 3), 7, np.uint8))
    assert not counted(votes, sketches[0], 0).any()
    votes.add(np.arange(2, dtype=np.uint32), [entries(sketches[0].keypoints), entries(blank.keypoints)])
    assert not counted(votes, blank, 2).any()
    assert counted(votes, sketches[0], 2).nonzero()[0].tolist() == [0]


def test_an_index_of_votes_says_when_it_has_no_room(sketches):
    with pytest.raises(ValueError, match="has room for"):
        Votes().add(np.array([MOST_IMAGES], np.uint32), [entries(sketches[0].keypoints)])


@pytest.mark.parametrize("size", [0, 5, 1000, 300_000])
@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5])
def test_the_largest_votes_are_found_among_any_number(size, share):
    random = np.random.default_rng(size)
    values = random.integers(1, 50, size) * (random.random(size) < share)
    found = _largest(values.astype(float), 20)
    assert len(set(found.tolist())) == len(found)
    assert sorted(values[found], reverse=True) == [value for value in sorted(values, reverse=True)[:20] if value]


def test_a_large_collection_is_searched_by_cells(sketches, monkeypatch):
    monkeypatch.setattr("worker.engine.search.vectors.EXACT_UP_TO", 100)
    random = np.random.default_rng(8)
    features = random.normal(size=(400, 64)).astype(np.float16)
    index = Neighbours(fit_whitening(features, 16), features, expected=400)
    index.add([str(number) for number in range(400)], features, [sketches[0]] * 400)
    near = features + np.float16(0.02)
    found = [index.by_features(near[number], 5) for number in range(0, 400, 10)]
    assert sum(str(number) in one for number, one in zip(range(0, 400, 10), found, strict=True)) >= 39
