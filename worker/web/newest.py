"""Follows the newest report: an index of it is made when it changes, while the one before still answers."""

import gc
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from shared.reports import LATEST
from worker.web.index import Index, read_index

logger = logging.getLogger(__name__)


class Newest:
    """Safe between threads."""

    def __init__(
        self,
        reports: Path,
        read: Callable[[Path], Index] = read_index,
        prepare: Callable[[Index], object] = lambda _: None,
    ) -> None:
        """reports: their folder. prepare: does with a report what would be waited for later."""
        self._latest = reports / LATEST
        self._prepare = prepare
        self._read = read
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._seen = ""  # what `latest` led to when it was last read, or tried to

    def index(self) -> Index | None:
        """The newest report that was read; None before there is one. The first is waited for, later ones are not."""
        if self._target() == self._seen:
            return self._index
        if self._index is None:
            self.refresh()
        elif not self._lock.locked():
            threading.Thread(target=self.refresh, name="index", daemon=True).start()
        return self._index

    def refresh(self) -> None:
        """Read the newest report now, where it is another one."""
        with self._lock:
            target = self._target()
            if not target or target == self._seen:
                return
            try:
                index = self._read(self._latest.resolve())
                self._prepare(index)
                self._index = index
                # It stays for long. The collector would go through all of it again and again: 0.4 s for 100,000 images,
                # in which no page is answered.
                gc.freeze()
            except (OSError, ValueError, LookupError, TypeError) as error:
                logger.warning("the report %s cannot be read (%r); the one before is shown", target, error)
            self._seen = target

    def _target(self) -> str:
        try:
            return str(self._latest.readlink())
        except OSError:
            return ""
