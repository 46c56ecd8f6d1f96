"""Machines as network namespaces on one bridge: an address of their own each, and no other way to anything."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

BRIDGE: Final = "imagesieve0"
DESK: Final = "10.83.0.1"  # of the machine with Redis, which is this one


class Machine:
    """One of them. folder: what is its own; the watched folder is mounted into it."""

    def __init__(self, number: int, folder: Path, watched: Path) -> None:
        self.name = f"imagesieve-{number}"
        self.address = f"10.83.0.{number + 1}"
        self.photos = folder / "photos"
        self.photos.mkdir(parents=True)
        self._folder = folder
        self._watched = watched
        self._outside, self._inside = f"is{number}-desk", f"is{number}"

    def connect(self) -> None:
        """Make the namespace, and a cable from it to the bridge."""
        _ip("netns", "add", self.name)
        _ip("link", "add", self._outside, "type", "veth", "peer", "name", self._inside)
        _ip("link", "set", self._inside, "netns", self.name)
        _ip("link", "set", self._outside, "master", BRIDGE, "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", self._inside)
        _ip("-n", self.name, "link", "set", self._inside, "up")
        _ip("-n", self.name, "link", "set", "lo", "up")

    def start(self, words: Sequence[str], settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a command on it; what it says goes to a file in its folder."""
        mounted = 'mount --bind "$0" "$1" && shift && exec "$@"'  # ip gives each command mounts of its own
        command = ["ip", "netns", "exec", self.name, "sh", "-c", mounted, str(self._watched), str(self.photos), *words]
        own = {"IMAGESIEVE_WATCH_DIR": str(self.photos), "IMAGESIEVE_STATE_DIR": str(self._folder / "state")}
        with (self._folder / f"{words[-1]}.log").open("ab") as log:
            return subprocess.Popen(command, env={**os.environ, **settings, **own}, stdout=log, stderr=log)

    def plug(self, into: bool) -> None:
        """Pull the cable, or put it back."""
        _ip("link", "set", self._outside, "up" if into else "down")

    def kill(self) -> int:
        """End all its processes at once; how many there were."""
        found = subprocess.run(["ip", "netns", "pids", self.name], check=True, capture_output=True, text=True)
        pids = [int(pid) for pid in found.stdout.split()]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(pids)

    def remove(self) -> None:
        """Make it disappear, with the cable."""
        self.kill()
        _ip("netns", "del", self.name, check=False)
        _ip("link", "del", self._outside, check=False)


@contextmanager
def network(machines: Sequence[Machine]) -> Iterator[None]:
    """The bridge with these machines on it. Wants root."""
    try:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", f"{DESK}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for machine in machines:
            machine.connect()
        yield
    finally:
        for machine in machines:
            machine.remove()
        _ip("link", "del", BRIDGE, check=False)


def _ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, stderr=None if check else subprocess.DEVNULL)
