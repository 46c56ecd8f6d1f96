"""One look a second for however many pages, and none while nobody looks."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.broker import Outstanding
from shared.live.model import Look, Model
from shared.live.waiting import Waiting
from shared.records import Counts
from worker.web import pulse as pulse_module
from worker.web.pulse import Pulse


class Eye:
    """Sees one file more with each look."""

    def __init__(self) -> None:
        self.looks = 0
        self.asking = threading.Event()

    def see(self, model: Model, now: float) -> None:
        self.looks += 1
        model.take(Look(Counts(self.looks), None, Outstanding({}, 0), 0, None, None, Waiting()), [], now)

    def ask_workers(self, model: Model, now: float) -> None:
        self.asking.wait(0.3)  # as real workers are waited for
        model.note_workers(["features@here"])


@pytest.fixture
def eyes(monkeypatch: pytest.MonkeyPatch) -> list[Eye]:
    monkeypatch.setattr(pulse_module, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(pulse_module, "IDLE_SECONDS", 0.5)
    return []


def total(pulse: Pulse) -> int:
    look = pulse.page().look
    return look.counts.total if look else 0


def test_many_pages_cost_one_look_and_none_once_they_are_closed(eyes: list[Eye]) -> None:
    def open_eye() -> Eye:
        eyes.append(Eye())
        return eyes[-1]

    pulse = Pulse(open_eye)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pages:
        seen = list(pages.map(lambda _: total(pulse), range(50)))
    assert time.monotonic() - began < 5
    assert min(seen) >= 1  # the first look is waited for, the workers are not
    assert len(eyes) == 1
    deadline = time.monotonic() + 10
    while pulse._runs:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    looks = eyes[0].looks
    time.sleep(0.3)
    assert eyes[0].looks == looks
    assert total(pulse) == 1  # begun anew: what came meanwhile is no speed
    assert len(eyes) == 2
