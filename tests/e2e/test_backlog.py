"""`imagesieve backlog`: what was there before waits, new files do not."""

import json
from typing import Any

from tests.e2e.conftest import Imagesieve, wait_until
from tests.integration.test_lanes import picture

OLD = 40


def waiting(sieve: Imagesieve) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sieve.run("backlog", "status", "--json").stdout)
    return found


def test_new_files_overtake_a_backlog_that_is_paused_and_one_that_runs(sieve: Imagesieve) -> None:
    process = sieve.start("up", str(sieve.watched))
    wait_until(lambda: sieve.run("backlog", "pause").returncode == 0, "Redis answers")
    sieve.stop(process)

    for number in range(OLD):
        (sieve.watched / f"old {number}.jpg").write_bytes(picture(number))
    process = sieve.start("up", str(sieve.watched), backlog_reads_per_second="8")
    wait_until(lambda: waiting(sieve) == {"files": OLD, "paused": True, "rests": ""}, "the pause outlived a restart")
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
