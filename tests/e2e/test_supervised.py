"""`imagesieve up` as a program of somebody's supervisord, with a state folder whose name is full of its syntax."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Imagesieve, wait_until

THEIRS = """
[supervisord]
nodaemon=true
logfile={base}/theirs.log
pidfile={base}/theirs.pid
[unix_http_server]
file={base}/theirs.sock
[program:up]
command={python} -m shared.cli up {watched}
stderr_logfile={base}/up.log
stdout_logfile={base}/up.out
startsecs=0
autorestart=false
[program:neighbour]
command=sleep 600
startsecs=0
"""


def test_it_ends_neither_itself_nor_its_neighbours_whatever_its_folder_is_called(
    sieve: Imagesieve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "state", sieve.base / "s #1 ;x %41 50% q\"'?")
    sieve.environment["IMAGESIEVE_STATE_DIR"] = str(sieve.state)
    file, said = sieve.base / "theirs.conf", sieve.base / "up.log"
    file.write_text(THEIRS.format(base=sieve.base, python=sys.executable, watched=sieve.watched))
    command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(file)]
    supervisord = subprocess.Popen(command, env=sieve.environment, stdout=subprocess.DEVNULL)
    try:
        wait_until(said.exists, "up is started")
        wait_until(lambda: "Ctrl-C stops" in text_of(said), "up has started everything")
        assert "of an earlier run" not in said.read_text()
        wait_until(lambda: [name.split("@")[0] for name in status(sieve)["workers"]], "a worker answers")
        wait_until((sieve.state / "beat.alive").exists, "beat works")
        assert "it starts again" not in text_of(said)
        logs = {log.name for log in (sieve.state / "logs").iterdir()}
        assert logs >= {"supervisord.log", "redis.log", "features.log", "watcher.log"}
        assert any(words == ["sleep", "600"] for words in sieve.commands().values())
    finally:
        supervisord.send_signal(signal.SIGTERM)
        supervisord.wait(120)
    assert not [line for line in text_of(said).splitlines() if "Traceback" in line]


def text_of(log: Path) -> str:
    """What `up` has said; fails where it has given up."""
    text = log.read_text()
    assert "stopping" not in text or "Ctrl-C stops" in text, text
    return text


def status(sieve: Imagesieve) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(sieve.run("status", "--json").stdout)
    return found
