"""What the command line writes to people: sentences, progress, and JSON for programs."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from shared.records import Counts
from shared.stack.up import View

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

    Its progress takes the number of pictures ever computed, and shows those since its first call.
    """
    console, since = Console(stderr=True), _Since()
    if not console.is_terminal:
        lines = _Lines()
        yield View(say, lambda counts, computed: lines.progress(counts, since.start(computed)))
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
        task, progress = bar.add_task("files", total=None, detail=""), Progressing()

        def show(counts: Counts, computed: int) -> None:
            done = counts.total - counts.pending
            detail = progress.describe(counts, since.start(computed))
            bar.update(task, total=counts.total or None, completed=done, detail=detail)

        def tell(sentence: str) -> None:
            # Long lines are the terminal's to break: a line break of ours would end a path or an address.
            console.print(f"imagesieve: {sentence}", markup=False, highlight=False, soft_wrap=True)

        yield View(tell, show)


class Progressing:
    """What is said beside the files that are done."""

    def __init__(self) -> None:
        self._first: tuple[int, int] | None = None

    def describe(self, counts: Counts, computed: int) -> str:
        """Failed and computed, and why nothing moves at the start: a feature worker loads its network for a while."""
        reached = (counts.ready, computed)
        self._first = self._first or reached
        waits = counts.pending > 0 and reached == self._first
        return f"{counts.failed} failed, {computed} computed{', loading VGG16' if waits else ''}"


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

    def __init__(self) -> None:
        self._last: tuple[Counts, int] | None = None
        self._told = 0.0
        self._progress = Progressing()

    def progress(self, counts: Counts, computed: int) -> None:
        """Say how far the work is."""
        now, described = time.monotonic(), self._progress.describe(counts, computed)
        finished = counts.pending == 0
        if (counts, computed) == self._last or (not finished and now - self._told < LINE_SECONDS):
            return
        self._last, self._told = (counts, computed), now
        done = counts.total - counts.pending
        say(f"{done} of {counts.total} files done, {described}")
