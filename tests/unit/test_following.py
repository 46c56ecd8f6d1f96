"""What the verdict writer knows after following the stream is what it would learn anew; random histories."""

import dataclasses
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.records import Reference, State
from tests.unit.test_judge import World, regroup
from worker.pipeline.judging.collection import Collection
from worker.pipeline.judging.knowledge import Knowledge, learn

PATHS = [f"{number}.jpg" for number in range(7)]
CONTENTS = "abcdef"
PIXELS = {"a": "p", "b": "p", "c": "q", "d": "q"}  # two pairs of files with the same pixels
ALIKE = [frozenset(pair) for pair in ("ac", "ce", "bd", "ef")]  # chains that recluster runs cut and join
VARIED = [frozenset(pair) for pair in ("ae", "df")]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.sampled_from(PATHS), st.sampled_from(CONTENTS), st.integers(1, 60)),
        st.tuples(st.just("leave"), st.sampled_from(PATHS)),
        st.tuples(st.just("touch"), st.sampled_from(PATHS)),
        st.tuples(st.just("lose"), st.sampled_from(PATHS)),
        st.tuples(st.just("read again"), st.sampled_from(PATHS)),
        st.tuples(st.just("regroup")),
        st.tuples(st.just("follow")),
    ),
    max_size=30,
)


def plain(known: Knowledge, world: World) -> dict[str, Any]:
    """What is known, without what is in no order and what says nothing."""
    records = {path: record for chunk in world.store.scan() for path, record in chunk}
    unique = Counter(record.digest for record in records.values() if record.verdict == "unique")
    # Two files of one content may both be unique on record: a run that passed over the one made the other a keeper.
    keepers = {digest for digest, keeper in known.keeper.items() if digest == keeper and unique[digest] == 1}
    return {
        "digest": known.digest,
        "first": {digest: known.paths[digest][0] for digest in keepers},
        "paths": {digest: sorted(paths) for digest, paths in known.paths.items()},
        "keeper": known.keeper,
        "others": {keeper: others for keeper, others in known.others.items() if others},
        "variant_of": known.variant_of,
        "variants": {of: found for of, found in known.variants.items() if found},
        "pixels": {pixels: set(known.keeper.keys() & held) for pixels, held in known.of_pixels.items()},
    }


class Follower:
    """One who gives no verdicts, and follows those who do."""

    def __init__(self, world: World) -> None:
        self.contents: set[str] = set()
        self.collection = Collection(world.store, self, as_told=True)
        self.collection.follow()

    def add(self, digests: list[str]) -> None:
        self.contents.update(digests)

    def remove(self, digest: str) -> None:
        self.contents.discard(digest)

    def mark(self) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a follower was asked for {name}")


def happen(world: World, step: str, more: list[Any]) -> None:
    """One step of a history."""
    if step == "arrive":
        path, content, width = more
        world.arrive(path, content, PIXELS.get(content, ""), width=width, mtime=width)
    elif step == "leave":
        world.leave(*more)
    elif step == "lose":  # the watcher ends before it tells
        world.store.forget(more)
    elif step == "regroup":
        regroup(world)
    elif found := world.store.records(more)[0]:
        if step == "touch":  # its bytes stay
            world.arrive(more[0], found.digest, PIXELS.get(found.digest, ""), width=found.width, mtime=70)
        else:  # only its rights changed: it keeps its verdict while it is read
            again = Reference(more[0], found.size, found.mtime_ns, found.ctime_ns + 1)
            world.store.mark_pending([again], now=2.0)


@given(steps)
@settings(max_examples=300, deadline=None)
def test_what_is_followed_is_what_would_be_learnt_anew(history: list[tuple[Any, ...]]) -> None:
    world = World()
    world.alike = dict.fromkeys(ALIKE, 0.9)
    world.varied = dict.fromkeys(VARIED, 0.8)
    follower = Follower(world)
    for step, *more in history:
        if step == "follow":
            follower.collection.follow()
        else:
            happen(world, step, more)
    for path, record in list(world.store.pending()):  # it has been read again
        world.store.complete([(path, record, dataclasses.replace(record, state=State.READY))])
    world.judge.look(PATHS)  # what was lost comes late
    for _ in range(3):
        regroup(world)
        world.judge.look([])
        world.judge.look(list(world.judge.waiting))
    follower.collection.follow()
    anew, waiting = learn(world.store)
    assert waiting == []
    assert plain(world.judge._known, world) == plain(anew, world)
    assert plain(follower.collection.known, world) == plain(anew, world)
    assert set(world.contents) == follower.contents == set(anew.keeper)


def test_where_the_stream_was_cut_off_all_is_learnt_anew() -> None:
    world = World()
    world.alike = dict.fromkeys(ALIKE, 0.9)
    follower = Follower(world)
    for number, content in enumerate(CONTENTS):
        world.arrive(PATHS[number], content)
    world.store._events.clear()  # another stream, with nothing in it
    follower.collection._position = "3"
    follower.collection.follow()
    assert (
        plain(follower.collection.known, world)
        == plain(world.judge._known, world)
        == plain(learn(world.store)[0], world)
    )
