"""Groups of duplicates: what each is to its keeper, and which file of them stays."""

import dataclasses
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.records import Kind, Match
from shared.setting_checks import KEEPER_CRITERIA
from tests.unit.report_parts import ORDER, group_copies
from worker.engine.groups.groups import Duplicate, Group, Member
from worker.engine.groups.keepers import FolderRules, describe_order, rank_keepers
from worker.engine.groups.savings import count_savings
from worker.engine.groups.verified import tell_kind

keeper_rank = rank_keepers(ORDER)


def member(path, digest="d", size=100, width=10, height=10, mtime_ns=5):
    return Member(path, digest, size, width, height, mtime_ns)


members = st.lists(
    st.builds(
        Member,
        path=st.text(min_size=1, max_size=6),
        digest=st.sampled_from("abcd"),
        bytes=st.integers(0, 3),
        width=st.integers(1, 3),
        height=st.integers(1, 3),
        mtime_ns=st.integers(0, 3),
    ),
    unique_by=lambda file: file.path,
    max_size=30,
)


def files_of(group: Group):
    return [group.keeper, *(duplicate.member for duplicate in group.duplicates)]


def test_twins_are_grouped_and_singles_left_alone():
    one, two, single = member("b"), member("a"), member("c", digest="e")
    (group,) = group_copies([one, single, two])
    assert (group.number, group.keeper) == (1, two)
    (duplicate,) = group.duplicates
    assert (duplicate.member, duplicate.kind, duplicate.similarity) == (one, Kind.EXACT, 1.0)
    assert saved([group]) == {"b": 100}


def saved(groups, protected=()):
    counted = count_savings(groups, lambda path: path in protected)
    return {duplicate.member.path: duplicate.frees for group in counted for duplicate in group.duplicates}


def linked(path, inode, ctime_ns=7, **more):
    return dataclasses.replace(member(path, **more), inode=inode, ctime_ns=ctime_ns)


def test_another_name_of_the_keeper_s_own_file_is_no_duplicate_of_a_report():
    """A hard link, or a folder that is mounted twice: who deletes it by hand loses the picture."""
    keeper, name, copy = linked("a", 1), linked("b", 1), linked("c", 2)
    assert saved(group_copies([keeper, name, copy])) == {"c": 100}
    assert saved(group_copies([keeper, name])) == {}
    assert saved(group_copies([linked("a", 0), linked("b", 0)])) == {"b": 100}  # nobody has looked at the inode
    assert saved(group_copies([linked("a", 1), linked("b", 1, ctime_ns=8)])) == {"b": 100}


def test_only_what_apply_frees_is_counted_and_each_file_once():
    keeper, one, other, guarded, name = (
        linked(path, inode) for path, inode in zip("abcde", (1, 2, 2, 3, 3), strict=True)
    )
    assert saved(group_copies([keeper, one, other, guarded, name]), {"d"}) == {"b": 100, "c": 0, "d": 0, "e": 0}
    near = Group(1, keeper, (Duplicate(one, Kind.NEAR, 0.9),))
    assert saved([near]) == {"b": 0}


def test_what_is_not_proved_yet_is_counted_apart():
    """`apply` reads both files in full before an identical one goes, and leaves alone what loses something."""
    keeper, one, other, guarded = (linked(path, inode) for path, inode in zip("abcd", (1, 2, 2, 3), strict=True))
    identical = Group(1, keeper, tuple(Duplicate(file, Kind.IDENTICAL, 1.0) for file in (one, other, guarded)))
    exact = group_copies([linked("e", 5), linked("f", 6, size=99)])
    [first, second] = count_savings([*exact, identical], lambda path: path == "d")
    assert (first.bytes_to_free, first.bytes_to_prove) == (0, 100)
    assert [(file.frees, file.may_free) for file in first.duplicates] == [(0, 100), (0, 0), (0, 0)]
    assert (second.bytes_to_free, second.bytes_to_prove) == (99, 0)


def test_the_keeper_has_most_pixels_then_most_bytes_then_a_folder_then_age_then_the_shortest_path():
    ranked = [
        member("z", width=20, mtime_ns=9, size=1),
        member("y", size=200, mtime_ns=9),
        member("a/c", mtime_ns=2),
        member("x", mtime_ns=1),
        member("c", mtime_ns=2),
        member("d", mtime_ns=2),
    ]
    assert sorted(set(ranked), key=keeper_rank) == ranked
    (group,) = group_copies(reversed(ranked))
    assert files_of(group) == ranked


@pytest.mark.parametrize(
    "copy", ["copies/copy of X.JPEG", "Copy of X.JPEG", "X (1).JPEG", "X - Copy.JPEG", "Backup/X.JPEG"]
)
def test_a_copy_that_kept_its_times_goes_before_the_original(copy):
    (group,) = group_copies([member(copy), member("X.JPEG")])
    assert group.keeper.path == "X.JPEG"


