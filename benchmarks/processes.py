"""The processes of a running stack, as Linux's /proc tells of them: which they are, what they use."""

import os
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
TICK: Final = os.sysconf("SC_CLK_TCK")
# Words of a command line, the first that are all in it name the process. A spawned child is named after its parent.
NAMES: Final = (
    ("watcher", ("watcher",)),
    ("feature worker", ("worker", "features")),
    ("verdict worker", ("worker", "verdicts")),
    ("recluster worker", ("worker", "recluster")),
    ("beat", ("celery", "beat")),
    ("Flower", ("celery", "flower")),
    ("supervisor", ("supervisor.supervisord",)),
    ("imagesieve up", ("shared.cli", "up")),
    ("imagesieve up", ("benchmarks.stubbed", "up")),
)


def family(root: int) -> dict[int, str]:
    """Name of each process below `root`, and of root. A worker is Celery's main process; its child does the work."""
    parents = _parents()
    found: dict[int, str] = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += [child for child, parent in parents.items() if parent == pid]
        if words := _words(pid):
            found[pid] = _name(words, found.get(parents.get(pid, 0), ""))
    return found


def _name(words: list[str], parent: str) -> str:
    if "redis-server" in words[0]:
        return "Redis"
    for name, wanted in NAMES:
        if set(wanted) <= set(words):
            return name
    if any("semaphore_tracker" in word for word in words):
        return f"{parent}, tracker"
    return f"{parent}, child" if "spawn_main" in " ".join(words) else words[0]


def _words(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "cmdline").read_text().replace("\0", " ").split()
    except OSError:
        return []  # ended meanwhile


def _parents() -> dict[int, int]:
    found = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (fields := _status(int(folder.name))):
            found[int(folder.name)] = int(fields[1])
    return found


def _status(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third, the state, on; none where it has ended."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def processor_seconds(pid: int) -> float:
    """What a process has used of all cores so far, in its own code and in the kernel's for it."""
    fields = _status(pid)
    return (int(fields[11]) + int(fields[12])) / TICK if fields else 0.0


def busy_seconds() -> float:
    """What all processes together have used of all cores since the machine's start; waiting for a disk is no use."""
    user, nice, system, _, _, *interrupts = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:8]
    return sum(map(int, (user, nice, system, *interrupts))) / TICK


def memory(pid: int) -> dict[str, int]:
    """Bytes: `Rss`, what is resident, and `Pss`, the same with what several share divided between them."""
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith(("Rss:", "Pss:"))}


def resident(pid: int) -> dict[str, int]:
    """Bytes resident: `VmRSS`, now, and `VmHWM`, the most since its start or `forget_peak`; zeros when it has ended."""
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        lines = []
    found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith(("VmRSS:", "VmHWM:"))}
    return {"VmRSS": 0, "VmHWM": 0, **found}


def forget_peak(pid: int) -> None:
    """Let the kernel find the most that is resident from now on. Raises OSError where that is not permitted."""
    (PROC / str(pid) / "clear_refs").write_text("5")
