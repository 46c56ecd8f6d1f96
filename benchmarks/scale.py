"""Seconds and memory of clustering up to a million features. `python -m benchmarks.scale`.

Each size runs in a process of its own, through `cluster` as a recluster run calls it. Features come from a generator,
which takes the place of Redis: the seconds it takes are shown apart and not counted. What reading the same rows from
Redis takes instead is measured on --stored of them, in a real Redis, and multiplied.
"""

import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast

import numpy as np
import numpy.typing as npt
import typer

from benchmarks.extract import processor
from benchmarks.features import Synthetic
from benchmarks.quick import Quick
from benchmarks.server import running_redis
from shared.records import ImageFacts
from shared.store import RedisStore
from worker.engine.clusters.clustering import cluster
from worker.engine.clusters.division import Wish
from worker.engine.clusters.geometry import Geometry
from worker.engine.clusters.rows import READ_ROWS
from worker.engine.search.encoding import encode
from worker.pipeline.reclustering.rows import StoredRows

SEED = 20140904
SAMPLE = 20_000  # as IMAGESIEVE_SILHOUETTE_SAMPLE
GIB = 2**30
LIMITS = (
    "real features, a Redis on another machine, and the records, groups and report beside the clusters (400,000 files: "
    "18 s and 0.5 GiB, from a store in memory; measured once, shortly before commit 3c392e3, beside other work). At a "
    "million k is tried on 131,072 rows (docs/adr/0008)."
)
EXTRACTOR = "0" * 16


@dataclass
class Clocked:
    """Made-up rows, the seconds it took to make them, and how many were read."""

    rows: Synthetic
    seconds: float = 0.0
    count: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, at: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """See `Rows`."""
        started = time.perf_counter()
        features = self.rows.read(at)
        self.seconds += time.perf_counter() - started
        self.count += len(at)
        return features


def peak() -> float:
    """The most memory this process has had, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def measure(count: int, geometry: Geometry, memory: int) -> str:
    """A row of the table, without the time of reading: printed by the process of one size."""
    rows = Clocked(Synthetic(count, seed=SEED))
    cluster(rows.rows.read(np.arange(200)), "cosine", Wish(k_max=3), SEED, SAMPLE)  # what is loaded once is loaded now
    before, started = peak(), time.perf_counter()
    found = cluster(rows, geometry, Wish(k_max=30), SEED, SAMPLE, memory=memory)
    seconds = time.perf_counter() - started - rows.seconds
    margin = "" if found.margin is None else f" ± {found.margin:.4f}"
    silhouette = "-" if found.choice.silhouette is None else f"{found.choice.silhouette:.4f}"
    return (
        f"{found.sample}|{rows.count}|{seconds:.1f}|{rows.seconds:.1f}|{peak():.2f}|{peak() - before:.2f}"
        f"|{found.k}|{silhouette}{margin}"
    )


def reading_seconds(count: int) -> float:
    """Seconds to read a row from Redis and decode it, measured on so many."""
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch, running_redis(Path(scratch) / "redis.sock") as url:
        store = RedisStore.connect(url)
        digests = [f"{number:064x}" for number in range(count)]
        made = Synthetic(count, seed=SEED)
        for start in range(0, count, READ_ROWS):
            part = np.arange(start, min(start + READ_ROWS, count))
            raws = encode(made.read(part))
            facts = ImageFacts(4000, 3000, "")
            store.put_images(EXTRACTOR, [(digests[row], facts, raw, b"") for row, raw in zip(part, raws, strict=True)])
        rows = StoredRows(store, EXTRACTOR, digests)
        started = time.perf_counter()
        for start in range(0, count, READ_ROWS):
            rows.read(np.arange(start, min(start + READ_ROWS, count)))
        return (time.perf_counter() - started) / count


def main(
    sizes: Annotated[str, typer.Option(help="numbers of features, separated by commas")] = "10000,100000,1000000",
    geometry: Annotated[str, typer.Option(help="cosine or euclidean")] = "cosine",
    memory: Annotated[float, typer.Option(help="GiB, as IMAGESIEVE_RECLUSTER_MEMORY")] = 4.0,
    stored: Annotated[int, typer.Option(help="features put into Redis, 8 KiB each, to time reading")] = 10_000,
    only: Annotated[int, typer.Option(hidden=True)] = 0,
    quick: Quick = False,
) -> None:
    """Measure each size and print a Markdown table."""
    if only:
        print(measure(only, cast(Geometry, geometry), int(memory * GIB)))
        return
    sizes, stored = ("100", 100) if quick else (sizes, stored)
    each = reading_seconds(stored)
    print(
        f"Machine: {processor()}; 4,096 synthetic features, {geometry}, k 1 to 30, {memory:g} GiB for arrays; "
        f"reading from Redis: {1e6 * each:.0f} µs a row, measured on {stored:,}\n"
    )
    print(
        "| n | k tried on | rows read | clustering, s | reading from Redis, s | together, s | peak memory, GiB "
        "| of it by clustering, GiB | k | silhouette | (generating, s) |\n" + "| --- " * 11 + "|"
    )
    for count in map(int, sizes.split(",")):
        command = [sys.executable, "-m", "benchmarks.scale", "--only", str(count), "--geometry", geometry]
        output = subprocess.run([*command, "--memory", str(memory)], check=True, capture_output=True, text=True).stdout
        swept, read, seconds, making, most, more, k, silhouette = output.split("\n")[-2].split("|")
        reading = int(read) * each
        rows = f"{count:,} | {int(swept):,} | {int(read):,}"
        times = f"{seconds} | {reading:.1f} | {float(seconds) + reading:.1f}"
        print(f"| {rows} | {times} | {most} | {more} | {k} | {silhouette} | {making} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
