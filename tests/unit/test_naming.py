"""Names of clusters: the words by which each is told from all others, from planted probabilities and features."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from worker.engine.clusters import naming
from worker.engine.clusters.classes import Classes
from worker.engine.clusters.naming import Names, name_clusters, sample_members, tell_apart
from worker.engine.clusters.rows import HeldRows

WORDS = ("giant panda", "alp", "seashore", "espresso", "castle", "tabby")


@st.composite
def collections(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Mean probabilities of up to 8 clusters over up to 40 classes, some of them sharp, and sizes."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    k, classes = draw(st.integers(1, 8)), draw(st.integers(2, 40))
    shares = chance.dirichlet(np.full(classes, draw(st.sampled_from([0.02, 0.1, 1.0, 50.0]))), k)
    return shares, chance.integers(1, 1000, k)


@given(collections())
def test_a_word_has_a_good_share_of_its_cluster_and_less_of_all_others(
    drawn: tuple[NDArray[np.float64], NDArray[np.intp]],
) -> None:
    shares, sizes = drawn
    for own, telling in enumerate(tell_apart(shares, sizes)):
        others = np.arange(len(shares)) != own
        rest = (
            np.average(shares[others], axis=0, weights=sizes[others])
            if others.any()
            else np.full(shares.shape[1], 1 / shares.shape[1])
        )
        assert len(telling) <= naming.WORDS
        assert len(set(telling)) == len(telling)
        for index in telling:
            assert shares[own, index] >= naming.LEAST
            assert shares[own, index] >= naming.APART * rest[index] - 1e-12


@given(collections(), st.randoms(use_true_random=False))
def test_names_follow_their_clusters_and_words_whatever_the_order(
    drawn: tuple[NDArray[np.float64], NDArray[np.intp]], order: Random
) -> None:
    shares, sizes = drawn
    clusters, classes = (order.sample(range(length), length) for length in shares.shape)
    moved = tell_apart(shares[clusters][:, classes], sizes[clusters])
    found = tell_apart(shares, sizes)
    assert [[classes[index] for index in telling] for telling in moved] == [found[own] for own in clusters]


@given(st.integers(2, 9), st.integers(2, 30), st.integers(0, 2**32))
def test_clusters_that_look_the_same_have_no_names(k: int, classes: int, seed: int) -> None:
    share = np.random.default_rng(seed).dirichlet(np.full(classes, 0.1))
    assert tell_apart(np.tile(share, (k, 1)), np.full(k, 5)) == [[]] * k


def test_the_only_cluster_is_called_what_is_seen_most() -> None:
    assert tell_apart(np.array([[0.7, 0.1, 0.1, 0.1]]), np.array([9])) == [[0]]
    assert tell_apart(np.full((1, 50), 0.02), np.array([9])) == [[]]


def test_what_all_share_names_nobody_and_what_tells_more_comes_first() -> None:
    shares = np.array([[0.5, 0.3, 0.2, 0.0], [0.5, 0.0, 0.05, 0.45]])
    assert tell_apart(shares, np.array([10, 10])) == [[1], [3]]
    shares = np.array([[0.0, 0.3, 0.4, 0.3], [1.0, 0.0, 0.0, 0.0]])
    assert tell_apart(shares, np.array([10, 10]))[0] == [2, 1, 3]


def test_probabilities_are_a_softmax_that_large_values_do_not_upset() -> None:
    chance = np.random.default_rng(1)
    features = chance.random((5, 8), dtype=np.float32) * 1000
    classes = Classes(chance.standard_normal((8, 6), dtype=np.float32), np.arange(6, dtype=np.float32), WORDS)
    found = classes.probabilities(features)
    values = features.astype(np.float64) @ classes.kernel + classes.bias
    expected = np.exp(values - values.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


@settings(max_examples=50)
@given(st.integers(1, 400), st.lists(st.integers(1, 400), min_size=1, max_size=30), st.integers(0, 99))
def test_of_each_cluster_as_many_are_looked_at_as_there_is_room_for(step: int, sizes: list[int], seed: int) -> None:
    numbers = np.arange(len(sizes), dtype=np.int32) * step
    labels = np.random.default_rng(seed).permutation(np.repeat(numbers, sizes))
    found = sample_members(labels, numbers, seed)
    assert (np.diff(found) > 0).all()
    most = min(naming.MEMBERS, naming.LOOKED_AT // len(sizes))
    assert [int((labels[found] == number).sum()) for number in numbers] == [min(size, most) for size in sizes]


def test_many_clusters_are_looked_at_a_little_each() -> None:
    numbers = np.arange(5000, dtype=np.int32)
    assert len(sample_members(np.repeat(numbers, 20), numbers, 0)) == naming.FEWEST * 5000


def planted(classes: int = len(WORDS), each: int = 30) -> tuple[NDArray[np.float32], NDArray[np.int32], Classes]:
    """Features of which block i is active in cluster i, and a layer whose class i looks at block i."""
    labels = np.arange(classes * each, dtype=np.int32) % classes
    features = np.random.default_rng(0).random((len(labels), 10 * classes), dtype=np.float32)
    kernel = np.zeros((10 * classes, classes), dtype=np.float32)
    for number in range(classes):
        features[labels == number, 10 * number : 10 * number + 10] += 2
        kernel[10 * number : 10 * number + 10, number] = 0.5
    return features, labels, Classes(kernel, np.zeros(classes, np.float32), WORDS)


def whole(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """No cluster is divided again."""
    return np.full(len(labels), -1, dtype=np.int32)


def test_a_finer_cluster_is_called_what_sets_it_apart_within_its_cluster() -> None:
    features, kinds, classes = planted()
    labels = 7 + kinds // 3  # two clusters of three kinds each; the second is whole
    finer = np.where(labels == 7, kinds % 3, -1).astype(np.int32)
    names = name_clusters(HeldRows(features), labels, finer, classes, seed=0)
    assert names.finer == {(7, kind): WORDS[kind] for kind in range(3)}
    assert {number: set(name.split(", ")) for number, name in names.words.items()} == {
        7: set(WORDS[:3]),
        8: set(WORDS[3:]),
    }
    assert (names.of_finer(7, 1), names.of_finer(8, 0)) == (WORDS[1], "")


def test_finer_clusters_do_not_change_the_name_of_their_cluster() -> None:
    features, labels, classes = planted()
    finer = np.where(labels == 2, np.arange(len(labels)) % 4 // 3, -1).astype(np.int32)
    assert name_clusters(HeldRows(features), labels, finer, classes, seed=0).words == dict(enumerate(WORDS))


def test_each_cluster_is_called_what_the_planted_layer_sees_in_it() -> None:
    features, labels, classes = planted()
    names = name_clusters(HeldRows(features), labels, whole(labels), classes, seed=0)
    assert names == Names(dict(enumerate(WORDS)))
    numbers = 10 * labels + 3  # cluster numbers have gaps
    names = name_clusters(HeldRows(features), numbers, whole(numbers), classes, seed=0)
    assert names.words == {10 * number + 3: word for number, word in enumerate(WORDS)}


def test_no_rows_have_no_names() -> None:
    _, _, classes = planted()
    nobody = np.zeros(0, np.int32)
    assert name_clusters(HeldRows(np.zeros((0, 60), np.float32)), nobody, nobody, classes, seed=0) == Names()


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_gives_the_name_that_all_members_give(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    features, labels, classes = planted(each=300)
    monkeypatch.setattr(naming, "MEMBERS", 20)
    assert name_clusters(HeldRows(features), labels, whole(labels), classes, seed).words == dict(enumerate(WORDS))
