"""Many files copied in at once: do all arrive, in which order, and what does it take? `python -m benchmarks.burst`.

Everything that `imagesieve up` starts runs, with the real network and default settings. Small pictures are made
outside, and each is copied into the watched folder under ten names, in an order by chance: so many new pictures would
take an hour with this network on two cores. The time counts from the first copy to the last verdict.

Memory is what is resident, as the kernel keeps the highest of it, since shortly before the burst. The order of arrival
is that of the references in the watcher's messages, read in the broker; that of the verdicts is the stream of events.
A message may be worked off in any order within itself, and a worker holds the next one: so far the orders may differ.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from benchmarks.arrivals import Arrivals
from benchmarks.extract import processor
from benchmarks.latency import running_stack
from benchmarks.order import EVERY, SentOrder, displacements
from benchmarks.pictures import make_pictures
from benchmarks.pipeline import first_answers
from benchmarks.processes import forget_peak, resident
from benchmarks.quick import Quick
from benchmarks.samples import Sample, Sampler, others, replaced
from benchmarks.textures import make_textures
from shared.settings import Settings, load_settings
from shared.store import RedisStore
from watcher.enqueue import BATCHES_IN_A_MESSAGE

SIZE: Final = (256, 256)
NAMES: Final = 10  # of each picture
WARMING: Final = 160  # files; the network and the verdict writer's index are there before the burst
LOOK_EVERY: Final = 1.0
MIB: Final = 1 << 20


Residents = dict[str, Counter[str]]  # process -> bytes, as benchmarks.processes.resident says


@dataclass(frozen=True)
class Burst:
    """What came of it. Seconds count from the first copy.

    sent, answered: paths, in order. messages: in which they were sent.
    """

    names: Sequence[str]
    copied: float
    finished: float
    sent: Sequence[str]
    messages: int
    answered: Sequence[str]
    verdicts: Counter[str]
    before: Residents
    after: Residents
    samples: list[Sample]


def copy_in(pictures: Sequence[Path], names: Sequence[str], folder: Path) -> float:
    """Copy pictures to these names, each to as many, by chance (seeded); how many seconds it took."""
    origins = [picture for picture in pictures for _ in range(len(names) // len(pictures))]
    random.Random(5).shuffle(origins)
    begun = time.monotonic()
    for origin, name in zip(origins, names, strict=True):
        shutil.copyfile(origin, folder / name)
    return time.monotonic() - begun


def residents(pids: dict[int, str]) -> Residents:
    """Of these processes, those of one name together."""
    found: Residents = {}
    for pid, name in pids.items():
        found.setdefault(name, Counter()).update(resident(pid))
    return found


def burst(
    settings: Settings, warming: Sequence[Path], pictures: Sequence[Path], names: Sequence[str], every: float = EVERY
) -> Burst:
    """The stack has been started. every: seconds between two looks at the messages."""
    arrivals = Arrivals(settings)
    for picture in warming:
        arrivals.move_in(picture)
    arrivals.wait_for(warming)
    with Sampler(settings, LOOK_EVERY) as sampler, SentOrder(settings, every) as order:
        while not sampler.samples:
            time.sleep(0.1)
        pids = sampler.samples[0].pids
        for pid in pids:
            forget_peak(pid)
        before, begun = residents(pids), time.time()
        copied = copy_in(pictures, names, settings.watch_dir)
        print(f"{len(names)} files were copied in {copied:.1f} s", file=sys.stderr)
        finished = max(at for at, _ in arrivals.wait_for([settings.watch_dir / name for name in names])) - begun
        after = residents(pids)
    answers, new = first_answers(RedisStore.connect(settings.store)), set(names)
    sent, answered = ([path for path in paths if path in new] for paths in (order.paths, answers))
    if unseen := len(new - set(sent)):
        raise RuntimeError(f"{unseen} files were in no message that was seen; look more often than {every} s")
    verdicts = Counter(answers[path].verdict for path in answered)
    return Burst(names, copied, finished, sent, order.messages, answered, verdicts, before, after, sampler.samples)


def print_arrival(run: Burst) -> None:
    """What became of them, and the queues meanwhile."""
    mix = ", ".join(f"{count} {verdict}" for verdict, count in run.verdicts.most_common())
    known = next(
        sample.at for sample in run.samples if sample.files.total >= run.samples[0].files.total + len(run.names)
    )
    print("| what came of it | |\n| --- | --- |")
    print(f"| files copied in, s | {run.copied:.1f} |")
    print(f"| all on record and in a message, s | {known:.0f} |")
    print(f"| all have a verdict, s | {run.finished:.0f} |")
    print(f"| verdicts | {mix} |")
    print(f"| messages to the feature workers | {run.messages} |")
    for name in run.samples[0].queued:
        print(f"| longest queue of {name}, messages | {max(sample.queued[name] for sample in run.samples)} |")
    print(f"| messages in hand, most | {max(sample.unacknowledged for sample in run.samples)} |")
    print(f"| processes that were replaced | {', '.join(replaced(run.samples)) or 'none'} |")
    print(f"| cores that other programs used meanwhile | {others(run.samples):.2f} of {os.cpu_count()} |")


def print_order(run: Burst, room: int) -> None:
    """How far verdicts came from their place. room: files in a message."""
    heads = "files by which a verdict came later or earlier than its place"
    print(f"\n| {heads} | median | 95th percentile | most |\n| --- | --- | --- | --- |")
    for name, paths in (("in the watcher's messages", run.sent), ("among the copies", run.names)):
        places = np.abs(displacements(paths, run.answered))
        cells = " | ".join(f"{np.percentile(places, level):.0f}" for level in (50, 95, 100))
        print(f"| {name} | {cells} |")
    print(f"\nA message has room for {room} files, and a worker holds one more beside the one in hand.")


def print_residents(run: Burst) -> None:
    """Memory before, at its most, and after."""
    print("\n| resident, MiB | before | most | after |\n| --- | --- | --- | --- |")
    for name in sorted(run.after, key=lambda name: -run.after[name]["VmHWM"]):
        values = run.before[name]["VmRSS"], run.after[name]["VmHWM"], run.after[name]["VmRSS"]
        print(f"| {name} | {' | '.join(f'{value / MIB:.0f}' for value in values)} |")
    redis = [sample.redis for sample in run.samples]
    print(f"| data of Redis | {' | '.join(f'{value / MIB:.0f}' for value in (redis[0], max(redis), redis[-1]))} |")


def main(
    count: Annotated[int, typer.Option("--files", help="a multiple of ten")] = 20_000,
    quick: Quick = False,
) -> None:
    """Run, and print Markdown tables."""
    count, warming = (100, 8) if quick else (count, WARMING)
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        folder = Path(scratch)
        (folder / "watched").mkdir()
        photos = make_pictures(folder / "photos", 21)
        made = make_textures(photos, folder / "made", warming + count // NAMES, SIZE)
        names = [f"{number:05}.jpg" for number in range(count // NAMES * NAMES)]
        settings = load_settings(
            watch_dir=folder / "watched", state_dir=folder / "state", weights="random", flower_port=0
        )
        with running_stack(settings, folder / "up.log", stub=quick):
            run = burst(settings, made[:warming], made[warming:], names, EVERY / 40 if quick else EVERY)
    print(f"Machine: {processor()}; {len(names)} files with {count // NAMES} pictures of {SIZE[0]} x {SIZE[1]}\n")
    print_arrival(run)
    print_order(run, BATCHES_IN_A_MESSAGE * settings.batch_size)
    print_residents(run)


if __name__ == "__main__":
    typer.run(main)
