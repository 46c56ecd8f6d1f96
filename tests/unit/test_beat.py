"""Beat gives the sign of life that its health check looks for, and keeps its pace whatever the clock does."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from celery import Celery

from shared.broker import make_app
from shared.broker.beat import Scheduler
from shared.settings import load_settings
from shared.store.memory_store import MemoryStore

PERIOD = 300.0


class Wall:
    """A clock that shows what the test wants."""

    time = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def turn(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Beat(Scheduler):
    """Counts what it would send."""

    sent = 0
    producer = None

    def apply_entry(self, *_: object, **__: object) -> None:
        self.sent += 1

    def pass_time(self, seconds: float, wall: Wall) -> int:
        """Look as often as `celery beat` does; how often something was sent."""
        before, end = self.sent, wall.time + timedelta(seconds=seconds)
        while wall.time < end:
            wall.turn(max(0.1, self.tick()))
        return self.sent - before


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(Celery, "now", lambda _: wall.time)  # where Celery's schedules look
    return wall


@pytest.fixture
def start(tmp_path: Path, wall: Wall) -> Iterator[Callable[[], Beat]]:
    started: list[Beat] = []

    def start() -> Beat:
        app = make_app(load_settings(state_dir=tmp_path, recluster_every=PERIOD))
        started.append(Beat(app, store=MemoryStore(), schedule_filename=str(tmp_path / "beat-schedule")))
        return started[-1]

    yield start
    for beat in started:
        beat.close()


def test_every_look_at_the_schedule_is_a_sign_of_life(start: Callable[[], Beat], tmp_path: Path) -> None:
    beat, sign = start(), tmp_path / "beat.alive"
    assert not sign.exists()
    pause = beat.tick()  # nothing is due in the first five minutes
    assert sign.exists()
    assert 0 < pause <= 15
    sign.unlink()
    beat.tick()
    assert sign.exists()


@pytest.mark.parametrize("step", [-3600.0, -100.0, 3600.0])
def test_a_clock_that_is_set_keeps_nothing_from_being_due(start: Callable[[], Beat], wall: Wall, step: float) -> None:
    beat = start()
    assert beat.pass_time(3 * PERIOD + 20, wall) == 3
    wall.turn(step)
    assert beat.pass_time(2 * PERIOD + 20, wall) in (2, 3)


def test_a_clock_that_was_set_back_while_beat_was_off(start: Callable[[], Beat], wall: Wall) -> None:
    beat = start()
    beat.pass_time(2 * PERIOD, wall)
    beat.close()
    wall.turn(-3600)
    assert start().pass_time(2 * PERIOD + 20, wall) == 2
