"""From a settled file to its verdict, through everything that `imagesieve up` starts. `python -m benchmarks.latency`.

One photo at a time is moved into the watched folder; its event is awaited on the stream. A file counts as settled the
settle time after it was moved in. The feature worker says in its log how long the forward pass of each photo took, so
the rest is what imagesieve adds: noticing, messages, decoding, describing, comparing, storing.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.extract import processor
from benchmarks.pictures import make_pictures
from shared.errors import Unavailable
from shared.settings import Settings, load_settings
from shared.store import RedisStore

WARMING = 4  # photos first: they load the network and the judge
PATIENCE = 300.0
LIMITS = "a machine with other load, or a large collection, where candidates cost more."
BATCH_LINE = re.compile(r" of 1: 1 ready \(0 from cache\).* forward (\d+\.\d+)")


@contextmanager
def running_stack(settings: Settings, log: Path) -> Iterator[None]:
    """`imagesieve up` with these settings, stopped at the end."""
    command = [sys.executable, "-m", "shared.cli", "up", str(settings.watch_dir)]
    environment = {**os.environ, **settings.environment()}
    with log.open("wb") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(120)


class Stream:
    """The event stream from now on."""

    def __init__(self, settings: Settings) -> None:
        self._store = RedisStore.connect(settings.store)
        self._after = "0"

    def wait_for(self, path: str) -> tuple[float, str]:
        """When the event of `path` arrived, and its verdict."""
        deadline = time.time() + PATIENCE
        while time.time() < deadline:
            try:
                found = self._store.events(self._after, wait=5)
            except Unavailable:
                time.sleep(0.1)  # the stack starts
                continue
            arrived = time.time()
            for position, event in found:
                self._after = position
                if event.path == path:
                    return arrived, event.verdict
        raise TimeoutError(f"no verdict for {path} within {PATIENCE:.0f} s")


def drop(photos: Sequence[Path], settings: Settings) -> list[float]:
    """Seconds from settled to verdict of each photo, one at a time."""
    stream, seconds = Stream(settings), []
    for photo in photos:
        os.rename(photo, settings.watch_dir / photo.name)  # noqa: PTH104 - the moment matters, the path does not
        settled = time.time() + settings.settle
        arrived, _ = stream.wait_for(photo.name)
        seconds.append(arrived - settled)
        time.sleep(0.2)
    return seconds


def measure(count: int, scratch: Path) -> tuple[list[float], list[float]]:
    """Seconds from settled to verdict, and of the forward pass alone, of `count` photos after the first few."""
    photos = make_pictures(scratch / "photos", WARMING + count)
    (scratch / "watched").mkdir()
    settings = load_settings(
        watch_dir=scratch / "watched",
        state_dir=scratch / "state",
        weights="random",
        recluster_every=3600,
        flower_port=0,
    )
    with running_stack(settings, scratch / "up.log"):
        seconds = drop(photos, settings)[WARMING:]
    lines = (settings.state_dir / "logs" / "features.log").read_text()
    return seconds, [float(found[1]) for found in BATCH_LINE.finditer(lines)][-count:]


def main(
    count: Annotated[int, typer.Option(help="photos")] = 30,
    runs: Annotated[int, typer.Option(help="of which the one with the lowest median is shown")] = 3,
) -> None:
    """Measure and print a Markdown table."""
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
            found.append(np.array(measure(count, Path(scratch))))
    total, forward = min(found, key=lambda run: float(np.median(run[0] - run[1])))
    print(f"Machine: {processor()}; {count} photos of 1024 x 768, the best of {runs} runs\n")
    print("| milliseconds | median | 95th percentile |\n| --- | --- | --- |")
    for name, values in (
        ("settled file to verdict", total),
        ("forward pass of one image", forward),
        ("all but the forward pass", total - forward),
    ):
        low, high = np.percentile(values, [50, 95]) * 1000
        print(f"| {name} | {low:.0f} | {high:.0f} |")


if __name__ == "__main__":
    typer.run(main)
