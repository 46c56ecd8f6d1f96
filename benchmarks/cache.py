"""Bytes already known: files to verdicts without decoding or network. `python -m benchmarks.cache`.

Photos go through the real workers once. Then other names of the same files arrive, and the time is taken from the first
message to the last verdict.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.extract import processor, running
from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from benchmarks.server import running_redis
from benchmarks.stubbed import stub_worker
from shared.broker import make_app, send_references
from shared.names import QUEUE_FEATURES, QUEUE_VERDICTS
from shared.records import Reference, Verdict
from shared.settings import Settings, load_settings
from shared.store import RedisStore
from watcher.enqueue import BATCHES_IN_A_MESSAGE

LIMITS = (
    "The files are in the page cache: a disk or network that gives them more slowly is what limits then. The store "
    "holds only these files."
)


def judged(store: RedisStore, settings: Settings, paths: list[Path]) -> float:
    """Seconds until each of these files has its verdict."""
    app = make_app(settings)
    found = [path.stat() for path in paths]
    references = [Reference(path.name, stat.st_size, stat.st_mtime_ns) for path, stat in zip(paths, found, strict=True)]
    store.mark_pending(references, time.time())
    started = time.perf_counter()
    step = BATCHES_IN_A_MESSAGE * settings.batch_size
    for start in range(0, len(references), step):
        send_references(app, references[start : start + step])
    last = [reference.path for reference in references[-step:]]
    while not all(record and record.verdict for record in store.records(last)):
        time.sleep(0.02)
    while not all(record and record.verdict for record in store.records([path.name for path in paths])):
        time.sleep(0.02)
    return time.perf_counter() - started


def main(
    photos: Annotated[int, typer.Option(help="different photos")] = 128,
    copies: Annotated[int, typer.Option(help="other names of each")] = 32,
    quick: Quick = False,
) -> None:
    """Measure and print a Markdown table."""
    photos, copies = (2, 3) if quick else (photos, copies)
    with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
        watched = Path(scratch) / "pictures"
        originals = make_pictures(watched, photos)
        settings = load_settings(watch_dir=watched, state_dir=Path(scratch) / "state", weights="random")
        work = [sys.executable, "-m", "shared.cli", "work", "--queue"]
        with (
            running_redis(settings.redis_socket),
            running(stub_worker(QUEUE_FEATURES) if quick else [*work, QUEUE_FEATURES], settings),
            running([*work, QUEUE_VERDICTS], settings),
        ):
            store = RedisStore.connect(settings.store)
            first = judged(store, settings, originals)
            named = [watched / f"{copy} {path.name}" for copy in range(copies) for path in originals]
            for path in named:
                os.link(watched / path.name.partition(" ")[2], path)
            again = judged(store, settings, named)
            verdicts = {record.verdict for record in store.records([path.name for path in named]) if record}
            if not verdicts <= {Verdict.EXACT, Verdict.NEAR}:  # near: of a photo that lies within another one
                raise RuntimeError(f"copies were found to be {verdicts}")
        size = sum(path.stat().st_size for path in originals) / photos
    print(f"Machine: {processor()}; photos of {size / 1000:.0f} kB\n")
    print("| files to verdicts | files/s |\n| --- | --- |")
    print(f"| new, the model's start included | {photos / first:.1f} |")
    print(f"| known | {len(named) / again:.0f} |")


if __name__ == "__main__":
    typer.run(main)
