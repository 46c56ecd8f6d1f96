"""`imagesieve backlog`: what was there before waits, new files do not."""

import json
from dataclasses import asdict

from shared.errors import Unavailable
from shared.live.waiting import Waiting, read_waiting
from tests.e2e.conftest import Imagesieve, wait_until
from tests.integration.test_lanes import picture

OLD = 40


def known(sieve: Imagesieve) -> Waiting | None:
    """What the store has of the backlog; None while Redis is not there. The command would cost a process each time."""
    try:
        return read_waiting(sieve.store)
    except Unavailable:
        return None


def test_new_files_overtake_a_backlog_that_is_paused_and_one_that_runs(sieve: Imagesieve) -> None:
    process = sieve.start("up", str(sieve.watched))
    wait_until(lambda: known(sieve), "Redis answers")
    assert sieve.run("backlog", "pause").returncode == 0
    sieve.stop(process)

    for number in range(OLD):
        (sieve.watched / f"old {number}.jpg").write_bytes(picture(number))
    process = sieve.start("up", str(sieve.watched), backlog_reads_per_second="8")
    paused = Waiting(OLD, paused=True)
    wait_until(lambda: known(sieve) == paused, "the pause outlived a restart")
    assert json.loads(sieve.run("backlog", "status", "--json").stdout) == asdict(paused)
    (sieve.watched / "new.jpg").write_bytes(picture(1000))
    wait_until(lambda: sieve.verdicts() == {"new.jpg": "unique"}, "a new file has its verdict")
    assert sieve.store.counts().held == OLD
    status = sieve.run("status").stdout
    assert f"{OLD} files wait: paused; `imagesieve backlog resume` goes on with it" in " ".join(status.split())

    resumed = sieve.run("backlog", "resume")
    assert f"{OLD} files wait, and are read as workers are free" in resumed.stderr
    wait_until(lambda: len(sieve.verdicts()) > 1, "the backlog goes on")
    (sieve.watched / "newer.jpg").write_bytes(picture(1001))
    wait_until(lambda: len(sieve.verdicts()) == OLD + 2, "all have their verdicts")
    events = [(event.at, event.path) for _, event in sieve.store.events("0", wait=0.0)]
    order = [path for _, path in sorted(events)]
    assert order.index("newer.jpg") < OLD - 8, f"it came while the backlog ran: {order}"
    assert sieve.run("backlog", "status").stdout == "empty\n"

    sieve.stop(process)
