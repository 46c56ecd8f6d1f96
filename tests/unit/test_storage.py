"""A source that is no file system: listed by the watcher and read by the worker through the two ports alone."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.admission import Why
from shared.broker import Lane
from shared.errors import FileChanging, Unavailable, UnreadableImage
from shared.failures import FailureKind
from shared.records import Reference, State
from shared.records.passed_over import Passed
from shared.store import MemoryStore
from tests.unit.test_extract import guard, png
from watcher.enqueue import Batcher, Enqueuer
from watcher.queue import Lines
from watcher.scan import Reconciler
from watcher.settling import Settling
from watcher.storage import Absence, FolderAway, Note
from worker.pipeline.extracting.extract import extract_batches
from worker.pipeline.extracting.extraction import Extraction
from worker.pipeline.files import read_file
from worker.pipeline.storage import FileState, OpenFile


@dataclass
class Shelf:
    """Files in memory, both a `WatchedStorage` and a `ReadableStorage`. away: it does not answer."""

    files: dict[str, bytes] = field(default_factory=dict)
    version: int = 1
    away: bool = False
    name: str = "the shelf"

    def pin(self) -> bool:
        return not self.away

    def is_pinned(self) -> bool:
        return not self.away

    def check_there(self) -> None:
        if self.away:
            raise Unavailable(self.name, "is away", "bring it back")

    def believes_absence(self) -> bool:
        return not self.away

    def leads_to(self, folder: str) -> bool:
        return True

    def walk(self, under: str = "", note: Note = print) -> Iterator[list[Reference]]:
        if self.away:
            raise FolderAway(f"{self.name} is away")
        note(Passed("letter.txt", 3, Why.SUFFIX))
        for path in self.files:
            if path.startswith(under):
                yield [self.reference(path)]

    def look(self, path: str) -> Reference | Absence:
        return self.reference(path) if path in self.files else Absence.GONE

    look_in_place = look

    def reference(self, path: str) -> Reference:
        return Reference(path, len(self.files[path]), self.version, self.version)

    @contextmanager
    def open(self, path: str) -> Iterator[OpenFile]:
        if self.away:
            raise Unavailable(self.name, "is away", "bring it back")
        if path not in self.files:
            raise UnreadableImage(FailureKind.GONE, "gone before it could be read")
        yield Taken(self, self.files[path])


@dataclass
class Taken:
    """A file of the shelf that somebody reads."""

    shelf: Shelf
    data: bytes
    read_to: int = 0

    def state(self) -> FileState:
        return FileState(True, len(self.data), self.shelf.version, self.shelf.version)

    def read(self, size: int) -> bytes:
        part = self.data[self.read_to : self.read_to + size]
        self.read_to += len(part)
        return part


class Sent:
    """Takes what the watcher sends, and the colours of pictures for their features."""

    side = 8

    def __init__(self) -> None:
        self.references: list[Reference] = []

    def send(self, references: Sequence[Reference], lane: Lane = Lane.ARRIVAL) -> None:
        self.references += references

    def ping(self) -> None:
        return

    def lines(self) -> Lines:
        return Lines()

    def tell_gone(self, paths: Sequence[str]) -> None:
        return

    def extract(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(pictures.mean(axis=(1, 2)), np.float32)


def test_what_a_source_lists_is_sent_and_what_it_opens_is_read() -> None:
    shelf = Shelf({"a/red.png": png((200, 1, 1)), "blue.png": png((1, 1, 200)), "rubbish.png": b"rubbish"})
    store, sent = MemoryStore(), Sent()
    enqueuer = Enqueuer(store, sent, Batcher(32, 0.0), lambda: 1e6)
    reconciler = Reconciler(shelf, store, enqueuer, Settling(1.0, shelf.look), 1.0, 60.0, lambda: 1e6, lambda: 1e6)
    reconciler.scanned = 1e6

    def rescan() -> set[str]:
        sent.references = []
        assert [*reconciler.rescan()][-1]
        enqueuer.flush(1e6, at_once=True)
        return {reference.path for reference in sent.references}

    assert rescan() == {*shelf.files}
    found = store.passed_over()
    assert found
    assert found.suffixes == {".txt": (1, 3)}
    with ThreadPoolExecutor(1) as executor:
        extraction = Extraction(shelf, store, "e", sent, executor, lambda: 1e6, guard(), 10**6, 10**6)
        list(extract_batches(sent.references, extraction))
    states = {path: record.state for chunk in store.scan() for path, record in chunk}
    assert states == {"a/red.png": State.READY, "blue.png": State.READY, "rubbish.png": State.FAILED}

    del shelf.files["blue.png"]
    assert rescan() == set()
    assert {path for chunk in store.scan() for path, _ in chunk} == {"a/red.png", "rubbish.png"}
    shelf.away = True
    with pytest.raises(FolderAway):
        rescan()


def test_the_checks_of_reading_hold_for_every_source() -> None:
    shelf = Shelf({"a.png": b"0123456789"})
    seen = shelf.reference("a.png")
    assert read_file(shelf, seen, 10).data == b"0123456789"
    with pytest.raises(UnreadableImage, match="too large"):
        read_file(shelf, seen, 9)
    with pytest.raises(UnreadableImage, match="gone"):
        read_file(shelf, Reference("b.png", 1, 1), 10)
    shelf.version = 2
    with pytest.raises(FileChanging, match="changed since it was sent"):
        read_file(shelf, seen, 10)
    shelf.away = True
    with pytest.raises(Unavailable):
        read_file(shelf, seen, 10)
