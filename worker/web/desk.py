"""Composition root of the page: settings -> report, store, broker, previews. Nothing is connected before it is used."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from celery import Celery

from shared.broker import make_app, request_verdicts
from shared.checking import Asker
from shared.live.poll import Poll
from shared.settings import PREFIX, Settings
from shared.store import RedisStore
from worker.pipeline.local_folder import LocalFolder
from worker.web.acting import Actor
from worker.web.credentials import own_names
from worker.web.darkroom import Darkroom, Limits
from worker.web.deciding import Decisions
from worker.web.failed import Failed, failed_of
from worker.web.newest import Newest
from worker.web.obstacles import Obstacle, find_obstacle
from worker.web.past import EVENTS, Past, past_of
from worker.web.previews import Previews
from worker.web.pulse import Pulse
from worker.web.reading import Reading

LONGEST_SECONDS: Final = 20.0  # for a preview, however long a feature worker may take


@dataclass(frozen=True)
class Desk:
    """What the routes work with. auth: `user:password` of who may come in."""

    settings: Settings
    auth: str

    @property
    def decides(self) -> bool:
        """Whether anything may be changed from the page."""
        return self.settings.web == "decide"

    @cached_property
    def names(self) -> frozenset[str]:
        """By which this server may be called."""
        return own_names(self.settings.web_address, self.settings.web_hosts)

    @cached_property
    def store(self) -> RedisStore:
        """The store."""
        return RedisStore.connect(self.settings.store)

    @cached_property
    def app(self) -> Celery:
        """The broker's, to send with."""
        return make_app(self.settings)

    @cached_property
    def asker(self) -> Asker:
        """Asks the workers what a picture would be."""
        return Asker.of(self.settings)

    @cached_property
    def newest(self) -> Newest:
        """The newest report."""
        return Newest(self.settings.reports_dir, prepare=self.decisions.prepare)

    @cached_property
    def pulse(self) -> Pulse:
        """What goes on."""
        return Pulse(lambda: Poll(self.settings))

    @cached_property
    def failed(self) -> Reading[Failed]:
        """What could not be read."""
        store = self.store
        return Reading(
            lambda: (store.revision(), store.counts(), store.position()),
            lambda: failed_of((path, record.reason) for path, record in store.failures()),
        )

    @cached_property
    def past(self) -> Reading[Past]:
        """What became of files lately."""
        store = self.store
        return Reading(store.position, lambda: past_of(event for _, event in store.latest_events(EVENTS)))

    @cached_property
    def folder(self) -> LocalFolder:
        """The watched folder."""
        return LocalFolder(self.root)

    @cached_property
    def root(self) -> Path:
        """Its path: the one that is set, else the newest report's."""
        index = None if "watch_dir" in self.settings.model_fields_set else self.newest.index()
        return Path(index.summary.get("folder") or self.settings.watch_dir) if index else self.settings.watch_dir

    @cached_property
    def darkroom(self) -> Darkroom:
        """Where previews are made."""
        settings = self.settings
        seconds = min(LONGEST_SECONDS, settings.decode_seconds)
        return Darkroom(self.root, Limits(settings.max_pixels, settings.max_bytes, seconds))

    @cached_property
    def previews(self) -> Previews:
        """Those that were made before."""
        return Previews(self.settings.previews_folder, self.settings.web_previews, time.time)

    @cached_property
    def decisions(self) -> Decisions:
        """What users decided, and what is left to decide."""

        def ask(paths: Sequence[str]) -> None:
            request_verdicts(self.app, paths)

        return Decisions(self.settings.decisions_folder, self.settings.actions_dir, ask)

    @cached_property
    def actor(self) -> Actor:
        """Who acts on what was decided, in a process of its own."""
        return Actor({**self.settings.environment(), f"{PREFIX}WATCH_DIR": str(self.root)})

    @property
    def obstacle(self) -> Obstacle | None:
        """What keeps this server from acting at all, as it is now."""
        return find_obstacle(self.root, self.settings.actions_dir)

    def close(self) -> None:
        """End what was started."""
        if "darkroom" in vars(self):
            self.darkroom.close()
