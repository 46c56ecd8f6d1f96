"""What the observer's threads leave for the main loop: hints where to look. Bounded, and safe between threads."""

import threading
from dataclasses import dataclass, field
from typing import Final

LIMIT: Final = 100_000  # paths; above it one complete scan is the cheaper answer


@dataclass(slots=True)
class Hints:
    """Relative paths to look at, each once, in the order of their first mention. The folder decides what is true.

    files: created, changed, moved or deleted. folders: appeared, so what they hold may have no event of its own.
    departed: folders that went, with all below them. rescan: why everything has to be looked at, or "".
    """

    files: dict[str, None] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    departed: dict[str, None] = field(default_factory=dict)
    rescan: str = ""

    def __len__(self) -> int:
        return len(self.files) + len(self.folders) + len(self.departed)


class HintBox:
    """Hints on their way from the observer's threads to the main loop. No method raises or waits for a disk."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._hints = Hints()

    def add_file(self, path: str) -> None:
        """Hint at a file."""
        self._add("files", path)

    def add_folder(self, path: str) -> None:
        """Hint at a folder that appeared."""
        self._add("folders", path)

    def add_departed(self, path: str) -> None:
        """Hint at a folder that went."""
        self._add("departed", path)

    def want_rescan(self, why: str) -> None:
        """Ask for a complete scan; the hints so far are covered by it."""
        with self._lock:
            self._hints = Hints(rescan=why)
        self._filled.set()

    def take(self) -> Hints:
        """All hints since the last call."""
        with self._lock:
            hints, self._hints = self._hints, Hints()
            self._filled.clear()
        return hints

    def wait(self, seconds: float) -> bool:
        """Return when there is a hint, True, or after `seconds`, False."""
        return self._filled.wait(seconds)

    def _add(self, kind: str, path: str) -> None:
        with self._lock:
            getattr(self._hints, kind)[path] = None
            full = len(self._hints) > self._limit
        if full:
            self.want_rescan(f"more than {self._limit} changes were waiting")
        self._filled.set()
