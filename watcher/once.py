"""When `--once` is done: everything found has settled, was sent, and was worked through."""

import logging
from typing import Final, Protocol

from shared.store import Files, Tallies
from watcher.settling import Settling

SETTLE_SECONDS: Final = 60.0  # then it goes on without the files that still change

_log = logging.getLogger(__name__)


class OnceStore(Files, Tallies, Protocol):
    """What is still under way."""


class Once:
    """Judges a run over what is there now, after its scan."""

    def __init__(self, settling: Settling, store: OnceStore) -> None:
        self._settling = settling
        self._store = store
        self._deadline: float | None = None
        self._left_out: set[str] = set()

    def is_done(self, now: float) -> bool:
        """Whether nothing is left to wait for. Raises Unavailable."""
        if len(self._settling):
            if self._deadline is None:
                self._deadline = now + SETTLE_SECONDS
            if now < self._deadline:
                return False
            self._leave_out(self._settling.paths())
        self._deadline = None
        counts = self._store.counts()
        # A file that changed while a worker read it stays pending; it cannot be waited for.
        if counts.held or counts.pending > len(self._left_out):
            return False
        return all(path in self._left_out for path, _ in self._store.pending())

    def _leave_out(self, paths: list[str]) -> None:
        self._settling.clear()
        if not self._left_out.issuperset(paths):
            _log.warning(
                "files that still change are left out: %d, %r first; run again when they rest", len(paths), paths[0]
            )
        self._left_out.update(paths)
