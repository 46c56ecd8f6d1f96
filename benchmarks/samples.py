"""What a running stack holds, looked at again and again: memory of its processes and of Redis, queues, files."""

import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from benchmarks.background import Background
from benchmarks.processes import busy_seconds, family, memory, processor_seconds
from shared.broker import make_app, outstanding
from shared.records import Counts
from shared.settings import Settings
from shared.store import RedisStore


@dataclass(frozen=True)
class Sample:
    """One look. at: seconds since the sampler was made.

    memory: bytes by process, with what several share divided between them. pids: which process has which name.
    redis: bytes that its data and buffers take. queued: messages waiting, by queue. unacknowledged: in hand.
    spent: seconds of processor time that these processes and this one have used. busy: that all of the machine have.
    """

    at: float
    memory: dict[str, int]
    pids: dict[int, str]
    redis: int
    queued: dict[str, int]
    unacknowledged: int
    files: Counts
    spent: float
    busy: float


class Sampler(Background):
    """Takes a sample every few seconds, from the start of a with block to its end, and one then.

    The processes are this one's.
    """

    def __init__(self, settings: Settings, every: float) -> None:
        super().__init__()
        self._store = RedisStore.connect(settings.store)
        self._app = make_app(settings)
        self._every = every
        self._begun = time.monotonic()
        self.samples: list[Sample] = []

    def _run(self) -> None:
        while not self._ended.is_set():
            self.samples.append(self.look())
            due = self._begun + len(self.samples) * self._every
            self._ended.wait(max(0.0, due - time.monotonic()))
        self.samples.append(self.look())

    def look(self) -> Sample:
        """Take one, and keep none."""
        at = time.monotonic() - self._begun
        used, pids = Counter[str](), family(os.getpid())
        spent, busy = sum(map(processor_seconds, pids)), busy_seconds()
        del pids[os.getpid()]
        for pid, name in pids.items():
            with suppress(OSError, KeyError):  # it ended meanwhile
                used[name] += memory(pid)["Pss"]
        held = outstanding(self._app)
        redis, files = self._store.memory(), self._store.counts()
        return Sample(at, dict(used), pids, redis, held.queued, held.unacknowledged, files, spent, busy)


def others(samples: list[Sample]) -> float:
    """How many cores, on average, were used by processes that are not of the stack."""
    first, last = samples[0], samples[-1]
    return (last.busy - first.busy - last.spent + first.spent) / (last.at - first.at)


def replaced(samples: list[Sample]) -> list[str]:
    """Names of the processes that were there at the first look and not at the last."""
    first, last = samples[0].pids, samples[-1].pids
    return sorted(name for pid, name in first.items() if last.get(pid) != name)
