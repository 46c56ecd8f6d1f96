"""The verdict writer as it runs: real Celery workers on the queue `verdicts`, on a real Redis."""

import dataclasses
import hashlib
import io
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import redis
from PIL import Image
from sklearn.datasets import load_sample_image

from shared import names
from shared.broker import make_app, request_proposals, request_verdicts
from shared.records import Extractor, ImageFacts, Record, Reference, State
from shared.settings import Settings
from shared.stack.programs import celery_worker
from shared.store import RedisStore, keys
from worker.engine.search.encoding import encode
from worker.engine.search.whitening import FITTED_ON
from worker.engine.sketch.sketch import describe
from worker.turn import TURN_SECONDS

PATIENCE = 180.0
CHINA, FLOWER = (Image.fromarray(load_sample_image(f"{name}.jpg")).resize((240, 160)) for name in ("china", "flower"))


def content(picture: Image.Image, word: str) -> bytes:
    """A file of its own for each word, with one picture."""
    out = io.BytesIO()
    picture.save(out, "JPEG", comment=word.encode())
    return out.getvalue()


def digest_of(picture: Image.Image, word: str) -> str:
    return hashlib.sha256(content(picture, word)).hexdigest()


class Process:
    """A worker of the queue `verdicts` with its child, in a process group of its own."""

    def __init__(self, settings: Settings, name: str, log: Path, queue: str = names.QUEUE_VERDICTS) -> None:
        self._log = log
        command = celery_worker(queue, "info", 2 if queue == names.QUEUE_PROPOSALS else 1)
        command[command.index("--hostname") + 1] = f"{name}@test"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **settings.environment()},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def said(self, word: str) -> bool:
        return word in self._log.read_text()

    def stop(self) -> None:
        """As supervisord and containers do it."""
        self._process.terminate()
        self._process.wait(60)

    def end(self) -> None:
        if not self.ended():
            self.send(signal.SIGKILL)
        self._process.wait(60)


