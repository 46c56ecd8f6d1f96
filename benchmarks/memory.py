"""Bytes in Redis per image, by kind of key, and memory of the processes. `python -m benchmarks.memory`.

Records, facts, features and sketches as the pipeline writes them: paths of 40 characters, all files different,
sketches of photos cut from those that installed packages carry; features by chance, half of their values zero, as they
are with random weights (ImageNet weights leave more zeros, which int8 stores in less room). What int8 costs in quality,
which is nothing that was found, stands in docs/quality.md.

The processes are all that `imagesieve up` starts, with the model loaded, after they brought a few photos to their
verdicts and reclustered them once. Resident counts what several share for each of them, proportional divides it.
"""

import dataclasses
import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import redis
import typer

from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from benchmarks.residents import PHOTOS, print_resident, resident
from benchmarks.server import running_redis
from shared.records import ImageFacts, Reference, State, Verdict
from shared.store import RedisStore, keys
from worker.engine.picture.decode import decode
from worker.engine.search.encoding import Encoding, encode
from worker.engine.sketch.sketch import describe

LIMITS = (
    "verified pairs and the event stream (the newest 100,000 events are kept), which come on top; and that Redis needs "
    "as much again for a moment when it rewrites its append-only file under heavy change. Of the processes: that "
    "this is a small collection at rest; the verdict writer's grows with the collection, a recluster run's up to "
    "IMAGESIEVE_RECLUSTER_MEMORY."
)
EXTRACTOR = "0" * 16
CHUNK = 1000
SKETCHED = 60  # different photos


def sketches(folder: Path, count: int) -> list[bytes]:
    """Sketches of so many real photos."""
    return [describe(decode(path.read_bytes(), 10**8)).to_bytes() for path in make_pictures(folder, count)]


def fill(store: RedisStore, count: int, sketched: list[bytes], encoding: Encoding) -> None:
    """Store `count` images as the pipeline does."""
    chance = np.random.default_rng(0)
    for start in range(0, count, CHUNK):
        numbers = range(start, min(count, start + CHUNK))
        values = chance.standard_normal((len(numbers), 4096), dtype=np.float32)
        rows = encode(np.maximum(values, 0), encoding)
        digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]
        images = [
            (digest, ImageFacts(4000, 3000, digest), row, sketched[number % len(sketched)])
            for number, digest, row in zip(numbers, digests, rows, strict=True)
        ]
        store.put_images(EXTRACTOR, images)
        paths = [f"2026/11/23/camera-{number:012}-original.jpg"[:40] for number in numbers]
        store.mark_pending([Reference(path, 3_456_789, 1_764_000_000_123_456_789) for path in paths], time.time())
        changes = []
        for path, seen, digest in zip(paths, store.records(paths), digests, strict=True):
            if seen is None:
                raise RuntimeError(f"no record of {path}")
            ready = dataclasses.replace(
                seen,
                state=State.READY,
                digest=digest,
                width=4000,
                height=3000,
                extractor=EXTRACTOR,
                verdict=Verdict.UNIQUE,
            )
            changes.append((path, seen, ready))
        store.complete(changes)


def usage(url: str, count: int) -> dict[str, float]:
    """Bytes an image, by kind of key, as Redis itself accounts for them; `all` is what the whole server uses."""
    with redis.Redis.from_url(url) as client:
        digests = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(0, count, 50)]
        kinds: dict[str, Callable[[str], str]] = {
            "features": lambda digest: keys.key_features(EXTRACTOR, digest),
            "sketch": keys.key_sketch,
            "facts": keys.key_image,
        }
        used = {
            kind: sum(client.memory_usage(key(digest)) for digest in digests) / len(digests)
            for kind, key in kinds.items()
        }
        used["record"] = client.memory_usage(keys.KEY_RECORDS, samples=1000) / count
        return {**used, "all, with Redis's own tables": client.info("memory")["used_memory"] / count}


def main(count: Annotated[int, typer.Option(help="images")] = 10_000, quick: Quick = False) -> None:
    """Fill a real Redis, once per encoding of features, then start the whole stack; print Markdown tables."""
    count, sketched, photos = (100, 2, 4) if quick else (count, SKETCHED, PHOTOS)
    encodings: tuple[Encoding, ...] = ("float16", "int8")
    used = {encoding: measure(count, encoding, sketched) for encoding in encodings}
    print(f"{count} images\n")
    print("| kind | " + " | ".join(f"{name}: bytes an image | a million images" for name in encodings) + " |")
    print("| --- |" + " --- |" * 2 * len(encodings))
    for kind in used["float16"]:
        cells = (f"{used[name][kind]:,.0f} | {used[name][kind] * 1e6 / 2**30:.1f} GiB" for name in encodings)
        print(f"| {kind} | " + " | ".join(cells) + " |", flush=True)
    print_resident(resident(photos, stub=quick), photos)


def measure(count: int, encoding: Encoding, sketched: int) -> dict[str, float]:
    """Bytes an image by kind of key, in a Redis of its own. sketched: different photos."""
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch, running_redis(Path(scratch) / "redis.sock") as url:
        fill(RedisStore.connect(url), count, sketches(Path(scratch) / "pictures", sketched), encoding)
        return usage(url, count)


if __name__ == "__main__":
    typer.run(main)
