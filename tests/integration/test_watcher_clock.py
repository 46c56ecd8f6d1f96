"""The wall clock is set while the watcher runs: on a real folder, with real Redis and real messages."""

import time
from collections import Counter

import pytest

from shared.settings import Settings
from tests.integration.test_watcher import Bench, wait_until
from watcher.timing import Clock

pytestmark = pytest.mark.filterwarnings("ignore:Callback with id:RuntimeWarning")


class Wall:
    """A clock that can be set."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def test_whatever_the_clock_says_every_file_is_sent_once(settings: Settings) -> None:
    bench, wall = Bench(settings), Wall()
    with bench.watching(Clock(wall=wall), rescan_every=0.3):
        bench.write("before.jpg")
        bench.wait_for("before.jpg")
        wall.ahead = -3600.0  # what is written now lies in the future
        bench.write("back.jpg")
        bench.write("new year.jpg", age=-400 * 86400)
        bench.wait_for("before.jpg", "back.jpg", "new year.jpg")
        wall.ahead = 3600.0  # what is written now seems to have rested for long
        bench.write("ahead.jpg")
        bench.wait_for("before.jpg", "back.jpg", "new year.jpg", "ahead.jpg")
        time.sleep(1.0)  # some more rescans
    sent = Counter(reference.path for reference in bench.sent())
    assert sent == Counter(["before.jpg", "back.jpg", "new year.jpg", "ahead.jpg"])


def test_a_file_that_grows_while_the_clock_is_ahead_is_sent_as_it_is_in_the_end(settings: Settings) -> None:
    bench, wall = Bench(settings), Wall()
    wall.ahead = 3600.0
    with bench.watching(Clock(wall=wall), rescan_every=0.2), (bench.root / "a.jpg").open("wb", buffering=0) as file:
        for _ in range(12):
            file.write(b"12345")
            time.sleep(0.1)  # half the settle time; a rescan takes it for settled, and may send it too early
        wait_until(lambda: bench.known() == {"a.jpg"} and bench.records()["a.jpg"].size == 60)
    assert bench.sent()[-1].size == 60
