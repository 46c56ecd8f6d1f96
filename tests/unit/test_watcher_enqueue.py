from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.broker import Lane
from shared.errors import Unavailable
from shared.failures import FailureKind
from shared.records import Record, Reference, State
from shared.store import MemoryStore
from watcher.enqueue import LONGEST_HOLD, Batcher, Enqueuer, News, is_news
from watcher.queue import Lines

SEEN = Reference("a.jpg", 10, 20)
READY = Record(10, 20, State.READY, digest="d", extractor="x")
DIGESTED = Record(10, 20, State.READY, digest="d")
FAILED = Record(10, 20, State.FAILED, reason="it is empty")
REFUSED = Record(10, 20, State.FAILED, failure=FailureKind.SUFFIX, reason="not read: its suffix")
PENDING = Record(10, 20, State.PENDING)


@pytest.mark.parametrize(
    ("known", "extractor", "expected"),
    [
        (None, "x", True),
        (READY, "x", False),
        (READY, "", False),
        (READY, "y", True),
        (PENDING, "y", False),
        (FAILED, "x", False),
        (REFUSED, "x", True),
    ],
)
def test_what_is_news(known: Record | None, extractor: str, expected: bool) -> None:
    assert is_news(SEEN, known, extractor) is expected


@pytest.mark.parametrize(
    ("known", "by_bytes", "expected"),
    [
        (READY, True, True),
        (DIGESTED, True, False),
        (DIGESTED, False, True),
        (PENDING, True, False),
        (replace(FAILED, failure=FailureKind.DAMAGED), True, True),
        (replace(FAILED, failure=FailureKind.TOO_LARGE), True, True),
        (replace(FAILED, failure=FailureKind.NOT_READABLE), True, False),
        (replace(FAILED, failure=FailureKind.EMPTY), True, False),
        (replace(FAILED, failure=FailureKind.DAMAGED), False, False),
    ],
)
def test_what_is_compared_by_its_bytes_from_now_on_or_no_more_is_news(
    known: Record, by_bytes: bool, expected: bool
) -> None:
    assert is_news(SEEN, known, "x", by_bytes) is expected


@pytest.mark.parametrize("known", [READY, FAILED, REFUSED, PENDING])
def test_another_size_or_mtime_is_always_news(known: Record) -> None:
    assert is_news(SEEN, replace(known, size=11), "x")
    assert is_news(SEEN, replace(known, mtime_ns=21), "x")


operations = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 20), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("discard"), st.integers(0, 20), st.just(0)),
    ),
    max_size=80,
)


@given(operations, st.integers(1, 5), st.integers(0, 4))
def test_nothing_is_lost_the_order_is_kept_and_no_batch_is_too_large_or_too_late(
    operations: list[tuple[str, int, int]], size: int, linger: int
) -> None:
    batcher = Batcher(size, linger)
    expected: dict[str, int] = {}  # path -> size, in order of arrival, of what has to go out
    arrived: dict[str, int] = {}
    now = 0

    def send(at_once: bool = False) -> None:
        while batch := batcher.ready(now, at_once):
            assert len(batch) <= size
            full, late = len(batcher) >= size, now - arrived[batch[0].path] >= linger
            assert full or late or at_once
            assert [(r.path, r.size) for r in batch] == list(expected.items())[: len(batch)]
            batcher.sent(batch)
            for reference in batch:
                del expected[reference.path], arrived[reference.path]
        assert len(batcher) < size
        assert all(now - since < linger for since in arrived.values())

    for kind, number, content in operations:
        path = f"{number}.jpg"
        if kind == "add":
            expected[path] = content
            arrived.setdefault(path, now)
            batcher.add(Reference(path, content, 0), now)
        elif kind == "discard":
            expected.pop(path, None)
            arrived.pop(path, None)
            batcher.discard(path)
        else:
            now += number
        due = batcher.due()
        assert due == (next(iter(arrived.values())) + linger if arrived else None)
        send()
    send(at_once=True)
    assert not expected
    assert len(batcher) == 0


def test_a_batch_that_was_not_confirmed_comes_again() -> None:
    batcher = Batcher(2, 0.1)
    batcher.add(SEEN, 0.0)
    assert batcher.ready(0.0) == []
    assert batcher.ready(0.1) == batcher.ready(0.1) == [SEEN]


class Wire:
    """A queue that keeps what is sent, and can be cut."""

    def __init__(self) -> None:
        self.batches: list[list[Reference]] = []
        self.gone: list[str] = []
        self.cut = False
        self.lined = False

    def send(self, references: Sequence[Reference], lane: Lane = Lane.ARRIVAL) -> None:
        if self.cut:
            raise Unavailable("Redis", "is cut off")
        self.batches.append(list(references))

    def ping(self) -> None:
        return

    def lines(self) -> Lines:
        return Lines(arrivals=int(self.lined), backlog=100)

    def tell_gone(self, paths: Sequence[str]) -> None:
        self.gone += paths


def make(size: int = 2) -> tuple[Enqueuer, MemoryStore, Wire]:
    store, wire = MemoryStore(), Wire()
    return Enqueuer(store, wire, Batcher(size, 0.1), lambda: 1000.0), store, wire


