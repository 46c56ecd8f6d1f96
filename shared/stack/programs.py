"""Which processes make up imagesieve on one machine (pure)."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared import names

REDIS: Final = "redis"
WATCHER: Final = "watcher"
FLOWER: Final = "flower"


@dataclass(frozen=True)
class Program:
    """One process. priority: started in this order; Redis stops last. stop_seconds: until it is killed."""

    name: str
    command: Sequence[str]
    priority: int
    stop_seconds: int = 10
    restart: bool = True


def celery_worker(queue: str, log_level: str) -> list[str]:
    """Command line of a worker of `queue`: one spawned child, because one forward pass uses every core already."""
    return [
        sys.executable, "-m", "celery", "--quiet", "-A", "worker.app", "worker",
        "--queues", queue, "--hostname", f"{queue}@%h", "--concurrency", "1", "--pool", "prefork",
        "--loglevel", log_level, "--without-mingle", "--without-gossip",
        "--pidfile", "",
    ]  # fmt: skip


def celery_beat(state_dir: Path, log_level: str) -> list[str]:
    """Command line of beat. Exactly one runs."""
    schedule = str(state_dir / "beat-schedule")
    return [
        sys.executable, "-m", "celery", "--quiet", "-A", "shared.broker.app", "beat",
        "--scheduler", "shared.broker.beat:Scheduler", "--schedule", schedule, "--pidfile", "", "--loglevel", log_level,
    ]  # fmt: skip


def flower(address: str, port: int, log_level: str) -> list[str]:
    """Command line of Flower; its user and password travel in the environment, where `ps` does not show them."""
    return [
        sys.executable, "-m", "celery", "--quiet", "-A", "shared.broker.app", "flower",
        f"--address={address}", f"--port={port}", f"--logging={log_level}",
    ]  # fmt: skip


def stack(redis: Sequence[str], once: bool) -> list[Program]:
    """The programs of `imagesieve up`. With `once`: no beat, no Flower, and a watcher that ends when all is done."""
    cli = [sys.executable, "-m", "shared.cli"]
    programs = [
        Program("features", [*cli, "work", "--queue", names.QUEUE_FEATURES], 30, stop_seconds=60),
        Program("verdicts", [*cli, "work", "--queue", names.QUEUE_VERDICTS], 30, stop_seconds=30),
        Program("recluster", [*cli, "work", "--queue", names.QUEUE_RECLUSTER], 30, stop_seconds=30),
        Program(WATCHER, [*cli, "watch", *(["--once"] if once else [])], 40, restart=not once),
    ]
    if redis:
        programs.insert(0, Program(REDIS, redis, 10, stop_seconds=30))
    if not once:
        programs.append(Program("beat", [*cli, "beat"], 50))
        programs.append(Program(FLOWER, [*cli, "flower"], 50))
    return programs
