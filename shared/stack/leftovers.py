"""Processes of a stack that nobody looks after any more: their supervisord was killed.

They go on alone, and a second Redis on the same append-only file would be the end of it. So whoever holds the lock of
a state folder ends them, before it starts its own and after its supervisord is gone. They carry a mark of ours:
`up` may itself be a program of somebody's supervisord, whose other programs have the same environment. A Redis that
somebody else put into that folder, on another socket, is not ours to end.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from shared.settings import PREFIX

PATIENCE: Final = 30.0  # seconds to end in, before they are killed
SUPERVISED: Final = f"{PREFIX}SUPERVISED"  # in the environment of what `up` starts
_PROC: Final = Path("/proc")
_SOCKET: Final = b"unixsocket:"  # in the title of a Redis


def mark_of(state_dir: Path) -> str:
    """The value of SUPERVISED for the processes of this state folder, whatever path it was named by."""
    status = state_dir.stat()
    return f"{status.st_dev}:{status.st_ino}"


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
    """Neither this process nor one that started it, nor another user's."""
    marks = {
        f"{SUPERVISED}={mark_of(state_dir)}".encode(),
        # Earlier versions set no mark. But supervisord names its own socket to what it starts.
        b"SUPERVISOR_SERVER_URL=unix://" + os.fsencode(os.path.normpath(state_dir / "sv.sock")),
    }
    spared = set(_ancestry(os.getpid()))
    for folder in _PROC.glob("[0-9]*"):
        try:
            if int(folder.name) in spared or folder.stat().st_uid != os.geteuid():
                continue
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it ended while we looked, or is not to be looked at
        if not marks.isdisjoint(environment) or _is_redis_of(command, state_dir):
            yield int(folder.name)


def _is_redis_of(command: bytes, state_dir: Path) -> bool:
    """Redis writes its title over its environment, and puts its socket into the title."""
    name, found, socket = command.partition(_SOCKET)
    if not found or b"redis-server" not in name:
        return False
    place = Path(os.fsdecode(socket.split(b"\0")[0].rstrip()))
    try:
        return place.name == "redis.sock" and place.parent.samefile(state_dir / "redis")
    except OSError:
        return False  # one of the two folders is not there


def _ancestry(pid: int) -> Iterator[int]:
    """A process, its parent, and so on."""
    while pid:
        yield pid
        try:
            # The name before it, in brackets, may hold anything.
            pid = int((_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()[1])
        except OSError:
            return  # it has ended


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue  # it has ended
