"""The verdict writer on an in-memory store, with pictures whose likeness is known."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.failures import FailureKind
from shared.records import ImageFacts, Match, Record, Reference, Relation, State
from shared.settings import Settings
from shared.store import Change, Counter, MemoryStore, keys
from tests.failed import mark_failed
from worker.engine.companions.families import count_companions
from worker.engine.groups.keepers import Ranking, rank_keepers
from worker.pipeline.comparison import File
from worker.pipeline.judging.collection import Collection
from worker.pipeline.judging.judge import TOGETHER, Judge
from worker.pipeline.judging.nearest import Placement
from worker.pipeline.members import member_of
from worker.pipeline.reclustering.correction import correct_verdicts, group_files

RANK = rank_keepers(("pixels", "bytes", "oldest"))


def clusters_of(digests: Sequence[str]) -> list[Placement]:
    return [Placement(len(digest), strays=digest.startswith("far")) for digest in digests]


def variant_match(similarity: float) -> Match:
    return Match(similarity, "differs in 3 % at the left", Relation.VARIANT, 0.03)


class World:
    """Contents are words; `alike` says which are one picture, `varied` which are variants. Every one is a candidate."""

    def __init__(self, rank: Ranking = RANK) -> None:
        self.store = MemoryStore()
        self.order = rank
        self.alike: dict[frozenset[str], float] = {}
        self.varied: dict[frozenset[str], float] = {}
        self.contents: dict[str, None] = {}
        self.strange: set[str] = set()
        self.compared: list[frozenset[str]] = []
        self.judge = self.new_judge()

    def new_judge(self) -> Judge:
        self.contents.clear()
        judge = Judge(
            self.store,
            Collection(self.store, self),
            self.compare,
            self.screen,
            clusters_of,
            lambda: 1_700_000_000.0,
            self.order,
        )
        judge.look([])
        judge.look(judge.waiting)
        return judge

    # what the writer needs of its index
    def add(self, digests: Sequence[str]) -> None:
        stored = zip(digests, self.store.features("e", digests), strict=True)
        self.contents.update({digest: None for digest, features in stored if features is not None})

    def remove(self, digest: str) -> None:
        self.contents.pop(digest, None)

    def search(self, digest: str, keeper_of: Callable[[str], str], count: int) -> list[str]:
        return [content for content in self.contents if content != digest]

    def read_ahead(self, digests: Sequence[str]) -> None:
        self.ahead = list(digests)

    def mark(self, digest: str | None = None) -> tuple[int, int] | None:
        return None  # there are no proposals here

    def screen(self, known: Sequence[str], new: str) -> set[str]:
        return set(known) - self.strange

    def compare(self, keeper: File, other: File) -> Match | None:
        pair = frozenset({keeper.record.digest, other.record.digest})
        self.compared.append(pair)
        if pair in self.varied:
            return variant_match(self.varied[pair])
        similarity = self.alike.get(pair)
        return Match(similarity, f"like {keeper.record.digest}") if similarity else None

    def put(self, path: str, digest: str, pixels: str = "", width: int = 10, mtime: int = 1, holds: str = "") -> None:
        """A file is extracted, and not judged yet."""
        self.store.mark_pending([Reference(path, 100, mtime)], now=1.0)
        [seen] = self.store.records([path])
        assert seen
        ready = dataclasses.replace(
            seen, state=State.READY, digest=digest, width=width, height=10, extractor="e", holds=holds
        )
        facts = ImageFacts(width, 10, pixels or f"pixels of {digest}", holds=holds)
        self.store.put_images("e", [(digest, facts, b"", b"")])
        self.store.complete([(path, seen, ready)])

    def arrive(self, path: str, digest: str, pixels: str = "", width: int = 10, mtime: int = 1) -> None:
        self.put(path, digest, pixels, width, mtime)
        self.judge.look([path])

    def leave(self, path: str) -> None:
        self.store.forget([path])
        self.judge.look([path])

    def verdicts(self) -> dict[str, tuple[str, str]]:
        return {path: (r.verdict, r.duplicate_of) for chunk in self.store.scan() for path, r in chunk}

    def events(self) -> list[tuple[str, str, str]]:
        return [(event.path, event.verdict, event.duplicate_of) for _, event in self.store.events("0", wait=0.0)]


@pytest.fixture
def world() -> World:
    return World()


def test_a_batch_is_read_ahead_and_strangers_get_their_verdicts_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    give = world.store.give_verdicts

    def counted(changes: Sequence[Change], *more: Any) -> list[bool]:
        written.append(len(changes))
        return give(changes, *more)

    monkeypatch.setattr(world.store, "give_verdicts", counted)
    names = [f"{number:02}" for number in range(2 * TOGETHER + 3)]
    world.strange = set(names)
    for name in names:
        world.put(name, name)
    assert world.judge.look(names) == len(names)
    assert written == [TOGETHER, TOGETHER, 3]
    assert world.ahead == names
    world.strange.clear()
    world.alike[frozenset({"00", "copy"})] = 0.9
    for name in ("copy", "other"):
        world.put(name, name)
    written.clear()
    world.judge.look(["copy", "other"])
    assert written == [1, 1]  # what was compared is not kept waiting


def test_the_four_verdicts(world: World) -> None:
    world.alike[frozenset({"cat", "cat-half"})] = 0.97
    world.arrive("a.jpg", "cat", pixels="p")
    world.arrive("copy.jpg", "cat", pixels="p")
    world.arrive("a.png", "cat-png", pixels="p")
    world.arrive("half.jpg", "cat-half")
    world.arrive("dog.jpg", "dog")
    assert world.verdicts() == {
        "a.jpg": ("unique", ""),
        "copy.jpg": ("exact", "a.jpg"),
        "a.png": ("identical", "a.jpg"),
        "half.jpg": ("near", "a.jpg"),
        "dog.jpg": ("unique", ""),
    }
    assert [path for path, _, _ in world.events()] == ["a.jpg", "copy.jpg", "a.png", "half.jpg", "dog.jpg"]
    [record] = world.store.records(["half.jpg"])
    assert record
    assert (record.similarity, record.reason) == (0.97, "like cat")
    assert world.store.find_matches([("cat", "cat-half")]) == [Match(0.97, "like cat")]


def test_the_reason_says_what_a_file_holds_beside_its_picture(world: World) -> None:
    world.alike[frozenset({"still", "motion"})] = 0.99
    world.arrive("still.jpg", "still")
    world.put("motion.jpg", "motion", holds="a video")
    world.judge.look(["motion.jpg"])
    [record] = world.store.records(["motion.jpg"])
    assert record
    assert (record.verdict, record.reason) == ("near", "like still; it holds a video, its keeper does not")
    regroup(world)
    [record] = world.store.records(["still.jpg"])
    assert record
    assert (record.duplicate_of, record.reason) == ("motion.jpg", "like still; its keeper holds a video besides")


def test_copies_that_arrive_together_are_not_both_unique(world: World) -> None:
    for path in ("a", "b", "c"):
        world.put(path, "same")
    world.judge.look(["a", "b", "c"])
    assert sorted(verdict for verdict, _ in world.verdicts().values()) == ["exact", "exact", "unique"]


def test_a_duplicate_is_in_the_cluster_of_its_keeper(world: World) -> None:
    world.alike[frozenset({"cat", "cat-half"})] = 0.97
    world.arrive("a.jpg", "cat")
    world.arrive("half.jpg", "cat-half")
    found = {event.path: event.cluster for _, event in world.store.events("0", wait=0.0)}
    assert found == {"a.jpg": len("cat"), "half.jpg": len("cat")}


def test_what_came_and_went_is_counted_and_which_pictures_stray(world: World) -> None:
    def counted() -> list[int]:
        return [world.store.add(counter, 0) for counter in (Counter.CHANGED, Counter.PLACED, Counter.STRAYED)]

    world.alike[frozenset({"cat", "cat-half"})] = 0.97
    world.arrive("a.jpg", "cat")
    world.arrive("half.jpg", "cat-half")
    world.arrive("far.jpg", "far off")
    assert counted() == [3, 2, 1]
    world.judge.look(["a.jpg", "far.jpg"])  # a message that comes twice
    assert counted() == [3, 2, 1]
    world.leave("half.jpg")
    assert counted() == [4, 2, 1]


def test_who_is_a_stranger_at_first_sight_is_not_compared(world: World) -> None:
    world.alike[frozenset({"cat", "cat-half"})] = 0.97
    world.arrive("a.jpg", "cat")
    world.arrive("dog.jpg", "dog")
    world.strange = {"dog"}
    world.compared.clear()
    world.arrive("half.jpg", "cat-half")
    assert world.compared == [frozenset({"cat", "cat-half"})]
    assert world.verdicts()["half.jpg"] == ("near", "a.jpg")


def test_the_best_of_several_keepers_is_taken(world: World) -> None:
    world.alike |= {frozenset({"one", "new"}): 0.8, frozenset({"two", "new"}): 0.95}
    world.arrive("1", "one")
    world.arrive("2", "two")
    world.arrive("n", "new")
    assert world.verdicts()["n"] == ("near", "2")


def test_nothing_chains(world: World) -> None:
    # A pan: each frame is like its neighbours and no other.
    frames = [f"frame{number:02}" for number in range(30)]
    for one, other in itertools.pairwise(frames):
        world.alike[frozenset({one, other})] = 0.9
    for frame in frames:
        world.arrive(frame, frame)
    for path, (verdict, keeper) in world.verdicts().items():
        if verdict == "near":
            assert frozenset({path, keeper}) in world.alike
            assert world.verdicts()[keeper] == ("unique", "")
    assert sum(verdict == "near" for verdict, _ in world.verdicts().values()) == 15


def test_a_message_may_come_twice_late_or_about_nothing(world: World) -> None:
    world.arrive("a", "cat")
    before = world.events()
    world.judge.look(["a", "a", "never there"])
    world.store.mark_pending([Reference("later", 1, 1)], now=1.0)
    world.judge.look(["later"])
    assert world.events() == before


def test_a_failed_file_gets_its_event_once(world: World) -> None:
    mark_failed(world.store, [(Reference("bad.jpg", 1, 1), "empty file (0 bytes)")], FailureKind.NO_IMAGE, now=1.0)
    world.judge.look(["bad.jpg"])
    world.judge.look(["bad.jpg"])
    [(_, event)] = world.store.events("0", wait=0.0)
    assert (event.verdict, event.reason, event.cluster) == ("failed", "empty file (0 bytes)", None)


def test_when_a_keeper_leaves_the_next_one_is_promoted(world: World) -> None:
    world.alike |= {
        frozenset({"cat", "small"}): 0.9,
        frozenset({"cat", "large"}): 0.9,
        frozenset({"large", "small"}): 0.9,
    }
    world.arrive("cat", "cat")
    world.arrive("small", "small", width=5)
    world.arrive("large", "large", width=50)
    world.leave("cat")
    assert world.verdicts() == {"large": ("unique", ""), "small": ("near", "large")}
    world.leave("large")
    assert world.verdicts() == {"small": ("unique", "")}
    world.arrive("cat", "cat")
    assert world.verdicts()["cat"] == ("near", "small")


def test_a_copy_steps_in_for_its_keeper_and_the_group_stays(world: World) -> None:
    world.alike[frozenset({"cat", "half"})] = 0.9
    world.arrive("a", "cat")
    world.arrive("b", "cat")
    world.arrive("h", "half")
    world.leave("a")
    assert world.verdicts() == {"b": ("unique", ""), "h": ("near", "b")}


def test_a_file_that_holds_another_picture_now_is_judged_as_that(world: World) -> None:
    world.arrive("a", "cat")
    world.arrive("b", "cat")
    world.arrive("b", "dog")
    assert world.verdicts() == {"a": ("unique", ""), "b": ("unique", "")}
    world.arrive("a", "dog")
    assert sorted(world.verdicts().values()) == [("exact", "b"), ("unique", "")]


def test_a_file_that_was_only_touched_gets_its_verdict_again(world: World) -> None:
    world.alike[frozenset({"cat", "half"})] = 0.9
    world.arrive("a", "cat")
    world.arrive("h", "half")
    compared = len(world.compared)
    world.arrive("a", "cat", mtime=2)
    world.arrive("h", "half", mtime=2)
    assert world.verdicts() == {"a": ("unique", ""), "h": ("near", "a")}
    assert len(world.compared) == compared
    world.leave("a")
    assert world.verdicts() == {"h": ("unique", "")}


def test_a_copy_may_leave_before_and_after_the_file_that_stays(world: World) -> None:
    for path in ("a", "b", "c"):
        world.arrive(path, "cat")
    world.store.forget(["b"])
    world.leave("a")  # the message about b is late
    assert world.verdicts() == {"c": ("unique", "")}
    world.judge.look(["b"])
    world.leave("c")
    world.arrive("d", "cat")
    assert world.verdicts() == {"d": ("unique", "")}


def test_a_new_writer_knows_what_the_old_one_knew(world: World) -> None:
    world.alike[frozenset({"cat", "half"})] = 0.9
    world.arrive("a", "cat", pixels="p")
    world.arrive("h", "half")
    world.put("waiting", "cat", pixels="p")
    world.judge = world.new_judge()
    assert world.verdicts()["waiting"] == ("exact", "a")
    before = len(world.events())
    world.judge.look(["a", "h", "waiting"])
    assert len(world.events()) == before
    world.arrive("png", "cat-png", pixels="p")
    assert world.verdicts()["png"] == ("identical", "a")
    world.leave("a")
    assert world.verdicts()["h"][0] == "near"


def test_a_duplicate_whose_keeper_vanished_while_nobody_looked_is_judged_again(world: World) -> None:
    world.alike[frozenset({"cat", "half"})] = 0.9
    world.arrive("a", "cat")
    world.arrive("h", "half")
    world.store.forget(["a"])
    world.judge = world.new_judge()
    assert world.verdicts() == {"h": ("unique", "")}


def test_two_crops_that_came_before_their_original_are_found_by_recluster(world: World) -> None:
    world.alike = {frozenset({"left", "whole"}): 0.9, frozenset({"right", "whole"}): 0.8}
    world.arrive("left", "left", width=5)
    world.arrive("right", "right", width=5)
    world.arrive("whole", "whole", width=50)
    assert world.verdicts() == {"left": ("unique", ""), "right": ("unique", ""), "whole": ("near", "left")}
    regroup(world)
    assert world.verdicts() == {"whole": ("unique", ""), "left": ("near", "whole"), "right": ("near", "whole")}


def test_a_crop_that_its_original_shows_but_not_its_keeper_is_found_by_recluster(world: World) -> None:
    world.alike = {frozenset({"left", "whole"}): 0.9, frozenset({"right", "whole"}): 0.8}
    for name, width in (("left", 5), ("whole", 50), ("right", 5)):
        world.arrive(name, name, width=width)
    assert world.verdicts() == {"left": ("unique", ""), "whole": ("near", "left"), "right": ("unique", "")}
    regroup(world)
    assert world.verdicts() == {"whole": ("unique", ""), "left": ("near", "whole"), "right": ("near", "whole")}


def test_a_member_is_compared_only_where_its_keeper_differs(world: World) -> None:
    world.alike = {frozenset({"cat", "half"}): 0.9, frozenset({"cat", "grey"}): 0.8}
    for name in ("cat", "half", "grey"):
        world.arrive(name, name)
    assert frozenset({"half", "grey"}) not in world.compared


def regroup(world: World) -> int:
    records: dict[str, Record] = {path: record for chunk in world.store.scan() for path, record in chunk}
    members = [member_of(path, record) for path, record in records.items()]
    grouping = group_files(world.store, members, records, world.compare, RANK)
    return correct_verdicts(world.store, records, grouping, {}, 1_700_000_001.0)


def test_recluster_makes_the_best_image_the_keeper_and_the_writer_follows(world: World) -> None:
    world.alike |= {
        frozenset({"small", "large"}): 0.9,
        frozenset({"small", "other"}): 0.9,
        frozenset({"large", "other"}): 0.8,
    }
    world.arrive("small", "small", width=5)
    world.arrive("large", "large", width=50)
    world.arrive("other", "other", width=6)
    assert world.verdicts()["large"] == ("near", "small")
    assert regroup(world) == 3
    assert world.verdicts() == {"large": ("unique", ""), "small": ("near", "large"), "other": ("near", "large")}
    corrections = {("large", "unique", ""), ("small", "near", "large"), ("other", "near", "large")}
    assert set(world.events()[-3:]) == corrections
    assert regroup(world) == 0
    assert world.store.add(keys.Counter.CORRECTIONS, 0) == 3
    world.arrive("again", "small")
    assert world.verdicts()["again"] == ("near", "large")


def test_recluster_splits_what_only_a_third_connects(world: World) -> None:
    # B is like A and like C; A and C differ. B is judged against whoever is the better keeper, never both.
    world.alike |= {frozenset({"a", "b"}): 0.9, frozenset({"b", "c"}): 0.9}
    world.arrive("b", "b", width=5)
    world.arrive("a", "a", width=50)
    world.arrive("c", "c", width=40)
    regroup(world)
    assert world.verdicts() == {"a": ("unique", ""), "b": ("near", "a"), "c": ("unique", "")}


def test_pairs_of_pictures_that_are_gone_are_dropped_once_no_file_is_read_again(world: World) -> None:
    world.alike[frozenset({"cat", "half"})] = 0.9
    world.arrive("a", "cat")
    world.arrive("h", "half")
    world.leave("h")
    group_files(world.store, [], {}, world.compare, RANK, waiting=1)
    assert len(list(world.store.matches())) == 1
    regroup(world)
    assert list(world.store.matches()) == []


@pytest.mark.parametrize("pixels", ["", "pixels of cat"])
def test_copies_whose_original_vanished_while_nobody_looked_find_each_other(world: World, pixels: str) -> None:
    # Both were compared with the original alone; the message that it is gone was lost with the writer.
    world.alike = {frozenset({"cat", "half"}): 0.9, frozenset({"cat", "grey"}): 0.9, frozenset({"half", "grey"}): 0.8}
    world.arrive("a", "cat", width=50)
    world.arrive("g", "grey", pixels, width=20)
    world.arrive("h", "half")
    world.store.forget(["a"])
    regroup(world)
    assert world.verdicts() == {"g": ("unique", ""), "h": ("near", "g")}
    assert world.alike.keys() >= {frozenset(pair) for pair, _ in world.store.matches()} == {frozenset({"half", "grey"})}
    world.arrive("again", "half")
    assert world.verdicts()["again"] == ("near", "g")


def test_the_order_of_keepers_decides_who_stays() -> None:
    world = World()
    world.arrive("small", "a", pixels="p", width=10, mtime=1)
    world.arrive("large", "b", pixels="p", width=20, mtime=2)
    records = {path: record for chunk in world.store.scan() for path, record in chunk}
    members = [member_of(path, record) for path, record in records.items()]
    for order, keeper in (("pixels", "large"), ("oldest", "small")):
        [group] = group_files(world.store, members, records, world.compare, rank_keepers([order])).groups
        assert group.keeper.path == keeper


@settings(max_examples=30, deadline=None)
@given(
    st.permutations(["jpeg camera step=4", "jpeg step=4", "lossless", "lossless anew", "", "jpeg cmyk camera"]),
    st.booleans(),
)
def test_the_successor_of_a_keeper_is_the_one_that_a_run_names(arrivals: list[str], learnt: bool) -> None:
    world = World(rank_keepers(Settings.model_fields["keeper_order"].default))
    names = [f"IMG_1 ({number}).jpg" for number in range(len(arrivals))]
    world.arrive("first.jpg", "0", pixels="p")
    for name, nature in zip(names, arrivals, strict=True):
        world.put(name, f"of {nature}", pixels="p")
        [seen] = world.store.records([name])
        assert seen
        world.store.complete([(name, seen, dataclasses.replace(seen, nature=nature))])
        world.judge.look([name])
    assert {of for _, of in world.verdicts().values()} == {"", "first.jpg"}
    if learnt:
        world.judge = world.new_judge()
    world.leave("first.jpg")
    records = {path: record for chunk in world.store.scan() for path, record in chunk}
    members = [member_of(path, record) for path, record in records.items()]
    grouping = group_files(world.store, members, records, world.compare, world.order)
    [group] = grouping.groups
    assert group.keeper.nature == "jpeg camera step=4"
    assert correct_verdicts(world.store, records, grouping, {}, 1_700_000_001.0) == 0


def put_by_bytes(world: World, path: str, digest: str) -> None:
    world.store.mark_pending([Reference(path, 100, 1)], now=1.0)
    [seen] = world.store.records([path])
    assert seen
    world.store.complete([(path, seen, dataclasses.replace(seen, state=State.READY, digest=digest))])
    world.judge.look([path])


@pytest.mark.parametrize("learnt", [False, True])
def test_the_copy_with_more_companions_follows_a_keeper_that_leaves(learnt: bool) -> None:
    world = World(rank_keepers(("pixels", "bytes", "companions", "oldest")))
    world.arrive("first.jpg", "cat", mtime=1)
    for folder in "abc":
        world.arrive(f"{folder}/IMG_1.jpg", "cat", mtime=2)
    put_by_bytes(world, "c/IMG_1.mov", "another film")
    put_by_bytes(world, "a/IMG_2.mov", "nobody's")
    put_by_bytes(world, "b/IMG_1-edited.jpg", "edited")
    put_by_bytes(world, "b/IMG_1.mov", "film")
    if learnt:
        world.judge = world.new_judge()
    world.leave("first.jpg")
    assert {path for path, (_, of) in world.verdicts().items() if of == "b/IMG_1.jpg"} == {"a/IMG_1.jpg", "c/IMG_1.jpg"}
    records = {path: record for chunk in world.store.scan() for path, record in chunk}
    members = [member_of(path, record) for path, record in records.items()]
    seen = [(member.path, member.bytes, member.mtime_ns) for member in members]
    rank = world.order.knowing(count_companions(seen, world.order.contested(members)))
    grouping = group_files(world.store, members, records, world.compare, rank)
    assert correct_verdicts(world.store, records, grouping, {}, 1_700_000_001.0) == 0


def test_what_is_compared_by_its_bytes_is_exact_or_unique_and_meets_no_picture(world: World) -> None:
    world.arrive("a.jpg", "cat")
    put_by_bytes(world, "a.mov", "film")
    put_by_bytes(world, "copy.mov", "film")
    put_by_bytes(world, "b.mov", "other film")
    world.arrive("b.jpg", "dog")
    assert world.verdicts() == {
        "a.jpg": ("unique", ""),
        "a.mov": ("unique", ""),
        "copy.mov": ("exact", "a.mov"),
        "b.mov": ("unique", ""),
        "b.jpg": ("unique", ""),
    }
    assert world.compared == [frozenset({"cat", "dog"})]
    assert set(world.contents) == {"cat", "dog"}
    world.leave("a.mov")
    assert world.verdicts()["copy.mov"] == ("unique", "")
    world.leave("copy.mov")
    assert "film" not in world.judge._known.keeper


def test_a_picture_with_the_bytes_of_another_file_is_found_as_a_picture_all_the_same(world: World) -> None:
    put_by_bytes(world, "a.mov", "cat")
    world.arrive("a.jpg", "cat")
    assert world.verdicts()["a.jpg"] == ("exact", "a.mov")
    world.alike[frozenset({"cat", "cat-half"})] = 0.97
    world.arrive("half.jpg", "cat-half")
    assert world.verdicts()["half.jpg"] == ("near", "a.mov")


def test_a_picture_that_is_compared_by_its_bytes_from_now_on_leaves_its_group(world: World) -> None:
    world.alike[frozenset({"cat", "cat-half"})] = 0.97
    world.arrive("a.jpg", "cat")
    world.arrive("half.gif", "cat-half")
    assert world.verdicts()["half.gif"] == ("near", "a.jpg")
    put_by_bytes(world, "half.gif", "cat-half")
    assert world.verdicts() == {"a.jpg": ("unique", ""), "half.gif": ("unique", "")}
    assert set(world.contents) == {"cat"}
