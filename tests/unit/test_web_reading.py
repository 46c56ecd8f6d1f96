"""What many ask at once is read once, and nobody gets an answer that is older than the question."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors import Unavailable
from worker.web.reading import Reading

PATIENCE = 10.0


class Source:
    """Something that changes. reads: how often it was read. gate: reading waits until it is open."""

    def __init__(self) -> None:
        self.value, self.reads = 0, 0
        self.gate, self.begun = threading.Event(), threading.Semaphore(0)
        self.gate.set()
        self.asked = threading.Semaphore(0)

    def state(self) -> int:
        self.asked.release()
        return self.value

    def read(self) -> int:
        found = self.value  # what is changed from now on is not in the answer
        self.reads += 1
        self.begun.release()
        assert self.gate.wait(PATIENCE)
        return found


def test_it_is_read_again_only_after_a_change() -> None:
    source = Source()
    reading = Reading(source.state, source.read)
    assert [reading.get() for _ in range(3)] == [0, 0, 0]
    source.value = 7
    assert [reading.get() for _ in range(3)] == [7, 7, 7]
    assert source.reads == 2


def test_all_who_ask_while_one_reads_share_the_next_answer() -> None:
    source = Source()
    source.gate.clear()
    reading = Reading(source.state, source.read)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(reading.get)
        assert source.begun.acquire(timeout=PATIENCE)
        for _ in range(2):  # the first one's questions after the state
            assert source.asked.acquire(timeout=PATIENCE)
        source.value = 1
        others = [threads.submit(reading.get) for _ in range(8)]
        for _ in others:
            assert source.asked.acquire(timeout=PATIENCE)
        source.gate.set()
        assert first.result(PATIENCE) == 0
        assert [one.result(PATIENCE) for one in others] == [1] * 8  # not what was being read when they asked
    assert source.reads == 2


def test_a_store_that_was_emptied_is_read_again() -> None:
    source = Source()
    reading = Reading(source.state, source.read)
    source.value = 5
    assert reading.get() == 5
    source.value = 0
    assert reading.get() == 0


def test_a_failure_is_not_kept() -> None:
    source, away = Source(), [True]

    def read() -> int:
        if away:
            raise Unavailable("Redis (store)", "does not answer")
        return source.read()

    reading = Reading(source.state, read)
    with pytest.raises(Unavailable):
        reading.get()
    away.clear()
    assert reading.get() == 0
