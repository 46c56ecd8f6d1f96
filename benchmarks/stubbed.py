"""All that `imagesieve up` starts, with the network of benchmarks.stub, and what each part of it has used so far.

`python -m benchmarks.stubbed up FOLDER` is `imagesieve up FOLDER` with it.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import redis

from benchmarks.processes import family, processor_seconds
from benchmarks.server import running_redis
from shared.cli.__main__ import main
from shared.names import QUEUE_FEATURES, QUEUE_VERDICTS
from shared.settings import Settings, load_settings
from shared.stack import programs, up

ROOT = Path(__file__).parents[1]
STUB = "benchmarks.stub"
MEASURED = (QUEUE_FEATURES, QUEUE_VERDICTS)  # the workers that the stub takes part in
MARK = "spent since the start: "  # in their logs


@dataclass(frozen=True)
class Usage:
    """processes: name -> processor seconds. broker: what its Redis counts, in its words.

    workers: queue -> messages, and processor seconds by step, as benchmarks.stub tells them.
    """

    processes: Counter[str]
    broker: Counter[str]
    workers: dict[str, Counter[str]]

    def __sub__(self, before: "Usage") -> "Usage":
        """What was used between the two."""
        workers = {queue: _minus(used, before.workers[queue]) for queue, used in self.workers.items()}
        return Usage(_minus(self.processes, before.processes), _minus(self.broker, before.broker), workers)


def _minus(after: Counter[str], before: Counter[str]) -> Counter[str]:
    return Counter({name: value - before[name] for name, value in after.items()})


@dataclass(frozen=True)
class StubbedStack:
    """A running one. broker: the socket of the broker's own Redis."""

    settings: Settings
    broker: Path

    def usage(self) -> Usage:
        """What it has used since its start."""
        own, processes = os.getpid(), Counter[str]()
        for pid, name in family(own).items():
            if pid != own:
                processes.update({name: processor_seconds(pid)})
        with redis.Redis(unix_socket_path=str(self.broker)) as client:
            counted: dict[str, Any] = client.info("stats")
        broker = Counter({name: value for name, value in counted.items() if isinstance(value, int)})
        return Usage(processes, broker, {queue: self._sums(queue) for queue in MEASURED})

    def _sums(self, queue: str) -> Counter[str]:
        """The last sums in a worker's log; none before its first message."""
        log = (self.settings.state_dir / "logs" / f"{queue}.log").read_text()
        _, mark, last = log.rpartition(MARK)
        return Counter(json.loads(last.partition("\n")[0])) if mark else Counter()


@contextmanager
def running_stubbed_stack(
    scratch: Path, holding: Path | None = None, real: bool = False, reads: float = 0.0
) -> Iterator[StubbedStack]:
    """Start it on an empty folder below `scratch`, or on the folder `holding`, moved there, and stop it at the end.

    real: with the full-size network after all. reads: files of a backlog that are read in a second; 0: any number.
    """
    if holding:
        holding.rename(scratch / "watched")
    else:
        (scratch / "watched").mkdir()
    settings = load_settings(
        watch_dir=scratch / "watched",
        state_dir=scratch / "state",
        weights="random",
        log_level="info",
        recluster_every=3600,
        backlog_reads_per_second=reads,
        flower_port=0,
    )
    broker = scratch / "broker" / "redis.sock"
    with running_redis(broker), running_redis(scratch / "store" / "redis.sock") as store:
        urls = {"broker_url": f"redis+socket://{broker}?virtual_host=0", "store_url": store}
        settings = settings.model_copy(update=urls)
        silent = up.View(say=lambda _: None, progress=lambda *_: None)
        with nullcontext() if real else _stub_in_place(), up.running_stack(settings, once=False, view=silent):
            yield StubbedStack(settings, broker)


def command_line(stub: bool) -> list[str]:
    """That of `imagesieve`, whose `up` starts the stub in place of the network if asked for."""
    return [sys.executable, "-m", "benchmarks.stubbed" if stub else "shared.cli"]


def stub_worker(queue: str) -> list[str]:
    """Command line of a worker with the app of benchmarks.stub in place of its own."""
    return [STUB if word == "worker.app" else word for word in programs.celery_worker(queue, "info")]


@contextmanager
def _stub_in_place() -> Iterator[None]:
    """A stack that is started meanwhile has the stub in the workers that are measured."""
    original, found = programs.stack, os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    stack = patch.object(programs, "stack", lambda *words: [_with_stub(one) for one in original(*words)])
    with stack, patch.dict(os.environ, PYTHONPATH=found):  # benchmarks are in no installed package
        yield


def _with_stub(program: programs.Program) -> programs.Program:
    return replace(program, command=stub_worker(program.name)) if program.name in MEASURED else program


if __name__ == "__main__":
    with _stub_in_place():
        main()
