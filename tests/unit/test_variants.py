"""Which picture is a variant of which, by what is known of pairs alone."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from shared.records import Match, Relation, pair_of
from tests.unit.report_parts import ORDER
from worker.engine.groups.groups import Group, Member
from worker.engine.groups.keepers import rank_keepers
from worker.engine.groups.variants import Variant, find_variants
from worker.engine.groups.verified import Matches, verified_groups

RANK = rank_keepers(ORDER)
LEFT, RIGHT = (0.0, 0.0, 0.2, 0.2), (0.5, 0.5, 0.9, 0.9)


def member(path: str, digest: str = "", width: int = 10) -> Member:
    return Member(path, digest or path, 100, width, 10, 5)


def varied(similarity: float = 0.9, share: float = 0.03) -> Match:
    return Match(similarity, "differs", Relation.VARIANT, share, (LEFT, RIGHT))


def nobody(*_: str) -> None:
    raise AssertionError("nothing is to be compared")


def found(
    members: Iterable[Member],
    matches: Matches,
    pixels: dict[str, str] | None = None,
    verify: Callable[[str, str], Match | None] = nobody,
) -> tuple[list[Variant], list[Group]]:
    members, pixels = list(members), pixels or {}
    groups = verified_groups(members, pixels, matches, lambda *_: None, RANK)
    return find_variants(members, pixels, matches, groups, verify, RANK), groups


def test_the_one_that_ranks_lower_is_the_variant_and_each_place_stands_in_its_picture() -> None:
    large, small = member("a", width=50), member("b")
    [one], groups = found([small, large], {("a", "b"): varied()})
    assert one == Variant(small, large, 0.9, 0.03, "differs", (RIGHT, LEFT))
    assert groups == []
    large, small = member("b", width=50), member("a")
    [one], _ = found([small, large], {("a", "b"): varied()})
    assert (one.member, one.of, one.places) == (small, large, (LEFT, RIGHT))


def test_the_first_in_rank_of_those_that_it_matches_is_taken() -> None:
    members = [member(name, width=width) for name, width in (("a", 50), ("b", 40), ("c", 30), ("d", 20))]
    matches = {("a", "c"): varied(0.7), ("b", "c"): varied(0.8), ("c", "d"): varied(0.95)}
    asked: list[tuple[str, str]] = []

    def verify(one: str, two: str) -> Match | None:
        asked.append((one, two))
        return varied(0.6) if two == "d" else None

    variants, _ = found(members, matches, verify=verify)
    assert [(one.member.path, one.of.path) for one in variants] == [("c", "a"), ("d", "a")]
    assert asked == [("a", "b"), ("a", "d")]  # beside the first of all that are connected


def test_a_page_is_a_variant_of_the_picture_that_it_holds_and_never_its_keeper() -> None:
    page, picture = member("page", width=80), member("photo", width=50)
    held = replace(varied(0.9), places=((0.1, 0.2, 0.6, 0.7), (0.0, 0.0, 1.0, 1.0)))
    [one], _ = found([page, picture], {("page", "photo"): held})
    assert (one.member, one.of) == (page, picture)
    crop = member("crop", width=30)
    near = {("crop", "page"): Match(0.9, "cropped"), ("crop", "photo"): Match(0.9, "cropped")}
    _, [group] = found([page, picture, crop], {("page", "photo"): held, **near})
    assert group.keeper == picture


def test_a_duplicate_is_no_variant_and_what_it_is_like_is_asked_of_its_keeper() -> None:
    keeper, copy, other = member("k", width=50), member("m", width=20), member("v", width=30)
    matches = {("k", "m"): Match(0.9, "half size"), ("m", "v"): varied(0.8)}
    asked: list[tuple[str, str]] = []

    def verify(one: str, two: str) -> Match:
        asked.append((one, two))
        return varied(0.6, 0.2)

    [one], _ = found([keeper, copy, other], matches, verify=verify)
    assert (one.member, one.of, one.similarity, one.share, one.places) == (other, keeper, 0.6, 0.2, (RIGHT, LEFT))
    assert asked == [("k", "v")]
    assert found([keeper, copy, other], matches, verify=lambda *_: None)[0] == []
    assert found([keeper, copy, other], matches, verify=lambda *_: Match(0.9, "near after all"))[0] == []


def test_members_of_one_group_are_no_variants_of_each_other() -> None:
    members = [member("k", width=50), member("m"), member("n")]
    matches = {("k", "m"): Match(0.9, ""), ("k", "n"): Match(0.9, ""), ("m", "n"): varied()}
    assert found(members, matches)[0] == []


def test_another_file_with_the_same_pixels_stands_for_a_picture() -> None:
    members = [member("a", width=50), member("b"), member("c", "c2")]
    pixels = {"a": "p", "a-gone": "p", "c1": "q", "c2": "q"}
    matches = {("a-gone", "b"): varied(), pair_of("a-gone", "c1"): varied()}
    variants, _ = found(members, matches, pixels)
    assert [(one.member.path, one.of.path) for one in variants] == [("b", "a"), ("c", "a")]
    assert found([member("b")], {("a", "b"): varied()})[0] == []


NAMES = "abcdefgh"
pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])
matchings = st.dictionaries(
    pairs.map(lambda pair: pair_of(*pair)),
    st.builds(
        Match,
        st.sampled_from([0.5, 0.7, 0.9]),
        st.sampled_from(["this", "that"]),
        st.sampled_from(Relation),
        st.just(0.1),
        st.sampled_from([(), (LEFT, RIGHT)]),
    ),
    max_size=20,
)
collections = st.lists(
    st.builds(member, st.text(NAMES, min_size=1, max_size=3), st.sampled_from(NAMES), st.integers(1, 3)),
    unique_by=lambda one: one.path,
    max_size=12,
)


@given(collections, matchings, st.dictionaries(st.sampled_from(NAMES), st.sampled_from("pq")), st.randoms())
def test_only_what_stays_varies_and_never_in_a_circle(members, matches, pixels, random) -> None:  # type: ignore[no-untyped-def]
    variants, groups = found(members, matches, pixels, lambda *_: varied(0.6))
    duplicates = {one.member.path for group in groups for one in group.duplicates}
    for one in variants:
        assert RANK(one.of) < RANK(one.member)  # which no circle could hold to
        assert not duplicates & {one.member.path, one.of.path}
        assert {one.member, one.of} <= set(members)
    assert len({one.member for one in variants}) == len(variants)
    shuffled = dict(random.sample(list(matches.items()), len(matches)))
    assert found(random.sample(members, len(members)), shuffled, pixels, lambda *_: varied(0.6)) == (variants, groups)


@given(collections, matchings, st.dictionaries(st.sampled_from(NAMES), st.sampled_from("pq")))
def test_variants_change_no_group(members, matches, pixels) -> None:  # type: ignore[no-untyped-def]
    def grouped(pairs: Matches) -> list[Group]:
        return verified_groups(members, pixels, pairs, lambda *_: None, RANK)

    assert grouped(matches) == grouped(
        {pair: match for pair, match in matches.items() if match.relation is Relation.NEAR}
    )
