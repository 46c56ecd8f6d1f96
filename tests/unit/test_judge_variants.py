"""Variants at arrival and after a recluster run: no duplicates, and never of a file that is gone."""

import dataclasses

import pytest

from shared.records import Match, Record
from tests.unit.test_judge import World, regroup, variant_match


@pytest.fixture
def world() -> World:
    world = World()
    world.varied[frozenset({"scene", "fox"})] = 0.9
    return world


def variants(world: World) -> dict[str, str]:
    """Each variant and the file that it is one of; nothing but unique files has one, and it leads to a keeper."""
    records: dict[str, Record] = {path: record for chunk in world.store.scan() for path, record in chunk}
    found = {path: record.variant_of for path, record in records.items() if record.variant_of}
    for path, of in found.items():
        record = records[path]
        assert (record.verdict, record.duplicate_of, record.share, of != path) == ("unique", "", 0.03, True)
        assert records[of].verdict == "unique"
    for record in records.values():
        assert record.variant_of or not record.share
    return found


def test_the_later_to_arrive_is_the_variant_of_the_earlier(world: World) -> None:
    world.arrive("1", "scene")
    world.arrive("2", "fox", width=50)
    assert world.verdicts() == {"1": ("unique", ""), "2": ("unique", "")}
    assert variants(world) == {"2": "1"}
    [record] = world.store.records(["2"])
    assert record
    assert (record.similarity, record.reason) == (0.9, "differs in 3 % at the left")
    [_, (_, event)] = world.store.events("0", wait=0.0)
    assert (event.verdict, event.duplicate_of, event.variant_of, event.share) == ("unique", "", "1", 0.03)
    assert dict(world.store.matches()) == {("fox", "scene"): variant_match(0.9)}


def test_a_copy_of_a_variant_is_its_duplicate_and_no_variant(world: World) -> None:
    world.arrive("1", "scene")
    world.arrive("2", "fox", pixels="p")
    world.arrive("3", "fox", pixels="p")
    world.arrive("4", "fox-png", pixels="p")
    assert world.verdicts()["3"] == ("exact", "2")
    assert world.verdicts()["4"] == ("identical", "2")
    assert variants(world) == {"2": "1"}


def test_a_near_keeper_comes_before_the_more_similar_picture_that_differs_in_a_place(world: World) -> None:
    world.varied[frozenset({"scene", "half"})] = 0.99
    world.alike[frozenset({"fox", "half"})] = 0.8
    for path, digest in (("1", "scene"), ("2", "fox"), ("3", "half")):
        world.arrive(path, digest)
    assert world.verdicts()["3"] == ("near", "2")
    assert variants(world) == {"2": "1"}
    assert len(list(world.store.matches())) == 3


def test_of_several_the_most_similar_is_what_it_is_a_variant_of(world: World) -> None:
    world.varied |= {frozenset({"one", "new"}): 0.8, frozenset({"two", "new"}): 0.95}
    for path, digest in (("1", "one"), ("2", "two"), ("3", "new")):
        world.arrive(path, digest)
    assert variants(world) == {"3": "2"}


def test_behind_a_keeper_that_differs_in_a_place_a_member_may_still_be_the_same_picture(world: World) -> None:
    # The captioned picture came first; a crop without the caption is near it, and the clean original near the crop.
    world.alike = {frozenset({"captioned", "crop"}): 0.9, frozenset({"crop", "clean"}): 0.9}
    world.varied = {frozenset({"captioned", "clean"}): 0.9}
    world.arrive("1", "captioned", width=40)
    world.arrive("2", "crop", width=5)
    world.arrive("3", "clean", width=50)
    assert variants(world) == {"3": "1"}
    regroup(world)
    assert world.verdicts() == {"3": ("unique", ""), "2": ("near", "3"), "1": ("unique", "")}
    assert variants(world) == {"1": "3"}


def test_a_variant_only_of_a_duplicate_is_found_by_recluster_where_the_keeper_differs_in_a_place(world: World) -> None:
    world.alike[frozenset({"scene", "wide"})] = 0.9
    world.arrive("1", "scene")
    world.arrive("2", "fox")
    world.arrive("3", "wide", width=50)
    assert world.compared.count(frozenset({"wide", "fox"})) == 1
    world.varied[frozenset({"wide", "fox"})] = 0.7  # as candidates may leave a pair out
    regroup(world)
    assert world.verdicts() == {"1": ("near", "3"), "2": ("unique", ""), "3": ("unique", "")}
    assert variants(world) == {"2": "3"}
    compared = len(world.compared)
    assert regroup(world) == 0
    assert len(world.compared) == compared  # a known variant is not compared again


