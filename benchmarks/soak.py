"""A long stream at a part of what is sustained, and who grows meanwhile. `python -m benchmarks.soak --minutes 10`.

Everything that `imagesieve up` starts runs, with the real network, and reclusters every minute. First so many files are
moved in at once that it takes about a minute: that gives the sustained rate. Then files are moved in one by one at 80 %
of it, for so many minutes. Meanwhile the memory of each process is noted every ten seconds (proportional: what several
share is divided between them), that of Redis, the queues and the number of files.

A process is shown by the medians of the first minute, of the one in the middle, and of the last. The first half warms
up: the network meets batches of each size, allocators find their level. In the second half nothing may grow but what
holds the collection: Redis, the verdict writer's index (1.5 KiB a picture, in arrays that double) and the recluster
worker's table of files; and Flower, until it has the tasks that it remembers.
"""

import itertools
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Final

import numpy as np
import typer

from benchmarks.arrivals import Arrivals
from benchmarks.extract import processor
from benchmarks.latency import running_stack
from benchmarks.mixture import MIX, make_mixture
from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from benchmarks.samples import Sample, Sampler, others, replaced
from shared.settings import Settings, load_settings
from shared.stack.programs import FLOWER_TASKS

RECLUSTER_EVERY: Final = 60
LOOK_EVERY: Final = 10.0
WINDOW: Final = 60.0
WARMING: Final = 160  # files
FLOOD: Final = 500  # files that give the rate
QUICK: Final = (8, 8)  # of both
# Bytes a file for those who hold the collection; what remains of a process's growth above NOISE is a leak.
OWN: Final = {"verdict worker, child": 3072, "recluster worker, child": 4096}
ROOM: Final = {"Flower": 6144 * int(FLOWER_TASKS)}  # bytes that a process fills once, and no more
NOISE: Final = 2 << 20
MIB: Final = 1 << 20


@dataclass(frozen=True)
class Window:
    """The medians of a minute's samples."""

    memory: dict[str, float]
    redis: float
    files: float


@dataclass(frozen=True)
class Run:
    """What came of it. rate: files a second that are sustained. delays: seconds from settled to verdict, in order."""

    rate: float
    seconds: float
    delays: Sequence[float]
    samples: list[Sample]

    @property
    def width(self) -> float:
        """Seconds of a window: a minute, less where three of them would overlap."""
        return min(WINDOW, self.seconds / 3)

    def window(self, middle: float) -> Window:
        """The minute around that moment, in seconds."""
        some = [sample for sample in self.samples if abs(sample.at - middle) <= self.width / 2]
        names = {name for sample in some for name in sample.memory}
        memory = {name: median(sample.memory.get(name, 0) for sample in some) for name in names}
        return Window(memory, median(s.redis for s in some), median(s.files.total for s in some))


def sustained(arrivals: Arrivals, files: Sequence[Path]) -> float:
    """Files a second, from the moment they are settled to the last verdict, of files moved in at once."""
    settled = [arrivals.move_in(file) for file in files]
    return len(files) / (max(at for at, _ in arrivals.wait_for(files)) - settled[0])


def soak(
    settings: Settings, supply: Iterator[Path], minutes: float, rate: float, level: float, first: tuple[int, int]
) -> Run:
    """The stack has been started. rate: files a second, 0: to be measured. level: part of it.

    first: files to warm up, and to measure the rate.
    """
    arrivals, (warming, flood) = Arrivals(settings), first
    sustained(arrivals, list(itertools.islice(supply, warming)))
    rate = rate or sustained(arrivals, list(itertools.islice(supply, flood)))
    files = list(itertools.islice(supply, round(level * rate * minutes * 60)))
    print(f"{len(files)} files are moved in, {level * rate:.1f} a second", file=sys.stderr)
    with Sampler(settings, min(LOOK_EVERY, minutes * 60 / 15)) as sampler:
        delays = arrivals.trickle(files, level * rate)
    return Run(rate, minutes * 60, delays, sampler.samples)


