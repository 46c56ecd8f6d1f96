"""Looks at the store and the broker, again and again."""

from celery import Celery

from shared.broker import make_app, outstanding, workers
from shared.errors import Unavailable
from shared.live.absence import explain_absence
from shared.live.model import Look, Model
from shared.live.waiting import read_waiting
from shared.records import Event
from shared.settings import Settings
from shared.store import RedisStore

WORKERS_SECONDS = 10.0  # between two questions to the workers, whose answers are waited for
ANSWER_SECONDS = 0.5
BEFORE = 1000  # events from before, among which are the last duplicates
EVENTS_AT_ONCE = 20_000  # events in one look; those behind them come with the next one


class Poll:
    """Looks at the store and the broker for a model."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = RedisStore.connect(settings.store)
        self._app: Celery = make_app(settings)
        self._position = ""  # in the stream of events, of the last one seen
        self._workers_due = 0.0

    def look(self, model: Model, now: float) -> None:
        """One look, whether Redis answers or not; now and then the workers are asked, too, and waited for."""
        self.see(model, now)
        self.ask_workers(model, now)

    def see(self, model: Model, now: float) -> None:
        """One look at Redis alone. A few round trips, whatever the size of the collection."""
        try:
            if not self._position:
                before = self._store.latest_events(BEFORE)
                model.remember(event for _, event in reversed(before))
                self._position = before[0][0] if before else "0"
            store = self._store
            look = Look(
                counts=store.counts(),
                verdicts=store.verdict_counts(),
                waiting=outstanding(self._app),
                redis_bytes=store.memory(),
                extractor=store.extractor(),
                generation=store.summary(),
                backlog=read_waiting(store),
            )
            model.take(look, self._events(), now)
        except Unavailable as error:
            self._lose(model, error)

    def ask_workers(self, model: Model, now: float) -> None:
        """Ask who is there, if it is time and Redis answers. Takes half a second."""
        if now < self._workers_due or model.page(now).absence:
            return
        try:
            model.note_workers(workers(self._app, ANSWER_SECONDS))
            self._workers_due = now + WORKERS_SECONDS
        except Unavailable as error:
            self._lose(model, error)

    def _lose(self, model: Model, error: Unavailable) -> None:
        model.lose(explain_absence(error, self._settings))
        self._workers_due = 0.0

    def _events(self) -> list[Event]:
        """The events since the last look."""
        found: list[Event] = []
        while len(found) < EVENTS_AT_ONCE and (news := self._store.events(self._position, wait=0.0)):
            self._position = news[-1][0]
            found += [event for _, event in news]
        return found
