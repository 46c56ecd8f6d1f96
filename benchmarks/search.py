"""Candidates for a new image in a large collection. `python -m benchmarks.search`.

The verdict writer's index (`worker.engine.search.neighbours`) is filled with synthetic images, none like another:
features as in benchmarks.scale, keypoints drawn from those of made photos, one bit in eight flipped. Among them are
photos with their own keypoints. New images are edited copies of these photos: their sketches are those of the real
copies, their features those of the photo with noise, at a cosine of about 0.7 after whitening, as hard edits have it.

A search gives the 32 candidates that an image is compared with, from keypoints and features in turn. Recall at 10: of
the ten nearest features of the whole collection, by an exact search, how many are among the ten that were found.
"Photo found": the photo that the copy was made of is among the 32, or among the first 32 by its keypoints alone. Each
size has a process of its own; its peak memory includes a second copy of the vectors for the exact search (0.5 GiB at a
million).
"""

import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import faiss
import numpy as np
import numpy.typing as npt
import typer
from tabulate import tabulate
from threadpoolctl import threadpool_limits

from benchmarks.extract import processor
from benchmarks.features import BLOCK, Synthetic
from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from worker.engine.edits.attacks import ATTACKS, HARD_ATTACKS, attacked
from worker.engine.picture.decode import decode
from worker.engine.search import votes
from worker.engine.search.neighbours import Neighbours
from worker.engine.search.whitening import FITTED_ON, Whitening, fit_whitening
from worker.engine.sketch.details import NONE
from worker.engine.sketch.keypoints import DESCRIPTOR_BYTES, Keypoints
from worker.engine.sketch.sketch import Sketch, describe
from worker.pipeline.judging.collection import CANDIDATES

KEYPOINTS = 235  # an image, as photos, pages and products have distinct keys
NOISE = 2.25  # standard deviations of a feature: a cosine of about 0.7 after whitening
NEAREST = 10
LIMIT = 10**8
LIMITS = (
    "real collections, in which many images of one scene share more keypoints than these do. One thread searches, "
    "as in the verdict writer."
)

Features = npt.NDArray[np.float32]


class Collection:
    """Synthetic images: number -> features and a sketch, in blocks."""

    def __init__(self, size: int, sketches: list[Sketch]) -> None:
        self.size = size
        self._rows = Synthetic(size, seed=1)
        self._pool = Keypoints.joined([sketch.keypoints for sketch in sketches])

    def features(self, start: int, stop: int) -> Features:
        """float32 `[stop - start, 4096]`."""
        return self._rows.read(np.arange(start, stop))

    def block(self, start: int) -> tuple[int, Features, list[Sketch]]:
        """The images from `start` on: the first number, their features, their sketches."""
        count = min(BLOCK, self.size - start)
        chance = np.random.default_rng([2, start])
        shape = (count, KEYPOINTS, DESCRIPTOR_BYTES)
        flips = np.bitwise_and.reduce([np.frombuffer(chance.bytes(int(np.prod(shape))), np.uint8) for _ in range(3)])
        drawn = chance.integers(0, len(self._pool), shape[:2])
        descriptors = self._pool.descriptors[drawn] ^ flips.reshape(shape)
        points, angles, levels = np.zeros((KEYPOINTS, 2), np.float32), self._pool.angles, self._pool.levels
        keypoints = (Keypoints(points, angles[at], levels[at], one) for at, one in zip(drawn, descriptors, strict=True))
        sketches = [Sketch(384, 288, 0, 0, one, NONE, b"") for one in keypoints]
        return start, self.features(start, start + count), sketches

    def blocks(self) -> Iterator[tuple[int, Features, list[Sketch]]]:
        """All of them, two made at a time."""
        starts = list(range(0, self.size, BLOCK))
        with ThreadPoolExecutor(2) as makers:
            waiting = [makers.submit(self.block, start) for start in starts[:2]]
            for start in [*starts[2:], None, None][: len(starts)]:
                made = waiting.pop(0).result()
                if start is not None:
                    waiting.append(makers.submit(self.block, start))
                yield made


