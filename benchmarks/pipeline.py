"""A folder through the whole system, as a user runs it: `imagesieve up FOLDER --once`."""

import csv
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.findings import Answers
from benchmarks.server import running_redis
from benchmarks.stubbed import command_line
from shared.records import Event
from shared.settings import Settings, load_settings
from shared.store import RedisStore


@dataclass(frozen=True)
class Outcome:
    """What came of a run. answers: those of the report. failures: path in the folder -> reason.

    seconds: from start to report.
    """

    answers: Answers
    failures: dict[str, str]
    seconds: float
    settings: Settings


def run_through(folder: Path, state: Path, weights: str = "random", stub: bool = False) -> Outcome:
    """Run the whole system on `folder` until its report is there. stub: in place of the network.

    Raises CalledProcessError where it fails.
    """
    chosen = load_settings(watch_dir=folder, state_dir=state, weights=weights, flower_port=0)
    command = [*command_line(stub), "up", str(folder), "--once"]
    started = time.perf_counter()
    subprocess.run(command, env={**os.environ, **chosen.environment()}, stdout=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - started
    failures = {row["path"]: row["reason"] for row in _rows(chosen, "failures.csv")}
    return Outcome(reported(chosen), failures, seconds, chosen)


def reported(settings: Settings) -> Answers:
    """What the newest report says of the files. Paths are relative to the folder; a group's keeper stands first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in _rows(settings, "duplicates.csv"):
        groups[row["group"]].insert(0 if row["role"] == "keeper" else len(groups[row["group"]]), row["path"])
    variants = [(row["path"], row["variant_of"]) for row in _rows(settings, "variants.csv")]
    return Answers(list(groups.values()), variants)


def _rows(settings: Settings, name: str) -> list[dict[str, str]]:
    """The rows of one of the report's tables; none where it has no such table."""
    path = settings.reports_dir / "latest" / name
    if not path.is_file():
        return []
    with path.open(errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def opened(settings: Settings) -> Iterator[RedisStore]:
    """The store of a run that is over, on a Redis started for the occasion."""
    with running_redis(settings.redis_socket):
        yield RedisStore.connect(settings.store)


def first_answers(store: RedisStore) -> dict[str, Event]:
    """The verdict that each file got on arrival, before any correction."""
    answers: dict[str, Event] = {}
    after = "0"
    while events := store.events(after, 0):
        for _, event in events:
            answers.setdefault(event.path, event)
        after = events[-1][0]
    return answers
