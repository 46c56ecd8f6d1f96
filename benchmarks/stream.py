"""What the whole pipeline sustains with a network that costs nothing. `python -m benchmarks.stream`.

Everything that `imagesieve up` starts runs, with a Redis of its own for the broker, so that its bytes can be told from
the store's. Only the forward pass is replaced, by averaged colours times a seeded matrix. More files are moved in than
can be done, all at once; the rate counts from the moment they are settled to the last verdict. A message is what a
worker took: references to files, or paths that wait for a verdict. Broker bytes are all that its Redis received and
sent meanwhile, Celery's own traffic and Flower's included. Then pictures are moved in one by one, at a part of that
rate; a verdict is there when its event is in the stream, by Redis's clock.

Distinct pictures are photos with other phases in their spectrum: as costly to read and to compare, none like another.
Crops are cut from 21 photos, so that many overlap; a match takes several times as long as a stranger.

Processor time is that of all processes but this one. Plumbing is what remains without the steps that say what an image
is (reading files, the functions of worker.engine that describe pictures, find candidates and compare) and without the
network: watches on them measure that while all runs. The real forward pass is measured alone, at batch 32, in the same
run. The verdict writer is one process on one core, so it may be what limits the rate while other cores are idle.
"""

import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.arrivals import Arrivals
from benchmarks.extract import processor
from benchmarks.network import BATCH, forward_pass
from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from benchmarks.stubbed import MEASURED, StubbedStack, Usage, running_stubbed_stack
from benchmarks.textures import make_textures
from shared.names import QUEUE_FEATURES, QUEUE_VERDICTS

MESSAGE = 4 * BATCH  # files in a full message
WARMING = MESSAGE + BATCH  # the judge fits its index on the first ones
LARGE, SMALL = (1024, 768), (256, 256)
LEVELS = (0.1, 0.5, 0.9)  # of the sustained rate
LONGEST = 20.0  # seconds in which photos are moved in at one level
BROKER = ("total_commands_processed", "total_net_input_bytes", "total_net_output_bytes")
LIMITS = (
    "a large collection, where candidates cost more; larger photos, or a slower disk; workers on several machines. "
    "On a GPU the forward pass takes less, and the shares of all else are larger."
)


@dataclass(frozen=True)
class Flood:
    """Pictures that were moved in at once. size: of a file, bytes, on average. used: until the last had its verdict."""

    count: int
    size: float
    seconds: float
    verdicts: Counter[str]
    used: Usage


class Stream(Arrivals):
    """Pictures on their way through the stack with the stub."""

    def __init__(self, stack: StubbedStack) -> None:
        super().__init__(stack.settings)
        self._stack = stack

    def flood(self, photos: Sequence[Path]) -> Flood:
        """Move all in at once, and wait for the last verdict."""
        size = sum(photo.stat().st_size for photo in photos) / len(photos)
        before = self._stack.usage()
        settled = self.move_in(photos[0])
        for photo in photos[1:]:
            self.move_in(photo)
        at, verdicts = zip(*self.wait_for(photos), strict=True)
        time.sleep(1)  # the last message is acknowledged, and what it cost is in the log
        used = self._stack.usage() - before
        if silent := [queue for queue in MEASURED if not used.workers[queue]["messages"]]:
            raise RuntimeError(f"the stub told nothing of what it did for {', '.join(silent)}; does it still fit?")
        return Flood(len(photos), size, max(at) - settled, Counter(verdicts), used)


