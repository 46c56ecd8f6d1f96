"""What goes on, for whoever looks: one look at Redis a second, however many pages are open, and none while none is."""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from shared.live.model import Model, Page

LOOK_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 15.0  # after the last question; what comes later would pass for the speed of a minute
FIRST_SECONDS: Final = 0.15  # that a page waits for the first look


class Looking(Protocol):
    """Looks at Redis, and asks the workers; see shared.live.poll."""

    def see(self, model: Model, now: float) -> None:
        """One look, whether Redis answers or not."""

    def ask_workers(self, model: Model, now: float) -> None:
        """Ask who is there, if it is time. May be waited for."""


class Pulse:
    """Safe between threads. A thread of its own looks, from a question on, until nobody asks any more."""

    def __init__(self, poll: Callable[[], Looking], clock: Callable[[], float] = time.monotonic) -> None:
        """poll: makes one that begins anew."""
        self._poll = poll
        self._clock = clock
        self._changed = threading.Condition()
        self._page: Page | None = None
        self._asked = 0.0
        self._runs = False

    def page(self) -> Page:
        """What is to be shown now. Empty where Redis takes longer than an eye blinks, and the next one is not."""
        with self._changed:
            self._asked = self._clock()
            if not self._runs:
                self._runs, self._page = True, None
                threading.Thread(target=self._look, name="pulse", daemon=True).start()
            self._changed.wait_for(lambda: self._page is not None, FIRST_SECONDS)
            return self._page or Page()

    def _look(self) -> None:
        poll, model = self._poll(), Model()
        while True:
            began = self._clock()
            poll.see(model, began)
            self._publish(model)
            poll.ask_workers(model, began)
            self._publish(model)
            with self._changed:
                if self._clock() - self._asked > IDLE_SECONDS:
                    self._runs = False
                    return
            time.sleep(max(0.0, began + LOOK_SECONDS - self._clock()))

    def _publish(self, model: Model) -> None:
        with self._changed:
            self._page = model.page(self._clock())
            self._changed.notify_all()
