"""Which processes make up imagesieve on one machine."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared import names
from shared.settings import Settings

REDIS: Final = "redis"
WATCHER: Final = "watcher"
FLOWER: Final = "flower"
WEB: Final = "web"
CORES_FOR_PROPOSERS: Final = 8  # below, the writer keeps up with what the other cores describe
CORES_FOR_A_PROPOSER: Final = 4
FLOWER_TASKS: Final = "2000"  # that it remembers, 5 KiB each; by default 100,000, and it would grow for weeks
FLOWER_COLUMNS: Final = "name,args,result,state,received,runtime,worker"


@dataclass(frozen=True)
class Program:
    """One process. priority: started in this order; Redis stops last. stop_seconds: until it is killed."""

    name: str
    command: Sequence[str]
    priority: int
    stop_seconds: int = 10
    restart: bool = True


def celery_worker(queue: str, log_level: str, children: int = 1) -> list[str]:
    """Command line of a worker of `queue`: one spawned child, because one forward pass uses every core already.

    Proposers use one core each, and may be several.
    """
    return [
        sys.executable, "-m", "shared.broker", "celery", "--quiet", "-A", "worker.app", "worker",
        "--queues", queue, "--hostname", f"{queue}@%h", "--concurrency", str(children), "--pool", "prefork",
        "--loglevel", log_level, "--without-mingle", "--without-gossip",
        "--pidfile", "",
    ]  # fmt: skip


def celery_beat(state_dir: Path, log_level: str) -> list[str]:
    """Command line of beat. Exactly one runs."""
    schedule = str(state_dir / "beat-schedule")
    return [
        sys.executable, "-m", "shared.broker", "celery", "--quiet", "-A", "shared.broker.app", "beat",
        "--scheduler", "shared.broker.beat:Scheduler", "--schedule", schedule, "--pidfile", "", "--loglevel", log_level,
    ]  # fmt: skip


def flower(address: str, port: int, log_level: str) -> list[str]:
    """Command line of Flower. It wants `flower_environment`."""
    return [
        sys.executable, "-m", "shared.broker", "celery", "--quiet", "-A", "shared.broker.app", "flower",
        f"--address={address}", f"--port={port}", f"--logging={log_level}",
    ]  # fmt: skip


def flower_environment(auth: str) -> dict[str, str]:
    """Flower's user and password, which `ps` does not show here, and what is ours to say unless somebody else does.

    That is how many tasks it remembers, and that its list says in words what each of them did.
    """
    usual = {
        "FLOWER_MAX_TASKS": FLOWER_TASKS,
        "FLOWER_TASKS_COLUMNS": FLOWER_COLUMNS,
        "FLOWER_CONF": str(Path(__file__).parents[1] / "broker" / "flower_page.py"),
    }
    return {"FLOWER_BASIC_AUTH": auth, **{name: os.environ.get(name, value) for name, value in usual.items()}}


def web() -> list[str]:
    """Command line of the page in the browser."""
    return [sys.executable, "-m", "worker.web"]


def watcher(once: bool) -> list[str]:
    """Command line of the watcher. With `once` it ends when all that is there has been worked through."""
    return [sys.executable, "-m", "watcher", *(["--once"] if once else [])]


def usual_proposers(cores: int) -> int:
    """How many proposers a machine has where nobody says: none where the forward pass is what limits."""
    return cores // CORES_FOR_A_PROPOSER if cores >= CORES_FOR_PROPOSERS else 0


def stack(settings: Settings, redis: Sequence[str], once: bool) -> list[Program]:
    """The programs of `imagesieve up`. With `once`: no beat, Flower, page, and a watcher that ends when all is done.

    `up` has looked at the settings, so each is started as what `imagesieve watch`, `work`, `beat` and `flower` become:
    that saves each of them a second of a processor. The feature worker alone begins with the command, which finds out
    at each start what the weights are.
    """
    level = settings.log_level
    features = [sys.executable, "-m", "shared.cli", "work", "--queue", names.QUEUE_FEATURES]
    programs = [
        Program("features", features, 30, stop_seconds=60),
        Program("verdicts", celery_worker(names.QUEUE_VERDICTS, level), 30, stop_seconds=30),
        Program("recluster", celery_worker(names.QUEUE_RECLUSTER, level), 30, stop_seconds=30),
        Program(WATCHER, watcher(once), 40, restart=not once),
    ]
    if settings.proposers:
        proposals = celery_worker(names.QUEUE_PROPOSALS, level, settings.proposers)
        programs.insert(1, Program("proposals", proposals, 30, stop_seconds=30))
    if redis:
        programs.insert(0, Program(REDIS, redis, 10, stop_seconds=30))
    if not once:
        programs.append(Program("beat", celery_beat(settings.state_dir, level), 50))
        programs.append(Program(FLOWER, flower(settings.flower_address, settings.flower_port, level), 50))
        if settings.web != "off":
            programs.append(Program(WEB, web(), 50))
    return programs
