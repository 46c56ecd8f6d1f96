"""What saving and loading the verdict writer's index takes, by size. `python -m benchmarks.restart`.

Rows, postings and names are made up: as many of each as a photo has. Loading happens in a process of its own, and its
memory is told apart: what is mapped from the file, which processes share, and what is its own. Then one stranger is
searched for, which touches the postings for the first time.
"""

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from sklearn.datasets import load_sample_image

from benchmarks.extract import processor
from benchmarks.quick import Quick
from shared.store import MemoryStore
from worker.engine.search.neighbours import Neighbours
from worker.engine.search.postings import KEY_BITS
from worker.engine.search.whitening import DIMENSIONS, Whitening
from worker.engine.sketch.sketch import describe
from worker.pipeline.judging.candidates import ContentIndex
from worker.pipeline.judging.knowledge import Knowledge
from worker.pipeline.judging.snapshot import Snapshot

FEATURES = 4096
KEYS = 225  # of an image: 1.1 KiB
AT_ONCE = 2000
LIMITS = "a disk that is slow, or a file that is not in its cache; what happened since, 0.5 ms a new image"


def make_index(size: int) -> Neighbours:
    """An index with so many made-up images."""
    chance = np.random.default_rng(0)
    components = chance.standard_normal((DIMENSIONS, FEATURES), dtype=np.float32)
    index = Neighbours(Whitening(np.zeros(FEATURES, np.float32), components))
    for start in range(0, size, AT_ONCE):
        count = min(AT_ONCE, size - start)
        rows = chance.standard_normal((count, DIMENSIONS), dtype=np.float32)
        index._vectors.add(rows / np.linalg.norm(rows, axis=1, keepdims=True))
        keys = chance.integers(0, 2**KEY_BITS, (count, KEYS), dtype=np.uint32)
        poses = chance.integers(0, 256, (count, KEYS), dtype=np.uint8)
        index._votes.add(np.arange(start, start + count, dtype=np.uint32), list(zip(keys, poses, strict=True)))
    index._ids = [digest_of(number) for number in range(size)]
    index._numbers = {name: number for number, name in enumerate(index._ids)}
    index._alive = np.ones(size, bool)
    return index


def digest_of(number: int) -> str:
    """The digest of a made-up image."""
    return sha256(str(number).encode()).hexdigest()


def make_knowledge(size: int) -> Knowledge:
    """So many files, each a picture of its own."""
    known = Knowledge()
    for number in range(size):
        digest = digest_of(number)
        known.add_file(f"2026/11/23/camera-{number:012}-original.jpg", digest)
        known.join(digest, digest)
        known.add_pixels(digest_of(-number), digest)
    return known


def load(file: Path) -> tuple[float, float, float, float]:
    """Seconds to load, and to search once; GiB of this process's own, and mapped."""
    picture = describe(load_sample_image("china.jpg"))
    features = np.random.default_rng(1).standard_normal(FEATURES, dtype=np.float32)
    before, started = memory("RssAnon"), time.perf_counter()
    saved = Snapshot(file, "c", "e").load()
    assert saved is not None
    index = ContentIndex(MemoryStore(), "e")
    index.restore(saved.index)
    loaded = time.perf_counter()
    index.nearest(features, picture, lambda digest: digest, 32)
    searched = time.perf_counter()
    return loaded - started, searched - loaded, memory("RssAnon") - before, memory("RssFile")


def memory(word: str) -> float:
    """GiB that the process has of a kind now."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{word}:")]
    return int(line.split()[1]) / 2**20


def main(
    sizes: Annotated[str, typer.Option(help="images")] = "100000,1000000",
    quick: Quick = False,
) -> None:
    """Make, save and load an index of each size; print a Markdown table."""
    sizes = "10000" if quick else sizes
    print(f"Machine: {processor()}\n")
    print("| images | file, GB | seconds to save | to load | to search once | GiB of its own | mapped |")
    print("| --- " * 7 + "|", flush=True)
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        for size in map(int, sizes.split(",")):
            file = Path(scratch) / f"index-{size}"
            known, arrays = make_knowledge(size), make_index(size).to_arrays()
            started = time.perf_counter()
            Snapshot(file, "c", "e").save(known, "1-0", arrays)
            saving, weight = time.perf_counter() - started, file.stat().st_size / 1e9
            del known, arrays
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
                loading, searching, own, mapped = executor.submit(load, file).result()
            cells = f"{saving:.1f} | {loading:.1f} | {searching:.2f} | {own:.2f} | {mapped:.2f}"
            print(f"| {size:,} | {weight:.2f} | {cells} |", flush=True)
            file.unlink()


if __name__ == "__main__":
    typer.run(main)
