"""Thresholds from evidence: pure, and never looser than the evidence allows."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.records import Relation
from worker.engine.matching.evidence import (
    ENOUGH,
    MARGIN,
    SAFE,
    Evidence,
    Finding,
    Stranger,
    Trial,
    apply,
    choose,
    families,
    loosened,
)
from worker.engine.matching.findings import findings, upper_bound
from worker.engine.matching.thresholds import Thresholds

FLOOR, CEILING = SAFE["similarity"]
DEFAULT = Thresholds().similarity


def near(similarity: float) -> Finding:
    """Two pictures that are near where no more than this is asked for."""
    return Finding(similarity, Relation.NEAR)


def variant(similarity: float) -> Finding:
    return Finding(similarity, Relation.VARIANT, Relation.VARIANT)


def stranger(found: Finding, number: int = 0) -> Stranger:
    return Stranger(f"{number}.jpg", "crop-5", f"{number + 1}.jpg", "", found, alike=1 if found.reached else 0)


def crop(found: Finding, candidate: bool = True) -> Trial:
    return Trial("crop-5", Relation.NEAR, candidate, found)


def evidence(copies: list[float], strangers: list[float], others: int = 0) -> Evidence:
    """copies, strangers: similarities of near pairs. `others`: unrelated pairs that nothing connects besides."""
    found = [*map(near, strangers), *[Finding()] * others]
    pairs = [stranger(one, number) for number, one in enumerate(found)]
    return Evidence([crop(near(similarity)) for similarity in copies], pairs, len(pairs), 0)


def test_the_defaults_lie_within_the_safe_range() -> None:
    assert FLOOR < DEFAULT < CEILING
    assert loosened(Thresholds()).similarity == pytest.approx(FLOOR - MARGIN)


def test_copies_below_the_default_loosen_it_as_far_as_they_need() -> None:
    chosen = choose(evidence([0.9, 0.597, 0.585], [], others=ENOUGH), DEFAULT)
    assert chosen.similarity == 0.58
    assert "2 more of the copies" in chosen.reason


def test_few_pairs_loosen_nothing() -> None:
    chosen = choose(evidence([0.6], [], others=ENOUGH - 1), DEFAULT)
    assert chosen.similarity == DEFAULT
    assert "too few" in chosen.reason


def test_few_pairs_suffice_to_tighten() -> None:
    assert choose(evidence([0.9], [0.69]), DEFAULT).similarity == 0.71
    assert "reach 0.69" in choose(evidence([0.9], [0.69]), DEFAULT).reason


def test_strangers_nearly_as_alike_as_the_threshold_are_kept_at_a_distance() -> None:
    assert choose(evidence([0.585, 0.605], [0.575], others=ENOUGH), DEFAULT).similarity == 0.6  # one of the two
    assert choose(evidence([0.9], [0.615], others=ENOUGH), DEFAULT).similarity == 0.64


def test_nothing_to_gain_leaves_the_default() -> None:
    chosen = choose(evidence([0.9, 0.3], [], others=ENOUGH), DEFAULT)
    assert chosen.similarity == DEFAULT
    assert "nothing would be gained" in chosen.reason


def test_a_copy_that_is_no_candidate_loosens_nothing() -> None:
    missed = dataclasses.replace(evidence([], [], others=ENOUGH), trials=[crop(near(0.6), candidate=False)])
    assert choose(missed, DEFAULT).similarity == DEFAULT


def test_a_pair_that_no_safe_threshold_refuses_does_not_cost_the_copies() -> None:
    # Most likely a duplicate that nobody noticed: it is named, and the threshold stays.
    odd = evidence([0.79, 0.9], [0.97])
    assert choose(odd, DEFAULT).similarity == DEFAULT
    found = findings(odd, DEFAULT, choose(odd, DEFAULT))
    assert found["unrelated"]["near"]["accepted"] == 1
    assert found["worst"][0]["similarity"] == 0.97
    assert (found["worst"][0]["usual"], found["worst"][0]["strict"]) == ("near", None)


def test_unrelated_variants_are_told_apart_and_tighten_nothing() -> None:
    """A variant is never removed, and no similarity makes it a stranger."""
    found = dataclasses.replace(evidence([0.9], []), strangers=[stranger(variant(0.7)), stranger(Finding())])
    chosen = choose(found, DEFAULT)
    assert chosen.similarity == DEFAULT
    unrelated = findings(found, DEFAULT, chosen)["unrelated"]
    assert (unrelated["near"]["accepted"], unrelated["variant"]["accepted"]) == (0, 1)
    assert unrelated["variant"]["rate"] == 0.5
    assert unrelated["near"]["upper_bound"] < unrelated["variant"]["upper_bound"]


def test_a_variant_that_would_be_called_near_is_not_loosened_for() -> None:
    many = evidence([0.57, 0.61], [], others=ENOUGH)
    caption = Trial("caption", Relation.VARIANT, True, Finding(0.575, Relation.NEAR, Relation.VARIANT))
    assert choose(many, DEFAULT).similarity == 0.57
    assert choose(dataclasses.replace(many, trials=[*many.trials, caption]), DEFAULT).similarity == 0.61


def test_what_is_below_the_threshold_may_be_a_variant_still() -> None:
    found = Finding(0.65, Relation.NEAR, Relation.VARIANT)
    assert (found.relation(0.65), found.relation(0.66)) == (Relation.NEAR, Relation.VARIANT)
    tightened = evidence([], [0.7])
    tightened = dataclasses.replace(tightened, trials=[crop(found)])
    told = findings(tightened, DEFAULT, choose(tightened, DEFAULT))
    assert (told["all_before"]["right"], told["all"]["right"], told["all"]["found"]) == (1.0, 0.0, 1.0)


def test_of_several_comparisons_of_a_pair_the_worst_counts() -> None:
    one = Stranger("a", "", "b", "", variant(0.9), variant(0.9), alike=2)
    other = Stranger("b", "mirror", "a", "mirror", near(0.7), Finding(), alike=1)
    refused = Stranger("a", "half", "b", "")
    for order in ((one, other, refused), (refused, other, one), (other, refused, one)):
        joined = order[0].joined(order[1]).joined(order[2])
        assert joined == Stranger("b", "mirror", "a", "mirror", near(0.7), variant(0.9), alike=3)


def test_either_setting_is_told_and_the_one_in_force_is_counted() -> None:
    crops = [Stranger("a", "", "b", "", near(0.9), Finding(), alike=1), Stranger("a", "", "c", "")]
    found = Evidence([], crops, 2, 0, whole=True)
    told = findings(found, DEFAULT, choose(found, DEFAULT))
    assert told["near"] == "strict"
    assert told["unrelated"]["near"]["accepted"] == 0
    assert told["hard"] == {"pairs": 1, "usual": {"near": 1, "variant": 0}, "strict": {"near": 0, "variant": 0}}
    assert [(one["usual"], one["strict"]) for one in told["worst"]] == [("near", None)]
    usual = dataclasses.replace(found, whole=False)
    assert findings(usual, DEFAULT, choose(usual, DEFAULT))["unrelated"]["near"]["accepted"] == 1


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
    wrong = found["unrelated"]["near"]
    assert (wrong["rate"], wrong["upper_bound"]) == (None, 1.0)


def test_recalls_tell_candidates_from_verification() -> None:
    trials = [
        Trial("mirror", Relation.NEAR, True, near(0.9)),
        Trial("mirror", Relation.NEAR, False, near(0.9)),
        Trial("mirror", Relation.NEAR, True, Finding()),
        Trial("mirror", Relation.NEAR, True, variant(0.9)),
        Trial("overlay", Relation.VARIANT, True, variant(0.5)),
    ]
    found = findings(Evidence(trials, [], 0, 3), DEFAULT, choose(Evidence(trials, [], 0, 3), DEFAULT))
    mirror = {"copies": 4, "candidates": 0.75, "verified": 0.75, "found": 0.5, "right": 0.25}
    overlay = {"copies": 1, "candidates": 1.0, "verified": 1.0, "found": 1.0, "right": 1.0}
    assert found["edits"] == [
        {"edit": "mirror", "relation": "near", **mirror},
        {"edit": "overlay", "relation": "variant", **overlay},
    ]
    assert (found["all_near"], found["all_variant"]) == (mirror, overlay)
    assert found["all"] == {"copies": 5, "candidates": 0.8, "verified": 0.8, "found": 0.6, "right": 0.4}
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
