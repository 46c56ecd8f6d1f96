"""supervisord as `up` runs it: who ends is started again, told of and at last given up; what it is not to do."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from shared.errors import StackFailed
from shared.settings import load_settings
from shared.stack import state_dir, supervisor
from shared.stack.programs import Program
from shared.stack.supervisor import Supervisor

PATIENCE = 30.0
LOOK = 0.2

Start = Callable[[Sequence[Program]], Supervisor]


@pytest.fixture
def folder() -> Iterator[Path]:
    # pytest's own folders are too deep for the paths of sockets.
    with tempfile.TemporaryDirectory(prefix="sieve") as name:
        yield Path(name) / "state"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def start(folder: Path, said: list[str]) -> Iterator[Start]:
    started: list[Supervisor] = []
    lock = state_dir.take(folder)

    def start(programs: Sequence[Program]) -> Supervisor:
        environment = load_settings(state_dir=folder).environment()
        started.append(Supervisor(programs, folder, environment, lock, said.append))
        for program in programs:
            started[-1].start(program.name)
        return started[-1]

    yield start
    for each in started:
        each.stop()
    os.close(lock)


def shell(name: str, script: str, restart: bool = True) -> Program:
    return Program(name, ["sh", "-c", script], 10, restart=restart)


def check_until(running: Supervisor, happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        running.check()
        time.sleep(LOOK)


def test_who_dies_young_waits_longer_each_time_and_is_given_up(
    start: Start, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "RETRIES", 2)
    began = time.monotonic()
    running = start([shell("dies", "echo no such module; exit 3"), shell("lives", "exec sleep 600")])
    with pytest.raises(StackFailed, match="dies does not stay up and was given up") as raised:
        check_until(running, lambda: False)
    assert time.monotonic() - began >= 3  # a second, and two
    log = running.log("dies")
    assert str(raised.value).endswith(f"; the end of {log}:" + 3 * "\nno such module")
    again = f"dies ended (exit status 3); it starts again; log: {log}"
    assert said[:2] == [again] * 2
    assert running.states()["lives"].state == "STARTING"  # for a minute, which nobody waits for


def test_who_lived_long_starts_again_at_once_and_as_if_for_the_first_time(
    start: Start, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "RETRIES", 1)
    monkeypatch.setattr(supervisor, "SHORT_LIFE", 1)
    running = start([shell("dies", "sleep 1.5; kill -9 $$")])
    check_until(running, lambda: len(said) == 3)
    assert set(said) == {f"dies ended (terminated by SIGKILL); it starts again; log: {running.log('dies')}"}


def test_who_is_not_to_start_again_has_ended_with_its_status(start: Start, said: list[str]) -> None:
    running = start([shell("once", "exit 3", restart=False)])
    check_until(running, lambda: running.states()["once"].state == "EXITED")
    assert running.states()["once"].exit_status == 3
    running.check()
    assert said == []


def test_what_is_no_program_is_said_at_once(start: Start) -> None:
    with pytest.raises(StackFailed, match=r"nothing cannot be started: .*program"):
        start([Program("nothing", ["/no/such/program"], 10)])


def test_nobody_waits_for_a_pause_or_a_start_when_all_is_stopped(start: Start, said: list[str]) -> None:
    running = start([shell("dies", "exit 3"), shell("lives", "exec sleep 600"), shell("redis", "exec sleep 600")])
    check_until(running, lambda: said)
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < supervisor.SHORT_LIFE / 3


def test_nothing_is_known_of_an_end_that_the_log_does_not_hold(start: Start, said: list[str]) -> None:
    running = start([shell("lives", "exec sleep 600")])
    log = running.log("supervisord")
    log.unlink()  # as on a disk that was full
    [child] = [int(pid) for pid in children(running)]
    os.kill(child, signal.SIGKILL)
    check_until(running, lambda: said)
    assert said == [f"lives ended; it starts again; log: {running.log('lives')}"]


def children(running: Supervisor) -> list[str]:
    pid = int((running.log("x").parent.parent / "supervisord.pid").read_text())
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
