"""How well duplicates and variants are found: edited copies of photos among strangers.

`python -m benchmarks.quality PHOTOS --distractors FOLDER --hard-cases FOLDER` makes the attack sets
(worker.engine.edits.attacks) in a temporary folder, runs the whole system on it (`imagesieve up --once`: watcher,
Redis, workers, recluster) and prints for every edit how many copies are found, as near and as a variant: in the report
of the recluster run, and at arrival by the first verdicts. A false pair is two files of different originals in one
group; a false variant is a file called a variant of another picture. `--hashes` puts pHash at 10, dHash at 10, PDQ at
31 and a 16x16 gradient hash at 5 beside it, where a pair is what lies within the distance.
"""

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import cv2
import typer

from benchmarks.candidates import candidate_table
from benchmarks.findings import (
    Findings,
    Pairs,
    Sample,
    answers_of,
    copies_by_edit,
    edit_table,
    false_pairs,
    total_table,
)
from benchmarks.hard_cases import cases_in, variants_allowed
from benchmarks.pictures import photos_in
from benchmarks.pipeline import first_answers, opened, run_through
from benchmarks.quick import Quick
from shared.records import Relation
from worker.engine.edits.attacks import ATTACKS, HARD_ATTACKS, Attack, attacked
from worker.engine.picture.decode import decode

MAX_PIXELS = 100_000_000
EDITS = (*ATTACKS, *HARD_ATTACKS)


@dataclass(frozen=True, slots=True)
class Strangers:
    """Pictures below a folder. kin: its subfolders whose pictures may be called variants of each other."""

    root: Path
    paths: Sequence[Path]
    kin: Collection[str] = ()


class AttackSet:
    """The files that the system is given, in a folder of their own, and what each of them is."""

    def __init__(self, folder: Path, edits: Sequence[Attack] = EDITS) -> None:
        self._edits = edits
        self.samples: list[Sample] = []
        self._folder = folder
        self._first: dict[str, str] = {}  # digest -> path

    def add_photo(self, photo: Path) -> None:
        """Put a photo into the folder, and every edited copy of it."""
        original = f"photos/{photo.name}"
        self._put(original, photo.read_bytes())
        picture = decode(photo.read_bytes(), MAX_PIXELS)
        for attack, data in attacked(picture, photo.name, self._edits):
            name = f"copies/{photo.stem}.{attack.name}{attack.suffix}"
            self._put(name, data, original, edit=attack.name, relation=attack.relation)

    def add_strangers(self, strangers: Strangers) -> None:
        """Put pictures of which none shows what another one shows, but for equal bytes, into the folder."""
        root = strangers.root
        for path in strangers.paths:
            below = path.relative_to(root)
            kin = f"{root.name}/{below.parts[0]}" if below.parts[0] in strangers.kin else ""
            self._put(f"strangers/{root.name}/{below}", path.read_bytes(), kin=kin)

    def _put(self, name: str, data: bytes, source: str = "", **more: Any) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        digest = sha256(data).hexdigest()
        self.samples.append(Sample(name, source or self._first.setdefault(digest, name), digest, **more))


def hashed_pairs(samples: Sequence[Sample], folder: Path) -> dict[str, Pairs]:
    """Pairs by perceptual hashes. Raises ImportError where they are not installed."""
    from benchmarks.hashes import HASHES, hash_all, pairs_within  # imagehash and pdqhash are not in the lock

    bits = hash_all(len(samples), lambda number: decode((folder / samples[number].path).read_bytes(), MAX_PIXELS))

    def named(pair: tuple[int, int]) -> tuple[str, str]:
        one, other = sorted(samples[number].path for number in pair)
        return one, other

    return {name: {named(pair) for pair in pairs_within(bits[name], limit)} for name, limit in HASHES.items()}


@contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """A folder for the attack set and the state: `keep`, or one that is gone afterwards."""
    if keep:
        yield keep
    else:
        with tempfile.TemporaryDirectory(prefix="quality", ignore_cleanup_errors=True) as scratch:
            yield Path(scratch)


