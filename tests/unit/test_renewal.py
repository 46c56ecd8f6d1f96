"""What is stored of a picture and fails its checks is dropped, and its files are on their way again."""

import dataclasses

import pytest

from shared.failures import FailureKind
from shared.records import Extractor, ImageFacts, Match, Record, Reference, State, pair_of
from shared.store import MemoryStore
from tests.failed import mark_failed
from tests.unit.test_recluster import Desk, desk, fill
from worker.pipeline.reclustering.recluster import recluster
from worker.pipeline.renewal import renew_images

__all__ = ["desk"]  # the fixture
pytestmark = pytest.mark.usefixtures("drawn_once")


def ready(store: MemoryStore, path: str, digest: str, extractor: str = "e1") -> Record:
    store.mark_pending([Reference(path, 10, 1)], now=5.0)
    [seen] = store.records([path])
    assert seen
    record = dataclasses.replace(seen, state=State.READY, digest=digest, width=4, height=3, extractor=extractor)
    store.put_images(extractor, [(digest, ImageFacts(4, 3, f"pixels of {digest}"), b"features", b"sketch")])
    assert store.complete([(path, seen, record)]) == [True]
    return record


def test_the_pictures_are_dropped_and_their_files_in_the_backlog() -> None:
    store = MemoryStore()
    store.publish_extractor(Extractor("e1", "random", "label"))
    sound = ready(store, "sound", "d1")
    ready(store, "one", "d2")
    ready(store, "other", "d2")
    mark_failed(store, [(Reference("bad", 1, 1), "empty")], FailureKind.NO_IMAGE, now=5.0)
    assert renew_images(store, {"d2", "unknown"}) == 2
    assert {path for path, _ in store.backlog(9)} == {"one", "other"}
    assert store.records(["one", "sound"]) == [Record(10, 1, State.PENDING), sound]
    assert store.facts("e1", ["d1", "d2"]) == [ImageFacts(4, 3, "pixels of d1"), None]
    assert store.features("e1", ["d2"]) == store.sketches(["d2"]) == [None]
    assert renew_images(store, {"d2"}) == 0


def test_a_file_that_moved_on_meanwhile_is_left_alone() -> None:
    class Moving(MemoryStore):
        """A store in which the file is replaced between the scan and the second look."""

        def drop_images(self, extractor_id: str, digests: object) -> None:
            self.mark_pending([Reference("a", 99, 7)], now=9.0)

    store = Moving()
    ready(store, "a", "d1")
    assert renew_images(store, {"d1"}) == 0
    assert store.records(["a"]) == [Record(99, 7, State.PENDING, since=9.0)]


def damage(desk: Desk, path: str, features: bytes | None = None) -> str:
    """Make the features of a file rubbish, or remove all that is stored of it; its digest."""
    [record] = desk.store.records([path])
    assert record
    if features is None:
        desk.store.drop_images("e1", [record.digest])
    else:
        desk.store.put_images("e1", [(record.digest, ImageFacts(40, 30), features, b"")])
    return record.digest


def test_recluster_goes_on_without_damaged_features_and_sends_their_files_again(desk: Desk) -> None:
    fill(desk, families=2)
    pair = pair_of(damage(desk, "f0-0.png", b"damaged"), damage(desk, "f0-1.png"))
    desk.store.put_matches({pair: Match(0.9, "alike")})
    outcome = recluster(desk.reclustering, force=False)
    assert outcome["outcome"] == "published"
    assert {path for path, _ in desk.store.backlog(9)} == {"f0-0.png", "f0-1.png"}
    assert len(desk.rows("assignments.csv")) == 10
    assert dict(desk.store.matches()) == {pair: Match(0.9, "alike")}  # the two come back
    for seed in (0, 1):
        desk.add(f"f0-{seed}.png", 0, seed)
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert len(desk.rows("assignments.csv")) == 12
    assert list(desk.store.backlog(9)) == []


def test_recluster_sends_files_without_facts_again(desk: Desk) -> None:
    fill(desk, families=2)
    [record] = desk.store.records(["f1-2.png"])
    assert record
    del desk.store._images[record.digest]
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert [path for path, _ in desk.store.backlog(9)] == ["f1-2.png"]
    assert desk.store.features("e1", [record.digest]) == [None]


def test_a_pair_that_a_verdict_rests_on_is_compared_again_when_it_is_lost(desk: Desk) -> None:
    fill(desk, families=2)
    [keeper, other] = desk.store.records(["f0-0.png", "f0-1.png"])
    assert keeper
    assert other
    near = dataclasses.replace(other, verdict="near", duplicate_of="f0-0.png", similarity=0.9, reason="alike")
    unique = dataclasses.replace(keeper, verdict="unique")
    assert desk.store.complete([("f0-0.png", keeper, unique), ("f0-1.png", other, near)]) == [True, True]
    desk.alike["f0-0.pngf0-1.png"] = 0.9
    assert recluster(desk.reclustering, force=False)["outcome"] == "published"
    assert desk.compared == [("f0-0.png", "f0-1.png")]
    # The better file of the two is the keeper; without the pair both would be unique.
    assert {r.verdict for r in desk.store.records(["f0-0.png", "f0-1.png"]) if r} == {"unique", "near"}
    assert dict(desk.store.matches()) == {pair_of(keeper.digest, other.digest): Match(0.9, "alike")}
    recluster(desk.reclustering, force=True)
    assert len(desk.compared) == 1
