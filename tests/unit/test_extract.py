"""A batch of references becomes features and records: with the real decoder, an in-memory store and known features."""

import dataclasses
import hashlib
import io
import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.errors import Unavailable
from shared.failures import FailureKind
from shared.records import Event, Record, Reference, State
from shared.store import MemoryStore, keys
from watcher.enqueue import is_news
from worker.engine.search.encoding import decode_features
from worker.pipeline.extracting.extract import extract_batches
from worker.pipeline.extracting.extraction import Extraction
from worker.pipeline.extracting.guard import Clocks, Guard
from worker.pipeline.extracting.outcome import Outcome
from worker.pipeline.extracting.reading import ATTEMPTS_AT_ALL, read_together
from worker.pipeline.files import READ_BYTES
from worker.pipeline.local_folder import LocalFolder


def guard(seconds: float = 60.0) -> Guard:
    return Guard(10**6, seconds, Clocks())


def extract_batch(references: list[Reference], extraction: Extraction) -> Outcome:
    """What became of a whole message."""
    return sum(extract_batches(references, extraction), Outcome())


@dataclasses.dataclass
class Asking:
    """A network that asks a function."""

    extract: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    side: int = 224


class Network:
    """Features that tell which picture they came from: the mean colour, three times over; counts forward passes."""

    side = 224

    def __init__(self) -> None:
        self.batches: list[int] = []

    def extract(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(len(pictures))
        features = np.zeros((len(pictures), 4096), dtype=np.float32)
        features[:, :3] = pictures.mean(axis=(1, 2))
        return features


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


class Bench:
    """A folder, a store and a network, and references of files put into the folder."""

    def __init__(self, root: Path, executor: Executor) -> None:
        self.root = root
        self.store = MemoryStore()
        self.network = Network()
        self.extraction = Extraction(
            LocalFolder(root), self.store, "e1", self.network, executor, lambda: 50.0, guard(), 10**6, 10**6
        )

    def put(self, path: str, data: bytes) -> Reference:
        (self.root / path).write_bytes(data)
        return self.mark(path)

    def mark(self, path: str) -> Reference:
        found = (self.root / path).lstat()
        reference = Reference(path, found.st_size, found.st_mtime_ns)
        self.store.mark_pending([reference], now=1.0)
        return reference

    def record(self, path: str) -> Record:
        [record] = self.store.records([path])
        assert record
        return record


@pytest.fixture
def bench(tmp_path: Path, executor: Executor) -> Bench:
    return Bench(tmp_path, executor)


def png(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def test_each_file_gets_its_own_features_whatever_its_neighbours(bench: Bench) -> None:
    colours = {"red.png": (200, 10, 20), "green.png": (10, 200, 20), "blue.png": (10, 20, 200)}
    references = [bench.put(name, png(colour)) for name, colour in colours.items()]
    references.insert(1, bench.put("broken.png", b"\x89PNG\r\n\x1a\n broken"))
    outcome = extract_batch(references, bench.extraction)
    assert (outcome.ready, outcome.failed, outcome.cached, outcome.skipped) == (3, 1, 0, 0)
    assert bench.network.batches == [3]
    for name, colour in colours.items():
        record = bench.record(name)
        assert (record.state, record.width, record.height, record.since) == (State.READY, 40, 30, 50.0)
        assert record.digest == hashlib.sha256(png(colour)).hexdigest()
        [raw] = bench.store.features("e1", [record.digest])
        assert raw
        np.testing.assert_allclose(decode_features(raw)[:3], colour, atol=0.2)


def test_what_a_worker_stored_before_it_died_is_told_to_the_verdict_writer(bench: Bench) -> None:
    reference, gone = bench.put("a.png", png((1, 2, 3))), bench.put("gone.png", png((3, 2, 1)))
    extract_batch([reference], bench.extraction)
    bench.store.forget(["gone.png"])
    bench.store.begin(["a.png", "gone.png"])  # it died before it forgot these, or sent a message
    again = extract_batch([reference, gone], bench.extraction)
    assert (again.skipped, again.finished) == (2, ["a.png"])
    assert bench.store.begin(["a.png", "gone.png"]) == [1, 1]
    bench.store.give_verdicts(
        [("a.png", bench.record("a.png"), dataclasses.replace(bench.record("a.png"), verdict="unique"))],
        [Event("", "a.png", "", "unique")],
        correction=False,
    )
    assert extract_batch([reference], bench.extraction).finished == []


def test_copies_are_computed_once_in_a_batch_and_never_again(bench: Bench) -> None:
    first = [bench.put(f"{n}.png", png((1, 2, 3))) for n in range(3)]
    assert extract_batch(first, bench.extraction).ready == 3
    later = bench.put("later.png", png((1, 2, 3)))
    outcome = extract_batch([later], bench.extraction)
    assert (outcome.ready, outcome.cached) == (1, 1)
    assert bench.network.batches == [1]
    assert bench.store.add(keys.Counter.COMPUTED, 0) == 1
    assert bench.record("later.png").width == 40


def test_running_a_batch_twice_changes_nothing(bench: Bench) -> None:
    references = [bench.put("a.png", png((9, 9, 9)))]
    extract_batch(references, bench.extraction)
    record, revision = bench.record("a.png"), bench.store.revision()
    outcome = extract_batch(references, bench.extraction)
    assert (outcome.ready, outcome.skipped) == (0, 1)
    assert (bench.record("a.png"), bench.store.revision()) == (record, revision)


def test_reasons_are_recorded_and_the_batch_goes_on(bench: Bench) -> None:
    references = [
        bench.put("empty.jpg", b""),
        bench.put("page.jpg", b"<html><body>404 Not Found</body></html>"),
        bench.put("big.png", png((5, 5, 5), (1001, 1000))),
        bench.put("good.png", png((5, 5, 5))),
    ]
    gone = bench.put("gone.png", png((7, 7, 7)))
    (bench.root / "gone.png").unlink()
    (bench.root / "link.png").symlink_to("/etc/hostname")
    link = bench.mark("link.png")
    outside = Reference("../outside.png", 1, 1)
    bench.store.mark_pending([outside], now=1.0)
    outcome = extract_batch([*references, gone, link, outside], bench.extraction)
    assert (outcome.ready, outcome.failed) == (1, 6)
    reasons = {path: record.reason for path, record in bench.store.failures()}
    assert "empty" in reasons["empty.jpg"]
    assert "web page" in reasons["page.jpg"]
    assert "IMAGESIEVE_MAX_PIXELS" in reasons["big.png"]
    assert "gone" in reasons["gone.png"]
    assert "symbolic link" in reasons["link.png"]
    assert "not inside" in reasons["../outside.png"]
    assert {path: str(record.failure) for path, record in bench.store.failures()} == {
        "empty.jpg": "empty", "page.jpg": "no image", "big.png": "too large", "gone.png": "gone",
        "link.png": "not readable", "../outside.png": "not readable",
    }  # fmt: skip


def test_a_file_that_changed_since_stays_pending_for_its_next_reference(bench: Bench) -> None:
    old = bench.put("a.png", png((1, 1, 1)))
    (bench.root / "a.png").write_bytes(png((2, 2, 2), (60, 60)))
    outcome = extract_batch([old], bench.extraction)
    assert (outcome.ready, outcome.failed, outcome.skipped) == (0, 0, 1)
    assert bench.record("a.png").state is State.PENDING
    assert extract_batch([bench.mark("a.png")], bench.extraction).ready == 1
    assert bench.record("a.png").width == 60


def test_features_are_stored_in_the_encoding_that_was_chosen(bench: Bench) -> None:
    extraction = dataclasses.replace(bench.extraction, encoding="int8")
    extract_batch([bench.put("a.png", png((1, 1, 1)))], extraction)
    [raw] = bench.store.features("e1", [bench.record("a.png").digest])
    assert raw
    assert len(raw) < 4096
    assert decode_features(raw).shape == (4096,)


def test_a_file_deleted_while_it_was_worked_on_stays_deleted(bench: Bench) -> None:
    reference = bench.put("a.png", png((1, 1, 1)))

    def deleting(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        bench.store.forget(["a.png"])
        return bench.network.extract(pictures)

    extract_batch([reference], dataclasses.replace(bench.extraction, network=Asking(deleting)))
    assert bench.store.records(["a.png"]) == [None]


def test_what_was_in_hand_when_a_worker_died_goes_alone_and_is_given_up_in_the_end(bench: Bench) -> None:
    suspects = [bench.put("poison.png", png((1, 1, 1))), bench.put("innocent.png", png((2, 2, 2)))]
    fresh = bench.put("fresh.png", png((3, 3, 3)))
    for _ in range(2):
        bench.store.begin([reference.path for reference in suspects])  # the worker died: never finished
    outcome = extract_batch([*suspects, fresh], bench.extraction)
    assert outcome.alone == suspects
    assert outcome.ready == 1
    assert bench.record("fresh.png").state is State.READY
    assert extract_batch([suspects[1]], bench.extraction).ready == 1
    for _ in range(ATTEMPTS_AT_ALL - 3):
        bench.store.begin(["poison.png"])
    assert extract_batch([suspects[0]], bench.extraction).failed == 1
    assert "crashed the decoder" in bench.record("poison.png").reason
    assert bench.record("poison.png").failure == "decoder"
    assert bench.store.begin(["poison.png"]) == [1]


def test_an_edit_that_keeps_size_and_time_is_noticed_and_a_mere_touch_changes_nothing(bench: Bench) -> None:
    file = bench.root / "a.png"
    extract_batch([bench.put("a.png", png((1, 2, 3)))], bench.extraction)
    judged = dataclasses.replace(bench.record("a.png"), verdict="exact", duplicate_of="k.png", reason="the same bytes")
    assert bench.store.complete([("a.png", bench.record("a.png"), judged)]) == [True]
    before = file.stat()
    for ctime, data in ((2, file.read_bytes()), (3, png((3, 2, 1)))):
        file.write_bytes(data)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        seen = Reference("a.png", before.st_size, before.st_mtime_ns, file.stat().st_ctime_ns)
        assert is_news(seen, bench.record("a.png"), "e1")
        bench.store.mark_pending([seen], now=float(ctime))
        outcome = extract_batch([seen], bench.extraction)
        assert outcome.ready == 1
        record = bench.record("a.png")
        assert not is_news(seen, record, "e1")
        if ctime == 2:
            assert (record.digest, record.verdict, record.duplicate_of) == (judged.digest, "exact", "k.png")
        else:
            assert record.digest == hashlib.sha256(data).hexdigest()
            assert (record.verdict, record.duplicate_of) == ("", "")


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e-9])
def test_features_that_say_nothing_are_never_stored(bench: Bench, executor: Executor, value: float) -> None:
    """A picture that the network is mute about fails with the true reason, and takes no other picture with it."""

    def extract(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        features = bench.network.extract(pictures)
        features[pictures.mean(axis=(1, 2, 3)) < 100] = value
        return features

    references = [bench.put("mute.png", png((1, 1, 1))), bench.put("twin.png", png((1, 1, 1)))]
    references.append(bench.put("good.png", png((200, 1, 200))))
    outcome = extract_batch(references, dataclasses.replace(bench.extraction, network=Asking(extract)))
    assert (outcome.ready, outcome.failed) == (1, 2)
    for path in ("mute.png", "twin.png"):
        record = bench.record(path)
        assert (record.state, record.extractor) == (State.FAILED, "e1")
        assert "IMAGESIEVE_WEIGHTS" in record.reason
    assert bench.record("good.png").state is State.READY
    # Another extractor tries again, this one does not.
    assert not is_news(references[0], bench.record("mute.png"), "e1")
    assert is_news(references[0], bench.record("mute.png"), "e2")


def test_a_root_that_is_away_is_waited_for_and_counts_no_attempt(tmp_path: Path, executor: Executor) -> None:
    bench = Bench(tmp_path / "root", executor)
    (tmp_path / "root").mkdir()
    reference = bench.put("a.png", png((1, 1, 1)))
    (tmp_path / "root").rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable):
        extract_batch([reference], bench.extraction)
    assert bench.store.begin(["a.png"]) == [1]


class Recording(ThreadPoolExecutor):
    """Counts what it was given to do."""

    submitted = 0

    def submit(self, *words: Any, **named: Any) -> Future[Any]:
        self.submitted += 1
        return super().submit(*words, **named)


def test_the_files_of_the_next_batch_are_read_while_the_network_looks_at_this_one(bench: Bench) -> None:
    references = [bench.put(f"{number}.png", png((number, 1, 1))) for number in range(5)]
    seen: list[tuple[int, int]] = []
    with Recording(2) as recording:

        def extract(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
            seen.append((len(pictures), recording.submitted))
            return bench.network.extract(pictures)

        extraction = dataclasses.replace(bench.extraction, executor=recording, network=Asking(extract), batch_size=2)
        outcomes = list(extract_batches(references, extraction))
    assert seen == [(2, 4), (2, 5), (1, 5)]
    assert all(outcome.seconds.keys() == {"read", "wait", "forward", "store"} for outcome in outcomes[1:])
    assert [len(outcome.finished) for outcome in outcomes] == [0, 2, 2, 1]


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [([], []), ([1, 1, 1], [1, 1, 1]), ([1] * 32, [4] * 8), ([1] * 20, [3] * 6 + [2]), ([40 << 20] * 16, [1] * 16)],
)
def test_a_thread_holds_few_files_of_a_batch_and_few_bytes(sizes: list[int], groups: list[int]) -> None:
    references = [Reference(f"{number}.png", size, 1) for number, size in enumerate(sizes)]
    found = list(read_together(references))
    assert [len(group) for group in found] == groups
    assert list(itertools.chain.from_iterable(found)) == references


def test_a_copy_in_a_later_batch_of_the_message_is_not_computed_again(bench: Bench) -> None:
    references = [bench.put(f"{number}.png", png((9, 9, 9))) for number in range(4)]
    outcome = extract_batch(references, dataclasses.replace(bench.extraction, batch_size=2))
    assert bench.network.batches == [1]
    assert (outcome.ready, outcome.cached) == (4, 3)


def test_batches_before_a_fault_stay_done_and_those_after_it_count_no_attempt(bench: Bench) -> None:
    references = [bench.put(f"{number}.png", png((number, 1, 1))) for number in range(5)]
    calls = itertools.count()

    def extract(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        if next(calls) == 1:
            raise Unavailable("Redis", "is away")
        return bench.network.extract(pictures)

    extraction = dataclasses.replace(bench.extraction, network=Asking(extract), batch_size=2)
    with pytest.raises(Unavailable):
        extract_batch(references, extraction)
    states = [bench.record(reference.path).state for reference in references]
    assert states == [State.READY] * 2 + [State.PENDING] * 3
    outcome = extract_batch(references, extraction)
    assert (outcome.ready, outcome.skipped) == (3, 2)
    assert bench.store.begin([reference.path for reference in references]) == [1] * 5


def by_bytes(bench: Bench) -> Extraction:
    return dataclasses.replace(bench.extraction, by_bytes=lambda path: path.endswith(".mov"), max_bytes=1000)


def test_what_is_compared_by_its_bytes_is_digested_and_never_decoded(bench: Bench) -> None:
    data = os.urandom(3 * READ_BYTES + 5)
    video, picture = bench.put("a.mov", data), bench.put("a.png", png((1, 2, 3)))
    disguised = bench.put("b.mov", png((200, 2, 3)))
    outcome = extract_batch([video, picture, disguised], by_bytes(bench))
    assert (outcome.ready, outcome.failed) == (3, 0)
    assert sorted(outcome.finished) == ["a.mov", "a.png", "b.mov"]
    assert bench.network.batches == [1], "the picture alone"
    record = bench.record("a.mov")
    assert record.is_by_bytes
    assert (record.state, record.digest) == (State.READY, hashlib.sha256(data).hexdigest())
    assert (record.width, record.extractor, record.verdict) == (0, "", "")
    assert bench.store.about([record.digest, bench.record("b.mov").digest]) == [None, None]
    assert not bench.record("a.png").is_by_bytes


def test_empty_and_changing_files_are_no_copies_of_each_other(bench: Bench) -> None:
    empty, changing = bench.put("empty.mov", b""), bench.put("changing.mov", b"123")
    (bench.root / "changing.mov").write_bytes(b"1234")
    extract_batch([empty, changing], by_bytes(bench))
    assert (bench.record("empty.mov").state, bench.record("empty.mov").failure) == (State.FAILED, FailureKind.EMPTY)
    assert bench.record("changing.mov").state is State.PENDING
