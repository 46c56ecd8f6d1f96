"""`imagesieve up` under attack: started as a user starts it, struck from outside, seen from outside."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.broker import UNACKNOWLEDGED, make_app, outstanding
from shared.errors import Unavailable
from shared.records import Event
from shared.settings import Settings
from shared.store import RedisStore, keys
from tests.chaos.check import Situation, read_report
from tests.chaos.plan import CONNECTIONS, REDIS
from tests.chaos.processes import Program, find_processes, programs_of
from tests.conftest import RedisServer

PATIENCE: Final = 180.0  # for a stop in order
LOCKS: Final = ("imagesieve:lease:*", "unacked_mutex")


class StackEnded(Exception):
    """`imagesieve up` gave up, or could not start."""


class Stack:
    """A running `imagesieve up`, and what it left behind."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.temporary = settings.state_dir.with_name("tmp")
        for folder in (settings.state_dir, self.temporary):
            folder.mkdir()
        self._output = settings.state_dir.with_name("up.log")  # not in it: that is no folder of imagesieve yet
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "shared.cli", "up", str(settings.watch_dir)],
                env={**os.environ, **settings.environment(), "TMPDIR": str(self.temporary)},
                stdout=output,
                stderr=output,
            )

    def check(self) -> None:
        """Raise StackEnded, with the end of what it said, when it is not running any more."""
        if self._process.poll() is not None:
            said = "\n".join(self._output.read_text().splitlines()[-30:])
            raise StackEnded(f"imagesieve up ended with status {self._process.returncode}:\n{said}")

    def programs(self) -> dict[str, Program]:
        """What is well: programs with all their processes, Redis and connections to it where it answers."""
        found = programs_of(find_processes(self.settings.state_dir))
        with _client(self.settings) as client, suppress(redis.RedisError):
            found[REDIS] = found[CONNECTIONS] = Program(int(client.info("server")["process_id"]))
        return found

    def cut_connections(self) -> int:
        """Have Redis close every connection but this one; how many there were."""
        with _client(self.settings) as client:
            return sum(int(client.client_kill_filter(_type=kind, skipme=True)) for kind in ("normal", "pubsub"))

    def look(self, files: dict[str, str]) -> Situation:
        """What it knows now. files: digest of each file of the folder. Raises Unavailable."""
        store = RedisStore.connect(self.settings.store)
        return Situation(
            files,
            {path: record for chunk in store.scan() for path, record in chunk},
            _last_events(store),
            self._held(),
            read_report(self.settings.reports_dir / "latest"),
            store.verdict_counts(),
        )

    def _held(self) -> dict[str, int]:
        """What must be empty in the end: queues, messages in hand, sets of paths that are being worked on."""
        waiting = outstanding(make_app(self.settings))
        with _client(self.settings) as broker, _client(self.settings, db=1) as store:
            try:
                return {
                    **{f"messages in queue {name}": count for name, count in waiting.queued.items()},
                    "unacknowledged messages": waiting.unacknowledged,
                    "times of unacknowledged messages": int(broker.zcard(f"{UNACKNOWLEDGED}_index")),
                    "pending paths": int(store.scard(keys.KEY_PENDING)),
                    "paths in the backlog": int(store.zcard(keys.KEY_BACKLOG)),
                    "attempts": int(store.hlen(keys.KEY_ATTEMPTS)),
                    "changes since the last generation": _behind(RedisStore.connect(self.settings.store)),
                }
            except redis.RedisError as error:
                raise Unavailable("Redis", f"does not answer: {error}") from error

    def stop(self) -> int:
        """Stop it in order; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE)

    def processes(self) -> list[str]:
        """Command lines of what still runs on this state folder, Redis aside."""
        return [" ".join(process.words) for process in find_processes(self.settings.state_dir)]

    def kill(self) -> None:
        """End everything, in order while that is possible."""
        if self._process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for process in find_processes(self.settings.state_dir):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        with _client(self.settings) as client, suppress(redis.RedisError):
            client.shutdown(nosave=True)


@contextmanager
def opened_store(settings: Settings) -> Iterator[None]:
    """Redis alone on the data of a stack that was stopped."""
    server = RedisServer(settings.redis_socket.parent)
    try:
        yield
    finally:
        server.stop()


def locks_left(settings: Settings) -> list[str]:
    """Keys of locks that somebody seems to hold."""
    found: list[str] = []
    for db in (0, 1):
        with _client(settings, db) as client:
            found += [key.decode() for pattern in LOCKS for key in client.scan_iter(match=pattern)]
    return [key for key in found if not key.endswith(":holder")]  # those say who was the last


def parts_left(settings: Settings) -> list[str]:
    """Keys of generations that are not kept."""
    with _client(settings, db=1) as client:
        kept = {raw.decode() for raw in client.lrange(keys.KEY_GENERATIONS, 0, -1)}
        parts = [key.decode() for key in client.scan_iter(match=keys.key_generation("*", "*"))]
    return [key for key in parts if not any(key.startswith(keys.key_generation(one, "")) for one in kept)]


def digest_files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below `folder`, by its relative path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _behind(store: RedisStore) -> int:
    return store.revision() - int((store.summary() or {"revision": 0})["revision"])


def _last_events(store: RedisStore) -> dict[str, Event]:
    last: dict[str, Event] = {}
    after = "0"
    while found := store.events(after, wait=0):
        last.update((event.path, event) for _, event in found)
        after = found[-1][0]
    return last


def _client(settings: Settings, db: int = 0) -> Any:
    at_once = Retry(NoBackoff(), 0)  # whether Redis is there is what is asked
    return redis.Redis(unix_socket_path=str(settings.redis_socket), db=db, socket_timeout=5, retry=at_once)