def test_full_batches_go_at_once_and_the_rest_after_the_linger() -> None:
    enqueuer, store, wire = make()
    files = [Reference(f"{number}.jpg", number, 0) for number in range(5)]
    enqueuer.put(files, now=0.0)
    assert [len(batch) for batch in wire.batches] == [2, 2]
    enqueuer.flush(0.05)
    assert len(wire.batches) == 2
    enqueuer.flush(0.1)
    assert [reference for batch in wire.batches for reference in batch] == files
    assert store.records(["4.jpg"]) == [Record(4, 0, State.PENDING, since=1000.0)]


def test_while_messages_stand_in_line_a_batch_waits_for_company_but_not_for_ever() -> None:
    enqueuer, _, wire = make(size=4)
    wire.lined = True
    for number in range(3):
        enqueuer.put([Reference(f"{number}.jpg", 1, 0)], now=0.2 * number)
    assert wire.batches == []
    enqueuer.put([Reference("3.jpg", 1, 0)], 0.7)
    assert [len(batch) for batch in wire.batches] == [4], "a full one goes at once"
    enqueuer.put([Reference("4.jpg", 1, 0)], 1.0)
    for tenths in range(10, 60):
        enqueuer.flush(tenths / 10)
    assert len(wire.batches) == 1
    enqueuer.flush(1.0 + LONGEST_HOLD)
    assert len(wire.batches) == 2, "it has waited long enough"
    enqueuer.put([Reference("5.jpg", 1, 0)], 7.0)
    enqueuer.flush(7.2)
    wire.lined = False
    enqueuer.flush(7.35)
    assert len(wire.batches) == 3, "the line is gone"
    wire.lined = True
    enqueuer.put([Reference("6.jpg", 1, 0)], 8.0)
    enqueuer.flush(8.1)
    enqueuer.flush(8.1, at_once=True)
    assert len(wire.batches) == 4, "nothing else is on its way"


def test_a_batch_that_is_held_is_not_due_at_once() -> None:
    batcher = Batcher(4, 0.1)
    batcher.add(SEEN, 0.0)
    batcher.hold(0.5)
    assert batcher.due() == 0.6
    assert batcher.ready(0.55) == []
    assert batcher.ready(0.6) == [SEEN]
    assert batcher.may_be_held(LONGEST_HOLD - 0.1)
    assert not batcher.may_be_held(LONGEST_HOLD)


def test_a_batch_whose_message_failed_is_marked_first_and_sent_when_the_queue_is_back() -> None:
    enqueuer, store, wire = make()
    wire.cut = True
    with pytest.raises(Unavailable):
        enqueuer.put([Reference("a.jpg", 1, 1), Reference("b.jpg", 1, 1)], 0.0)
    assert store.counts().pending == 2
    wire.cut = False
    enqueuer.flush(5.0)
    assert [[r.path for r in batch] for batch in wire.batches] == [["a.jpg", "b.jpg"]]


def test_a_forgotten_path_is_not_sent_any_more_and_unknown_paths_leave_the_revision() -> None:
    enqueuer, store, wire = make()
    enqueuer.put([Reference("a.jpg", 1, 1)], 0.0)
    before = store.revision()
    assert enqueuer.forget(["a.jpg", "stray.jpg"]) == 0
    assert store.revision() == before
    enqueuer.flush(9.0)
    assert wire.batches == []
    store.mark_pending([Reference("b.jpg", 1, 1)], 0.0)
    assert enqueuer.forget(["b.jpg", "stray.jpg"]) == 1
    assert wire.gone == ["b.jpg"]


def test_news_asks_in_chunks_and_keeps_the_order() -> None:
    enqueuer, store, _ = make()
    files = [Reference(f"{number}.jpg", 1, 1) for number in range(2500)]
    store.mark_pending(files[::2], 1.0)
    assert enqueuer.news(files) == News(new=files[1::2])


def test_what_is_only_to_be_read_again_is_told_from_what_is_new() -> None:
    enqueuer, store, _ = make()
    enqueuer.extractor = "y"
    paths = ["known", "changed", "held", "unknown"]
    known, changed, held, unknown = files = [Reference(f"{path}.jpg", 1, 1) for path in paths]
    store.mark_pending([known, replace(changed, size=2)], 1.0)
    store.complete(
        [(path, record, replace(record, state=State.READY, extractor="x")) for path, record in store.pending()]
    )
    enqueuer.hold([held])
    assert enqueuer.news(files) == News(new=[changed, unknown], again=[known])
    assert enqueuer.news(files, held_too=True) == News(new=[changed, held, unknown], again=[known])


def test_what_is_held_is_on_record_and_not_sent() -> None:
    enqueuer, store, wire = make()
    enqueuer.hold([Reference("a.jpg", 1, 1), Reference("b.jpg", 1, 1)])
    enqueuer.flush(9.0, at_once=True)
    assert wire.batches == []
    assert store.counts().held == 2
    enqueuer.put([Reference("a.jpg", 1, 1)], 10.0)
    enqueuer.flush(11.0)
    assert [[reference.path for reference in batch] for batch in wire.batches] == [["a.jpg"]]
    assert store.counts().held == 1
