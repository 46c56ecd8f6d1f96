"""How much of the backlog goes out, and in messages of which size. Pure: the clock is an argument, in seconds.

An arrival overtakes what stands in line, and waits for what workers have in hand. So a message is what they take a
short while for; what is in line only keeps them busy until the next look.
"""

from collections import deque
from typing import Final

IN_HAND_SECONDS: Final = 2.0  # that a message of the backlog should take, which an arrival may have to wait for
IN_LINE_SECONDS: Final = 2.0  # that workers should find work in line for
MEASURED_SECONDS: Final = 5.0  # over which it is measured how fast they take it
FEWEST: Final = 8  # files in a message: one picture costs the network half as much again as one among many


class Bound:
    """At most so many files a second, in handfuls of a second's worth; 0: any number."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._handful = max(1.0, per_second)
        self._free = self._handful
        self._at: float | None = None

    def allow(self, wanted: int, now: float) -> int:
        """How many of `wanted` files may go out now: a whole handful, or as many as are wanted, or none."""
        if not self._per_second:
            return wanted
        if self._at is not None:
            self._free = min(self._handful, self._free + max(0.0, now - self._at) * self._per_second)
        self._at = now
        some = min(wanted, int(self._handful))
        return some if self._free >= some else 0

    def spend(self, files: int) -> None:
        """Note that so many went out."""
        self._free -= files


class Flow:
    """What the workers take, measured by what is left in line at each look, and what to send after it."""

    def __init__(self, batch_size: int, most: int) -> None:
        """batch_size: files of one forward pass. most: files in a message, however fast they are taken."""
        self._batch_size = batch_size
        self._most = most
        self._line: deque[int] = deque()  # files in each message that was in line at the last look, oldest first
        self._taken: deque[tuple[float, int]] = deque()

    def look(self, messages: int, now: float) -> None:
        """Take in how many messages of the backlog are in line now."""
        taken = 0
        while len(self._line) > messages:
            taken += self._line.popleft()
        if taken:
            self._taken.append((now, taken))
        while self._taken and self._taken[0][0] <= now - MEASURED_SECONDS:
            self._taken.popleft()

    def per_second(self, now: float) -> float:
        """Files that the workers took lately."""
        return sum(files for at, files in self._taken if at > now - MEASURED_SECONDS) / MEASURED_SECONDS

    def size(self, now: float) -> int:
        """Files in the next message: whole batches where workers are fast, fewer than a batch where they are slow."""
        files = int(IN_HAND_SECONDS * self.per_second(now))
        if files < self._batch_size:
            return min(max(FEWEST, files), self._batch_size)
        return min(files // self._batch_size * self._batch_size, self._most)

    def has_room(self, messages: int, now: float) -> bool:
        """Whether one more message is wanted in line, beside the `messages` that are in it by now."""
        return not messages or sum(self._line) < IN_LINE_SECONDS * self.per_second(now)

    def send(self, files: int) -> None:
        """Note that a message went out."""
        self._line.append(files)
