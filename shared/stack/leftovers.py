"""Processes of a stack that nobody looks after any more: their supervisord was killed.

They go on alone, and a second Redis on the same append-only file would be the end of it. So whoever holds the lock of
a state folder ends them, before it starts its own and after its supervisord is gone. A Redis that somebody else put
into that folder, on another socket, is not ours to end.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PATIENCE: Final = 30.0  # seconds to end in, before they are killed
# In the environment of our supervisord and of all that it starts, and of nothing else: somebody's own supervisord may
# run `imagesieve up` among its programs, with the same state folder in its environment.
STACK: Final = "IMAGESIEVE_STACK"
_PROC: Final = Path("/proc")


def end_leftovers(state_dir: Path) -> int:
    """End the supervised processes of this state folder; how many there were. The caller holds the folder's lock."""
    found = list(_leftovers(state_dir))
    _send(found, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while any(True for _ in _leftovers(state_dir)):
        if time.monotonic() > deadline:
            _send(_leftovers(state_dir), signal.SIGKILL)
        time.sleep(0.1)
    return len(found)


def _leftovers(state_dir: Path) -> Iterator[int]:
    wanted, spared = os.fsencode(f"{STACK}={state_dir}"), set(_ancestors(os.getpid()))
    # Redis writes its title over its environment, and puts its socket into the title.
    redis = os.fsencode(f"unixsocket:{state_dir}/redis/redis.sock")
    for folder in _PROC.glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it ended while we looked, or is another user's
        ours = wanted in environment or (b"redis-server" in command and redis in command)
        if ours and int(folder.name) not in spared:
            yield int(folder.name)


def _ancestors(pid: int) -> Iterator[int]:
    """This process, its parent, and so on: who asks is never a leftover."""
    while pid > 0:
        yield pid
        try:
            # Behind the name in parentheses, which may hold anything: state, parent.
            pid = int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            return


def _send(pids: Iterator[int] | list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue  # it has ended
