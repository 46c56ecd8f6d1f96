"""One behaviour, two implementations: MemoryStore and RedisStore on a real Redis."""

import dataclasses
import os

import pytest
import redis

from shared import names
from shared.errors import LeaseTaken, SettingsError
from shared.failures import FailureKind
from shared.ownership import claim_each
from shared.records import (
    Counts,
    Event,
    Extractor,
    Generation,
    ImageFacts,
    Match,
    Owner,
    Record,
    Reference,
    State,
    pair_of,
)
from shared.records.calibration import Calibration
from shared.settings import Settings
from shared.store import RedisStore, Store, keys
from tests.failed import mark_failed

ODD_NAMES = ["a.jpg", "sub/line\nbreak.jpg", "emoji 🙂.png", os.fsdecode(b"latin-\xe9.jpg"), "-=+@.gif"]


def reference(path: str, size: int = 10, mtime_ns: int = 1_700_000_000_123_456_789) -> Reference:
    return Reference(path, size, mtime_ns)


def ready(record: Record, digest: str = "d") -> Record:
    return dataclasses.replace(record, state=State.READY, digest=digest, width=4, height=3, extractor="e")


def test_an_empty_store_answers(store: Store) -> None:
    store.ping()
    assert store.counts() == Counts(0, 0, 0)
    assert store.records(["a"]) == [None]
    assert [pair for chunk in store.scan() for pair in chunk] == []
    assert store.generation() is None
    assert store.summary() is None
    assert store.extractor() is None
    assert store.features("e", []) == []
    assert store.facts("e", ["x"]) == [None]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_a_file_can_have_comes_back(store: Store, name: str) -> None:
    store.mark_pending([reference(name)], now=5.0)
    [record] = store.records([name])
    assert record == Record(10, 1_700_000_000_123_456_789, State.PENDING, since=5.0)
    assert [pair for chunk in store.scan() for pair in chunk] == [(name, record)]
    assert list(store.pending()) == [(name, record)]


def test_a_record_goes_from_pending_to_ready_to_failed_and_away(store: Store) -> None:
    store.mark_pending([reference("a"), reference("b")], now=1.0)
    seen = store.records(["a", "b"])
    assert store.counts() == Counts(total=2, pending=2, failed=0)
    assert seen[0]
    assert seen[1]
    failed = dataclasses.replace(seen[1], state=State.FAILED, reason="empty")
    assert store.complete([("a", seen[0], ready(seen[0])), ("b", seen[1], failed)]) == [True, True]
    assert store.counts() == Counts(total=2, pending=0, failed=1)
    assert store.counts().ready == 1
    assert list(store.failures()) == [("b", failed)]
    store.mark_pending([reference("b", size=11)], now=2.0)
    assert store.counts() == Counts(total=2, pending=1, failed=0)
    assert store.forget(["a", "b", "never there"]) == 2
    assert store.counts() == Counts(0, 0, 0)


def test_complete_loses_against_a_deletion_and_a_replacement(store: Store) -> None:
    store.mark_pending([reference("gone"), reference("new")], now=1.0)
    gone, new = store.records(["gone", "new"])
    assert gone
    assert new
    store.forget(["gone"])
    store.mark_pending([reference("new", size=99)], now=2.0)
    assert store.complete([("gone", gone, ready(gone)), ("new", new, ready(new))]) == [False, False]
    assert store.records(["gone", "new"]) == [None, Record(99, 1_700_000_000_123_456_789, State.PENDING, since=2.0)]
    assert store.counts() == Counts(total=1, pending=1, failed=0)


def test_refused_files_are_failed_at_once(store: Store) -> None:
    mark_failed(store, [(reference("notes.txt"), "not read")], FailureKind.NO_IMAGE, now=3.0)
    assert [(path, record.reason) for path, record in store.failures()] == [("notes.txt", "not read")]


def test_every_change_moves_the_revision(store: Store) -> None:
    seen = [store.revision()]

    def moved() -> bool:
        seen.append(store.revision())
        return seen[-1] > seen[-2]

    store.mark_pending([reference("a")], 1.0)
    assert moved()
    [record] = store.records(["a"])
    assert record
    store.complete([("a", record, ready(record))])
    assert moved()
    store.forget(["a"])
    assert moved()
    store.records(["a"])
    store.counts()
    assert not moved()