@pytest.mark.parametrize(
    ("order", "keeper"),
    [
        ("pixels", "wide"),
        ("bytes", "a/large"),
        ("oldest", "old"),
        ("newest", "new"),
        ("shortest", "z"),
        ("path", "a/large"),
    ],
)
def test_the_order_of_keepers_can_be_chosen(order, keeper):
    files = [
        member("wide", width=20),
        member("a/large", size=200),
        member("old", mtime_ns=1),
        member("new", mtime_ns=9),
        member("z"),
    ]
    assert min(files, key=rank_keepers([order])).path == keeper


def test_bars_and_frames_add_no_pixels():
    framed = Member("framed", "f", 200, 20, 20, 5, content=350)
    assert min([framed, member("plain", width=19, height=19)], key=keeper_rank).path == "plain"


def test_companions_decide_only_among_files_that_nothing_before_them_tells_apart():
    files = [member("large", size=900), member("a"), member("b"), member("c", mtime_ns=1)]
    rank = rank_keepers(("pixels", "bytes", "companions", "oldest"))
    assert rank.contested(files) == {"a", "b", "c"}
    assert [file.path for file in sorted(files, key=rank)] == ["large", "c", "a", "b"]
    knowing = rank.knowing({"b": 2, "a": 1, "large": 0})
    assert [file.path for file in sorted(files, key=knowing)] == ["large", "b", "a", "c"]
    assert rank_keepers(("pixels", "oldest")).contested(files) == set()
    assert rank_keepers(("companions",)).contested(files) == {file.path for file in files}
    protected = rank_keepers(("companions",), FolderRules(protect=("x",)))
    assert protected.contested([member("x/a"), member("a")]) == set()


def test_every_criterion_of_the_setting_has_its_measure_and_its_words():
    assert len(rank_keepers(KEEPER_CRITERIA)(member("a"))) == len(KEEPER_CRITERIA) + 2  # the folder, and the path again
    assert describe_order(KEEPER_CRITERIA).count(", then ") == len(KEEPER_CRITERIA) - 1
    assert describe_order(("newest", "bytes")) == "newest, then largest file, then first by path"


def test_the_largest_saving_comes_first_then_the_keepers_path():
    files = [
        member(path, digest=path[0], size=size)
        for path, size in [("a1", 10), ("a2", 10), ("c1", 90), ("c2", 90), ("b1", 90), ("b2", 90)]
    ]
    assert [(group.number, group.keeper.path) for group in count_savings(group_copies(files), lambda _: False)] == [
        (1, "b1"),
        (2, "c1"),
        (3, "a1"),
    ]


@given(members)
def test_every_file_is_in_at_most_one_group_and_every_twin_in_one(files):
    groups = group_copies(files)
    seen = Counter(file.path for group in groups for file in files_of(group))
    assert set(seen.values()) <= {1}
    copies = Counter(file.digest for file in files)
    assert set(seen) == {file.path for file in files if copies[file.digest] > 1}
    for group in groups:
        assert group.duplicates
        assert {file.digest for file in files_of(group)} == {group.keeper.digest}
        assert files_of(group) == sorted(files_of(group), key=keeper_rank)


@given(members, st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(files, random):
    shuffled = random.sample(files, len(files))
    assert group_copies(shuffled) == group_copies(files)


@given(members)
def test_no_two_files_share_a_rank_and_numbers_run_from_1(files):
    assert len({keeper_rank(file) for file in files}) == len(files)
    assert [group.number for group in group_copies(files)] == list(range(1, len(group_copies(files)) + 1))


@pytest.mark.parametrize(
    ("digests", "pixels", "match", "kind", "found"),
    [
        ("aa", {}, None, Kind.EXACT, Match(1.0, "the same bytes")),
        ("ab", {"a": "p", "b": "p"}, None, Kind.IDENTICAL, Match(1.0, "the same pixels in another file")),
        ("ab", {"a": "1/2 p", "b": "1/2 p"}, None, Kind.IDENTICAL,
         Match(1.0, "the same pixels at 1/2 of their size in another file")),
        ("ab", {"a": "p", "b": "q"}, Match(0.9, "mirrored"), Kind.NEAR, Match(0.9, "mirrored")),
        ("ab", {"a": "", "b": ""}, None, Kind.NEAR, Match(1.0, "the same picture")),  # lost, or damaged
        ("ab", {}, Match(0.9, "mirrored"), Kind.NEAR, Match(0.9, "mirrored")),
    ],
)  # fmt: skip
def test_what_a_duplicate_is_to_its_keeper(
    digests: str, pixels: dict[str, str], match: Match | None, kind: Kind, found: Match
) -> None:
    assert tell_kind(*digests, pixels, match) == (kind, found)
