"""How well duplicates are found: edited copies of photos among strangers, pair by pair, beside perceptual hashes.

`python -m benchmarks.quality PHOTOS --distractors FOLDER...` makes the attack set (worker.engine.edits) in a temporary folder,
runs the whole decision on it (sketch, candidates, verification, groups with a keeper) and prints, for every edit, how
many (original, copy) pairs end in one group; precision counts every pair of files that ends in one group. Then the same
for pHash at 10, dHash at 10, PDQ at 31 and a 16x16 gradient hash at 5, where a pair is what lies within the distance.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from tabulate import tabulate

from benchmarks.decision import Decision, Extract, decide
from benchmarks.hashes import HASHES, hash_all, pairs_within
from benchmarks.pictures import photos_in
from worker.engine.decode import decode
from worker.engine.edits.attacks import attacked

MAX_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the attack set. source: which original it shows; a stranger shows itself. edit: "" for originals."""

    path: Path
    source: str
    edit: str


def make_samples(photos: list[Path], strangers: list[Path], folder: Path) -> list[Sample]:
    """Copies of the photos in `folder`, with the photos and strangers themselves."""
    samples = [Sample(path, str(path), "") for path in photos + strangers]
    for path in photos:
        for attack, data in attacked(decode(path.read_bytes(), MAX_PIXELS), path.name):
            copy = folder / f"{path.stem}.{attack.name}{attack.suffix}"
            copy.write_bytes(data)
            samples.append(Sample(copy, str(path), attack.name))
    return samples


def random_network() -> Extract:
    """fc2 of VGG16 with seeded random weights, float16 `[n, 4096]`: the retrieval that a user without weights has."""
    import keras
    import tensorflow

    keras.utils.set_random_seed(1)
    network = keras.applications.VGG16(weights=None)
    model = keras.Model(network.input, network.get_layer("fc2").output)
    step = tensorflow.function(lambda batch: model(batch, training=False), reduce_retracing=True)

    def extract(pictures: list[Any]) -> NDArray[np.float16]:
        batch = np.stack([cv2.resize(picture, (224, 224), interpolation=cv2.INTER_AREA) for picture in pictures])
        return np.asarray(step(keras.applications.vgg16.preprocess_input(batch.astype(np.float32))), np.float16)

    return extract


def table(samples: list[Sample], found: dict[str, set[tuple[int, int]]]) -> str:
    """Recall per edit and precision of every method, as text."""
    originals = {sample.source: number for number, sample in enumerate(samples) if not sample.edit}
    edits: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, sample in enumerate(samples):
        if sample.edit:
            edits[sample.edit].append((originals[sample.source], number))
    rows: list[list[Any]] = [
        [edit, *(sum(pair in pairs for pair in wanted) / len(wanted) for pairs in found.values())]
        for edit, wanted in edits.items()
    ]
    every = [pair for wanted in edits.values() for pair in wanted]
    rows.append(["all edits", *(sum(pair in pairs for pair in every) / len(every) for pairs in found.values())])
    wrong = [
        [(i, j) for i, j in pairs if samples[i].source != samples[j].source and not equal(samples[i], samples[j])]
        for pairs in found.values()
    ]
    shares = (1 - len(bad) / max(1, len(pairs)) for bad, pairs in zip(wrong, found.values(), strict=True))
    rows.append(["precision", *shares])
    plain = [sum(not samples[i].edit and not samples[j].edit for i, j in bad) for bad in wrong]
    text = tabulate(rows, ["recall", *found], tablefmt="github", floatfmt=".4f")
    return f"{text}\n\nfalse pairs: {dict(zip(found, map(len, wrong), strict=True))}; unedited: {plain}"


def equal(first: Sample, second: Sample) -> bool:
    """Whether two files are the same bytes: such strangers are duplicates, not false pairs."""
    return first.path.read_bytes() == second.path.read_bytes()


def wrong_pairs(samples: list[Sample], decision: Decision) -> list[str]:
    """Every false pair with its reason, to be looked at."""
    return [
        f"{samples[i].path} | {samples[j].path} | {match.reason} {match.similarity}"
        for (i, j), match in decision.matches.items()
        if samples[i].source != samples[j].source and not equal(samples[i], samples[j])
    ]


def main(
    photos: Annotated[Path, typer.Argument(help="Folder of photos that are all different.")],
    distractors: Annotated[list[Path] | None, typer.Option(help="Folders of other, different pictures.")] = None,
    originals: Annotated[int, typer.Option(help="How many of the photos are edited; all are present.")] = 40,
    features: Annotated[bool, typer.Option(help="Retrieve by VGG16 too; without it by keypoints alone.")] = True,
    keep: Annotated[Path | None, typer.Option(help="Keep the attack set in this folder.")] = None,
) -> None:
    """Print recall per edit and precision, beside perceptual hashes."""
    cv2.setNumThreads(1)
    every = photos_in(photos)
    chosen = every[:: max(1, len(every) // originals)][:originals]
    strangers = [path for path in every if path not in chosen]
    strangers += [path for folder in distractors or [] for path in photos_in(folder)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        samples = make_samples(chosen, strangers, folder)
        read: Callable[[int], Any] = lambda number: decode(samples[number].path.read_bytes(), MAX_PIXELS)  # noqa: E731
        started = time.perf_counter()
        decision = decide(len(samples), read, random_network() if features else None)
        seconds = time.perf_counter() - started
        found = {"imagesieve": decision.pairs()}
        hashed = hash_all(len(samples), read)
        found.update({name: pairs_within(hashed[name], limit) for name, limit in HASHES.items()})
        typer.echo(f"{len(chosen)} originals, {len(samples)} files, {seconds:.0f} s\n")
        typer.echo(table(samples, found))
        typer.echo("\n" + decision.candidate_table([(sample.source, sample.edit) for sample in samples]))
        typer.echo("\n" + decision.timings())
        typer.echo("\n".join(["", "wrong pairs:", *wrong_pairs(samples, decision)]))


if __name__ == "__main__":
    typer.run(main)
