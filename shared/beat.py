"""Beat that shows that it is alive: its health check looks at the age of a file."""

from pathlib import Path
from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):  # type: ignore[misc,unused-ignore]
    """Celery's own scheduler; each look at the schedule also touches `beat.alive` beside the schedule file."""

    max_interval = 15  # seconds between two looks at most; `imagesieve alive beat` waits for a minute

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due; seconds until the next look."""
        pause: float = super().tick(*arguments, **options)
        Path(self.schedule_filename).with_name("beat.alive").touch()
        return pause
