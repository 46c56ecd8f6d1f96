"""The saved index: a restart finds what an index built anew would, and what is no good is made anew."""

import dataclasses
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from shared.errors import CorruptValue
from shared.records import Match, Reference, State
from shared.store import MemoryStore
from tests.unit.test_candidates import crops, fill, itself
from tests.unit.test_following import ALIKE, VARIED, happen, plain, steps
from tests.unit.test_judge import RANK, World, clusters_of
from worker.engine.search.vectors import Vectors
from worker.pipeline.comparison import File
from worker.pipeline.judging.arrays_file import read_arrays, write_arrays
from worker.pipeline.judging.candidates import ContentIndex
from worker.pipeline.judging.collection import Collection
from worker.pipeline.judging.judge import Judge
from worker.pipeline.judging.knowledge import Knowledge
from worker.pipeline.judging.packing import pack, unpack
from worker.pipeline.judging.snapshot import SECONDS, VERDICTS, Snapshot

MANY = 90  # pictures
NAMES = [f"{number:03}.jpg" for number in range(MANY)]


class Desk:
    """A store with pictures in it, and writers that come one after another, with a snapshot between them."""

    def __init__(self, file: Path, extractor: str = "e", collection: str = "c") -> None:
        self.store = MemoryStore()
        self.file, self.extractor, self.collection = file, extractor, collection
        fill(self.store, dict(zip(NAMES, crops(MANY), strict=True)))
        self.fitted = 0

    def put(self, path: str) -> None:
        """A file whose content has its name."""
        self.store.mark_pending([Reference(path, 9, 9)], now=1.0)
        [seen] = self.store.records([path])
        assert seen
        self.store.complete([(path, seen, dataclasses.replace(seen, state=State.READY, digest=path, extractor="e"))])

    def begin(self) -> Judge:
        """A writer that starts now."""
        self.index = ContentIndex(self.store, self.extractor)
        snapshot = Snapshot(self.file, self.collection, self.extractor)
        return Judge(
            self.store, Collection(self.store, self.index, snapshot), self.compare, lambda known, _: set(known),
            clusters_of, lambda: 1.0, RANK,
        )  # fmt: skip

    def compare(self, keeper: File, other: File) -> Match | None:
        return Match(0.9, "the next one") if keeper.path[:2] == other.path[:2] else None


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr("worker.pipeline.judging.candidates.FITTED_ON", 65)
    desk = Desk(tmp_path / "index" / "verdicts")
    first = desk.begin()
    for name in NAMES[:80]:
        desk.put(name)
    first.look(NAMES[:80])
    assert desk.file.exists(), "the first index is saved at once"
    return desk


def forbid_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    def scan() -> None:
        raise AssertionError("all records were read")

    monkeypatch.setattr("shared.store.MemoryStore.scan", lambda _: scan())


def test_a_writer_goes_on_where_the_snapshot_was_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES[80:85]:
        desk.put(name)
    desk.begin().look(NAMES[80:85])  # not saved: it is not due
    desk.store.forget([NAMES[0]])
    desk.begin().look([NAMES[0]])
    desk.put(NAMES[85])  # its message is lost
    with monkeypatch.context() as patch:
        forbid_learning(patch)
        last = desk.begin()
        desk.put(NAMES[86])
        last.look([NAMES[86]])
        assert last.waiting == [NAMES[85]]
        last.look(last.waiting)
    assert {record.verdict for chunk in desk.store.scan() for _, record in chunk} == {"unique", "near"}
    anew = ContentIndex(desk.store, "e")
    for name in NAMES[:87]:  # one by one, as they came: the whitening is fitted on the same ones
        anew.add([name])
    anew.remove(NAMES[0])
    for name in NAMES:  # sought for by those that are in it, too
        assert desk.index.search(name, itself, 12) == anew.search(name, itself, 12)
    known, learnt = last._known, Collection(desk.store, anew)
    learnt.learn()
    assert known.digest == learnt.known.digest
    assert known.keeper == learnt.known.keeper


def test_a_snapshot_that_the_stream_does_not_reach_back_to_saves_the_index_all_the_same(desk: Desk) -> None:
    desk.store._events.clear()  # another stream
    desk.put(NAMES[80])
    writer = desk.begin()
    read: list[str] = []
    features = desk.store.features
    desk.store.features = lambda extractor, digests: read.extend(digests) or features(extractor, digests)  # type: ignore[method-assign,func-returns-value]
    writer.look([NAMES[80]])
    assert set(read) == {NAMES[80]}
    assert len(writer._known.digest) == 81


def cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip_a_bit(data: bytes) -> bytes:
    place = 3 * len(data) // 4
    return data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]


def of_another_version(data: bytes) -> bytes:
    return data.replace(b"arrays 1", b"arrays 0")


