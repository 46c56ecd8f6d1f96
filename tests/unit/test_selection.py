"""The rule that chooses k, on curves made for it; on real points it is tested with the clustering."""

import pytest

from worker.engine.clusters.selection import MIN_STRENGTH, TIE, choose, find_elbow

BENT = [100.0, 60.0, 30.0, 25.0, 21.0, 18.0, 16.0, 14.0]  # its elbow is at 3


def at(best, value=0.6, n=8, elsewhere=0.2):
    """A silhouette curve with `value` at k = `best`."""
    return [None] + [value if k == best else elsewhere for k in range(2, n + 1)]


def nothing_asked(k):
    raise AssertionError(f"the reference at {k} was not needed")


def test_the_elbow_is_where_the_curve_bends():
    assert find_elbow(BENT) == 3


@pytest.mark.parametrize("curve", [[], [5.0], [5.0, 1.0], [0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0], [4.0, 3.0, 2.0, 1.0]])
def test_short_flat_and_straight_curves_have_no_elbow(curve):
    assert find_elbow(curve) is None


def test_agreement():
    choice = choose(BENT, at(3), lambda k: 0.1)
    assert (choice.k, choice.structured, choice.elbow, choice.best, choice.agree) == (3, True, 3, 3, True)
    assert choice.silhouette == 0.6
    assert choice.strength == pytest.approx(0.5 / 0.9)
    assert choice.reason == (
        "Silhouette (highest at k = 3: 0.60, where images without any clusters reach 0.10) and elbow (k = 3) agree."
    )


def test_where_they_disagree_the_silhouette_decides_and_the_reason_says_so():
    choice = choose(BENT, at(7), lambda k: 0.1)
    assert (choice.k, choice.elbow, choice.best, choice.agree) == (7, 3, 7, False)
    assert "k = 7" in choice.reason
    assert "elbow is at k = 3; they disagree, and the silhouette decides" in choice.reason


def test_one_apart_is_agreement():
    assert choose(BENT, at(4), lambda k: 0.1).agree


def test_a_tie_goes_to_the_elbow():
    curve = at(6)
    curve[2] = 0.6 - TIE / 2
    choice = choose(BENT, curve, lambda k: 0.1)
    assert (choice.k, choice.best, choice.agree) == (3, 6, True)
    assert "decides between them" in choice.reason
    curve[2] = 0.6 - TIE * 2
    assert choose(BENT, curve, lambda k: 0.1).k == 6


def test_without_an_elbow_the_silhouette_is_alone():
    choice = choose([4.0, 3.0, 2.0, 1.0], at(3, n=4), lambda k: 0.1)
    assert (choice.k, choice.elbow, choice.agree) == (3, None, False)
    assert "no elbow" in choice.reason


def test_equal_silhouettes_give_the_smaller_k():
    assert choose([4.0, 3.0, 2.0, 1.0], [None, 0.5, 0.5, 0.5], lambda k: 0.1).k == 2


@pytest.mark.parametrize(
    ("level", "structured"), [(0.0, True), (0.55, True), (0.59, False), (0.6, False), (0.9, False), (1.0, False)]
)
def test_structure_must_beat_what_there_is_without(level, structured):
    choice = choose(BENT, at(3), lambda k: level)
    assert choice.structured is structured
    assert choice.k == (3 if structured else 1)
    assert (choice.strength >= MIN_STRENGTH) is structured
    assert choice.reason.startswith("No clear structure") is not structured


def test_no_structure_says_which_elbow_it_did_not_follow():
    choice = choose(BENT, at(2, value=0.05, elsewhere=0.01), lambda k: 0.04)
    assert (choice.k, choice.elbow, choice.best, choice.silhouette) == (1, 3, 2, None)
    assert "0.05 at k = 2" in choice.reason
    assert "The elbow at k = 3 is not followed" in choice.reason


def test_negative_silhouettes_are_no_structure():
    assert choose(BENT, at(3, value=-0.1, elsewhere=-0.2), lambda k: 0.0).k == 1


def test_the_reference_is_asked_once_for_what_is_proposed():
    asked = []
    choose(BENT, at(5), lambda k: asked.append(k) or 0.1)
    assert asked == [5]


@pytest.mark.parametrize(
    ("inertias", "silhouettes", "k", "reason"),
    [
        ([], [], 0, "There are no images yet."),
        ([0.0], [None], 1, "nothing to divide"),
        ([2.0, 0.0], [None, None], 1, "too few"),
    ],
)
def test_nothing_to_choose(inertias, silhouettes, k, reason):
    choice = choose(inertias, silhouettes, nothing_asked)
    assert (choice.k, choice.structured, choice.best, choice.reference, choice.strength) == (k, False, None, None, None)
    assert reason in choice.reason
    assert choice.silhouette is None
