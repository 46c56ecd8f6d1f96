"""Large JPEGs, decoded at reduced scale, and how far their features drift. `python -m benchmarks.decode`.

Photos are enlarged, get grain, and are saved as JPEG. In full: decoded at full size, then averaged down to the
network's input in one step. As the feature worker does it: decoded at a half, a quarter or an eighth where the long
side keeps 1,024 pixels. The cosine is that of the fc2 features from both, with random weights. All that is done for an
image beside the forward pass is the last column: decode, digest of the pixels, network's input, sketch.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from tabulate import tabulate

from benchmarks.extract import processor
from benchmarks.network import load_network
from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from worker.engine.picture.decode import decode, decode_reduced, shrink
from worker.engine.sketch.impression import take_impression
from worker.network.weights import BACKBONE

WIDTHS = (2048, 2501, 3264, 4032, 6000)
GRAIN = 3  # standard deviation, levels
QUALITY = 90
LIMIT = 10**9
LIMITS = (
    "ImageNet weights, and grain and lenses of real cameras. Two files whose pixels are the same at the reduced scale "
    "are called identical, with that scale in the reason (docs/adr/0009)."
)


def enlarged(path: Path, width: int, chance: np.random.Generator) -> bytes:
    """A photo as a JPEG of that width."""
    photo = decode(path.read_bytes(), LIMIT)
    height = round(width * photo.shape[0] / photo.shape[1])
    large = cv2.resize(photo, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = chance.normal(0, GRAIN, large.shape[:2])[..., None]
    _, data = cv2.imencode(
        ".jpg", np.clip(np.rint(large + grain), 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return bytes(data)


def square(data: bytes, max_pixels: int) -> Any:
    """The network's input, as the feature worker makes it."""
    return shrink(take_impression(data, max_pixels).picture, BACKBONE.side)


def milliseconds(work: Callable[[bytes, int], Any], files: list[bytes]) -> float:
    """Processor time a file takes, on one core."""
    started = time.process_time()
    for data in files:
        work(data, LIMIT)
    return 1000 * (time.process_time() - started) / len(files)


def main(
    count: Annotated[int, typer.Option(help="photos of each width")] = 10,
    quick: Quick = False,
) -> None:
    """Measure and print a Markdown table."""
    cv2.setNumThreads(1)
    count, widths = (1, WIDTHS[:2]) if quick else (count, WIDTHS)
    chance = np.random.default_rng(0)
    network = load_network("random", stub=quick)
    rows = []
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        photos = make_pictures(Path(scratch), count)
        for width in widths:
            files = [enlarged(path, width, chance) for path in photos]
            sides = BACKBONE.side, BACKBONE.side
            full = [cv2.resize(decode(data, LIMIT), sides, interpolation=cv2.INTER_AREA) for data in files]
            one, other = (
                network.extract(np.stack(squares)) for squares in (full, [square(data, LIMIT) for data in files])
            )
            cosines = (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
            height, divisor = decode(files[0], LIMIT).shape[0], decode_reduced(files[0], LIMIT).divisor
            times = [milliseconds(work, files) for work in (decode, decode_reduced, square)]
            rows.append(
                [f"{width} x {height}", f"1/{divisor}", *times[:2], cosines.min(), np.median(cosines), times[2]]
            )
    heads = ["photo", "scale", "in full, ms", "reduced, ms", "cosine, least", "median", "all but the network, ms"]
    print(f"Machine: {processor()}; {count} photos of each size, JPEG {QUALITY}; processor time on one core\n")
    print(tabulate(rows, heads, tablefmt="github", floatfmt=("", "", ".0f", ".0f", ".4f", ".4f", ".0f")))


if __name__ == "__main__":
    typer.run(main)
