"""Cluster numbers from one generation to the next."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from worker.engine.clusters.continuity import carry_numbers, previous_numbers

labelings = st.integers(0, 40).flatmap(lambda n: arrays(np.int32, n, elements=st.integers(0, 7)))


def partition(labels):
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def test_without_a_past_the_largest_cluster_is_number_0():
    np.testing.assert_array_equal(carry_numbers(np.array([5, 2, 2, 9, 9, 9])), [2, 1, 1, 0, 0, 0])


def test_equal_sizes_are_numbered_by_their_first_member():
    np.testing.assert_array_equal(carry_numbers(np.array([3, 1, 3, 1])), [0, 1, 0, 1])


def test_members_keep_their_number_when_most_stay_together():
    before = np.array([4, 4, 4, 0, 0, 0, 2, 2])
    now = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(carry_numbers(now, before), [4, 4, 4, 4, 0, 0, 2, 2])


def test_a_new_cluster_gets_the_lowest_free_number_and_gaps_stay():
    before = np.array([3, 3, 3, 1, 1, -1, -1])
    now = np.array([0, 0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(carry_numbers(now, before), [3, 3, 3, 1, 1, 0, 0])


def test_a_split_cluster_leaves_its_number_to_the_larger_part():
    before = np.array([1] * 5 + [0] * 2)
    now = np.array([0, 0, 1, 1, 1, 2, 2])
    np.testing.assert_array_equal(carry_numbers(now, before), [2, 2, 1, 1, 1, 0, 0])


def test_the_matching_is_the_best_in_all_not_the_first_best():
    # Greedy would give 0 to the first cluster (overlap 3) and leave the second with nothing of its own.
    before = np.array([0] * 3 + [1] * 2 + [0] * 2)
    now = np.array([0] * 5 + [1] * 2)
    np.testing.assert_array_equal(carry_numbers(now, before), [1] * 5 + [0] * 2)


@given(labelings)
def test_the_same_partition_keeps_its_numbers_whatever_its_labels(labels):
    before = carry_numbers(labels)
    renamed = np.random.default_rng(0).permutation(8).astype(np.int32)[labels]
    np.testing.assert_array_equal(carry_numbers(renamed, before), before)


@given(labelings, st.randoms(use_true_random=False))
def test_numbers_only_rename(labels, random):
    before = np.array([random.randrange(-1, 9) for _ in labels], dtype=np.int32)
    after = carry_numbers(labels, before)
    assert after.dtype == np.int32
    assert partition(after) == partition(labels)
    assert (after >= 0).all()


@given(labelings, st.randoms(use_true_random=False))
def test_numbers_stay_below_what_was_ever_needed(labels, random):
    before = np.array([random.randrange(-1, 9) for _ in labels], dtype=np.int32)
    after = carry_numbers(labels, before)
    assert set(after.tolist()) <= set(before.tolist()) | set(range(len(np.unique(labels))))


def test_previous_numbers_follow_the_digests():
    numbers = previous_numbers(["b", "x", "a"], {"a": 4, "b": 0, "gone": 2})
    np.testing.assert_array_equal(numbers, [0, -1, 4])
    assert previous_numbers([], {}).shape == (0,)
