"""What decoding files that nobody vouches for may take: memory, by the pixels under way, and time.

A decoder cannot be stopped from within its process. So a file that keeps one too long is recorded, and the process
ends; the batch comes back to the next one, which passes over that file.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.records import Reference


class Guard:
    """Safe between threads."""

    def __init__(self, max_pixels: int, seconds: float, monotonic: Callable[[], float]) -> None:
        """max_pixels: of all pictures that are decoded at a time. seconds: for one."""
        self._max_pixels = max_pixels
        self.seconds = seconds
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._pixels = 0
        self._since: dict[Reference, float] = {}

    @contextmanager
    def decoding(self, reference: Reference, pixels: int) -> Iterator[None]:
        """Wait until so many pixels have room beside those under way (alone there always is), then watch the time."""
        with self._changed:
            self._changed.wait_for(lambda: not self._since or self._pixels + pixels <= self._max_pixels)
            self._pixels += pixels
            self._since[reference] = self._monotonic()
        try:
            yield
        finally:
            with self._changed:
                self._pixels -= pixels
                del self._since[reference]
                self._changed.notify_all()

    def overdue(self) -> list[Reference]:
        """The files that keep a decoder for too long."""
        limit = self._monotonic() - self.seconds
        with self._changed:
            return [reference for reference, since in self._since.items() if since < limit]
