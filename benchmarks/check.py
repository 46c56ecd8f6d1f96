"""What a picture would be, asked of the running workers. `python -m benchmarks.check`.

Everything that `imagesieve up` starts runs, with the full-size network (random weights), on a folder of photos. The
collection also holds the synthetic images of `benchmarks.collection`, which have no files. Asked about, one by one:
the photos by their bytes, edited copies, and pictures like no other; these also beside new files that arrive all at
once. A check takes from the call of `shared.checking` until its answer is there; the command starts a Python of its
own. Loading network and collection, as the command does where no worker answers, stands below.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import redis
import typer

from benchmarks.collection import CHUNK, Collection, put
from benchmarks.extract import processor
from benchmarks.latency import copy_of, running_stack
from benchmarks.pictures import make_pictures
from benchmarks.processes import family, processor_seconds
from benchmarks.quick import Quick
from benchmarks.residents import wait_for_verdicts
from benchmarks.textures import make_textures
from shared import names
from shared.checking import Asker
from shared.errors import LeaseTaken
from shared.records import Event, Verdict
from shared.settings import Settings, load_settings
from shared.store import RedisStore

PATIENCE = 600.0
LIMITS = "a machine with other load (said beside the numbers), larger files, or a picture that resembles hundreds."
SIZE = (1024, 768)
ASKED = 100.0  # seconds that a check may take


def fill(settings: Settings, collection: Collection, images: int) -> None:
    """Have the collection of a running stack hold so many images more: on record, and told in the stream."""
    store, extractor = RedisStore.connect(settings.store), RedisStore.connect(settings.store).extractor()
    if extractor is None:
        raise RuntimeError("no feature worker has started")
    with redis.Redis.from_url(settings.store) as client:
        for start in range(0, images, CHUNK):
            contents = collection.mixed(start, min(CHUNK, images - start))
            put(client, contents, "", extractor.id)
            paths = [content.path for content in contents]
            found = [(path, record) for path, record in zip(paths, store.records(paths), strict=True) if record]
            store.give_verdicts(
                [(path, record, replace(record, verdict=Verdict.UNIQUE)) for path, record in found],
                [Event("", path, record.digest, Verdict.UNIQUE) for path, record in found],
                correction=False,
            )


def wait_for_report(store: RedisStore, images: int) -> None:
    """Return when a generation of so many images is published, and nothing is clustered any more."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        summary = store.summary()
        if summary and summary["counts"]["images"] >= images:
            with suppress(LeaseTaken), store.lease(names.LEASE_RECLUSTER):
                return
        time.sleep(1)
    raise TimeoutError(f"no report of {images} images after {PATIENCE:.0f} s")


def spent() -> float:
    """Processor seconds of all that runs for the benchmark."""
    return sum(map(processor_seconds, family(os.getpid())))


def ask(asker: Asker, pictures: Sequence[bytes], name: str, beside: RedisStore | None = None) -> None:
    """Ask about one picture after the other, and print a row of the table.

    beside: only as long as files wait in this store, which are described meanwhile.
    """
    seconds, verdicts, before = list[float](), Counter[str](), spent()
    for picture in pictures:
        if beside and seconds and not beside.counts().pending:
            break
        begun = time.perf_counter()
        verdicts[asker.ask(picture, "asked.jpg", ASKED).event.verdict] += 1
        seconds.append(time.perf_counter() - begun)
    cost = "" if beside else f"{(spent() - before) / len(pictures):.2f}"
    middle, high = np.percentile(seconds, [50, 95])
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    load = os.getloadavg()[0]
    print(f"| {name} | {told} | {middle:.2f} | {high:.2f} | {max(seconds):.2f} | {cost} | {load:.1f} |", flush=True)


def run_command(settings: Settings, *words: str) -> float:
    """Seconds of a process with these words behind `python -m`."""
    begun = time.perf_counter()
    environment = {**os.environ, **settings.environment()}
    subprocess.run([sys.executable, "-m", *words], env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


def main(
    images: Annotated[int, typer.Option(help="synthetic images in the collection")] = 10_000,
    count: Annotated[int, typer.Option(help="photos, and checks of each kind")] = 20,
    arriving: Annotated[int, typer.Option(help="new files, all at once")] = 200,
    made: Annotated[int, typer.Option(help="pictures made for the sketches of the synthetic images")] = 100,
    quick: Quick = False,
) -> None:
    """Measure and print a Markdown table."""
    images, count, arriving, made = (100, 2, 4, 8) if quick else (images, count, arriving, made)
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        folder = Path(scratch)
        photos = make_pictures(folder / "watched", count)
        (folder / "copies").mkdir()
        exact = [photo.read_bytes() for photo in photos]
        copies = [copy_of(photo, folder / "copies").read_bytes() for photo in photos]
        strangers = make_textures(photos, folder / "strangers", 2 * count + arriving, SIZE)
        unlike = [path.read_bytes() for path in strangers[: 2 * count]]
        settings = load_settings(
            watch_dir=folder / "watched",
            state_dir=folder / "state",
            weights="random",
            recluster_every=86400,
            rescan_every=86400,  # the synthetic images have no files
            flower_port=0,
        )
        store, asker = RedisStore.connect(settings.store), Asker.of(settings)
        collection = Collection(folder / "made", made, 0)
        with running_stack(settings, folder / "up.log", stub=quick):
            wait_for_verdicts(store, [photo.name for photo in photos], PATIENCE)
            fill(settings, collection, images)
            wait_for_report(store, 0 if quick else images)
            for picture in (exact[0], copies[0]):  # the verdict writer takes in what was filled
                asker.ask(picture, "first.jpg", ASKED)
            print(f"Machine: {processor()}; {images:,} images; {count} checks of each kind\n")
            print("| asked about | verdicts | median s | 95th percentile s | longest s | processor s | load |")
            print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
            ask(asker, exact, "the same bytes")
            ask(asker, copies, "an edited copy")
            ask(asker, unlike[:count], "a picture like no other")
            for path in strangers[2 * count :]:
                path.rename(settings.watch_dir / path.name)
            time.sleep(settings.settle + 1)
            ask(asker, unlike[count:], f"the same, while {arriving} new files are described", store)
            wait_for_verdicts(store, [path.name for path in strangers[2 * count :]], PATIENCE)
            asked = str(folder / "copies" / f"copy of {photos[0].stem}.jpg")
            print("\n| one edited copy | s | load of the machine |\n| --- | --- | --- |")
            for name, words in (
                ("`imagesieve check`, of the workers", ("shared.cli", "check", asked)),
                ("loading network and collection", ("worker.commands.check", asked)),
            ):
                if not (quick and words[0].startswith("worker")):
                    print(f"| {name} | {run_command(settings, *words):.1f} | {os.getloadavg()[0]:.1f} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
