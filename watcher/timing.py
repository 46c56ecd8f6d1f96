"""Clocks, timers, the heartbeat and the wish to end: what a loop needs to know when to do what."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.permission import why_not

BEAT_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds: `monotonic` to wait by, `wall` to compare with mtimes and to write into records."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


class Stop:
    """Whether to end. A plain flag: a signal handler may set it at any moment, also while a lock is held."""

    requested = False

    def request(self, *_: object) -> None:
        """End soon. Fits as a signal handler."""
        self.requested = True


class Timer:
    """Rings when `every` seconds have passed since it last rang; the first time at once."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._due = float("-inf")

    def rings(self, now: float) -> bool:
        """Whether it is time; if so, the next time is set."""
        if now < self._due:
            return False
        self.set(now + self._every)
        return True

    def postpone(self, now: float) -> None:
        """Ring a whole period from now."""
        self.set(now + self._every)

    def set(self, due: float) -> None:
        """Ring at `due`."""
        self._due = due


class Heartbeat:
    """Touches a file every five seconds, for health checks: one that is older than a minute means a stuck watcher."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._timer = Timer(BEAT_SECONDS)
        self._failed = False

    def beat(self, now: float) -> None:
        """Touch the file if it is time. A full disk is said once, and does not end the watcher."""
        if not self._timer.rings(now):
            return
        try:
            self._file.touch()
            self._failed = False
        except OSError as error:
            if not self._failed:
                _log.warning("the heartbeat %s cannot be written: %s", self._file, why_not(error))
            self._failed = True
