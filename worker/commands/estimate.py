"""`python -m worker.commands.estimate [--no-rate] [--proposers N]`: what a folder holds and what it will take.

Takes the lines of `python -m watcher.survey`; prints one JSON object, progress goes to standard error. Reads the first
bytes of each file; changes nothing, needs no Redis.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import islice
from typing import Any, Final

from shared.admission import Why
from shared.errors import ImagesieveError, PermanentError
from shared.records.passed_over import Passed
from shared.settings import Settings, load_settings
from worker.engine.companions.suffixes import is_sidecar
from worker.libraries import prepare_libraries
from worker.pipeline.estimating.beginning import Found, look_at_beginning
from worker.pipeline.estimating.census import Census
from worker.pipeline.estimating.forecast import foresee, foresee_room
from worker.pipeline.estimating.neighbours import Neighbours
from worker.pipeline.estimating.rate import measure_rate
from worker.pipeline.estimating.sample import Drawn, Sample
from worker.pipeline.local_folder import LocalFolder

SAY_SECONDS: Final = 5.0
TOGETHER: Final = 256  # lines that are worked on at a time
READERS: Final = 8  # files whose first bytes are waited for at a time: a share answers slowly


class Counting:
    """Takes in the lines of a survey. Memory: some hundred names of each format, and the names of some folders."""

    def __init__(self, settings: Settings) -> None:
        self.census, self.sample = Census(), Sample()
        self._neighbours = Neighbours()
        self._settings = settings
        self._storage = LocalFolder(settings.watch_dir)
        self._said, self._seen = time.monotonic(), 0

    def take(self, rows: Iterator[list[Any]]) -> None:
        """All of them. Raises Unavailable where the folder is away."""
        with ThreadPoolExecutor(READERS) as readers:
            while part := list(islice(rows, TOGETHER)):
                for row, look in zip(part, readers.map(self._look, part), strict=True):
                    self._count(row, look)
                self._tell(len(part))
        self.census.accompany(self._neighbours.finish())

    def _look(self, row: list[Any]) -> Any:
        path, size, about = row
        settings = self._settings
        if isinstance(about, str) or settings.admission.takes_by_bytes(path):
            return None
        return look_at_beginning(self._storage, path, size, settings.max_bytes, settings.max_pixels)

    def _count(self, row: list[Any], look: Any) -> None:
        path, size, about = row
        if isinstance(about, str):
            passed = Passed(path, size, Why(about))
            self.census.pass_over(passed)
            if passed.why is not Why.SUFFIX or not is_sidecar(path):
                return
            about = 0  # of sidecars no time is asked
        else:
            self.census.add(path, size, look)
            if isinstance(look, Found):
                self.sample.add(Drawn(look.format, path, size, about))
        self.census.accompany(self._neighbours.add(path, size, about))

    def _tell(self, more: int) -> None:
        self._seen += more
        if time.monotonic() - self._said >= SAY_SECONDS:
            self._said = time.monotonic()
            say(f"{self._seen:,} files looked at")


def rows_of(lines: Iterator[str]) -> Iterator[list[Any]]:
    """The lines of a survey. Raises PermanentError where its end is missing."""
    for line in lines:
        row = json.loads(line)
        if row is None:
            return
        yield row
    raise PermanentError("the folder was not looked through to its end; the reason stands above")


def estimate(settings: Settings, rows: Iterator[list[Any]], proposers: int, rate: bool) -> dict[str, Any]:
    """What `imagesieve estimate --json` prints, but for what only the command line knows of this machine."""
    counting = Counting(settings)
    counting.take(rows)
    census, cores = counting.census, os.cpu_count() or 1
    others = census.by_bytes.files + sum(one.amount.files for one in census.refused.values())
    room = foresee_room(census.images, others, settings.feature_encoding, settings.keep_generations)
    found = {"folder": str(settings.watch_dir), **census.describe(), "room": asdict(room), "rate": None}
    if not rate or not census.images:
        return found
    measured = measure_rate(counting.sample.finish(), census.pictures, cores, say)
    if not measured.rate:
        return {**found, "rate": {"missing": measured.missing}}
    duration = foresee(census.pictures, census.by_bytes, measured.rate, cores, proposers)
    files = {name: len(timed) for name, timed in measured.rate.described.items()}
    about = {"files": files, "refused": measured.refused, "cores": cores, "cores_got": measured.rate.cores}
    return {**found, "rate": {"missing": "", "measured": about, **asdict(duration)}}


def say(sentence: str) -> None:
    """A sentence for the person at the terminal."""
    print(f"imagesieve: {sentence}", file=sys.stderr, flush=True)


def main(words: list[str]) -> int:
    """Exit status 1 with a sentence where the folder cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m worker.commands.estimate")
    parser.add_argument("--no-rate", action="store_true")
    parser.add_argument("--proposers", type=int, default=0)
    given = parser.parse_args(words)
    try:
        settings = load_settings()
        prepare_libraries(settings.max_pixels)  # of warnings; nothing is decoded here
        found = estimate(settings, rows_of(iter(sys.stdin)), given.proposers, not given.no_rate)
        print(json.dumps(found), flush=True)
    except ImagesieveError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