def test_recluster_turns_the_direction_by_the_order_of_keepers(world: World) -> None:
    world.arrive("1", "scene", width=5)
    world.arrive("2", "fox", width=50)
    assert regroup(world) == 2
    assert variants(world) == {"1": "2"}
    told = [(event.path, event.variant_of) for _, event in world.store.events("0", wait=0.0)][-2:]
    assert sorted(told) == [("1", "2"), ("2", "")]
    assert regroup(world) == 0
    world.arrive("3", "other")  # the writer has learnt it
    world.leave("2")
    assert variants(world) == {}


def test_a_variant_follows_what_it_is_one_of_to_another_file_with_the_same_bytes(world: World) -> None:
    world.arrive("1", "scene")
    world.arrive("copy", "scene")
    world.arrive("2", "fox")
    world.leave("1")
    assert world.verdicts() == {"copy": ("unique", ""), "2": ("unique", "")}
    assert variants(world) == {"2": "copy"}


def test_a_variant_of_a_picture_that_left_is_none_until_another_one_is_found(world: World) -> None:
    world.alike[frozenset({"scene", "half"})] = 0.9
    world.varied[frozenset({"half", "fox"})] = 0.8
    world.arrive("1", "scene")
    world.arrive("2", "fox")
    world.arrive("3", "half", width=5)
    assert world.verdicts()["3"] == ("near", "1")
    world.leave("1")
    assert world.verdicts() == {"2": ("unique", ""), "3": ("unique", "")}
    assert variants(world) == {"3": "2"}  # judged again, as if it came now
    world.arrive("2", "dog")
    assert variants(world) == {}
    assert regroup(world) == 0


def test_a_picture_that_vanished_while_nobody_looked_is_nothing_s_original_after_a_run(world: World) -> None:
    world.arrive("1", "scene")
    world.arrive("2", "fox")
    world.store.forget(["1"])
    world.judge = world.new_judge()
    assert regroup(world) == 1
    assert variants(world) == {}
    assert list(world.store.matches()) == []


def test_a_new_writer_knows_what_is_a_variant_of_what(world: World) -> None:
    world.arrive("1", "scene")
    world.arrive("copy", "scene")
    world.arrive("2", "fox")
    world.judge = world.new_judge()
    before = len(world.events())
    world.judge.look(["1", "2", "copy"])
    assert len(world.events()) == before
    world.arrive("2", "fox", mtime=2)  # it was only touched
    assert variants(world) == {"2": "1"}
    world.leave("1")
    assert variants(world) == {"2": "copy"}


@pytest.mark.parametrize("again", [True, False])
def test_a_variant_whose_match_was_lost_is_compared_again(world: World, again: bool) -> None:
    world.arrive("1", "scene")
    world.arrive("2", "fox")
    world.store.drop_matches([("fox", "scene")])
    world.arrive("2", "fox", mtime=2)
    assert variants_of(world) == {"2": "1"}
    if not again:
        world.varied = {}
    regroup(world)
    assert variants(world) == ({"2": "1"} if again else {})
    assert dict(world.store.matches()) == ({("fox", "scene"): variant_match(0.9)} if again else {})


def variants_of(world: World) -> dict[str, str]:
    return {path: record.variant_of for chunk in world.store.scan() for path, record in chunk if record.variant_of}


def test_what_turns_out_to_be_the_same_picture_is_a_variant_no_more(world: World) -> None:
    world.arrive("1", "scene")
    world.arrive("2", "fox")
    world.store.put_matches({("fox", "scene"): Match(0.9, "same picture")})  # verified again by other thresholds
    world.arrive("2", "fox", mtime=2)
    assert variants_of(world) == {}
    regroup(world)
    assert world.verdicts() == {"1": ("unique", ""), "2": ("near", "1")}


def test_a_picture_that_is_read_again_is_found_again_by_the_next_run(world: World) -> None:
    world.arrive("1", "scene")
    world.arrive("2", "fox")
    [record] = world.store.records(["1"])
    assert record
    world.store.complete([("1", record, dataclasses.replace(record, verdict=""))])
    world.judge.look(["1"])
    assert variants(world) == {"2": "1"}


def test_a_run_finds_one_picture_in_two_that_only_a_captioned_one_connects(world: World) -> None:
    world.varied |= {frozenset({"captioned", "whole"}): 0.9, frozenset({"captioned", "crop"}): 0.9}
    world.alike[frozenset({"whole", "crop"})] = 0.9
    world.arrive("1", "captioned", width=20)
    world.arrive("2", "whole", width=50)
    world.strange = {"whole"}  # among many captioned ones it was not asked for
    world.arrive("3", "crop", width=10)
    assert variants(world) == {"2": "1", "3": "1"}
    world.compared.clear()
    regroup(world)
    assert world.verdicts() == {"1": ("unique", ""), "2": ("unique", ""), "3": ("near", "2")}
    assert variants(world) == {"1": "2"}
    assert world.compared == [frozenset({"whole", "crop"})]  # once, though it is asked for twice
    assert regroup(world) == 0
