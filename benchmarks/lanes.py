"""How long a new file waits for its verdict while a backlog is worked off. `python -m benchmarks.lanes`.

Everything that `imagesieve up` starts runs, once on an empty folder and once on one that holds a backlog. New pictures
are moved in one by one at a steady pace; each counts from the moment it is settled until its event is in the stream, by
Redis's clock. With the stub of benchmarks.stub in place of the network, or, with `--real`, the full-size VGG16 with
random weights. It ends when the new pictures have their verdicts, however much of the backlog is left; if none is left
it fails.

New pictures are photos with other phases in their spectrum, none like another. So are the first thousands of the
backlog; the others are further names of these (hard links), of which few are drawn while it runs.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.arrivals import Arrivals
from benchmarks.extract import processor
from benchmarks.pictures import make_pictures
from benchmarks.quick import Quick
from benchmarks.stubbed import running_stubbed_stack
from benchmarks.textures import make_textures
from shared.errors import Unavailable
from shared.settings import Settings
from shared.store import RedisStore

SIZE, SMALL = (1024, 768), (256, 192)
DISTINCT = 2000  # pictures made for the backlog
WARMING = 8  # new pictures first: they load the network and the judge
BEGUN = 64
PATIENCE = 600.0
LIMITS = "pictures that resemble many others, slower disks, or workers on several machines."


@dataclass(frozen=True)
class Run:
    """seconds: from settled to verdict of each new picture. rate: files of the backlog read in a second meanwhile.

    left: files of the backlog that still wait at the end.
    """

    seconds: list[float]
    rate: float = 0.0
    left: int = 0


@dataclass(frozen=True)
class Backlog:
    """A folder of files that are there before. begun: so many have a verdict before the first new picture that counts.

    reads: of them in a second at most; 0: any number.
    """

    folder: Path
    begun: int
    reads: float


def make_backlog(photos: Sequence[Path], folder: Path, count: int, size: tuple[int, int]) -> None:
    """Write so many files that have been there for long."""
    made = make_textures(photos, folder, min(count, DISTINCT), size)
    for number in range(len(made), count):
        (folder / f"link-{number:06}.jpg").hardlink_to(made[number % len(made)])


def wait_for_backlog(settings: Settings, files: int) -> None:
    """Return when so many files are through. Raises TimeoutError."""
    store, deadline = RedisStore.connect(settings.store), time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            verdicts = store.verdict_counts() or {}
            if sum(verdicts.values()) - verdicts.get("unjudged", 0) >= files:
                return
        except Unavailable:
            pass  # the stack starts
        time.sleep(0.2)
    raise TimeoutError(f"fewer than {files} files of the backlog are through after {PATIENCE:.0f} s")


def measure(scratch: Path, new: list[Path], pace: float, backlog: Backlog | None, real: bool) -> Run:
    """Move `new` in, `pace` a second, beside the backlog, whose folder is used up."""
    holding, reads = (backlog.folder, backlog.reads) if backlog else (None, 0.0)
    with running_stubbed_stack(scratch, holding, real, reads) as stack:
        arrivals = Arrivals(stack.settings)
        if backlog:
            wait_for_backlog(stack.settings, backlog.begun)
        else:
            arrivals.trickle(new[:WARMING], pace)
        store = RedisStore.connect(stack.settings.store)
        begun, before = time.monotonic(), store.counts()
        seconds = arrivals.trickle(new[WARMING:], pace)
        after = store.counts()
        took = time.monotonic() - begun
    if backlog and not after.held:
        raise RuntimeError("the backlog was through before the new pictures were: ask for a larger --backlog")
    return Run(seconds, (before.held - after.held) / took, after.held)


def main(
    backlog: Annotated[int, typer.Option(help="files that are there before")] = 2000,
    arrivals: Annotated[int, typer.Option(help="new pictures")] = 60,
    pace: Annotated[float, typer.Option(help="new pictures a second")] = 1.0,
    real: Annotated[bool, typer.Option("--real", help="with the full-size network in place of the stub")] = False,
    quick: Quick = False,
) -> None:
    """Measure and print a Markdown table."""
    size, begun, reads = (SMALL, 4, 5.0) if quick else (SIZE, BEGUN, 0.0)
    backlog, arrivals, pace = (40, 3, 10.0) if quick else (backlog, arrivals, pace)
    with tempfile.TemporaryDirectory(prefix="sieve") as made:
        folder = Path(made)
        photos = make_pictures(folder / "photos", 21, size)
        each = WARMING + arrivals
        new = make_textures(photos, folder / "new", 2 * each, size, first=1_000_000)
        make_backlog(photos, folder / "old", backlog, size)
        runs = {}
        for name, some, old in (
            ("none", new[:each], None),
            (f"{backlog:,} files", new[each:], Backlog(folder / "old", begun, reads)),
        ):
            with tempfile.TemporaryDirectory(prefix="sieve") as scratch:
                runs[name] = measure(Path(scratch), some, pace, old, real)
    network = "full-size network, random weights" if real else "stub network"
    print(f"Machine: {processor()}; {network}; {arrivals} new pictures, {pace:g} a second\n")
    print("| backlog | settled to verdict: median s | 95th percentile s | longest s | of the backlog, files/s | left |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, run in runs.items():
        middle, high = np.percentile(run.seconds, [50, 95])
        print(f"| {name} | {middle:.2f} | {high:.2f} | {max(run.seconds):.2f} | {run.rate:.1f} | {run.left:,} |")


if __name__ == "__main__":
    typer.run(main)
