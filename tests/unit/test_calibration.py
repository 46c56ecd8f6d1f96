"""Thresholds from evidence: pure, and never looser than the evidence allows."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engine.matching.evidence import (
    ENOUGH,
    MARGIN,
    SAFE,
    Evidence,
    Stranger,
    Trial,
    apply,
    choose,
    families,
    findings,
    loosened,
    upper_bound,
)
from worker.engine.matching.verify import Thresholds

FLOOR, CEILING = SAFE["similarity"]
DEFAULT = Thresholds().similarity


def stranger(similarity: float, number: int = 0) -> Stranger:
    return Stranger(f"{number}.jpg", "crop-5", f"{number + 1}.jpg", "", similarity)


def evidence(copies: list[float], strangers: list[float], others: int = 0) -> Evidence:
    """`others`: unrelated pairs that nothing connects, beside those with a similarity."""
    pairs = [stranger(similarity, number) for number, similarity in enumerate([*strangers, *[0.0] * others])]
    return Evidence([Trial("crop-5", True, similarity) for similarity in copies], pairs, len(pairs), 0)


def test_the_defaults_lie_within_the_safe_range() -> None:
    assert FLOOR < DEFAULT < CEILING
    assert loosened(Thresholds()).similarity == pytest.approx(FLOOR - MARGIN)


def test_copies_below_the_default_loosen_it_as_far_as_they_need() -> None:
    chosen = choose(evidence([0.9, 0.667, 0.655], [], others=ENOUGH), DEFAULT)
    assert chosen.similarity == 0.65
    assert "2 more of the copies" in chosen.reason


def test_few_pairs_loosen_nothing() -> None:
    chosen = choose(evidence([0.655], [], others=ENOUGH - 1), DEFAULT)
    assert chosen.similarity == DEFAULT
    assert "too few" in chosen.reason


def test_few_pairs_suffice_to_tighten() -> None:
    assert choose(evidence([0.9], [0.69]), DEFAULT).similarity == 0.71
    assert "reach 0.69" in choose(evidence([0.9], [0.69]), DEFAULT).reason


def test_strangers_nearly_as_alike_as_the_threshold_are_kept_at_a_distance() -> None:
    assert choose(evidence([0.655, 0.665], [0.635], others=ENOUGH), DEFAULT).similarity == 0.66  # one of the two
    assert choose(evidence([0.9], [0.675], others=ENOUGH), DEFAULT).similarity == 0.7


def test_nothing_to_gain_leaves_the_default() -> None:
    chosen = choose(evidence([0.9, 0.3], [], others=ENOUGH), DEFAULT)
    assert chosen.similarity == DEFAULT
    assert "nothing would be gained" in chosen.reason


def test_a_copy_that_is_no_candidate_loosens_nothing() -> None:
    missed = dataclasses.replace(evidence([], [], others=ENOUGH), trials=[Trial("mirror", False, 0.65)])
    assert choose(missed, DEFAULT).similarity == DEFAULT


def test_a_pair_that_no_safe_threshold_refuses_does_not_cost_the_copies() -> None:
    # Most likely a duplicate that nobody noticed: it is named, and the threshold stays.
    odd = evidence([0.79, 0.9], [0.97])
    assert choose(odd, DEFAULT).similarity == DEFAULT
    found = findings(odd, DEFAULT, choose(odd, DEFAULT))
    assert found["unrelated"]["accepted"] == 1
    assert found["worst"][0]["similarity"] == 0.97
    assert found["worst"][0]["accepted"]


shares = st.floats(0, 1, allow_nan=False)


@given(st.lists(shares, max_size=20), st.lists(shares, max_size=20), st.sampled_from([0, ENOUGH]), shares)
def test_the_choice_is_safe_whatever_the_evidence(
    copies: list[float], strangers: list[float], others: int, more: float
) -> None:
    found = evidence(copies, strangers, others)
    chosen = choose(found, DEFAULT).similarity
    assert FLOOR <= chosen <= CEILING
    assert chosen >= DEFAULT or len(found.strangers) >= ENOUGH
    refusable = [similarity for similarity in strangers if similarity <= CEILING - MARGIN]
    assert all(similarity < chosen for similarity in refusable)
    if others:  # one more unrelated pair never makes it looser
        assert (
            choose(evidence(copies, [*strangers, more], others), DEFAULT).similarity >= chosen
            or more > CEILING - MARGIN
        )


@given(st.integers(1, 10_000), st.integers(0, 20))
def test_the_bound_lies_above_the_rate_and_near_the_rule_of_three(pairs: int, accepted: int) -> None:
    accepted = min(accepted, pairs)
    assert accepted / pairs <= upper_bound(accepted, pairs) <= 1
    assert upper_bound(0, pairs) <= 3 / pairs


def test_without_any_pair_nothing_is_known_of_false_alarms() -> None:
    assert upper_bound(0, 0) == 1.0
    found = findings(evidence([0.9], []), DEFAULT, choose(evidence([0.9], []), DEFAULT))
    assert (found["unrelated"]["rate"], found["unrelated"]["upper_bound"]) == (None, 1.0)


def test_recalls_tell_candidates_from_verification() -> None:
    trials = [
        Trial("mirror", True, 0.9),
        Trial("mirror", False, 0.9),
        Trial("mirror", True, 0.1),
        Trial("overlay", True, 0.7),
    ]
    found = findings(Evidence(trials, [], 0, 3), DEFAULT, choose(Evidence(trials, [], 0, 3), DEFAULT))
    mirror = {"edit": "mirror", "copies": 3, "candidates": 0.6667, "verification": 0.6667, "both": 0.3333}
    assert found["edits"][0] == mirror
    assert found["all"] == {"copies": 4, "candidates": 0.75, "verification": 0.75, "both": 0.5}
    assert found["unrelated"]["left_out"] == 3


def test_only_calibrated_values_within_the_safe_range_are_applied() -> None:
    assert apply({"similarity": 0.7}) == dataclasses.replace(Thresholds(), similarity=0.7)
    assert apply({}) == Thresholds()
    for refused in ({"similarity": 0.2}, {"similarity": 0.95}, {"inliers": 2}, {"unheard_of": 0.7}):
        with pytest.raises(ValueError, match=next(iter(refused))):
            apply(refused)


def test_families_hold_what_pairs_connect() -> None:
    found = families(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("x", "d")])
    assert found["a"] == found["b"] == found["c"] != found["d"]
    assert len(set(families(["a", "b"], []).values())) == 2
    assert families([], []) == {}
