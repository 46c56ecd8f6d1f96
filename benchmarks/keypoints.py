"""How many keypoints a sketch needs: recall of the verification and bytes, for several counts.

`python -m benchmarks.keypoints PHOTOS --originals 12` compares every copy of the attack set with its original, without
candidates, and prints recall over all edits, of the worst edit, and the mean size of a sketch.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from tabulate import tabulate

from benchmarks.pictures import photos_in
from benchmarks.quick import Quick
from worker.engine.edits.attacks import ATTACKS, Attack, attacked
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import confirm, propose
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import decode
from worker.engine.sketch.sketch import Sketch, describe

MAX_PIXELS = 100_000_000
COUNTS = (64, 96, 128, 192, 256)


def same(pictures: tuple[Picture, Picture], sketches: tuple[Sketch, Sketch]) -> bool:
    """The whole verification."""
    proposal = propose(*sketches, Thresholds())
    return proposal is not None and confirm(pictures, sketches, proposal, Thresholds()) is not None


def measure(
    photos: Iterable[Path], counts: Iterable[int], attacks: Sequence[Attack]
) -> tuple[dict[int, dict[str, list[bool]]], dict[int, float]]:
    """Whether each copy is found, by count and edit; mean bytes of a sketch by count."""
    counts = sorted(counts)
    found: dict[int, dict[str, list[bool]]] = {count: defaultdict(list) for count in counts}
    sizes: dict[int, list[int]] = defaultdict(list)
    for path in photos:
        photo = decode(path.read_bytes(), MAX_PIXELS)
        known = {count: describe(photo, count) for count in counts}
        for attack, data in attacked(photo, path.name, attacks):
            copy = decode(data, MAX_PIXELS)
            for count in counts:
                pair = known[count], describe(copy, count)
                sizes[count].append(len(pair[1].to_bytes()))
                found[count][attack.name].append(same((photo, copy), pair))
    return found, {count: float(np.mean(values)) for count, values in sizes.items()}


def main(
    photos: Annotated[Path, typer.Argument(help="Folder of photos.")],
    originals: Annotated[int, typer.Option(help="How many of them are edited.")] = 12,
    count: Annotated[list[int] | None, typer.Option(help="Keypoints a sketch; may be given several times.")] = None,
    quick: Quick = False,
) -> None:
    """Print recall and bytes for several numbers of keypoints."""
    cv2.setNumThreads(1)
    originals, attacks = (1, ATTACKS[::8]) if quick else (originals, ATTACKS)
    counts = (64, 192) if quick else count or COUNTS
    every = photos_in(photos)
    found, sizes = measure(every[:: max(1, len(every) // originals)][:originals], counts, attacks)
    rows = []
    for keypoints, edits in found.items():
        shares = {edit: float(np.mean(values)) for edit, values in edits.items()}
        worst = min(shares, key=lambda edit: shares[edit])
        overall = np.mean([value for values in edits.values() for value in values])
        rows.append([keypoints, overall, shares[worst], worst, round(sizes[keypoints])])
    typer.echo(tabulate(rows, ["keypoints", "recall", "worst", "edit", "bytes"], tablefmt="github", floatfmt=".4f"))


if __name__ == "__main__":
    typer.run(main)
