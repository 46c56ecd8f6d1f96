"""Keeps an observer on the watched folder: starts it, replaces it when it fails, falls back to polling at a limit."""

import logging
from typing import Final, Literal

from watcher.folder import WatchedFolder
from watcher.hints import HintBox
from watcher.sources import Source
from watcher.timing import Timer

CHECK_SECONDS: Final = 1.0
LONGEST_PAUSE: Final = 60.0  # between two starts of an observer that does not last
START_SECONDS: Final = 2.0  # an observer that needs longer starts in the background, and the first scan goes ahead

_log = logging.getLogger(__name__)


class Observation:
    """The observer of one folder over its whole life. Every new observer asks for a rescan, so no gap stays."""

    def __init__(
        self, folder: WatchedFolder, hints: HintBox, kind: Literal["inotify", "polling"], poll_every: float
    ) -> None:
        self._folder = folder
        self._hints = hints
        self._kind = kind
        self._poll_every = poll_every
        self._source: Source | None = None
        self._away = False
        self._timer = Timer(CHECK_SECONDS)
        self._pause = CHECK_SECONDS  # after the next start; doubles until a check finds the observer well

    def check(self, now: float) -> None:
        """Once a second: see that the folder is there, is the one observed, and that its observer works."""
        if not self._timer.rings(now):
            return
        if self._is_well():
            self._pause = CHECK_SECONDS
            return
        if not self._folder.pin():
            self._say_away()
            return
        if self._away:
            _log.info("the watched folder %s is there again", self._folder.path)
        elif self._source:
            self._say_broken(self._source)
        self._away = False
        self.close()
        self._start()
        self._timer.set(now + self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def close(self) -> None:
        """Stop observing."""
        if self._source:
            self._source.stop()
        self._source = None

    def _is_well(self) -> bool:
        source = self._source
        return source is not None and self._folder.is_pinned() and source.is_alive() and not source.limit()

    def _start(self) -> None:
        self._source = Source(self._folder.path, self._hints, self._kind, self._poll_every)
        if not self._source.start(START_SECONDS):
            self._hints.want_rescan("the observer takes its time to start")

    def _say_away(self) -> None:
        if not self._away:
            self._away = True
            self.close()
            _log.warning(
                "the watched folder %s is not there. The watcher waits for it and forgets nothing; "
                "create it, mount it, or set IMAGESIEVE_WATCH_DIR",
                self._folder.path,
            )

    def _say_broken(self, source: Source) -> None:
        limit = source.limit()
        if limit:
            _log.warning(
                "inotify cannot watch all of %s, its limit is reached: raise %s with sysctl. Until the next start "
                "the folder is polled every %g s",
                self._folder.path,
                limit,
                self._poll_every,
            )
        elif source.error:
            _log.warning("%s does not start on %s (%s)", source.kind, self._folder.path, source.error)
        else:
            _log.warning("the observer of %s has stopped or the folder was replaced; it starts anew", self._folder.path)
        if limit or (source.kind == "inotify" and source.error):
            self._kind = "polling"
