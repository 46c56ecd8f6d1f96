"""Bytes in Redis per image, by kind of key. `python -m benchmarks.memory`.

Records, facts and features as the pipeline writes them, with paths of 40 characters, all files different.
"""

import dataclasses
import hashlib
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from shared.errors import Unavailable
from shared.records import ImageFacts, Reference, State
from shared.redis_server import find_redis_server, redis_command
from shared.store import RedisStore
from worker.engine.encoding import encode

EXTRACTOR = "0" * 16
CHUNK = 1000


def fill(store: RedisStore, count: int) -> dict[str, int]:
    """Bytes used by `count` images, per kind of key."""
    chance = np.random.default_rng(0)
    digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    paths = [f"2026/11/23/camera-{number:012}-original.jpg"[:40] for number in range(count)]
    used = {"": store.memory()}
    for start in range(0, count, CHUNK):
        rows = encode(chance.random((min(CHUNK, count - start), 4096), dtype=np.float32))
        part = digests[start : start + CHUNK]
        store.put_images(EXTRACTOR, [(d, ImageFacts(4000, 3000), row) for d, row in zip(part, rows, strict=True)])
    used["features and facts"] = store.memory()
    for start in range(0, count, CHUNK):
        part = paths[start : start + CHUNK]
        store.mark_pending([Reference(path, 3_456_789, 1_764_000_000_123_456_789) for path in part], time.time())
        changes = []
        for path, seen, digest in zip(part, store.records(part), digests[start:], strict=False):
            if seen is None:
                raise RuntimeError(f"no record of {path}")
            ready = dataclasses.replace(
                seen, state=State.READY, digest=digest, width=4000, height=3000, extractor=EXTRACTOR
            )
            changes.append((path, seen, ready))
        store.complete(changes)
    used["records"] = store.memory()
    levels = list(used.values())
    return {kind: after - before for kind, before, after in zip(list(used)[1:], levels, levels[1:], strict=False)}


def main(count: Annotated[int, typer.Option(help="images")] = 20_000) -> None:
    """Fill a real Redis and print a Markdown table."""
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        socket = Path(scratch) / "redis.sock"
        server = subprocess.Popen(redis_command(find_redis_server(), socket), stdout=subprocess.DEVNULL)
        try:
            store = RedisStore.connect(f"unix://{socket}?db=1")
            while True:
                try:
                    store.ping()
                    break
                except Unavailable:
                    time.sleep(0.05)
            bytes_by_kind = fill(store, count)
        finally:
            server.terminate()
            server.wait()
    total = sum(bytes_by_kind.values())
    print(f"{count} images\n")
    print("| kind | bytes an image | a million images |\n| --- | --- | --- |")
    for kind, used in [*bytes_by_kind.items(), ("all", total)]:
        print(f"| {kind} | {used / count:,.0f} | {used / count * 1e6 / 2**30:.1f} GiB |")


if __name__ == "__main__":
    typer.run(main)