def test_features_belong_to_a_digest_and_an_extractor(store: Store) -> None:
    store.put_images(
        "one", [("d1", ImageFacts(4, 3, "p1"), b"\x00" * 8, b"s1"), ("d2", ImageFacts(5, 6), b"\x01" * 8, b"s2")]
    )
    assert store.features("one", ["d2", "missing", "d1"]) == [b"\x01" * 8, None, b"\x00" * 8]
    assert store.features("two", ["d1"]) == [None]
    assert store.facts("one", ["d1", "d3"]) == [ImageFacts(4, 3, "p1"), None]
    assert store.sketches(["d2", "d3", "d1"]) == [b"s2", None, b"s1"]
    assert store.pixels(["d1", "d2", "d3"]) == ["p1", "", ""]
    assert store.about(["d2", "d3", "d1"]) == [ImageFacts(5, 6), None, ImageFacts(4, 3, "p1")]
    assert store.facts("two", ["d1"]) == [None]


def test_what_is_known_of_a_picture_is_whole_or_unknown_and_can_be_dropped(store: Store) -> None:
    store.put_images("one", [(d, ImageFacts(4, 3, "p"), b"f", b"s") for d in ("d1", "d2")])
    store.put_images("two", [("d1", ImageFacts(4, 3, "p"), b"g", b"s")])
    store.drop_images("one", ["d1", "never there"])
    assert store.facts("one", ["d1", "d2"]) == [None, ImageFacts(4, 3, "p")]
    assert store.features("one", ["d1"]) == store.sketches(["d1"]) == [None]
    assert store.pixels(["d1", "d2"]) == ["", "p"]
    assert store.features("two", ["d1"]) == [b"g"]
    assert store.facts("two", ["d1"]) == [None]  # without a sketch it has to be described anew
    store.drop_images("one", [])


def have(store: Store, path: str, digest: str, extractor: str = "one") -> None:
    """A record of a file with this content."""
    store.mark_pending([reference(path)], now=1.0)
    [record] = store.records([path])
    assert record
    new = dataclasses.replace(ready(record, digest), extractor=extractor)
    assert store.complete([(path, record, new)]) == [True]


def test_a_file_whose_ctime_alone_is_another_is_read_again_and_keeps_its_verdict(store: Store) -> None:
    """Its rights or links changed, or its contents by somebody who set the time back (exiftool -P)."""
    have(store, "a", "d")
    [seen] = store.records(["a"])
    assert seen
    judged = dataclasses.replace(seen, verdict="exact", duplicate_of="k", similarity=1.0, reason="the same bytes")
    assert store.complete([("a", seen, judged)]) == [True]
    again = Reference("a", judged.size, judged.mtime_ns, 99, 7)
    assert not judged.describes(again)
    store.mark_pending([again], now=2.0)
    [pending] = store.records(["a"])
    assert pending
    assert pending.describes(again)
    assert (pending.state, pending.digest, pending.verdict, pending.inode) == (State.PENDING, "d", "exact", 7)
    store.mark_pending([dataclasses.replace(again, mtime_ns=5)], now=3.0)  # another state: nothing is kept
    [fresh] = store.records(["a"])
    assert fresh
    assert (fresh.digest, fresh.verdict) == ("", "")


def test_only_features_nobody_refers_to_end(store: Store) -> None:
    store.put_images("one", [(digest, ImageFacts(1, 1), b"f", b"s") for digest in ("live", "dead")])
    have(store, "a", "live")
    assert store.expire_features("one", 60) == 3
    assert store.expire_features("one", 60) == 0
    assert store.facts("one", ["dead"]) == [ImageFacts(1, 1)]  # asked for again: it stays
    assert store.expire_features("one", 60) == 3


def test_features_of_an_extractor_that_counts_no_more_end_and_sketches_stay(store: Store) -> None:
    store.put_images("one", [("live", ImageFacts(1, 1), b"f", b"s")])
    store.put_images("two", [("live", ImageFacts(1, 1), b"f", b"s")])
    have(store, "a", "live", "two")
    assert store.expire_features("two", 60) == 1
    assert store.facts("one", ["live"]) == [ImageFacts(1, 1)]  # back to the old weights: they stay
    assert store.expire_features("one", 60) == 1


