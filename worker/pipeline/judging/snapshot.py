"""The verdict writer's index and knowledge in a file, so that a restart takes seconds and not minutes.

It belongs to one collection and one extractor, and says up to which position of the stream of verdicts it knows all;
what came since is followed. What is damaged, foreign or of another version is made anew.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from shared.errors import CorruptValue
from worker.pipeline.judging.arrays_file import Arrays, read_arrays, write_arrays
from worker.pipeline.judging.knowledge import Knowledge
from worker.pipeline.judging.packing import pack, unpack

VERDICTS: Final = 5_000  # after so many it is written again: 5 s to catch up with
SECONDS: Final = 600.0  # or after so long
LEAST_PAUSE: Final = 50  # times as long as writing it took: no more than 2 % of the time

_VERSION: Final = 1  # of what the arrays mean
_INDEX, _KNOWN = "index.", "known."

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved. position: in the stream of verdicts. index: what ContentIndex has it as."""

    known: Knowledge
    position: str
    index: Arrays


@dataclass
class Snapshot:
    """The file of one collection under one extractor. clock: seconds that only grow."""

    file: Path
    collection: str
    extractor: str
    clock: Callable[[], float] = time.monotonic
    _next: float = field(default=0.0, init=False)  # when it may be written again
    _due: float = field(default=0.0, init=False)  # when it should be, if there is anything new

    def load(self) -> Saved | None:
        """What is in the file; None, and a line in the log, where there is nothing of use. 5 s for a million images.

        The arrays of the index are not copied: the file is mapped, and processes share that memory.
        """
        try:
            head, arrays = read_arrays(self.file)
            self._check(head)
            known = unpack(_part(arrays, _KNOWN))
            saved = Saved(known, str(head["position"]), _part(arrays, _INDEX))
        except FileNotFoundError:
            return None
        except (OSError, CorruptValue, ValueError, LookupError, StopIteration, RuntimeError) as error:
            logger.warning("the saved index %s is of no use, and is made anew: %s", self.file, error)
            return None
        logger.info("the index was saved with %d files; what happened since is followed", len(known.digest))
        self._wait(0.0)
        return saved

    def _check(self, head: Mapping[str, Any]) -> None:
        """Raise CorruptValue where the file is not of this collection, extractor and version."""
        for name, wanted in self._head().items():
            if head.get(name) != wanted:
                raise CorruptValue(f"it is of {name} {head.get(name)!r}, not {wanted!r}")

    def _head(self) -> dict[str, Any]:
        return {"version": _VERSION, "collection": self.collection, "extractor": self.extractor}

    def is_due(self, given: int) -> bool:
        """Whether it should be written; given: verdicts since it last was."""
        now = self.clock()
        return now >= self._next and (given >= VERDICTS or (given > 0 and now >= self._due))

    def save(self, known: Knowledge, position: str, index: Arrays) -> None:
        """Put it in place of the one before. What cannot be written is said in the log, and tried again later."""
        started = self.clock()
        parts = {_KNOWN + name: array for name, array in pack(known).items()}
        parts |= {_INDEX + name: array for name, array in index.items()}
        try:
            write_arrays(self.file, {**self._head(), "position": position}, parts)
        except OSError as error:
            logger.warning("the index could not be saved in %s: %s; the next start takes longer", self.file, error)
        else:
            logger.info("saved the index with %d files in %.1f s", len(known.digest), self.clock() - started)
        self._wait(self.clock() - started)

    def _wait(self, took: float) -> None:
        now = self.clock()
        self._next, self._due = now + LEAST_PAUSE * took, now + SECONDS


def _part(arrays: Arrays, word: str) -> Arrays:
    return {name.removeprefix(word): array for name, array in arrays.items() if name.startswith(word)}