def print_floods(found: dict[str, Flood]) -> None:
    """What went through, what that was limited by, and how much traffic it was."""
    print("| pictures | kB a file | images/s | cores busy | busiest process | verdicts |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, run in found.items():
        cores = sum(run.used.processes.values()) / run.seconds
        [(busiest, spent)] = run.used.processes.most_common(1)
        mix = ", ".join(f"{count} {verdict}" for verdict, count in run.verdicts.most_common())
        print(
            f"| {name} | {run.size / 1000:.0f} | {run.count / run.seconds:.1f} | {cores:.2f} of {os.cpu_count()} | "
            f"{busiest}: {spent / run.seconds:.2f} | {mix} |"
        )
    print("\n| through the broker, an image | messages to features | to verdicts | commands | bytes in | bytes out |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, run in found.items():
        messages = " | ".join(f"{run.used.workers[queue]['messages'] / run.count:.3f}" for queue in MEASURED)
        broker = " | ".join(f"{run.used.broker[word] / run.count:,.1f}" for word in BROKER)
        print(f"| {name} | {messages} | {broker} |")


def print_delays(delays: dict[float, list[float]], rate: float) -> None:
    """From settled to verdict, by level."""
    print("\n| settled to verdict | pictures | p50 ms | p95 ms | p99 ms |\n| --- | --- | --- | --- | --- |")
    for level, seconds in delays.items():
        cells = " | ".join(f"{value:.0f}" for value in np.percentile(seconds, [50, 95, 99]) * 1000)
        print(f"| at {level * 100:.0f} % of the rate, {level * rate:.1f}/s | {len(seconds)} | {cells} |")


def costs(run: Flood) -> tuple[dict[str, float], dict[str, float]]:
    """Processor milliseconds an image: of what is no plumbing, by step; of plumbing, by process."""
    steps, processes = Counter[str](), run.used.processes.copy()
    for queue, worker in ((QUEUE_FEATURES, "feature worker, child"), (QUEUE_VERDICTS, "verdict worker, child")):
        watched = Counter({step: spent for step, spent in run.used.workers[queue].items() if step != "messages"})
        steps.update(watched)
        processes.subtract({worker: sum(watched.values())})
    del steps["network"]  # the stub
    one, other = ({name: spent * 1000 / run.count for name, spent in part.items()} for part in (steps, processes))
    return one, other


def print_costs(found: dict[str, Flood], forward: float) -> None:
    """Where the processor time of an image goes. forward: milliseconds of the real forward pass."""
    parts = [costs(run) for run in found.values()]
    plumbing = [sum(processes.values()) for _, processes in parts]
    whole = [sum(steps.values()) + rest + forward for (steps, _), rest in zip(parts, plumbing, strict=True)]
    watched = dict.fromkeys(chain.from_iterable(steps for steps, _ in parts))
    table = {name: [steps.get(name, 0.0) for steps, _ in parts] for name in watched}
    table |= {"plumbing": plumbing, f"forward pass at batch {BATCH}": [forward] * len(parts), "all": whole}
    for name in sorted(parts[0][1], key=parts[0][1].__getitem__, reverse=True):
        values = [processes.get(name, 0.0) for _, processes in parts]
        if any(round(value, 2) for value in values):
            table[f"of plumbing: {name}"] = values
    heads = "".join(f" | {name}: ms | share" for name in found)
    print(f"\n| processor time of an image{heads} |\n| --- |" + " --- |" * 2 * len(found))
    for name, values in table.items():
        pairs = zip(values, whole, strict=True)
        cells = " | ".join(f"{value:.2f} | {100 * value / full:.1f} %" for value, full in pairs)
        print(f"| {name} | {cells} |")
    for name, full in zip(found, whole, strict=True):
        print(
            f"\nA million images, {name}: {full / 3.6:,.0f} core-hours, {forward / 3.6:,.0f} of them the forward pass."
        )


def main(
    count: Annotated[int, typer.Option(help="pictures of each kind, moved in at once")] = 2 * MESSAGE,
    paced: Annotated[int, typer.Option(help=f"pictures at each level, fewer if they took over {LONGEST:.0f} s")] = 100,
    quick: Quick = False,
) -> None:
    """Measure and print Markdown tables."""
    count, paced, warming = (6, 2, 6) if quick else (count, paced, WARMING)
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        folder = Path(scratch)
        crops = make_pictures(folder / "crops", count, LARGE)
        large = iter(make_textures(crops, folder / "large", warming + count + len(LEVELS) * paced, LARGE))
        small = make_textures(crops, folder / "small", count, SMALL)
        with running_stubbed_stack(folder) as stack:
            stream = Stream(stack)
            stream.flood(list(islice(large, warming)))
            found = {"distinct, {} x {}".format(*LARGE): (first := stream.flood(list(islice(large, count))))}
            rate, delays = count / first.seconds, {}
            for level in LEVELS:
                some = list(islice(large, min(paced, round(LONGEST * level * rate))))
                delays[level] = stream.trickle(some, level * rate)
            found["distinct, {} x {}".format(*SMALL)] = stream.flood(small)
            found["crops, {} x {}".format(*LARGE)] = stream.flood(crops)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        forward = executor.submit(forward_pass, stack.settings, quick).result()
    print(f"Machine: {processor()}; default settings, {count} JPEG files of each kind, {warming} before them\n")
    print_floods(found)
    print_delays(delays, rate)
    print_costs(found, forward)


if __name__ == "__main__":
    typer.run(main)
