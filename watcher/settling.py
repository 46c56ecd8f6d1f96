"""Which paths have come to rest. Pure: the clock and the look at the disk are arguments."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.records import Reference
from watcher.storage import Absence

Look = Callable[[str], Reference | Absence]


@dataclass(slots=True)
class Rested:
    """What one look at the waiting paths gave: files that settled, and paths that are no regular file any more."""

    settled: list[Reference] = field(default_factory=list)
    absent: list[tuple[str, Absence]] = field(default_factory=list)


class Settling:
    """Paths on their way to being settled: the same size and mtime for `quiet` seconds, of a monotonic clock.

    Wall-clock times play no part, so a file whose mtime lies in the future settles like any other.
    """

    def __init__(self, quiet: float, look: Look) -> None:
        self._quiet = quiet
        self._look = look
        # Ordered by the time of the last change: a path that changes is put in anew, at the end.
        self._waiting: dict[str, tuple[Reference, float]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def paths(self) -> list[str]:
        """The paths that wait, the longest unchanged first."""
        return list(self._waiting)

    def note(self, seen: Reference, now: float) -> None:
        """Take in the state of a file as just seen; its time starts anew if that differs from what was seen before."""
        known = self._waiting.get(seen.path)
        if known is None or known[0] != seen:
            self._waiting.pop(seen.path, None)
            self._waiting[seen.path] = (seen, now)

    def discard(self, path: str) -> None:
        """Stop waiting for `path`."""
        self._waiting.pop(path, None)

    def clear(self) -> None:
        """Stop waiting for all."""
        self._waiting.clear()

    def due(self) -> float | None:
        """When the next path may be settled; None where nothing waits."""
        return next((since + self._quiet for _, since in self._waiting.values()), None)

    def take(self, now: float, limit: int) -> Rested:
        """Look again at up to `limit` paths whose time is over, and let go of those that settled or are absent."""
        rested = Rested()
        over: list[str] = []
        for path, (_, since) in self._waiting.items():
            if now < since + self._quiet or len(over) == limit:
                break
            over.append(path)
        for path in over:
            before = self._waiting[path][0]
            seen = self._look(path)
            if isinstance(seen, Absence):
                del self._waiting[path]
                rested.absent.append((path, seen))
            elif seen == before:
                del self._waiting[path]
                rested.settled.append(seen)
            else:
                self.note(seen, now)
        return rested
