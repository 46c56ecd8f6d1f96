"""Which pictures are told as outliers, and which as having changed their cluster."""

from hypothesis import given
from hypothesis import strategies as st

from worker.engine.groups.groups import Member
from worker.engine.report.placement import FEWEST, MOST, Assignment, Change, find_changes, find_outliers


def row(number, distance=0.1, cluster=0, verdict="unique"):
    member = Member(f"{number:04}.jpg", f"digest {number}", 1, 1, 1, 1)
    return Assignment(member, cluster, distance, None, verdict, "", "", None)


def test_what_lies_beyond_the_fence_is_told_farthest_first():
    rows = [row(number, 0.1 + number / 1000) for number in range(40)]
    far = [row(50, 0.5), row(51, 0.9), row(52, 0.9, verdict="near")]
    assert [one.member.path for one in find_outliers([*rows, *far])] == ["0051.jpg", "0050.jpg"]


def test_of_few_pictures_none_is_far():
    rows = [row(number) for number in range(FEWEST - 2)]
    assert find_outliers([*rows, row(99, 5.0)]) == ()
    assert len(find_outliers([*rows, row(98), row(99, 5.0)])) == 1


def test_they_are_bounded():
    assert len(find_outliers([row(number, 0.1) for number in range(9 * MOST)] + [row(-1, 9.0)] * (MOST + 5))) == MOST


@given(st.lists(st.floats(0, 2), max_size=60), st.randoms())
def test_order_does_not_matter_and_no_more_than_a_quarter_is_far(distances, random):
    rows = [row(number, distance) for number, distance in enumerate(distances)]
    found = find_outliers(rows)
    assert len(found) <= len(rows) / 4
    random.shuffle(rows)
    assert find_outliers(rows) == found


def test_what_was_elsewhere_changed_and_what_is_new_did_not():
    rows = [row(0, cluster=1), row(1, cluster=2), row(2, cluster=2)]
    before = {"digest 0": 1, "digest 1": 5, "gone": 3}
    assert find_changes(rows, before) == (Change("0001.jpg", 5, 2),)
    assert find_changes(rows, {}) == ()
