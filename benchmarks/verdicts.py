"""What a verdict costs, and a restart of the verdict writer, by size of collection. `python -m benchmarks.verdicts`.

A real Redis that keeps nothing on disk holds the synthetic images of `benchmarks.collection`. New ones are made
pictures that share nothing (benchmarks.textures), in batches of 32, as a feature worker sends them. Beside it stands
the feature worker's own cost on the same machine: a forward pass at batch 32. Both are processor time, of all cores. A
restart is timed from the start of the process to its first verdict: without a saved index, and with the one that the
first process left, behind by all that it judged since.
"""

import resource
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import wraps
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import redis
import typer

from benchmarks.collection import EXTRACTOR, Collection, Content, fill, put, remove
from benchmarks.extract import processor
from benchmarks.network import BATCH, forward_pass
from benchmarks.quick import Quick
from benchmarks.server import running_redis
from shared.settings import Settings, load_settings
from shared.store import RedisStore
from worker.engine.search.encoding import Encoding
from worker.pipeline.judging.writer import Writer
from worker.workshop import Workshop

LIMITS = (
    "photos from disks (pages are compared by their pixels, which are read again), many near-duplicates (a match takes "
    "several times as long as a stranger), and an idle machine at a million. That was run once, shortly before commit "
    "ba1f604, beside other work (load 8 to 12), with `--sizes 1000000 --encoding int8`: 602 s from start to first "
    "verdict (about 200 s of processor time), 2.2 GiB at the peak beside 8.1 GiB of Redis, and 502 ms a verdict, more "
    "than a forward pass takes here: at a million the writer does not keep up. The saved index, proposals "
    "and what made verdicts cheaper since then were not measured at that size."
)
BATCHES = 8  # alone, and as many beside proposals
STAGES = ("candidates", "comparisons", "store and groups", "all")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Run:
    """A writer's life: seconds to its first verdict, bytes at the peak and then, median processor milliseconds of an
    image by stage.

    busy: seconds of all cores until then; what a restart takes where others use the machine, too. committed: stages of
    those that came with a proposal; proposing: milliseconds of one such.
    """

    restart: float
    busy: float
    peak: int
    resident: int
    stages: dict[str, float]
    verdicts: dict[str, int]
    committed: dict[str, float]
    proposing: float


def give_verdicts(settings: Settings, arriving: Sequence[Content], batch: int, started: float) -> Run:
    """Be a verdict writer, in a process that was started at `started`. The first image waits in the store already.

    Of the others the first half comes alone, the second beside proposals, in batches.
    """
    from worker.pipeline.comparison import Comparison
    from worker.pipeline.judging.candidates import ContentIndex

    spent: defaultdict[str, float] = defaultdict(float)
    _time(ContentIndex, "search", spent, "candidates")
    _time(ContentIndex, "rank", spent, "candidates")
    _time(Comparison, "screen", spent, "comparisons")
    _time(Comparison, "compare", spent, "comparisons")
    writer = Workshop(settings).writer
    writer.look([arriving[0].path])
    restart, busy = time.time() - started, time.process_time()
    with redis.Redis.from_url(settings.store) as client:
        put(client, arriving[1:], verdict="")
    half = 1 + len(arriving) // 2
    stages = _judge(writer, arriving[1:half], batch, spent)
    committed = _judge(writer, arriving[half:], batch, spent, Workshop(settings))
    records = RedisStore.connect(settings.store).records([content.path for content in arriving[1:]])
    return Run(
        restart,
        busy,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize(),
        stages,
        dict(Counter(record.verdict for record in records if record)),
        committed,
        committed.pop("proposing"),
    )


def _judge(
    writer: Writer,
    arriving: Sequence[Content],
    batch: int,
    spent: defaultdict[str, float],
    proposer: Workshop | None = None,
) -> dict[str, float]:
    """Median milliseconds an image by stage, and of proposing where `proposer` does that for each batch before."""
    stages: dict[str, list[float]] = defaultdict(list)
    for start in range(0, len(arriving), batch):
        paths = [content.path for content in arriving[start : start + batch]]
        begun = time.process_time()
        proposals = proposer.proposers.current().propose(paths) if proposer else []
        spent.clear()
        judged = time.process_time()
        writer.look(paths, proposals)
        spent["all"] = time.process_time() - judged
        spent["proposing"] = judged - begun
        spent["store and groups"] = spent["all"] - spent["candidates"] - spent["comparisons"]
        for stage in (*STAGES, "proposing"):
            stages[stage].append(spent[stage] * 1000 / len(paths))
    return {stage: float(np.median(values[1:])) for stage, values in stages.items()}


