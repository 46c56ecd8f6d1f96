"""Beat that shows that it is alive, asks for the first report early, and goes on when the clock is set back."""

import logging
import time
from pathlib import Path
from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler
from celery.utils.time import maybe_make_aware

from shared.broker import ask_for_recluster
from shared.broker.early_report import COLLECTION_LOOK_SECONDS, EarlyReport, EarlyReportStore
from shared.settings import load_settings
from shared.store import RedisStore

logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):  # type: ignore[misc,unused-ignore]
    """Celery's own scheduler; each look at the schedule also touches `beat.alive` beside the schedule file."""

    max_interval = 15  # seconds between two looks at most; `imagesieve alive beat` waits for a minute

    def __init__(self, app: Celery, *arguments: Any, store: EarlyReportStore | None = None, **options: Any) -> None:
        """store: the one that the settings name, if not given."""
        store = store or RedisStore.connect(load_settings().store)
        self._early = EarlyReport(store, lambda: ask_for_recluster(app, force=False))
        super().__init__(app, *arguments, **options)

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due; seconds until the next look."""
        self._follow_clock()
        pause: float = super().tick(*arguments, **options)
        Path(self.schedule_filename).with_name("beat.alive").touch()
        self._early.look(time.monotonic())
        return min(pause, COLLECTION_LOOK_SECONDS) if self._early.is_wanted else pause

    def _follow_clock(self) -> None:
        """Count from now where the last run lies in the future: else nothing is due until the clock is there again."""
        for entry in self.schedule.values():
            now = maybe_make_aware(entry.default_now())
            ahead = (maybe_make_aware(entry.last_run_at) - now).total_seconds()
            if ahead > 0:
                logger.warning(
                    "the clock was set back by %.0f s or more; %s is due a period from now", ahead, entry.name
                )
                entry.last_run_at = now
                self._heap = None  # it knows times, too, and is made anew
