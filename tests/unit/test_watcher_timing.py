import os
from pathlib import Path

import pytest

from watcher.timing import Heartbeat, Stop, Timer


def test_a_timer_rings_at_once_then_once_a_period() -> None:
    timer = Timer(5.0)
    assert [now for now in range(12) if timer.rings(now)] == [0, 5, 10]
    timer.postpone(20.0)
    assert not timer.rings(24.9)
    assert timer.rings(25.0)


def test_the_heartbeat_touches_its_file_every_five_seconds(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    heart = Heartbeat(file)
    heart.beat(0.0)
    os.utime(file, (0, 0))
    heart.beat(4.9)
    assert file.stat().st_mtime == 0
    heart.beat(5.0)
    assert file.stat().st_mtime > 0


def test_a_heartbeat_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    heart = Heartbeat(tmp_path / "missing" / "alive")
    for now in (0.0, 5.0, 10.0):
        heart.beat(now)
    assert caplog.text.count("cannot be written: No such file or directory") == 1


def test_stop_takes_what_a_signal_handler_is_given() -> None:
    stop = Stop()
    assert not stop.requested
    stop.request(15, None)
    assert stop.requested