def print_memory(run: Run) -> None:
    """What each process and Redis held, and who grew."""
    start, middle, end = (run.window(at) for at in (run.width / 2, run.seconds / 2, run.seconds - run.width / 2))
    heads = "| MiB | first minute | middle | last minute | most | second half | of it its own |"
    print(f"{heads}\n|{' --- |' * 7}")
    files, data = end.files - middle.files, end.redis - middle.redis
    leaks = []
    for name in sorted(end.memory, key=lambda name: -end.memory[name]):
        values = [window.memory.get(name, 0) for window in (start, middle, end)]
        grown = values[2] - values[1]
        room = max(0, ROOM[name] - (values[1] - values[0])) if name in ROOM else 0
        own = data if name == "Redis" else OWN.get(name, 0) * files + room
        most = max(sample.memory.get(name, 0) for sample in run.samples)
        cells = " | ".join(f"{value / MIB:.1f}" for value in [*values, most])
        print(f"| {name} | {cells} | {grown / MIB:+.1f} | {own / MIB:.1f} |")
        if grown > own + NOISE:
            leaks.append(name)
    values = [window.redis for window in (start, middle, end)]
    cells = " | ".join(f"{value / MIB:.1f}" for value in [*values, max(sample.redis for sample in run.samples)])
    print(f"| data of Redis | {cells} | {data / MIB:+.1f} | all |")
    halves = [(b.redis - a.redis) / (b.files - a.files) for a, b in ((start, middle), (middle, end))]
    print(f"\nRedis took {halves[0]:,.0f} bytes a file in the first half, {halves[1]:,.0f} in the second.")
    print(f"Grown beyond the collection's own in the second half: {', '.join(leaks) or 'nothing'}.")
    print(f"Processes that were replaced: {', '.join(replaced(run.samples)) or 'none'}.")
    print(f"Other programs used {others(run.samples):.2f} of {os.cpu_count()} cores meanwhile.")


def print_queues(run: Run) -> None:
    """Whether what came in also went out."""
    fed = [sample for sample in run.samples if sample.at <= run.seconds]
    print("\n| | first half | second half |\n| --- | --- | --- |")
    halves = [[s for s in fed if s.at <= run.seconds / 2], [s for s in fed if s.at > run.seconds / 2]]
    for name in fed[0].queued:
        print(
            f"| longest queue of {name}, messages | {' | '.join(str(max(s.queued[name] for s in h)) for h in halves)} |"
        )
    print(f"| most files without an answer yet | {' | '.join(str(max(s.files.pending for s in h)) for h in halves)} |")
    parts = np.array_split(np.array(run.delays), 2)
    for level in (50, 95, 100):
        cells = " | ".join(f"{np.percentile(part, level):.1f}" for part in parts)
        print(f"| settled to verdict, {level}th percentile, s | {cells} |")


def main(
    minutes: Annotated[float, typer.Option(help="of the stream, after the rate was measured")] = 10.0,
    rate: Annotated[float, typer.Option(help="files a second that are sustained; 0: measure it")] = 0.0,
    level: Annotated[float, typer.Option(help="part of that rate at which files are moved in")] = 0.8,
    series: Annotated[Path | None, typer.Option(help="a file for all samples, as JSON")] = None,
    quick: Quick = False,
) -> None:
    """Run, and print Markdown tables."""
    minutes, level, first = (0.1, 0.2, QUICK) if quick else (minutes, level, (WARMING, FLOOD))
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        folder = Path(scratch)
        (folder / "watched").mkdir()
        supply = make_mixture(make_pictures(folder / "photos", 21), folder / "made")
        settings = load_settings(
            watch_dir=folder / "watched",
            state_dir=folder / "state",
            weights="random",
            recluster_every=RECLUSTER_EVERY,
            flower_port=0,
        )
        with running_stack(settings, folder / "up.log", stub=quick):
            run = soak(settings, supply, minutes, rate, level, first)
    if series:
        series.write_text(json.dumps([asdict(sample) for sample in run.samples]))
    print(f"Machine: {processor()}; {MIX}; sustained {run.rate:.1f} files/s, fed {level * run.rate:.1f} files/s for")
    print(f"{minutes:g} minutes, recluster every {RECLUSTER_EVERY} s; {run.samples[-1].files.total} files at the end\n")
    print_memory(run)
    print_queues(run)


if __name__ == "__main__":
    typer.run(main)