@pytest.mark.parametrize("harm", [cut_short, flip_a_bit, of_another_version, lambda data: b"", lambda data: data[:30]])
def test_a_damaged_snapshot_is_made_anew_with_a_line_in_the_log(
    desk: Desk, harm: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    desk.file.write_bytes(harm(desk.file.read_bytes()))
    assert_made_anew(desk, caplog)


@pytest.mark.parametrize("other", [{"extractor": "another"}, {"collection": "another"}])
def test_a_foreign_snapshot_is_made_anew(desk: Desk, other: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    head, arrays = read_arrays(desk.file)
    write_arrays(desk.file, head | other, {name: np.array(array) for name, array in arrays.items()})
    assert_made_anew(desk, caplog)


def assert_made_anew(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.put(NAMES[80])
    writer = desk.begin()
    with caplog.at_level(logging.WARNING):
        assert writer.look([NAMES[80]]) == 1
    [line] = [record.message for record in caplog.records]
    assert "is made anew" in line
    assert len(writer._known.digest) == 81
    assert Snapshot(desk.file, "c", "e").load() is not None, "and saved again"


def test_where_it_cannot_be_written_verdicts_go_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    snapshot = Snapshot(tmp_path / "file" / "verdicts", "c", "e")
    with caplog.at_level(logging.WARNING):
        snapshot.save(Knowledge(), "1", {})
        assert snapshot.load() is None
    assert "could not be saved" in caplog.text


def test_it_is_saved_after_so_many_verdicts_or_so_long_and_never_all_the_time(tmp_path: Path) -> None:
    now = [1000.0]
    snapshot = Snapshot(tmp_path / "verdicts", "c", "e", clock=lambda: now[0])
    assert snapshot.is_due(1)  # there is none yet
    assert not snapshot.is_due(0)
    snapshot.save(Knowledge(), "1", {})
    assert not snapshot.is_due(VERDICTS - 1)
    assert snapshot.is_due(VERDICTS)
    now[0] += SECONDS
    assert snapshot.is_due(1)
    assert not snapshot.is_due(0)
    snapshot._wait(took=20.0)
    now[0] += 900
    assert not snapshot.is_due(VERDICTS)
    now[0] += 101
    assert snapshot.is_due(VERDICTS)


@given(steps)
@settings(max_examples=100, deadline=None)
def test_knowledge_is_unpacked_as_it_was(history: list[tuple[str, ...]]) -> None:
    world = World()
    world.alike, world.varied = dict.fromkeys(ALIKE, 0.9), dict.fromkeys(VARIED, 0.8)
    for step, *more in history:
        if step != "follow":
            happen(world, step, more)
    known = world.judge._known
    assert plain(unpack(pack(known)), world) == plain(known, world)
    assert unpack(pack(known)).orphans == known.orphans


def test_paths_of_any_bytes_are_unpacked() -> None:
    known = Knowledge()
    for path in ("line\nbreak.jpg", os.fsdecode(b"latin-\xe9.jpg"), "🙂"):
        known.add_file(path, "d")
    known.join("d", "d")
    assert unpack(pack(known)).paths == known.paths


def test_vectors_answer_alike_from_a_file_and_after_more_were_added(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    rows = chance.standard_normal((3000, 32)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    whole, saved = Vectors(32), Vectors(32)
    whole.add(rows)
    for start, stop in ((0, 1000), (1000, 1001), (1001, 2900), (2900, 3000)):
        saved.add(rows[start:stop])
        write_arrays(tmp_path / "file", {}, saved.to_arrays())
        saved = Vectors.from_arrays(32, read_arrays(tmp_path / "file")[1])
        assert len(saved) == stop
    assert 1 < len(saved.to_arrays()) < 4  # small parts are joined
    for row in rows[:50]:
        assert [values.tolist() for values in saved.search(row, 20)] == [
            values.tolist() for values in whole.search(row, 20)
        ]


WRITE = """
import sys, numpy as np
from pathlib import Path
from worker.pipeline.judging.arrays_file import write_arrays
print("ready", flush=True)
for number in range(10**6):
    write_arrays(Path(sys.argv[1]), {"number": number}, {"rows": np.full(2**20, number), "more": np.arange(number)})
"""


def test_a_process_killed_while_it_writes_leaves_the_file_before(tmp_path: Path) -> None:
    file = tmp_path / "arrays"
    write_arrays(file, {"number": -1}, {"rows": np.full(5, -1), "more": np.arange(0)})
    for delay in np.linspace(0, 0.05, 8):
        process = subprocess.Popen([sys.executable, "-c", WRITE, str(file)], stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        head, arrays = read_arrays(file)
        assert (arrays["rows"] == head["number"]).all()
    assert len(list(tmp_path.iterdir())) <= 2  # no heap of unfinished ones


def test_an_array_that_is_cut_off_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "arrays"
    write_arrays(file, {}, {"rows": np.arange(1000)})
    file.write_bytes(file.read_bytes()[:-64])
    with pytest.raises(CorruptValue):
        read_arrays(file)