def test_a_correction_and_its_count_are_one_step(store: Store) -> None:
    """Killed in between, the verdict writer would never learn anew."""
    have(store, "a", "d")
    [record] = store.records(["a"])
    assert record
    event = Event("t", "a", "d", "unique")
    judged = dataclasses.replace(record, verdict="unique")
    store.give_verdicts([("a", record, judged)], [event], correction=False)
    assert store.add(keys.Counter.CORRECTIONS, 0) == 0
    corrected = dataclasses.replace(judged, verdict="near")
    changes = [("a", judged, corrected), ("a", record, corrected)]  # the second has been overtaken
    assert store.give_verdicts(changes, [event, event], correction=True) == [True, False]
    assert store.add(keys.Counter.CORRECTIONS, 0) == 1


def test_a_correction_of_a_verdict_into_itself_only_tells_of_it(store: Store) -> None:
    have(store, "a", "d")
    [record] = store.records(["a"])
    assert record
    event = Event("t", "a", "d", "unique", cluster=3, cluster_before=1)
    other = dataclasses.replace(record, reason="else")
    changes = [("a", record, record), ("a", other, other)]  # the second is not what is on record
    assert store.give_verdicts(changes, [event, event], correction=True) == [True, False]
    assert [told for _, told in store.events("0", wait=0.0)] == [event]
    assert store.add(keys.Counter.CORRECTIONS, 0) == 0
    assert store.records(["a"]) == [record]


def test_a_run_that_lost_its_lease_neither_corrects_nor_publishes(store: Store) -> None:
    have(store, "a", "d")
    [record] = store.records(["a"])
    assert record
    assert store.take_lease(names.LEASE_RECLUSTER, "late", 60)
    store.end_lease(names.LEASE_RECLUSTER, "late")
    with store.lease(names.LEASE_RECLUSTER) as holder:
        for taken in (False, True):
            name = holder if taken else "late"
            generation = Generation(f"g {name}", 1, "e", 1, b"", {})
            change = ("a", record, dataclasses.replace(record, verdict="unique"))
            event = Event("t", "a", "d", "unique")
            if taken:
                store.publish(generation, 5, holder=name)
                assert store.give_verdicts([change], [event], correction=True, holder=name) == [True]
                continue
            with pytest.raises(LeaseTaken):
                store.publish(generation, 5, holder=name)
            with pytest.raises(LeaseTaken):
                store.give_verdicts([change], [event], correction=True, holder=name)
            assert store.generation() is None
    newest = store.generation()
    assert newest
    assert newest.id == f"g {holder}"


def test_a_collection_is_its_first_owner_s(store: Store) -> None:
    first, second = Owner("1", "/a"), Owner("2", "/b")
    assert store.claim(first) == first
    assert store.claim(second) == first
    assert store.claim(Owner("1", "/moved")) == first


def test_two_watchers_of_different_folders_do_not_share_a_database(store: Store) -> None:
    claims = {"IMAGESIEVE_STORE_URL": store.claim}
    claim_each(claims, Owner("1", "/pictures"))
    claim_each(claims, Owner("1", "/mnt/pictures"))  # moved, or mounted elsewhere
    with pytest.raises(SettingsError, match=r"of IMAGESIEVE_STORE_URL holds .* imagesieve, which watches '/pictures'"):
        claim_each(claims, Owner("2", "/scans"))


def test_attempts_grow_until_finished(store: Store) -> None:
    assert store.begin(["a", "b"]) == [1, 1]
    assert store.begin(["a"]) == [2]
    store.finish(["a"])
    assert store.begin(["a", "b"]) == [1, 2]
    store.forget(["b"])
    assert store.begin(["b"]) == [1]


def test_counters(store: Store) -> None:
    assert store.add(keys.Counter.COMPUTED, 0) == 0
    assert store.add(keys.Counter.COMPUTED, 3) == 3
    assert store.add(keys.Counter.COMPUTED, 2) == 5


def test_the_extractor_is_published(store: Store) -> None:
    extractor = Extractor("abc", "random", "VGG16 fc2, random weights", "rough")
    store.publish_extractor(extractor)
    assert store.classes(extractor.id) == b""
    store.publish_extractor(extractor, b"layer")
    assert store.classes(extractor.id) == b"layer"
    assert store.classes("another") == b""
    assert store.extractor() == extractor


