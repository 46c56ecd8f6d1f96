"""The decisions and the queue that is left of them, for many threads at a time."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from shared.acting.runs import Run, read_runs, run_files
from shared.decisions import Decided, DecisionJournal, Subject
from shared.errors import ImagesieveError, TransientError
from worker.web.choices import Said, Step, last_step
from worker.web.index import Index
from worker.web.queue import Queue, Stack, away_of, make_queue

Ask = Callable[[Sequence[str]], None]


class Older(ImagesieveError):
    """What was decided on is not what is there by now."""


class Decisions:
    """Safe between threads. Everything it knows is in the journals, so that another process goes on from there."""

    def __init__(self, decisions: Path, actions: Path, ask: Ask, now: Callable[[], float] = time.time) -> None:
        """decisions, actions: folders of the journals. ask: lets the verdict writer look at paths; may raise."""
        self._journal = DecisionJournal(decisions, now)
        self._actions = actions
        self._ask = ask
        self._lock = threading.RLock()
        self._queue: Queue | None = None
        self._stack: Stack | None = None  # of the newest report, before anybody asked for its queue
        self._made_of: tuple[object, ...] = ()
        self._runs: list[Run] = []
        self._runs_seen: tuple[object, ...] = ()

    def read(self) -> Decided:
        """What is decided. Raises JournalFailed, Unavailable."""
        with self._lock:
            return self._journal.read()

    def prepare(self, index: Index) -> None:
        """Get ready for a report, so that the first who asks for its queue need not wait for that."""
        stack = Stack(index)
        stack.prepare()
        self._stack = stack

    @property
    def unread(self) -> list[str]:
        """Lines of the journal that are not obeyed, a sentence each."""
        with self._lock:
            return list(self._journal.unread)

    def runs(self) -> list[Run]:
        """What was acted on, oldest first; read anew where a journal changed. Raises JournalFailed, Unavailable."""
        with self._lock:
            seen = tuple((file.name, status.st_size, status.st_mtime_ns) for file, status in _journals(self._actions))
            if seen != self._runs_seen:
                self._runs, self._runs_seen = read_runs(self._actions), seen
            return self._runs

    def queue(self, index: Index) -> Queue:
        """The groups of the report as decisions and actions leave them. Raises JournalFailed, Unavailable."""
        with self._lock:
            decided, runs = self._journal.read(), self.runs()
            made_of = (index.generation, decided.number, self._runs_seen)
            if self._queue is None or made_of != self._made_of:
                known = (self._queue and self._queue.stack, self._stack)
                stack = next((one for one in known if one and one.index is index), None) or Stack(index)
                away = away_of(runs, str(index.summary.get("folder", "")), index.generation)
                self._queue, self._made_of = make_queue(stack, decided, away, self._queue), made_of
            return self._queue

    def decide(self, make: Callable[[], Sequence[Said]]) -> Step | None:
        """Write down what `make` says, which nobody decides in between; it is on disk when this returns.

        Raises JournalFailed, Unavailable, PermanentError, and whatever `make` raises.
        """
        with self._lock:
            said = make()
            if not said:
                return None
            made = self._journal.add_all(said)
            step = last_step(self._journal.read())
        self._ask_for([one for decision in made for one in decision.files])
        return step

    def undo(self, numbers: Sequence[int]) -> Step:
        """Take the last step back, if it is the one with these numbers. Raises Older, JournalFailed, Unavailable."""
        with self._lock:
            step = last_step(self._journal.read())
            if step is None or step.numbers != tuple(numbers):
                raise Older("something else was decided since; look at what comes back now, then go back again")
            standing = self._journal.read().standing
            files = [one for number in step.numbers for one in standing[number].files]
            self._journal.undo_all(step.numbers[::-1])
        self._ask_for(files)
        return step

    def _ask_for(self, files: Sequence[Subject]) -> None:
        # Where no verdict writer runs it sees to them when it starts.
        with suppress(TransientError):
            self._ask(list(dict.fromkeys(one.path for one in files)))


def _journals(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for file in run_files(folder):
        with suppress(OSError):
            yield file, file.stat()