class Bench:
    """Workers, and a store in which files are ready without any feature worker."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.store = RedisStore.connect(settings.store)
        self.app = make_app(settings)
        self._folder = folder
        self._processes: list[Process] = []
        self.publish("e")

    def publish(self, extractor: str) -> None:
        self.store.publish_extractor(Extractor(extractor, "random", extractor))

    def start(self, name: str, queue: str = names.QUEUE_VERDICTS) -> Process:
        process = Process(self.settings, name, self._folder / f"{name}.log", queue)
        self._processes.append(process)
        return process

    def put(self, files: Sequence[tuple[str, str]], extractor: str = "e", picture: Image.Image = CHINA) -> None:
        """Ready files: path and the word that makes its content another one."""
        sketch = describe(np.asarray(picture)).to_bytes()
        self.store.mark_pending([self._write(path, content(picture, word)) for path, word in files], now=1.0)
        changes = []
        for (path, word), seen in zip(files, self.store.records([path for path, _ in files]), strict=True):
            assert seen
            digest = digest_of(picture, word)
            row = np.random.default_rng(sum(digest.encode())).random((1, 4096), dtype=np.float32)
            facts = ImageFacts(*picture.size, f"pixels of {digest}")
            self.store.put_images(extractor, [(digest, facts, encode(row)[0], sketch)])
            ready = dataclasses.replace(seen, state=State.READY, digest=digest, width=9, height=9, extractor=extractor)
            changes.append((path, seen, ready))
        assert all(self.store.complete(changes))

    def _write(self, path: str, data: bytes) -> Reference:
        file = self.settings.watch_dir / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return Reference(path, len(data), file.stat().st_mtime_ns)

    def send(self, *paths: str) -> None:
        request_verdicts(self.app, paths)

    def records(self) -> dict[str, Record]:
        return {path: record for chunk in self.store.scan() for path, record in chunk}

    def all_judged(self) -> bool:
        return all(record.verdict for record in self.records().values())

    def events_by_path(self) -> Counter[str]:
        return Counter(event.path for _, event in self.store.events("0", wait=0.1))

    def holder(self) -> bytes:
        with redis.Redis.from_url(self.settings.store) as client:
            held: bytes = client.get(keys.key_holder(names.LEASE_VERDICTS)) or b""
            return held

    def close(self) -> None:
        for process in self._processes:
            process.end()


@pytest.fixture
def bench(settings: Settings, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(settings, tmp_path)
    yield bench
    bench.close()


def wait(happened: Callable[[], object], what: str) -> float:
    """Seconds until `happened()` was true."""
    started = time.monotonic()
    while not happened():
        assert time.monotonic() < started + PATIENCE, f"not in time: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


def send_copies(bench: Bench, word: str) -> None:
    """Twelve pictures of two files each, the two in messages of their own."""
    bench.put([(f"{word}{number}/{copy}", f"{word}{number}") for number in range(12) for copy in "ab"])
    for number in range(12):
        bench.send(f"{word}{number}/a")
        bench.send(f"{word}{number}/b")


def assert_each_once(bench: Bench) -> None:
    """One event for each file, and of two copies one is the keeper; all of these pictures look alike besides."""
    records = bench.records()
    assert bench.events_by_path() == Counter(list(records))
    verdicts = Counter(record.verdict for record in records.values())
    assert verdicts["unique"] == 1
    assert verdicts["failed"] == 0


def test_one_gives_verdicts_and_another_takes_over(bench: Bench) -> None:
    first = bench.start("first")
    wait(lambda: first.said("gives verdicts now"), "the first worker's turn")
    second = bench.start("second")
    wait(lambda: second.said("standing by"), "the second worker stands by")
    send_copies(bench, "before")
    wait(bench.all_judged, "verdicts of the first worker")
    assert first.said("looked at")
    assert not second.said("looked at")

    send_copies(bench, "killed")
    first.send(signal.SIGKILL)
    seconds = wait(lambda: second.said("gives verdicts now"), "the second worker's turn")
    assert seconds < TURN_SECONDS + 5
    wait(bench.all_judged, "what the killed worker had in hand, and the rest")
    assert_each_once(bench)

    third = bench.start("third")
    wait(lambda: third.said("standing by"), "the third worker stands by")
    stopped_holder = bench.holder()
    send_copies(bench, "stopped")
    second.send(signal.SIGSTOP)
    wait(lambda: third.said("gives verdicts now"), "the third worker's turn")
    assert bench.holder() != stopped_holder
    second.send(signal.SIGCONT)
    send_copies(bench, "continued")
    wait(bench.all_judged, "verdicts beside a worker that was stopped for too long")
    wait(second.ended, "the worker whose turn is over ends")
    assert_each_once(bench)


def test_another_extractor_needs_no_restart(bench: Bench) -> None:
    worker = bench.start("only")
    bench.put([("old", "old")])
    bench.send("old")
    wait(bench.all_judged, "a verdict under the first extractor")
    bench.publish("f")
    bench.put([("new", "new"), ("flower", "flower")], "f", FLOWER)
    bench.send("new", "flower")
    wait(bench.all_judged, "verdicts under the second extractor")
    found = bench.records()
    # Which of the two is looked at first is the store's affair.
    assert {found["new"].duplicate_of, found["flower"].duplicate_of} in ({"", "new"}, {"", "flower"})
    bench.put([("old", "old")], "f")  # extracted anew: its verdict was lost with the old record
    bench.send("old")
    wait(bench.all_judged, "the verdict of an old file under the second extractor")
    assert bench.records()["old"].verdict == "unique"
    assert not worker.ended()


def test_a_damaged_sketch_is_described_anew_and_the_duplicate_found(bench: Bench) -> None:
    first = bench.start("first")
    bench.put([("keeper", "china")])
    bench.send("keeper")
    wait(bench.all_judged, "the keeper's verdict")
    first.end()  # it has the sound one in memory
    with redis.Redis.from_url(bench.settings.store) as client:
        client.setrange(keys.key_sketch(digest_of(CHINA, "china")), 1000, b"damaged")
    worker = bench.start("second")
    bench.put([("copy", "china, edited")])
    bench.send("copy")
    wait(lambda: bench.records()["keeper"].state is State.PENDING, "the keeper is to be read anew")
    assert bench.store.sketches([digest_of(CHINA, "china")]) == [None]
    wait(lambda: bench.records()["copy"].verdict, "nobody waits for it")
    bench.put([("keeper", "china")])  # as a feature worker does, when the watcher has sent it
    bench.send("keeper")
    wait(bench.all_judged, "the verdict of the keeper read anew")
    found = bench.records()
    assert (found["keeper"].verdict, found["keeper"].duplicate_of) == ("near", "copy")  # recluster knows the better one
    assert not worker.ended()


def fill(bench: Bench, first: int, last: int) -> list[str]:
    """So many pictures with features of their own, enough for an index that is worth saving; their paths."""
    sketch = describe(np.asarray(FLOWER)).to_bytes()
    rows = encode(np.random.default_rng(first).random((last - first, 4096), dtype=np.float32))
    paths = [f"{number:05}" for number in range(first, last)]
    bench.store.mark_pending([Reference(path, 1, 1) for path in paths], now=1.0)
    images, changes = [], []
    for path, row, seen in zip(paths, rows, bench.store.records(paths), strict=True):
        assert seen
        digest = hashlib.sha256(path.encode()).hexdigest()
        images.append((digest, ImageFacts(9, 9, f"pixels of {digest}"), row, sketch))
        ready = dataclasses.replace(seen, state=State.READY, digest=digest, extractor="e")
        changes.append((path, seen, dataclasses.replace(ready, verdict="unique") if first == 0 else ready))
    bench.store.put_images("e", images)
    assert all(bench.store.complete(changes))
    return paths


def test_a_worker_that_ends_saves_its_index_and_the_next_one_starts_from_it(bench: Bench) -> None:
    fill(bench, 0, FITTED_ON + 100)
    first = bench.start("first")
    for at in range(3):
        bench.send(*fill(bench, 9000 + at, 9001 + at))
        wait(bench.all_judged, "a verdict")
    assert first.said("saved the index with")
    first.stop()
    assert first.said(f"saved the index with {FITTED_ON + 103} files"), "as it was at the end"
    second = bench.start("second")
    bench.send(*fill(bench, 9010, 9011))
    wait(bench.all_judged, "a verdict of the second worker")
    assert second.said(f"the index was saved with {FITTED_ON + 103} files")


def test_proposers_pass_on_what_they_found_and_one_may_die(bench: Bench) -> None:
    bench.settings = bench.settings.model_copy(update={"visibility_timeout": 20.0})
    bench.app = make_app(bench.settings)
    fill(bench, 0, FITTED_ON + 100)
    writer = bench.start("writer")
    bench.send(*fill(bench, 8000, 8001))
    wait(bench.all_judged, "the writer has begun")
    proposers = [bench.start(name, names.QUEUE_PROPOSALS) for name in ("one", "two")]
    bench.put([("china/a", "a"), ("china/b", "b")])
    bench.put([("flower/a", "a")], picture=FLOWER)
    paths = [*fill(bench, 9000, 9040), "china/a", "china/b", "flower/a"]
    request_proposals(bench.app, paths)
    wait(lambda: any(proposer.said("proposals") for proposer in proposers), "a proposer at work")
    proposers[0].send(signal.SIGKILL)
    wait(bench.all_judged, "verdicts on what was proposed, and on what the killed one had in hand")
    assert writer.said("with 16 proposals")
    assert bench.events_by_path() == Counter(["08000", *paths])
    found = bench.records()
    assert sorted(found[path].verdict for path in ("china/a", "china/b")) == ["near", "unique"]
    request_proposals(bench.app, ["china/a", "never there"])  # twice, and about nothing
    bench.app.send_task(names.TASK_PROPOSE, args=["no list"], ignore_result=True)
    bench.app.send_task(
        names.TASK_JUDGE, args=[fill(bench, 9050, 9051)], kwargs={"proposals": [{}]}, ignore_result=True
    )
    wait(bench.all_judged, "a verdict where the proposal was rubbish")
    assert writer.said("refused: no proposal")