def test_thresholds_belong_to_an_extractor(store: Store) -> None:
    assert store.thresholds("one") is None
    first, second = (Calibration({"similarity": value}, "2026-11-23T04:15:00+00:00", 20, 4711) for value in (0.66, 0.7))
    store.put_thresholds("one", first)
    store.put_thresholds("two", second)
    assert store.thresholds("one") == first
    store.put_thresholds("one", second)
    assert store.thresholds("one") == store.thresholds("two") == second


def generation(number: int) -> Generation:
    clusters = {f"digest-{i}": i % 3 for i in range(2500)}
    return Generation(
        f"2026-{number}", number, "e", 3, b"\x00\x01" * 6, clusters, {"k": 3, "generation": f"2026-{number}"}
    )


def test_generations_replace_each_other_and_the_oldest_go(store: Store) -> None:
    assert store.publish(generation(1), keep=2) == []
    assert store.publish(generation(2), keep=2) == []
    assert store.publish(generation(3), keep=2) == ["2026-1"]
    assert store.generation() == generation(3)
    assert (store.centroids("2026-3"), store.centroids("2026-1")) == (b"\x00\x01" * 6, b"")
    assert store.summary() == {"revision": 3, "k": 3, "generation": "2026-3"}


def test_a_lease_has_one_holder_at_a_time(store: Store) -> None:
    with store.lease("recluster"):
        with pytest.raises(LeaseTaken), store.lease("recluster"):
            pass
        with store.lease("another"):
            pass
    with store.lease("recluster"):
        pass


def test_a_lease_is_its_last_holders_until_another_takes_it(store: Store) -> None:
    assert not store.keep_lease("verdicts", "one", 10)
    assert store.take_lease("verdicts", "one", 10)
    assert store.take_lease("verdicts", "one", 10)
    assert not store.take_lease("verdicts", "two", 10)
    store.end_lease("verdicts", "two")
    assert not store.take_lease("verdicts", "two", 10)
    store.end_lease("verdicts", "one")
    assert store.keep_lease("verdicts", "one", 10)  # nobody else was there
    store.end_lease("verdicts", "one")
    assert store.take_lease("verdicts", "two", 10)
    store.end_lease("verdicts", "two")
    assert not store.keep_lease("verdicts", "one", 10)


def test_a_verdict_is_written_by_the_last_holder_of_the_lease_alone(store: Store) -> None:
    store.mark_pending([reference("a")], now=1.0)
    [seen] = store.records(["a"])
    assert seen
    found = ready(seen)
    store.complete([("a", seen, found)])
    judged = dataclasses.replace(found, verdict="unique")
    event = Event("2026-01-01T00:00:00Z", "a", "d", "unique")
    store.take_lease(names.LEASE_VERDICTS, "one", 10)
    store.end_lease(names.LEASE_VERDICTS, "one")
    store.take_lease(names.LEASE_VERDICTS, "two", 10)
    with pytest.raises(LeaseTaken):
        store.give_verdicts([("a", found, judged)], [event], correction=False, holder="one")
    assert store.records(["a"]) == [found]
    assert store.events("0", wait=0.1) == []
    store.end_lease(names.LEASE_VERDICTS, "two")
    assert store.give_verdicts([("a", found, judged)], [event], correction=False, holder="two") == [True]