def report(samples: Sequence[Sample], found: Mapping[str, Findings], hashed: Mapping[str, Pairs]) -> Iterator[str]:
    """Tables, then what is wrong in the report of the recluster run, a line each."""
    for relation in (Relation.NEAR, Relation.VARIANT):
        yield f"{edit_table(samples, relation, found, hashed)}\n"
    yield f"{total_table(samples, found)}\n"
    by_path = {sample.path: sample for sample in samples}
    for name, pairs in hashed.items():
        yield f"{name}: {len(false_pairs(by_path, pairs))} false of {len(pairs)} pairs"
    for when, findings in found.items():
        yield from (f"{when}: false near pair: {one} | {other}" for one, other in sorted(findings.false_near))
        yield from (f"{when}: false variant: {one} of {other}" for one, other in sorted(findings.false_variants))
    final = next(iter(found.values()))
    for edit, copies in copies_by_edit(samples).items():
        missed = [Path(copy.source).stem for copy in copies if final.found(copy) is None]
        other = [Path(copy.source).stem for copy in copies if final.found(copy) not in (None, copy.relation)]
        if missed or other:
            yield f"{edit}: missed: {', '.join(missed) or 'none'}; found as the other: {', '.join(other) or 'none'}"


def main(
    photos: Annotated[Path, typer.Argument(help="Folder of photos that are all different.")],
    distractors: Annotated[list[Path] | None, typer.Option(help="Folders of other, different pictures.")] = None,
    hard_cases: Annotated[list[Path] | None, typer.Option(help="The same, a subfolder for each case.")] = None,
    originals: Annotated[int, typer.Option(help="How many of the photos are edited; all are present.")] = 40,
    weights: Annotated[str, typer.Option(help="As IMAGESIEVE_WEIGHTS: a file of VGG16's, or `random`.")] = "random",
    hashes: Annotated[bool, typer.Option(help="Perceptual hashes beside it: needs imagehash and pdqhash.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Keep the attack set and the state in this folder.")] = None,
    quick: Quick = False,
) -> None:
    """Print what is found of each edit, as near and as a variant, and what is found wrongly."""
    cv2.setNumThreads(1)
    originals = 1 if quick else originals
    every = photos_in(photos)
    chosen = every[:: max(1, len(every) // originals)][:originals]
    strangers = [Strangers(photos, [path for path in every if path not in chosen])]
    strangers += [Strangers(folder, photos_in(folder)) for folder in distractors or []]
    strangers += [Strangers(folder, cases_in(folder), variants_allowed(folder)) for folder in hard_cases or []]
    with workplace(keep) as base:
        attack_set = AttackSet(base / "set", EDITS[::12] if quick else EDITS)
        for photo in chosen:
            attack_set.add_photo(photo)
        for one in strangers:
            attack_set.add_strangers(one)
        samples = attack_set.samples
        outcome = run_through(base / "set", base / "state", weights, stub=quick)
        read = [sample for sample in samples if sample.path not in outcome.failures]
        with opened(outcome.settings) as store:
            at_arrival = answers_of(first_answers(store))
            candidates = candidate_table(store, [(s.digest, s.source, s.edit) for s in read if _counts(s)])
        hashed = hashed_pairs(read, base / "set") if hashes else {}
    typer.echo(f"{len(chosen)} originals, {len(samples)} files, {'stub network' if quick else f'weights {weights}'}")
    typer.echo(f"{outcome.seconds:.0f} s from start to report\n")
    found = {"report": Findings(samples, outcome.answers), "at arrival": Findings(samples, at_arrival)}
    for part in report(samples, found, hashed):
        typer.echo(part)
    typer.echo(f"\n{candidates}\n")
    for path, reason in outcome.failures.items():
        typer.echo(f"failed: {path}: {reason}")


def _counts(sample: Sample) -> bool:
    """Whether a file is looked for, or is what is found: not a second one of the same bytes."""
    return bool(sample.edit) or sample.path == sample.source


if __name__ == "__main__":
    typer.run(main)
