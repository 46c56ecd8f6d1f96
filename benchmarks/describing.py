"""What it takes to read and describe an image, step by step. `python -m benchmarks.describing [FOLDER]`.

All that a feature worker does for an image beside the forward pass and the store: reading and digest of the bytes,
decoding, digest of the pixels, what the file holds, the network's input, the sketch. Photos of two sizes are made if no
folder is given. Milliseconds of processor time on one core, the least of several runs of each step, and their mean over
the pictures; the whole, which is measured by itself, is a little more than its steps.
"""

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from tabulate import tabulate

from benchmarks.decode import LIMIT, enlarged
from benchmarks.extract import processor
from benchmarks.pictures import make_pictures, photos_in
from shared.records import Reference
from worker.engine.picture.bars import without_bars
from worker.engine.picture.decode import decode_reduced, probe, shrink
from worker.engine.picture.scaling import resize
from worker.engine.proof.inventory import take_inventory
from worker.engine.proof.sameness import is_plain
from worker.engine.proof.stored import read_stored
from worker.engine.sketch.ground import measure_ground
from worker.engine.sketch.impression import take_impression
from worker.engine.sketch.inset import find_inset
from worker.engine.sketch.keypoints import KEYPOINTS, find_keypoints, work_size
from worker.engine.sketch.sketch import describe, pixel_digest
from worker.engine.sketch.thumbnail import make_thumbnail
from worker.network.weights import BACKBONE
from worker.pipeline.files import read_file
from worker.pipeline.local_folder import LocalFolder

LARGE = 4000  # pixels, width of the larger photos
LIMITS = "memory, and how much longer it takes while the forward pass keeps the caches and the other cores busy."
Work = Callable[[], Any]


def milliseconds(work: Work, repeats: int) -> float:
    """The least processor time that it took."""
    best = np.inf
    for _ in range(repeats):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return 1000 * float(best)


def steps(path: Path) -> Iterator[tuple[str, Work]]:
    """The steps for one file, in their order, with what makes each."""
    state = path.stat()
    reference, folder = Reference(path.name, state.st_size, state.st_mtime_ns), LocalFolder(path.parent)
    yield "reading, digest of the bytes", lambda: read_file(folder, reference, LIMIT)
    data = path.read_bytes()
    yield "of it the digest", lambda: hashlib.sha256(data).digest()
    yield "decoding, is it damaged?", lambda: decode_reduced(data, LIMIT, in_full=True)
    decoded = decode_reduced(data, LIMIT, in_full=True)
    picture = decoded.picture
    every = [one for one in (picture, decoded.full) if one is not None]
    yield "digest of the pixels", lambda: [pixel_digest(one) for one in every]
    yield "bars, one colour", lambda: (without_bars(picture), is_plain(picture))
    yield (
        "what the file holds",
        lambda: (take_inventory(data, decoded.header.format), read_stored(data, decoded.header, decoded.whole)),
    )
    yield "network's input", lambda: shrink(without_bars(picture), BACKBONE.side)
    yield "sketch", lambda: describe(picture, size=(decoded.width, decoded.height))
    frame = work_size(decoded.width, decoded.height)
    work = resize(picture, frame)
    grey = cv2.cvtColor(work, cv2.COLOR_RGB2GRAY)
    yield "of it the work frame", lambda: resize(picture, frame)
    yield "of it keypoints of the whole", lambda: find_keypoints(grey, 2 * KEYPOINTS)
    yield "of it looking for an inset", lambda: find_inset(work)
    yield "of it the small picture", lambda: make_thumbnail(work)
    yield "of it how plain it is", lambda: measure_ground(picture)
    yield "all together", lambda: whole(folder, reference)


def whole(folder: LocalFolder, reference: Reference) -> bytes:
    """What a feature worker does."""
    contents = read_file(folder, reference, LIMIT)
    probe(contents.data)
    made = take_impression(contents.data, LIMIT)
    shrink(made.shown, BACKBONE.side)
    return made.sketch.to_bytes()


def measure(paths: Sequence[Path], repeats: int) -> dict[str, float]:
    """Milliseconds of each step, the mean over these files."""
    spent: dict[str, list[float]] = {}
    for path in paths:
        for step, work in steps(path):
            spent.setdefault(step, []).append(milliseconds(work, repeats))
    return {step: float(np.mean(values)) for step, values in spent.items()}


def made_pictures(folder: Path, count: int, quick: bool) -> dict[str, list[Path]]:
    """Photos of 1024 x 768, and large ones made of them, by their size."""
    photos = make_pictures(folder, count)
    if quick:
        return {"1024 x 768": photos}
    chance = np.random.default_rng(0)
    large = [path.with_name(f"large-{path.name}") for path in photos]
    for photo, path in zip(photos, large, strict=True):
        path.write_bytes(enlarged(photo, LARGE, chance))
    return {"1024 x 768": photos, f"{LARGE} x {LARGE * 3 // 4}": large}


def main(
    folder: Annotated[Path | None, typer.Argument(help="a folder of pictures; photos are made if not given")] = None,
    count: Annotated[int, typer.Option(help="pictures of each kind")] = 8,
    repeats: Annotated[int, typer.Option(help="runs of each step, of which the shortest counts")] = 5,
    quick: Annotated[bool, typer.Option("--quick", help="two small photos, once: whether it still runs")] = False,
) -> None:
    """Measure and print a Markdown table."""
    cv2.setNumThreads(1)
    count, repeats = (2, 1) if quick else (count, repeats)
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        if folder:
            every = photos_in(folder)
            kinds = {folder.name: every[:: max(1, len(every) // count)][:count]}
        else:
            kinds = made_pictures(Path(scratch), count, quick)
        found = {kind: measure(paths, repeats) for kind, paths in kinds.items()}
    print(f"Machine: {processor()}; {count} pictures of each kind; milliseconds of processor time\n")
    rows = [[step, *(spent[step] for spent in found.values())] for step in next(iter(found.values()))]
    print(tabulate(rows, ["step", *found], tablefmt="github", floatfmt=".2f"))


if __name__ == "__main__":
    typer.run(main)
