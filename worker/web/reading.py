"""What many ask of the store at once is read once for all of them."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Reading(Generic[Found]):
    """Safe between threads.

    An answer was read after it was asked for, or the store stands where it stood when it was read: it is never older
    than the question. Of all that ask while one reads, the first reads once more, for all the others.
    """

    def __init__(
        self,
        state: Callable[[], Hashable],
        read: Callable[[], Found],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """state: is another one after each change of what is read; cheap. read: what takes long. Both may raise."""
        self._state = state
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, Hashable, Found] | None = None  # when it was begun, at which state, and the answer

    def get(self) -> Found:
        """As it is now. Raises what `state` and `read` raise."""
        asked, state = self._clock(), self._state()
        with self._lock:
            known = self._known
            if known is None or (known[1] != state and known[0] < asked):
                began, before = self._clock(), self._state()
                known = self._known = began, before, self._read()
            return known[2]
