"""What the command line writes to people: sentences, progress, and JSON for programs."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from shared.stack.up import Standing, View

LINE_SECONDS = 5.0


def say(sentence: str) -> None:
    """A sentence for the person at the terminal."""
    print(f"imagesieve: {sentence}", file=sys.stderr, flush=True)


def emit(value: Any) -> None:
    """A result as JSON, for programs."""
    print(json.dumps(value, indent=2, default=str), flush=True)


def shown(path: str) -> str:
    """A name as a terminal may get it: what it would act on is escaped."""
    return path if path.isprintable() else ascii(path)


@contextmanager
def progress_view() -> Iterator[View]:
    """A bar on a terminal, a line now and then elsewhere; both on standard error.

    A file is done when it has its verdict. Of the pictures ever computed those since the first call are shown.
    """
    console, progress = Console(stderr=True), Progressing()
    if not console.is_terminal:
        yield View(say, _Lines(progress).tell)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("files", total=None, detail="")

        def show(standing: Standing) -> None:
            total = standing.counts.total or None
            bar.update(task, total=total, completed=standing.judged, detail=progress.describe(standing))

        def tell(sentence: str) -> None:
            # Long lines are the terminal's to break: a line break of ours would end a path or an address.
            console.print(f"imagesieve: {sentence}", markup=False, highlight=False, soft_wrap=True)

        yield View(tell, show)


class Progressing:
    """What is said beside the files that are done."""

    def __init__(self) -> None:
        self._computed, self._loaded = _Since(), _Since()

    def describe(self, standing: Standing) -> str:
        """Failed and computed, how many wait for which stage, and that the network is being loaded."""
        counts, computed = standing.counts, self._computed.start(standing.computed)
        loading = counts.pending > 0 and not computed and not self._loaded.start(standing.loaded)
        parts = [f"{counts.failed} failed", f"{computed} computed"]
        parts += [f"{counts.pending} to read"] if counts.pending else []
        parts += [f"{standing.unjudged} verdicts due"] if standing.unjudged else []
        return ", ".join([*parts, *(["loading VGG16"] if loading else [])])


class _Since:
    """What came to a number that only grows, since the first time it was told."""

    def __init__(self) -> None:
        self._first: int | None = None

    def start(self, number: int) -> int:
        """So much more than at the start; all of it once it is smaller, for then it began anew."""
        if self._first is None or number < self._first:
            self._first = number if self._first is None else 0
        return number - self._first


class _Lines:
    """Progress as lines: when something changed, at most one every few seconds, and the last one always."""

    def __init__(self, progress: Progressing) -> None:
        self._last: Standing | None = None
        self._told = 0.0
        self._progress = progress

    def tell(self, standing: Standing) -> None:
        """Say how far the work is."""
        now, described = time.monotonic(), self._progress.describe(standing)
        finished = standing.judged == standing.counts.total
        if standing == self._last or (not finished and now - self._told < LINE_SECONDS):
            return
        self._last, self._told = standing, now
        say(f"{standing.judged} of {standing.counts.total} files done, {described}")
