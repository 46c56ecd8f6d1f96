"""How well duplicates are found: edited copies of photos among strangers, pair by pair, beside perceptual hashes.

`python -m benchmarks.quality PHOTOS --distractors FOLDER...` makes the attack set (worker.engine.edits) in a temporary
folder, runs the whole system on it (`imagesieve up --once`: watcher, Redis, workers, recluster) and prints, for every
edit, how many (original, copy) pairs end in one group of the report; precision counts every pair of files that ends in
one group. "at arrival" is the same by the first verdicts, before any recluster run corrected them. Beside it pHash at
10, dHash at 10, PDQ at 31 and a 16x16 gradient hash at 5, where a pair is what lies within the distance.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import cv2
import typer
from tabulate import tabulate

from benchmarks.candidates import candidate_table
from benchmarks.hashes import HASHES, hash_all, pairs_within
from benchmarks.pictures import photos_in
from benchmarks.pipeline import Pairs, first_answers, opened, run_through
from shared.records import Event
from worker.engine.edits.attacks import attacked
from worker.engine.picture.decode import decode

MAX_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the attack set. path: in the folder. source: path of the original it shows, its own for a stranger.

    edit: "" for originals and strangers.
    """

    path: str
    source: str
    edit: str
    digest: str


def make_samples(photos: list[Path], strangers: Mapping[str, list[Path]], folder: Path) -> list[Sample]:
    """Fill `folder` with the photos, edited copies of them, and strangers by subfolder."""
    samples = []

    def put(name: str, data: bytes, source: str = "", edit: str = "") -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        samples.append(Sample(name, source or name, edit, sha256(data).hexdigest()))

    for photo in photos:
        put(f"photos/{photo.name}", photo.read_bytes())
        for attack, data in attacked(decode(photo.read_bytes(), MAX_PIXELS), photo.name):
            put(f"copies/{photo.stem}.{attack.name}{attack.suffix}", data, f"photos/{photo.name}", attack.name)
    for name, paths in strangers.items():
        for path in paths:
            put(f"strangers/{name}/{path.name}", path.read_bytes())
    return samples


def answered_pairs(answers: Mapping[str, Event]) -> Pairs:
    """Every pair of files that the first verdicts put together: a keeper and what was found to be its duplicate."""
    groups = defaultdict(list)
    for path, event in answers.items():
        groups[event.duplicate_of or path].append(path)
    return {pair for group in groups.values() for pair in combinations(sorted(group), 2)}


def table(samples: list[Sample], found: Mapping[str, Pairs]) -> str:
    """Recall per edit and precision of every method, as text. Strangers of equal bytes count as duplicates."""
    edits: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for sample in samples:
        if sample.edit:
            one, other = sorted((sample.source, sample.path))
            edits[sample.edit].append((one, other))
    edits["all edits"] = [pair for wanted in list(edits.values()) for pair in wanted]
    rows: list[list[Any]] = [
        [edit, *(sum(pair in pairs for pair in wanted) / len(wanted) for pairs in found.values())]
        for edit, wanted in edits.items()
    ]
    wrong = [false_pairs(samples, pairs) for pairs in found.values()]
    shares = (1 - len(bad) / max(1, len(pairs)) for bad, pairs in zip(wrong, found.values(), strict=True))
    rows.append(["precision", *shares])
    unedited = {sample.path for sample in samples if not sample.edit}
    counts = (sum(one in unedited and other in unedited for one, other in bad) for bad in wrong)
    rows.append(["false pairs", *map(len, wrong)])
    rows.append(["of them unedited", *counts])
    return tabulate(rows, ["recall", *found], tablefmt="github", floatfmt=".4f")


def false_pairs(samples: list[Sample], pairs: Pairs) -> Pairs:
    """Pairs of files that show different originals, and not the same bytes."""
    of = {sample.path: sample for sample in samples}
    return {
        (one, other)
        for one, other in pairs
        if of[one].source != of[other].source and of[one].digest != of[other].digest
    }


def hashed_pairs(samples: list[Sample], folder: Path) -> dict[str, Pairs]:
    """Pairs by perceptual hashes."""
    bits = hash_all(len(samples), lambda number: decode((folder / samples[number].path).read_bytes(), MAX_PIXELS))

    def named(pair: tuple[int, int]) -> tuple[str, str]:
        one, other = sorted(samples[number].path for number in pair)
        return one, other

    return {name: {named(pair) for pair in pairs_within(bits[name], limit)} for name, limit in HASHES.items()}


def main(
    photos: Annotated[Path, typer.Argument(help="Folder of photos that are all different.")],
    distractors: Annotated[list[Path] | None, typer.Option(help="Folders of other, different pictures.")] = None,
    originals: Annotated[int, typer.Option(help="How many of the photos are edited; all are present.")] = 40,
    keep: Annotated[Path | None, typer.Option(help="Keep the attack set and the state in this folder.")] = None,
) -> None:
    """Print recall per edit and precision, beside perceptual hashes."""
    cv2.setNumThreads(1)
    every = photos_in(photos)
    chosen = every[:: max(1, len(every) // originals)][:originals]
    strangers = {"same folder": [path for path in every if path not in chosen]}
    strangers |= {folder.name: photos_in(folder) for folder in distractors or []}
    base = keep or Path(tempfile.mkdtemp(prefix="quality"))
    try:
        samples = make_samples(chosen, strangers, base / "set")
        outcome = run_through(base / "set", base / "state")
        with opened(outcome.settings) as store:
            at_arrival = answered_pairs(first_answers(store))
            candidates = candidate_table(store, [(s.digest, s.source, s.edit) for s in samples])
        found = {"imagesieve": outcome.pairs(), "at arrival": at_arrival, **hashed_pairs(samples, base / "set")}
    finally:
        if keep is None:
            shutil.rmtree(base)
    typer.echo(f"{len(chosen)} originals, {len(samples)} files, {outcome.seconds:.0f} s from start to report\n")
    typer.echo(f"{table(samples, found)}\n\n{candidates}\n")
    for path, reason in outcome.failures.items():
        typer.echo(f"failed: {path}: {reason}")
    for one, other in sorted(false_pairs(samples, found["imagesieve"])):
        typer.echo(f"false pair: {one} | {other}")
    missed = [sample for sample in samples if sample.edit and not _is_found(sample, outcome.pairs())]
    typer.echo("missed: " + ", ".join(Path(sample.path).name for sample in missed))


def _is_found(sample: Sample, pairs: Pairs) -> bool:
    one, other = sorted((sample.source, sample.path))
    return (one, other) in pairs


if __name__ == "__main__":
    typer.run(main)
