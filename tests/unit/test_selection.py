"""The rule that chooses k, on curves made for it; on real points it is tested with the clustering."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engine.clusters.selection import TIE, Witnesses, choose, find_elbow
from worker.engine.clusters.trust import (
    CLEAR_STABILITY,
    CLEAR_STRENGTH,
    MIN_STABILITY,
    MIN_STRENGTH,
    Trust,
    trust_of,
)

BENT = [100.0, 60.0, 30.0, 25.0, 21.0, 18.0, 16.0, 14.0]  # its elbow is at 3


def at(best, value=0.6, n=8, elsewhere=0.2):
    """A silhouette curve with `value` at k = `best`."""
    return [None] + [value if k == best else elsewhere for k in range(2, n + 1)]


def say(level=0.1, stability=1.0, levels=None):
    """Witnesses: the same for every k, unless a dict says more."""
    firm = stability if isinstance(stability, dict) else {}
    return Witnesses(
        lambda k_max: np.array([(levels or {}).get(k, level) for k in range(2, k_max + 1)]),
        lambda k: (levels or {}).get(k, level),
        lambda k: firm.get(k, 1.0 if firm else stability),
    )


def refuse(*_):
    raise AssertionError("a witness was asked for nothing")


def test_the_elbow_is_where_the_curve_bends():
    assert find_elbow(BENT) == 3


@pytest.mark.parametrize("curve", [[], [5.0], [5.0, 1.0], [0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0], [4.0, 3.0, 2.0, 1.0]])
def test_short_flat_and_straight_curves_have_no_elbow(curve):
    assert find_elbow(curve) is None


def test_agreement():
    choice = choose(BENT, at(3), say())
    assert (choice.k, choice.trust, choice.elbow, choice.best, choice.agree) == (3, Trust.CLEAR, 3, 3, True)
    assert (choice.silhouette, choice.reference, choice.stability) == (0.6, 0.1, 1.0)
    assert choice.structured
    assert choice.strength == pytest.approx(0.5 / 0.9)
    assert choice.reason == (
        "Silhouette (highest at k = 3) and elbow (k = 3) agree. The clusters are clear: the silhouette is 0.60, where "
        "images without clusters reach 0.10, and two halves of the images agree on them to 1.00 of 1."
    )


def test_two_clear_families_are_two_although_a_long_cloud_reaches_much_there():
    """One of the two may be tight: then the silhouette stays high for every k, and what a cloud reaches falls."""
    families = [100.0, 20.0, 18.0, 16.5, 15.0, 13.8, 12.6, 11.5]
    assert find_elbow(families) == 2
    levels = {2: 0.6, 3: 0.3} | dict.fromkeys(range(4, 9), 0.15)
    choice = choose(families, at(2, 0.8, elsewhere=0.5), say(levels=levels))
    assert (choice.k, choice.trust) == (2, Trust.CLEAR)
    faint = choose(families, at(2, 0.65, elsewhere=0.5), say(levels=levels))
    assert faint.k == 8


def test_where_they_disagree_the_elbow_is_said():
    choice = choose(BENT, at(7), say())
    assert (choice.k, choice.elbow, choice.best, choice.agree) == (7, 3, 7, False)
    assert "highest at k = 7; the elbow is at k = 3" in choice.reason


def test_one_apart_is_agreement():
    assert choose(BENT, at(4), say()).agree


def test_without_an_elbow_the_silhouette_is_alone():
    choice = choose([4.0, 3.0, 2.0, 1.0], at(3, n=4), say())
    assert (choice.k, choice.elbow, choice.agree) == (3, None, False)
    assert "no elbow" in choice.reason


def test_of_two_that_are_worth_about_the_same_it_is_the_larger():
    curve = at(4, elsewhere=0.1)
    curve[5] = 0.6 - TIE * 0.3
    assert choose(BENT, curve, say(level=0.0)).k == 6
    curve[5] = 0.6 - TIE
    assert choose(BENT, curve, say(level=0.0)).k == 4


def test_what_images_without_clusters_reach_takes_from_small_k():
    curve = [None, 0.30, 0.29, 0.28, 0.1, 0.1, 0.1, 0.1]
    assert choose(BENT, curve, say(levels={2: 0.2, 3: 0.18, 4: 0.1})).k == 4
    choice = choose(BENT, curve, say(levels={2: 0.2, 3: 0.1, 4: 0.3}))
    assert (choice.k, choice.best) == (3, 2)
    assert "highest at k = 2 (0.30), but k = 3 (0.29), where the elbow is, is better" in choice.reason


def test_where_the_curve_is_flat_stability_decides():
    curve = [None, *[0.3] * 7]
    assert choose(BENT, curve, say(stability={2: 0.7, 3: 0.95, 4: 0.6, 5: 0.5, 6: 0.5, 7: 0.4, 8: 0.4})).k == 3


def test_stability_is_not_asked_for_where_it_cannot_decide():
    asked = []
    witnesses = Witnesses(lambda k_max: np.zeros(k_max - 1), lambda k: 0.0, lambda k: asked.append(k) or 1.0)
    assert choose(BENT, at(5), witnesses).k == 5
    assert asked == [5]


def test_the_k_of_the_last_generation_stays_while_it_is_as_good():
    curve = at(4, value=0.5, elsewhere=0.1)
    curve[4] = 0.49
    assert choose(BENT, curve, say()).k == 5
    assert choose(BENT, curve, say(), last=4).k == 4
    curve[4] = 0.51
    assert "k = 4 stays as it was: k = 5" in choose(BENT, curve, say(), last=4).reason
    curve[4] = 0.9
    assert choose(BENT, curve, say(), last=4).k == 5


@pytest.mark.parametrize(
    ("level", "trust"), [(0.0, "clear"), (0.5, "clear"), (0.55, "weak"), (0.595, "none"), (0.6, "none"), (1.0, "none")]
)
def test_trust_is_what_is_left_above_images_without_clusters(level, trust):
    choice = choose(BENT, at(3), say(level))
    assert (choice.k, choice.trust) == (3, trust)  # there is always an answer
    assert choice.structured is (trust != "none")
    assert ("No clear structure" in choice.reason) is (trust == "none")


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_trust_grows_with_both_that_make_it(strength, stability):
    order = [Trust.NONE, Trust.WEAK, Trust.CLEAR]
    rank = order.index(trust_of(strength, stability))
    assert rank <= order.index(trust_of(strength + 0.1, stability))
    assert rank <= order.index(trust_of(strength, stability + 0.1))
    assert (rank > 0) is (strength >= MIN_STRENGTH and stability >= MIN_STABILITY)
    assert (rank > 1) is (strength >= CLEAR_STRENGTH and stability >= CLEAR_STABILITY)


def test_clusters_that_do_not_come_out_again_are_not_trusted_and_the_elbow_divides():
    choice = choose(BENT, at(7), say(stability=0.2))
    assert (choice.k, choice.trust) == (3, Trust.NONE)
    assert choose(BENT, at(7), say(stability=0.2), last=5).k == 5
    assert choose([4.0, 3.0, 2.0, 1.0], at(2, n=4), say(stability=0.2)).k == 2


def test_negative_silhouettes_are_divided_where_they_are_highest_and_not_trusted():
    choice = choose(BENT, at(3, value=-0.1, elsewhere=-0.2), say(0.0))
    assert (choice.k, choice.trust) == (3, Trust.NONE)


def test_the_edge_is_said():
    choice = choose(BENT, at(8), say(), limit=8)
    assert choice.at_edge
    assert "the largest k that was tried" in choice.reason
    assert not choose(BENT, at(7), say(), limit=8).at_edge
    assert not choose(BENT, at(8), say(), limit=30).at_edge  # there are no more different images


def test_a_k_that_is_asked_for_is_taken_and_judged():
    choice = choose(BENT, at(3), say(), limit=8, fixed=5)
    assert (choice.k, choice.best, choice.fixed, choice.trust, choice.at_edge) == (5, 3, True, Trust.WEAK, False)
    assert choice.reason.startswith("k = 5 was asked for.")
    few = choose([4.0, 3.0, 0.0], [None, 0.5, None], say(), fixed=9)
    assert (few.k, few.trust) == (3, Trust.NONE)
    assert "only 3 different images" in few.reason
    assert choose([], [], say(), fixed=9).k == 0


@pytest.mark.parametrize(
    ("inertias", "silhouettes", "k", "reason"),
    [
        ([], [], 0, "There are no images yet."),
        ([0.0], [None], 1, "nothing to divide"),
        ([2.0, 0.0], [None, None], 1, "too few"),
    ],
)
def test_nothing_to_choose(inertias, silhouettes, k, reason):
    choice = choose(inertias, silhouettes, Witnesses(refuse, refuse, refuse))
    assert (choice.k, choice.trust, choice.best, choice.reference, choice.strength) == (k, Trust.NONE, None, None, None)
    assert reason in choice.reason
    assert choice.silhouette is None


def test_where_nothing_is_to_be_trusted_the_last_k_stays_until_it_is_outgrown():
    inertias = [100.0 / k for k in range(1, 21)]
    shaky = say(level=0.3, stability=0.4)  # the silhouette is highest at k = 12, and no k earns trust
    curve = at(12, 0.31, n=20, elsewhere=0.28)
    assert choose(inertias, curve, shaky).k == 12
    assert [choose(inertias, curve, shaky, last=last).k for last in (2, 3, 4, 8, 12, 20)] == [12, 12, 4, 8, 12, 20]
    assert choose(inertias, curve, shaky, fixed=5, last=8).k == 5
