"""The verdict writer beside others of its kind, and over a change of the extractor."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from shared import names
from shared.errors import LeaseTaken, Unavailable
from shared.failures import FailureKind
from shared.records import Extractor, ImageFacts, Match, Reference, State
from shared.store import MemoryStore
from tests.failed import mark_failed
from worker.engine.groups.keepers import rank_keepers
from worker.engine.search.encoding import encode
from worker.engine.sketch.sketch import describe
from worker.pipeline.judging.candidates import ContentIndex
from worker.pipeline.judging.collection import Collection
from worker.pipeline.judging.judge import Judge
from worker.pipeline.judging.nearest import Placement
from worker.pipeline.judging.writer import Writer

SKETCH = describe(load_sample_image("china.jpg")).to_bytes()
ALIKE = Match(0.9, "the same")


def put(store: MemoryStore, path: str, digest: str, extractor: str) -> None:
    """A file is extracted, and not judged yet."""
    store.mark_pending([Reference(path, 1, 1)], now=1.0)
    [seen] = store.records([path])
    assert seen
    row = np.random.default_rng(sum(digest.encode())).random((1, 4096), dtype=np.float32)
    store.put_images(extractor, [(digest, ImageFacts(1, 1, digest), encode(row)[0], SKETCH)])
    store.complete([(path, seen, dataclasses.replace(seen, state=State.READY, digest=digest, extractor=extractor))])


def verdicts(store: MemoryStore) -> dict[str, str]:
    return {path: record.verdict for chunk in store.scan() for path, record in chunk}


def no_clusters(digests: Sequence[str]) -> list[Placement]:
    return [Placement()] * len(digests)


def all_of(known: Sequence[str], _: str) -> set[str]:
    return set(known)


def open_judge(store: MemoryStore, extractor: str, holder: str = "", alike: Match | None = None) -> Judge:
    rank = rank_keepers(["path"])
    return Judge(
        store,
        Collection(store, ContentIndex(store, extractor)),
        lambda *_: alike,
        all_of,
        no_clusters,
        lambda: 1.0,
        rank,
        holder,
    )


def publish(store: MemoryStore, extractor: str) -> None:
    store.publish_extractor(Extractor(extractor, "random", extractor))


def test_before_an_extractor_is_published_the_writer_waits() -> None:
    store = MemoryStore()
    with pytest.raises(Unavailable, match="not published"):
        Writer(store, lambda extractor: open_judge(store, extractor)).look(["a"])


def test_another_extractor_is_taken_up_without_a_restart() -> None:
    store = MemoryStore()
    publish(store, "one")
    opened: list[str] = []

    def opening(extractor: str) -> Judge:
        opened.append(extractor)
        return open_judge(store, extractor, alike=ALIKE)

    writer = Writer(store, opening)
    put(store, "old", "old", "one")
    writer.look(["old"])
    publish(store, "two")
    put(store, "a", "a", "two")
    put(store, "b", "b", "two")
    writer.look(["a", "b"])
    assert opened == ["one", "two"]
    # Nothing is known of the old file's features; the two new ones are compared with each other.
    assert verdicts(store) == {"old": "unique", "a": "unique", "b": "near"}
    put(store, "old", "old", "two")  # extracted anew: the record is new and has no verdict
    writer.look(["old"])
    assert verdicts(store)["old"] == "unique"
    put(store, "c", "c", "two")
    writer.look(["c"])
    assert opened == ["one", "two"]
    assert store.find_matches([("c", "old")]) == [ALIKE]  # it is among the candidates again


def test_a_writer_whose_turn_is_over_writes_nothing() -> None:
    store = MemoryStore()
    publish(store, "e")
    assert store.take_lease(names.LEASE_VERDICTS, "first", 10)
    first = Writer(store, lambda extractor: open_judge(store, extractor, "first"))
    first.look([])
    put(store, "a", "same", "e")
    put(store, "b", "same", "e")
    store.end_lease(names.LEASE_VERDICTS, "first")
    assert store.take_lease(names.LEASE_VERDICTS, "second", 10)
    second = Writer(store, lambda extractor: open_judge(store, extractor, "second"))
    assert second.look(["a"]) == 1
    passed_on: list[str] = []
    second.pass_on(passed_on.extend)
    assert passed_on == ["b"]  # it has waited, too
    assert second.look(passed_on) == 1
    put(store, "c", "same", "e")
    with pytest.raises(LeaseTaken):
        first.look(["c"])
    mark_failed(store, [(Reference("bad", 1, 1), "empty")], FailureKind.NO_IMAGE, now=1.0)
    with pytest.raises(LeaseTaken):
        first.look(["bad"])
    assert verdicts(store) == {"a": "unique", "b": "exact", "c": "", "bad": ""}
    assert second.look(["c", "bad"]) == 2


def test_what_waits_since_before_comes_after_what_is_asked_for() -> None:
    store = MemoryStore()
    publish(store, "e")
    for name in ("old", "older", "new"):
        put(store, name, name, "e")
    writer = Writer(store, lambda extractor: open_judge(store, extractor))
    assert writer.look(["new"]) == 1
    assert verdicts(store) == {"old": "", "older": "", "new": "unique"}
    sent: list[list[str]] = []
    writer.pass_on(lambda paths: sent.append(sorted(paths)))
    writer.pass_on(lambda paths: sent.append(sorted(paths)))
    assert sent == [["old", "older"]], "once"


def test_what_was_half_done_when_redis_went_away_is_done_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    publish(store, "e")
    writer = Writer(store, lambda extractor: open_judge(store, extractor))
    writer.look([])
    put(store, "a", "same", "e")
    put(store, "b", "same", "e")
    give: Callable[..., list[bool]] = store.give_verdicts

    def answers_no_more(*arguments: object) -> list[bool]:
        give(*arguments)  # it was written, and the answer was lost
        monkeypatch.setattr(store, "give_verdicts", away)
        raise Unavailable("Redis (store)", "does not answer")

    def away(*_: object) -> list[bool]:
        raise Unavailable("Redis (store)", "does not answer")

    monkeypatch.setattr(store, "give_verdicts", answers_no_more)
    with pytest.raises(Unavailable):
        writer.look(["a", "b"])
    put(store, "c", "other", "e")
    with pytest.raises(Unavailable):
        writer.look(["a", "b", "c"])
    monkeypatch.setattr(store, "give_verdicts", give)
    writer.look(["a", "b", "c"])
    assert sorted(verdicts(store).values()) == ["exact", "unique", "unique"]
    assert len(store.events("0", wait=0.0)) == 3
