"""From a settled file to its verdict, through everything that `imagesieve up` starts. `python -m benchmarks.latency`.

One photo at a time is moved into the watched folder, then one edited copy of each; its event is awaited on the stream.
A file counts as settled the settle time after it was moved in. The feature worker says in its log how long the forward
pass of each photo took, so the rest is what imagesieve adds: noticing, messages, decoding, describing, comparing,
storing.
"""

import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.extract import processor
from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from benchmarks.stubbed import command_line
from shared.errors import Unavailable
from shared.settings import Settings, load_settings
from shared.store import RedisStore

Seconds = NDArray[np.float64]

WARMING = 4  # photos first: they load the network and the judge
PATIENCE = 300.0
LIMITS = "a machine with other load, or a large collection, where candidates cost more."
BATCH_LINE = re.compile(r" of 1: 1 ready \(0 from cache\).* forward (\d+\.\d+)")


@contextmanager
def running_stack(settings: Settings, log: Path, stub: bool = False) -> Iterator[None]:
    """`imagesieve up` with these settings, stopped at the end. stub: in place of the network."""
    command = [*command_line(stub), "up", str(settings.watch_dir)]
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


@dataclass(frozen=True, slots=True)
class Latency:
    """Of photos that came one at a time. total, forward: float64 `[n]`, seconds. verdicts: how many of each."""

    total: Seconds
    forward: Seconds
    verdicts: Counter[str]

    @property
    def added(self) -> Seconds:
        """What is not the forward pass."""
        return self.total - self.forward


def drop(photos: Sequence[Path], settings: Settings) -> list[tuple[float, str]]:
    """Seconds from settled to verdict of each photo, one at a time, and the verdict."""
    stream, found = Stream(settings), []
    for photo in photos:
        os.rename(photo, settings.watch_dir / photo.name)  # noqa: PTH104 - the moment matters, the path does not
        settled = time.time() + settings.settle
        arrived, verdict = stream.wait_for(photo.name)
        found.append((arrived - settled, verdict))
        time.sleep(0.2)
    return found


def copy_of(photo: Path, folder: Path) -> Path:
    """A copy of three quarters of the size, brighter and compressed again."""
    picture = cv2.resize(cv2.imread(str(photo)), None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    copy = folder / f"copy of {photo.stem}.jpg"
    cv2.imwrite(str(copy), cv2.convertScaleAbs(picture, alpha=1.1, beta=4), [cv2.IMWRITE_JPEG_QUALITY, 75])
    return copy


def measure(count: int, scratch: Path, stub: bool) -> dict[str, Latency]:
    """Of `count` photos after the first few, then of a copy of each."""
    photos = make_pictures(scratch / "photos", WARMING + count)
    (scratch / "watched").mkdir()
    (scratch / "copies").mkdir()
    copies = [copy_of(photo, scratch / "copies") for photo in photos[WARMING:]]
    settings = load_settings(
        watch_dir=scratch / "watched",
        state_dir=scratch / "state",
        weights="random",
        recluster_every=3600,
        flower_port=0,
    )
    with running_stack(settings, scratch / "up.log", stub):
        found = drop([*photos, *copies], settings)[WARMING:]
    lines = (settings.state_dir / "logs" / "features.log").read_text()
    forward = np.array([float(line[1]) for line in BATCH_LINE.finditer(lines)][-2 * count :])
    total, verdicts = np.array([seconds for seconds, _ in found]), [verdict for _, verdict in found]
    return {
        name: Latency(total[part], forward[part], Counter(verdicts[part]))
        for name, part in (("stranger", slice(count)), ("copy", slice(count, None)))
    }


def main(
    count: Annotated[int, typer.Option(help="photos")] = 30,
    runs: Annotated[int, typer.Option(help="of which the one with the lowest median is shown")] = 3,
    quick: Quick = False,
) -> None:
    """Measure and print a Markdown table."""
    count, runs = (2, 1) if quick else (count, runs)
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
            found.append(measure(count, Path(scratch), quick))
    print(f"Machine: {processor()}; {count} photos of 1024 x 768 and a copy of each, the best of {runs} runs\n")
    print("| milliseconds | median | 95th percentile |\n| --- | --- | --- |")
    for name in ("stranger", "copy"):
        best = min((run[name] for run in found), key=lambda latency: float(np.median(latency.added)))
        told = ", ".join(f"{number} {verdict}" for verdict, number in best.verdicts.most_common())
        for what, values in (
            (f"{name}: settled file to verdict ({told})", best.total),
            ("forward pass of one image", best.forward),
            ("all but the forward pass", best.added),
        ):
            low, high = np.percentile(values, [50, 95]) * 1000
            print(f"| {what} | {low:.0f} | {high:.0f} |")


if __name__ == "__main__":
    typer.run(main)
