"""A real Redis for as long as a benchmark needs it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import Unavailable
from shared.stack.redis_server import find_redis_server, redis_command
from shared.store import RedisStore

PATIENCE = 60.0  # seconds; a large append-only file is read before Redis answers


@contextmanager
def running_redis(socket: Path, *options: str) -> Iterator[str]:
    """URL of the store in a Redis that listens on `socket` and keeps its data beside it, once it answers.

    options: more words for its command line. Raises Unavailable when it does not answer in time.
    """
    socket.parent.mkdir(parents=True, exist_ok=True)
    command = [*redis_command(find_redis_server(), socket), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"unix://{socket}?db=1"
            _wait_for(url)
            yield url
        finally:
            server.terminate()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return RedisStore.connect(url).ping()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
