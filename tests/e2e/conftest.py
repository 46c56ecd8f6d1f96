"""`imagesieve` as a user runs it: a command, a folder, a state folder."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import pytest

from shared.settings import load_settings
from shared.store import RedisStore

PATIENCE = 120.0


class Imagesieve:
    """The command line with an environment of its own, and what it left running."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.watched = base / "watched"
        self.state = base / "state"
        self.watched.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("IMAGESIEVE_")}
        self.environment = {
            **kept,
            "IMAGESIEVE_STATE_DIR": str(self.state),
            "IMAGESIEVE_WATCH_DIR": str(self.watched),
            "IMAGESIEVE_WEIGHTS": "random",
            "IMAGESIEVE_SETTLE": "0.3",
            "IMAGESIEVE_RECLUSTER_EVERY": "3",
            "IMAGESIEVE_FLOWER_PORT": "0",
            "IMAGESIEVE_WEB": "off",  # a process less; a test of its own has it
            "IMAGESIEVE_WEB_PORT": "0",
        }

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "shared.cli", *words],
            env={**self.environment, **{f"IMAGESIEVE_{name.upper()}": value for name, value in settings.items()}},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, **settings)
        out, err = process.communicate(timeout=PATIENCE * 2)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def leave_open(self, *settings: str) -> None:
        """From now on these are not set, and no weights can be downloaded, network or none."""
        for name in settings:
            del self.environment[f"IMAGESIEVE_{name.upper()}"]
        self.environment |= {"KERAS_HOME": str(self.base / "keras")}
        self.environment |= dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")

    @cached_property
    def store(self) -> RedisStore:
        """The collection's store. Asked for anything, it wants `up` to run."""
        return RedisStore.connect(load_settings(state_dir=self.state).store)

    def verdicts(self) -> dict[str, str]:
        """The last verdict of each path, as `imagesieve events` shows them; to poll costs no process."""
        return {event.path: event.verdict for _, event in self.store.events("0", wait=0.0)}

    @property
    def latest(self) -> Path:
        return self.state / "reports" / "latest"

    def commands(self) -> dict[int, list[str]]:
        """The words of the command lines of the processes that work on this state folder, by process number."""
        wanted = f"IMAGESIEVE_STATE_DIR={self.state}".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().decode().split("\0")[:-1]
            except OSError:
                continue  # it ended while we looked, or is not ours
        return found

    def processes(self) -> list[str]:
        """Command lines of the processes that still work on this state folder."""
        return [" ".join(words) for words in self.commands().values()]

    def stop(self, process: subprocess.Popen[str], how: signal.Signals = signal.SIGINT) -> tuple[str, str]:
        process.send_signal(how)
        return process.communicate(timeout=PATIENCE)


def wait_until(happened: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Poll until `happened()` is true."""
    deadline = time.monotonic() + patience
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience:.0f} s: {what}")
        time.sleep(0.2)


@pytest.fixture
def sieve() -> Iterator[Imagesieve]:
    # pytest's own folders are too deep for the paths of sockets.
    base = Path(tempfile.mkdtemp(prefix="sieve"))
    imagesieve = Imagesieve(base)
    yield imagesieve
    left = imagesieve.processes()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(imagesieve.state).encode() in (folder / "environ").read_bytes():
                os.kill(int(folder.name), signal.SIGKILL)
        except OSError:
            continue
    shutil.rmtree(base)
    assert left == [], "processes were left behind"
