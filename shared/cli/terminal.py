"""What the command line writes to people: sentences, progress, and JSON for programs."""

import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from textwrap import TextWrapper
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from shared.stack.progress import Standing
from shared.stack.up import View
from shared.wording import number_of

LINE_SECONDS = 5.0
FILE_WIDTH = 250  # columns of a table that goes into a file


def say(sentence: str) -> None:
    """A sentence for the person at the terminal."""
    print(f"imagesieve: {sentence}", file=sys.stderr, flush=True)


def emit(value: Any) -> None:
    """A result as JSON, for programs."""
    print(json.dumps(value, indent=2, default=str), flush=True)


def columns() -> int:
    """How wide the terminal is, 80 where standard output leads somewhere else."""
    return shutil.get_terminal_size().columns


def folded(lines: Iterable[str], width: int) -> Iterator[str]:
    """Lines broken between words where they are longer than `width`; a word, such as a path, stays whole."""
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        wrapper = TextWrapper(width, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False)
        yield from wrapper.wrap(line) if cell_len(line) > width else [line]


def print_lines(lines: Iterable[str]) -> None:
    """Results for people; on a terminal no line is longer than that is wide, but for a word that is."""
    print("\n".join(folded(lines, columns()) if sys.stdout.isatty() else lines), flush=True)


def shown(path: str) -> str:
    """A name as a terminal may get it: what it would act on is escaped."""
    return path if path.isprintable() else ascii(path)


@contextmanager
def progress_view() -> Iterator[View]:
    """A bar on a terminal, a line now and then elsewhere; both on standard error.

    A file is done when it has its verdict.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield View(say, _Lines().tell)
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
            bar.update(task, total=total, completed=standing.judged, detail=describe(standing))

        def tell(sentence: str) -> None:
            # Long lines are the terminal's to break: a line break of ours would end a path or an address.
            console.print(f"imagesieve: {sentence}", markup=False, highlight=False, soft_wrap=True)

        yield View(tell, show)


def describe(standing: Standing) -> str:
    """What is said beside the number of files done: how many failed, were computed, and wait for which stage.

    While the network is being loaded, that too.
    """
    counts = standing.counts
    loading = counts.pending > 0 and not standing.computed and not standing.loaded
    parts = [f"{counts.failed:,} failed", f"{standing.computed:,} computed"]
    parts += [f"{counts.pending:,} to read"] if counts.pending else []
    parts += [f"{number_of(standing.unjudged, 'verdict')} due"] if standing.unjudged else []
    return ", ".join([*parts, *(["loading the network"] if loading else [])])


class _Lines:
    """Progress as lines: when something changed, at most one every few seconds, and the last one always."""

    def __init__(self) -> None:
        self._last: Standing | None = None
        self._printed = 0.0

    def tell(self, standing: Standing) -> None:
        """Say how far the work is."""
        now, described = time.monotonic(), describe(standing)
        finished = standing.judged == standing.counts.total
        if standing == self._last or (not finished and now - self._printed < LINE_SECONDS):
            return
        self._last, self._printed = standing, now
        say(f"{standing.judged:,} of {number_of(standing.counts.total, 'file')} done, {described}")
