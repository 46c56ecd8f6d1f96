"""Which process is which: found by the state folder in its environment, told by the words of its command line."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos.plan import BEAT, PROGRAMS, WATCHER, WORKERS

PROC: Final = Path("/proc")
_WORDS: Final = {
    **{queue: {"celery", "worker", queue} for queue in WORKERS},
    WATCHER: {"-m", "watcher"},
    BEAT: {"celery", "beat"},
}


@dataclass(frozen=True, slots=True)
class Process:
    """One process. words: of its command line."""

    pid: int
    parent: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A program at work. child: of a worker, 0 for the others."""

    main: int
    child: int = 0


def find_processes(state: Path) -> list[Process]:
    """Those that run on this state folder. Redis hides its environment, and is not among them."""
    wanted = f"IMAGESIEVE_STATE_DIR={state}".encode()
    found = []
    for folder in PROC.glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                found.append(Process(int(folder.name), parent, tuple(words)))
        except OSError:
            continue  # it ended while we looked, or is not ours
    return found


def programs_of(processes: Iterable[Process]) -> dict[str, Program]:
    """The programs that are complete: a worker without its child is not (pure).

    The child of a main process that was killed works on to the end of its task; it is nobody's.
    """
    some = list(processes)
    mains = {name: process.pid for name in PROGRAMS for process in some if _WORDS[name] <= set(process.words)}
    children = {process.parent: process.pid for process in some if "spawn_main" in " ".join(process.words)}
    return {
        name: Program(pid, children.get(pid, 0))
        for name, pid in mains.items()
        if name not in WORKERS or pid in children
    }