def test_a_lease_ends_when_its_holder_fails(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.lease("recluster"):
        raise ZeroDivisionError
    with store.lease("recluster"):
        pass


def test_matches_belong_to_unordered_pairs(store: Store) -> None:
    assert pair_of("b", "a") == pair_of("a", "b") == ("a", "b")
    store.put_matches(
        {pair_of("b", "a"): Match(0.97, "same picture, half size"), pair_of("a", "c"): Match(0.9, "grey")}
    )
    assert store.find_matches([("a", "b"), ("b", "c")]) == [Match(0.97, "same picture, half size"), None]
    assert dict(store.matches()) == {("a", "b"): Match(0.97, "same picture, half size"), ("a", "c"): Match(0.9, "grey")}
    store.drop_matches([("a", "b"), ("x", "y")])
    assert dict(store.matches()) == {("a", "c"): Match(0.9, "grey")}


def test_a_verdict_and_its_event_come_together_or_not_at_all(store: Store) -> None:
    store.mark_pending([reference("a"), reference("gone")], now=1.0)
    pending = store.records(["a", "gone"])
    assert pending[0]
    assert pending[1]
    store.complete([("a", pending[0], ready(pending[0])), ("gone", pending[1], ready(pending[1]))])
    seen = store.records(["a", "gone"])
    assert seen[0]
    assert seen[1]
    store.forget(["gone"])
    near = [
        dataclasses.replace(r, verdict="near", duplicate_of="k", similarity=0.9, reason="half size") for r in seen if r
    ]
    events = [Event("2026", path, "d", "near", "k", 0.9, 3, "half size") for path in ("a", "gone")]
    revision = store.revision()
    changes = [("a", seen[0], near[0]), ("gone", seen[1], near[1])]
    assert store.give_verdicts(changes, events, correction=False) == [True, False]
    assert store.revision() > revision
    assert store.records(["a", "gone"]) == [near[0], None]
    found = store.events("0", wait=0.0)
    assert [event for _, event in found] == [events[0]]
    assert store.events(found[-1][0], wait=0.0) == []
    assert store.counts() == Counts(1, 0, 0)


def test_a_correction_leaves_the_revision(store: Store) -> None:
    store.mark_pending([reference("a")], now=1.0)
    [seen] = store.records(["a"])
    assert seen
    revision = store.revision()
    unique = dataclasses.replace(ready(seen), verdict="unique")
    assert store.give_verdicts([("a", seen, unique)], [Event("2026", "a", "d", "unique")], correction=True) == [True]
    assert store.revision() == revision
    assert len(store.events("0", wait=0.0)) == 1


def test_who_follows_the_stream_learns_of_verdicts_and_of_what_was_let_go(store: Store) -> None:
    start = store.position()
    assert store.oldest() == start
    assert store.touched(start) == []
    have(store, "a", "d")
    [seen] = store.records(["a"])
    assert seen
    event = Event("2026", "a", "d", "unique")
    store.give_verdicts([("a", seen, dataclasses.replace(seen, verdict="unique"))], [event], correction=False)
    first = store.position()
    changed = store.add(keys.Counter.CHANGED, 0)
    store.let_go(["b\udcff"])
    assert store.add(keys.Counter.CHANGED, 0) == changed + 1
    store.tell([event])
    found = store.touched(start)
    assert found is not None
    assert [touched[1:] for touched in found] == [("a", event), ("b\udcff", None), ("a", event)]
    assert [place for place, _, _ in found] == [first, found[1][0], store.position()]
    assert store.touched(first) == found[1:]
    # Nobody else sees what was let go.
    assert [told for _, told in store.events("0", wait=0.0)] == [event, event]
    assert store.events(first, wait=0.0) == [(found[2][0], event)]
    assert store.latest_events(2) == [(found[2][0], event), (first, event)]


def test_who_was_away_for_too_long_is_told_so(settings: Settings) -> None:
    store = RedisStore.connect(settings.store)
    start = store.position()
    store.let_go(["a"])
    middle = store.position()
    store.let_go(["b"])
    with redis.Redis.from_url(settings.store) as client:
        client.xtrim(keys.KEY_EVENTS, maxlen=1, approximate=False)
    assert store.touched(middle) is None
    assert store.touched(store.position()) == []
    with redis.Redis.from_url(settings.store) as client:
        client.xadd(keys.KEY_EVENTS, {"event": b"\xff"})
        assert store.touched(middle) is None
        client.delete(keys.KEY_EVENTS)
    assert store.touched(middle) is None, "another stream"
    store.let_go(["c"])
    found = store.touched(start)  # it was so short that nothing can have been cut off
    assert found
    assert found[0][1:] == ("c", None)
    with redis.Redis.from_url(settings.store) as client, client.pipeline(transaction=False) as pipe:
        for _ in range(100_300):
            pipe.xadd(keys.KEY_EVENTS, {"gone": b"d"}, maxlen=100_000)
        pipe.execute()
    assert store.touched(start) is None
    assert store.touched(store.oldest()), "of a stream that was cut off, too"
