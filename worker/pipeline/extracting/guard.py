"""Limits on decoding files that nobody vouches for: memory, by the pixels under way, and time.

A decoder cannot be stopped from within its process. So a file that keeps one too long is recorded, and the process
ends; the batch comes back to the next one, which passes over that file.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from shared.errors import PermanentError
from shared.records import Reference

CLOCK_FACTOR: Final = 10  # times the processor seconds that a decoder may take, by the clock: other programs run, too


class DecoderStuck(PermanentError):
    """Files that keep a decoder for too long. The message is the reason shown in failures.csv."""

    def __init__(self, files: Sequence[Reference], seconds: float) -> None:
        super().__init__(
            f"decoding took more than {seconds:g} s of a processor (IMAGESIEVE_DECODE_SECONDS): a damaged file, or one "
            "made to do so"
        )
        self.files = files


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds. wall: monotonic. processor: spent by the thread with this identifier, which is alive."""

    wall: Callable[[], float] = time.monotonic
    processor: Callable[[int], float] = lambda thread: time.clock_gettime(time.pthread_getcpuclockid(thread))


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """One decoding. Two of one file may go on at once: a batch that failed is tried again while a thread finishes."""

    reference: Reference
    thread: int
    wall: float
    processor: float


class Guard:
    """Safe between threads."""

    def __init__(self, max_pixels: int, seconds: float, clocks: Clocks) -> None:
        """max_pixels: of all pictures that are decoded at a time. seconds: of a processor, for one picture.

        By the clock a picture has ten times as long: a busy or sleeping machine is no fault of the picture.
        """
        self._max_pixels = max_pixels
        self.seconds = seconds
        self._clocks = clocks
        self._changed = threading.Condition()
        self._pixels = 0
        self._begun: set[_Begun] = set()

    @contextmanager
    def decoding(self, reference: Reference, pixels: int) -> Iterator[None]:
        """Wait until these pixels have room beside those under way (alone they always have), then watch the time."""
        with self._changed:
            self._changed.wait_for(lambda: not self._begun or self._pixels + pixels <= self._max_pixels)
            self._pixels += pixels
            thread = threading.get_ident()
            begun = _Begun(reference, thread, self._clocks.wall(), self._clocks.processor(thread))
            self._begun.add(begun)
        try:
            yield
        finally:
            with self._changed:
                self._pixels -= pixels
                self._begun.remove(begun)
                self._changed.notify_all()

    def overdue(self) -> list[Reference]:
        """The files that keep a decoder for too long."""
        with self._changed:
            return [begun.reference for begun in self._begun if self._is_over(begun)]

    def _is_over(self, begun: _Begun) -> bool:
        spent = self._clocks.processor(begun.thread) - begun.processor
        return spent > self.seconds or self._clocks.wall() - begun.wall > CLOCK_FACTOR * self.seconds
