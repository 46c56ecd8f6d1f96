"""Distinct pictures through the whole pipeline, as many as one likes. `python -m benchmarks.million --images 10000`.

Everything that `imagesieve up` starts runs, on a Redis of its own for the broker; only the forward pass is replaced, by
the stub of benchmarks.stub. This process makes pictures of 256 x 256 on the fly, so few ahead that some hundred files
are on the way: photos with other phases in their spectrum, none like another. Every hundredth is an edited copy of an
earlier one, which is drawn once, by all the edits in turn that leave a near duplicate. The first files warm up and are
counted, but for their time.

A rate is that of the images since the row before, pictures made beside it. Processor time is that of the stack and of
this process meanwhile, for whichever images. Memory is proportional (what several share is divided between them). When
all have their verdicts a recluster run is asked for, and its report read; its memory is the most that was seen, every
half second. All files stay: a million take some 30 GB of disk, and 23 GB of memory and its file in Redis.
"""

import itertools
import random
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from benchmarks.arrivals import Arrivals
from benchmarks.extract import processor
from benchmarks.findings import Findings, Sample
from benchmarks.pictures import make_pictures
from benchmarks.pipeline import reported
from benchmarks.samples import Sample as Look
from benchmarks.samples import Sampler, others
from benchmarks.stream import WARMING
from benchmarks.stubbed import StubbedStack, running_stubbed_stack
from benchmarks.textures import make_textures
from shared.records import Relation
from shared.reports import latest_report
from shared.settings import Settings
from shared.stack.up import recluster_and_wait
from worker.engine.edits.attacks import ATTACKS, edited
from worker.engine.picture.decode import decode

SIZE: Final = (256, 256)
EVERY: Final = 100  # the last of so many is a copy, and so many are moved in together
AHEAD: Final = 6  # times as many are on the way
QUICK: Final = 40  # images, and every tenth is a copy
LOOK_EVERY: Final = 0.5
MIB: Final = 1 << 20
EDITS: Final = [attack for attack in ATTACKS if attack.relation is Relation.NEAR]