def restart(settings: Settings, arriving: Content, started: float) -> float:
    """Seconds from `started` to the verdict of an image, for a writer that finds the index of another one."""
    with redis.Redis.from_url(settings.store) as client:
        put(client, [arriving], verdict="")
    Workshop(settings).writer.look([arriving.path])
    return time.time() - started


def _time(owner: type, name: str, spent: defaultdict[str, float], stage: str) -> None:
    """Let the method add the seconds it takes to `spent`."""
    method = getattr(owner, name)

    @wraps(method)
    def timed(*args: Any) -> Any:
        begun = time.process_time()
        try:
            return method(*args)
        finally:
            spent[stage] += time.process_time() - begun

    setattr(owner, name, timed)


def alone(function: Callable[..., Result], *args: Any) -> Result:
    """What `function` returns in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        return executor.submit(function, *args).result()


def main(
    sizes: Annotated[str, typer.Option(help="images in the collection, ascending")] = "1000,10000,100000",
    pictures: Annotated[int, typer.Option(help="made for sketches, beside those that arrive")] = 400,
    encoding: Annotated[Encoding, typer.Option(help="of the features")] = "float16",
    quick: Quick = False,
) -> None:
    """Fill, restart, give verdicts, for each size; print Markdown tables."""
    batch, batches = (4, 2) if quick else (BATCH, BATCHES)
    sizes, pictures = ("100", 8) if quick else (sizes, pictures)
    strangers = 2 * batches * batch + 2  # the first one and the last are what restarts are timed by
    with (
        tempfile.TemporaryDirectory(prefix="sieve") as scratch,
        running_redis(Path(scratch) / "redis.sock", "--appendonly", "no") as url,
    ):
        settings = load_settings(watch_dir=scratch, state_dir=scratch, store_url=url, weights="random")
        print(f"Machine: {processor()}; processor milliseconds an image, medians of batches of {batch}\n", flush=True)
        collection, client = Collection(Path(scratch), pictures, strangers, encoding), redis.Redis.from_url(url)
        RedisStore.connect(url).publish_extractor(EXTRACTOR)
        print(
            "| images | writer | candidates | comparisons | store, groups | verdict | forward pass | ratio | verdicts |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
        restarts, there = [], 0
        for size in map(int, sizes.split(",")):
            fill(client, collection, there, size)
            there, arriving = size, collection.strangers()
            put(client, arriving[:1], verdict="")
            shutil.rmtree(settings.index_folder, ignore_errors=True)  # the store was filled past it
            run = alone(give_verdicts, settings, arriving[:-1], batch, time.time())
            again = alone(restart, settings, arriving[-1], time.time())
            used = client.info("memory")["used_memory"]
            remove(client, arriving)
            stages = " | ".join(f"{run.stages[stage]:.1f}" for stage in STAGES)
            mix = ", ".join(f"{count} {verdict}" for verdict, count in run.verdicts.items())
            forward = alone(forward_pass, settings, quick)
            print(
                f"| {size:,} | alone | {stages} | {forward:.0f} | {run.stages['all'] / forward:.2f} | {mix} |",
                flush=True,
            )
            stages = " | ".join(f"{run.committed[stage]:.1f}" for stage in STAGES)
            print(f"| {size:,} | beside proposals of {run.proposing:.1f} ms | {stages} | | | |", flush=True)
            memory = " | ".join(f"{value / 2**30:.2f}" for value in (run.peak, run.resident, used))
            restarts.append(f"| {size:,} | {run.restart:.1f} | {again:.1f} | {run.busy:.1f} | {memory} |")
    print(
        "\n| images | first verdict, s | with a saved index, s | CPU seconds | GiB at the peak | afterwards | Redis |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |", *restarts, sep="\n")


if __name__ == "__main__":
    typer.run(main)