def fill(collection: Collection, whitening: Whitening, photos: list[Sketch]) -> tuple[Neighbours, Features]:
    """The index, and the whitened features in it; the first images have the photos' sketches."""
    index = Neighbours(whitening, collection.features(0, FITTED_ON), collection.size)
    vectors = []
    for start, features, sketches in collection.blocks():
        if start == 0:
            sketches[: len(photos)] = photos
        index.add([str(start + place) for place in range(len(features))], features, sketches)
        vectors.append(whitening.apply(features))
    return index, np.concatenate(vectors)


def measure(size: int, photos: list[Sketch], copies: list[tuple[int, Sketch]], most: int) -> list[str | float]:
    """A row of the table. copies: the number of the photo, and the copy's sketch. most: postings of a search."""
    setattr(votes, "POSTINGS", most)  # noqa: B010 - what the product holds constant is tried here
    threadpool_limits(1)
    collection = Collection(size, photos)
    whitening = fit_whitening(collection.features(0, min(FITTED_ON, size)))
    index, vectors = fill(collection, whitening, photos)
    rows = collection.features(0, len(photos))
    noise = np.random.default_rng(3).normal(0, NOISE * rows.std(), (len(copies), rows.shape[1]))
    queries = (rows[[photo for photo, _ in copies]] + noise).astype(np.float32)
    wanted = [str(photo) for photo, _ in copies]
    times, found, by_keypoints, near = [], [], [], []
    for query, (_, sketch), photo in zip(queries, copies, wanted, strict=True):
        started = time.perf_counter()
        candidates = index.search(query, sketch, lambda image: image, CANDIDATES)
        times.append(1000 * (time.perf_counter() - started))
        found.append(photo in candidates)
        by_keypoints.append(photo in index.by_keypoints(sketch, CANDIDATES))
        near.append(set(map(int, index.by_features(query, NEAREST))))
    exact = faiss.IndexFlatIP(vectors.shape[1])
    exact.add(vectors)
    turned = whitening.apply(queries)
    _, nearest = exact.search(turned, NEAREST)
    recall = float(
        np.mean([len(one & set(other.tolist())) / NEAREST for one, other in zip(near, nearest, strict=True)])
    )
    cosine = np.median((turned * vectors[[photo for photo, _ in copies]]).sum(axis=1))
    milliseconds = np.median(times), np.percentile(times, 95)
    shares = float(np.mean(found)), float(np.mean(by_keypoints)), float(cosine)
    return [f"{size:,}", *milliseconds, recall, *shares, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20]


def main(
    sizes: Annotated[str, typer.Option(help="images in the collection, separated by commas")] = "10000,100000,1000000",
    photos: Annotated[int, typer.Option(help="of which copies are made, 34 of each")] = 20,
    hard: Annotated[
        bool, typer.Option("--hard", help="the harder edits too, of which parts and covered ones are")
    ] = False,
    most: Annotated[int, typer.Option(help="postings of keypoints that a search counts at most")] = votes.POSTINGS,
    quick: Quick = False,
) -> None:
    """Measure and print a Markdown table."""
    sizes, photos = ("1000", 1) if quick else (sizes, photos)
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        pictures = [decode(path.read_bytes(), LIMIT) for path in make_pictures(Path(scratch), photos)]
    copies = [
        (number, describe(decode(data, LIMIT)))
        for number, picture in enumerate(pictures)
        for _, data in attacked(picture, str(number), (*ATTACKS, *HARD_ATTACKS) if hard else ATTACKS)
    ]
    originals, rows = list(map(describe, pictures)), []
    for size in map(int, sizes.split(",")):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
            rows.append(executor.submit(measure, size, originals, copies, most).result())
    print(f"Machine: {processor()}; {len(copies)} searches of each collection, one thread\n")
    heads = ["images", "ms", "95th percentile", "recall at 10", "photo found", "by keypoints", "cosine", "peak GiB"]
    print(tabulate(rows, heads, tablefmt="github", floatfmt=("", ".1f", ".1f", ".3f", ".3f", ".3f", ".2f", ".2f")))


if __name__ == "__main__":
    typer.run(main)
