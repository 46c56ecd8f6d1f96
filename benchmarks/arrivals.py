"""Pictures on their way through a running stack: moved into the folder, seen again in the stream of events."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from shared.errors import Unavailable
from shared.settings import Settings
from shared.store import RedisStore

PATIENCE = 120.0


class Arrivals:
    """Moves pictures in, and waits for their verdicts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = RedisStore.connect(settings.store)
        self._after = "0"
        self._arrived: dict[str, tuple[float, str]] = {}  # path -> when its first event was written, its verdict

    def trickle(self, photos: Sequence[Path], rate: float) -> list[float]:
        """Seconds from settled to verdict of photos that are moved in `rate` a second."""
        settled = self.move_in_paced(photos, rate)
        return [at - moment for (at, _), moment in zip(self.wait_for(photos), settled, strict=True)]

    def move_in_paced(self, photos: Sequence[Path], rate: float) -> list[float]:
        """When each counts as settled, as `move_in` says; `rate` of them are moved in a second."""
        settled, begun = [], time.monotonic()
        for number, photo in enumerate(photos):
            time.sleep(max(0.0, begun + number / rate - time.monotonic()))
            settled.append(self.move_in(photo))
        return settled

    def move_in(self, photo: Path) -> float:
        """When the file counts as settled, seconds since the epoch."""
        os.rename(photo, self._settings.watch_dir / photo.name)  # noqa: PTH104 - the moment matters, the path does not
        return time.time() + self._settings.settle

    def wait_for(self, photos: Sequence[Path]) -> list[tuple[float, str]]:
        """When each has got its verdict, by Redis's clock, and which.

        Raises TimeoutError after a while in which nothing came.
        """
        deadline = time.monotonic() + PATIENCE
        missing = {photo.name for photo in photos} - self._arrived.keys()
        while missing:
            if self._read():
                missing -= self._arrived.keys()
                deadline = time.monotonic() + PATIENCE
            elif time.monotonic() > deadline:
                raise TimeoutError(f"no verdict came for {PATIENCE:.0f} s, {len(missing)} are missing")
            else:
                time.sleep(0.1)
        return [self._arrived[photo.name] for photo in photos]

    def _read(self) -> bool:
        """Whether there were new events."""
        found = []
        with suppress(Unavailable):  # the stack starts
            found = self._store.events(self._after, 0)
        for position, event in found:
            self._after = position
            self._arrived.setdefault(event.path, (int(position.partition("-")[0]) / 1000, event.verdict))
        return bool(found)
