"""What comparing two pictures costs: strangers, which sketches refuse, and matches, which decoded pictures confirm.

`python -m benchmarks.matching PHOTOS --originals 12` compares every two of the photos, and each with edited copies of
itself, on one core, and prints milliseconds of processor time. Decoding stands apart: it depends on the files alone.
"""

import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from tabulate import tabulate

from benchmarks.pictures import photos_in
from benchmarks.quick import Quick
from worker.engine.edits.attacks import ATTACKS, HARD_ATTACKS, edited
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import FINE_SIDE, Proposal, confirm, propose
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import decode_reduced
from worker.engine.picture.scaling import no_larger
from worker.engine.sketch.sketch import Sketch, describe

MAX_PIXELS = 100_000_000
EDITS = ("jpeg-30", "half", "crop-20", "caption", "sticker", "screenshot")
Side = tuple[Sketch, Picture]


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What the work gives, and milliseconds of processor time."""
    start = time.process_time()
    done = work()
    return done, 1000 * (time.process_time() - start)


def read(data: bytes) -> tuple[Side, float]:
    """Sketch and picture, as the verdict writer has them; milliseconds to decode it for a comparison."""
    decoded = decode_reduced(data, MAX_PIXELS)
    sketch = describe(decoded.picture, size=(decoded.width, decoded.height))
    picture, spent = timed(lambda: no_larger(decode_reduced(data, MAX_PIXELS).picture, FINE_SIDE))
    return (sketch, picture), spent


def compare(one: Side, other: Side) -> Iterator[tuple[str, float]]:
    """Steps and milliseconds of one comparison."""
    proposal, spent = timed(lambda: propose(one[0], other[0], Thresholds()))
    yield "propose", spent
    if isinstance(proposal, Proposal):
        pictures, sketches = (one[1], other[1]), (one[0], other[0])
        found, spent = timed(lambda: confirm(pictures, sketches, proposal, Thresholds()))
        yield "confirm, " + (found.relation if found else "refused"), spent


def main(
    photos: Annotated[Path, typer.Argument(help="Folder of photos that are all different.")],
    originals: Annotated[int, typer.Option(help="How many of them are compared.")] = 12,
    quick: Quick = False,
) -> None:
    """Print milliseconds of each step, for strangers and for copies."""
    cv2.setNumThreads(1)
    originals = 2 if quick else originals
    every = photos_in(photos)
    chosen = every[:: max(1, len(every) // originals)][:originals]
    steps: dict[str, list[float]] = {}
    sides = []
    attacks = [attack for attack in (*ATTACKS, *HARD_ATTACKS) if attack.name in EDITS]
    for path in chosen:
        side, spent = read(path.read_bytes())
        sides.append(side)
        steps.setdefault("decode one file", []).append(spent)
        for attack in attacks:
            copy, _ = read(edited(side[1], attack, path.name))
            for step, spent in compare(side, copy):
                steps.setdefault(f"copy: {step}", []).append(spent)
    for one, other in combinations(sides, 2):
        for step, spent in compare(one, other):
            steps.setdefault(f"stranger: {step}", []).append(spent)
    rows = [[step, len(spent), *np.percentile(spent, [50, 95])] for step, spent in sorted(steps.items())]
    typer.echo(tabulate(rows, ["step", "times", "median ms", "95 % below"], tablefmt="github", floatfmt=".1f"))


if __name__ == "__main__":
    typer.run(main)