class Supply:
    """Makes the pictures, in the order in which they are moved in. made: what each is, so far. Seeded."""

    def __init__(self, scratch: Path, watched: Path, every: int = EVERY) -> None:
        """every: of so many, the last is a copy."""
        self._every = every
        self._photos = make_pictures(scratch / "photos", 21, SIZE)
        self._folder = scratch / "made"
        self._watched = watched
        self._chance = random.Random(3)
        self._copied: set[int] = set()
        self.made: list[Sample] = []

    def files(self, count: int) -> Iterator[Path]:
        """One after the other, each made when it is asked for; those before have been moved in by then."""
        for number in range(count):
            if self._is_copy(number):
                yield self._copy(number)
            else:
                [path] = make_textures(self._photos, self._folder, 1, SIZE, first=number)
                self.made.append(Sample(path.name, path.name, _digest(path)))
                yield path

    def _copy(self, number: int) -> Path:
        source = self.made[self._draw(number)].path
        attack = EDITS[number // self._every % len(EDITS)]
        picture = decode((self._watched / source).read_bytes(), SIZE[0] * SIZE[1])
        path = self._folder / f"copy-{number:05}{attack.suffix}"
        path.write_bytes(edited(picture, attack, source))
        self.made.append(Sample(path.name, source, _digest(path), attack.name, attack.relation))
        return path

    def _draw(self, before: int) -> int:
        """The number of an earlier picture that is no copy, and that was drawn for none."""
        while True:
            number = self._chance.randrange(before)
            if not self._is_copy(number) and number not in self._copied:
                self._copied.add(number)
                return number

    def _is_copy(self, number: int) -> bool:
        return number % self._every == self._every - 1


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Point:
    """The state after so many images. at, made: seconds, since any moment and of this process's processor time.

    spent: seconds of processor time of the stack, by process.
    """

    images: int
    at: float
    made: float
    spent: Counter[str]
    verdicts: Counter[str]
    look: Look


class Feed:
    """Keeps some hundred files on the way, until all have their verdicts.

    warming: the first files. together: so many of the others are moved in at once.
    """

    def __init__(self, stack: StubbedStack, warming: int = WARMING, together: int = EVERY) -> None:
        self._warming, self._together = warming, together
        self._stack = stack
        self._arrivals = Arrivals(stack.settings)
        self._sampler = Sampler(stack.settings, LOOK_EVERY)
        self._verdicts = Counter[str]()

    def points(self, files: Iterable[Path], every: int) -> Iterator[Point]:
        """The first when the pipeline is warm, then one after every so many images, then one at the end."""
        supply = iter(files)
        self._wait(self._move_in(itertools.islice(supply, self._warming)))
        yield (last := self._point())
        for batch in self._under_way(supply):
            self._wait(batch)
            if self._verdicts.total() >= last.images + every:
                yield (last := self._point())
        if self._verdicts.total() > last.images:
            yield self._point()

    def _under_way(self, supply: Iterator[Path]) -> Iterator[list[Path]]:
        """What was moved in, the oldest first, when enough others are on the way, or none are left."""
        batches = deque[list[Path]]()
        while batch := self._move_in(itertools.islice(supply, self._together)):
            batches.append(batch)
            if len(batches) > AHEAD:
                yield batches.popleft()
        yield from batches

    def _move_in(self, files: Iterable[Path]) -> list[Path]:
        moved = []
        for file in files:
            self._arrivals.move_in(file)
            moved.append(file)
        return moved

    def _wait(self, files: Sequence[Path]) -> None:
        self._verdicts.update(verdict for _, verdict in self._arrivals.wait_for(files))

    def _point(self) -> Point:
        verdicts = self._verdicts.copy()
        at, spent, look = time.monotonic(), self._stack.usage().processes, self._sampler.look()
        return Point(verdicts.total(), at, time.process_time(), spent, verdicts, look)


def print_rates(points: Iterable[Point]) -> list[Point]:
    """A row at each point but the first, as soon as it is reached; all of them."""
    print("| images | verdicts/s | core-ms an image: the stack | of it the verdict writer | pictures made ", end="")
    print(f"| data of Redis, MiB | bytes an image |\n|{' --- |' * 7}", flush=True)
    reached: list[Point] = []
    for point in points:
        if reached:
            before = reached[-1]
            images, spent = point.images - before.images, point.spent - before.spent
            costs = spent.total(), spent["verdict worker, child"], point.made - before.made
            cells = " | ".join(f"{seconds * 1000 / images:.1f}" for seconds in costs)
            redis = f"{point.look.redis / MIB:,.1f} | {point.look.redis / point.look.files.total:,.0f}"
            print(f"| {point.images:,} | {images / (point.at - before.at):.1f} | {cells} | {redis} |", flush=True)
        reached.append(point)
    return reached


def print_memory(points: Sequence[Point]) -> None:
    """What each process held at each point."""
    memory = [_together(point.look.memory) for point in points]
    names = sorted({name for held in memory for name in held}, key=lambda name: -memory[-1].get(name, 0))
    print(f"\n| MiB after images | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}")
    for point, held in zip(points, memory, strict=True):
        cells = " | ".join(f"{held[name] / MIB:.0f}" if name in held else "" for name in names)
        print(f"| {point.images:,} | {cells} |")


def _together(memory: Mapping[str, int]) -> Counter[str]:
    """The small ones of Celery's start as one."""
    held = Counter[str]()
    for name, size in memory.items():
        held["trackers" if name.endswith(", tracker") else name] += size
    return held


def print_recluster(settings: Settings) -> None:
    """Ask for a run, and say what it and its report took."""
    with Sampler(settings, LOOK_EVERY) as sampler:
        while True:
            begun = time.monotonic()
            outcome: dict[str, Any] = recluster_and_wait(settings, force=True)
            if outcome["outcome"] != "busy":  # with the report that beat asks for when the work is through
                break
            time.sleep(1)
        seconds = time.monotonic() - begun
    report = latest_report(settings)
    stages: dict[str, float] = report.summary()["seconds"]
    print(f"\n| the recluster run: {outcome['outcome']} | seconds |\n| --- | --- |")
    for name, value in [*stages.items(), ("the report and the rest", seconds - sum(stages.values()))]:
        print(f"| {name} | {value:.1f} |")
    print(f"| all | {seconds:.1f} |\n\nIts memory at most, MiB:", end=" ")
    for name in ("recluster worker, child", "Redis"):
        values = [look.memory.get(name, 0) / MIB for look in sampler.samples]
        print(f"{name} {max(values):.0f}, before {values[0]:.0f};", end=" ")
    written = sum(file.stat().st_size for file in report.folder.iterdir())
    print(f"the report takes {written / MIB:.1f} MiB.")


def print_findings(verdicts: Counter[str], findings: Findings) -> None:
    """What the report says of the copies that were made, and of what is none."""
    copies = [sample for sample in findings.samples.values() if sample.edit]
    called = {copy.path: findings.found(copy) for copy in copies}
    told = Counter(called.values())
    missed = Counter(copy.edit for copy in copies if called[copy.path] is None)
    print(f"\nVerdicts on arrival: {', '.join(f'{count:,} {name}' for name, count in verdicts.most_common())}.")
    print(
        f"Copies made: {len(copies)}; in the report {told[Relation.NEAR]} are near, {told[Relation.VARIANT]} variants; "
        f"missed: {', '.join(f'{name} {count}' for name, count in missed.most_common()) or 'none'}."
    )
    print(f"False pairs: {len(findings.false_near)}; false variants: {len(findings.false_variants)}.")


def main(
    images: Annotated[int, typer.Option(min=WARMING + 1, help="files, copies among them")] = 10_000,
    every: Annotated[int, typer.Option(help="images between two rows; 0: a tenth of all")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help=f"{QUICK} images: only to see that it runs")] = False,
) -> None:
    """Run, and print Markdown tables."""
    images, together, warming = (QUICK, 10, 10) if quick else (images, EVERY, WARMING)
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        folder = Path(scratch)
        with running_stubbed_stack(folder) as stack:
            supply = Supply(folder, stack.settings.watch_dir, together)
            print(f"Machine: {processor()}; stub network; {images:,} JPEG files\n")
            points = print_rates(Feed(stack, warming, together).points(supply.files(images), every or images // 10))
            print(f"\nOther programs used {others([point.look for point in points]):.2f} cores meanwhile.")
            print_memory(points)
            print_recluster(stack.settings)
            print_findings(points[-1].verdicts, Findings(supply.made, reported(stack.settings)))


if __name__ == "__main__":
    typer.run(main)
