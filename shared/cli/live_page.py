"""How `status --watch` looks: a page of the terminal's size, whatever that is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import cycle

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from shared.cli.terminal import shown
from shared.live.attention import warnings_of
from shared.live.model import Look, Page
from shared.live.words import NO_WORKERS, duration, progress_in_words, verdicts_in_words
from shared.records import DUPLICATE_KINDS, Event, Kind
from shared.wording import number_of, size_of

WIDE = 110  # columns from which a duplicate's keeper has a column of its own
MEDIUM = 64  # from which its verdict has one
STYLES = dict(zip(DUPLICATE_KINDS, cycle(("red", "magenta", "yellow")), strict=False))


@dataclass(frozen=True)
class Screen:
    """A page as rich draws it. now: seconds since the epoch. zone: None for the machine's own."""

    page: Page
    now: float
    zone: tzinfo | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The status, and as many duplicates as there are lines left."""
        status = Table.grid(padding=(0, 2, 0, 0))
        status.add_column(style="dim", no_wrap=True)
        status.add_column(overflow="fold")
        for name, value in self._rows():
            status.add_row(name, value)
        flat = options.update(height=None)
        used = len(console.render_lines(status, flat, pad=False))
        yield status
        left = (options.height or console.size.height) - used - 2
        if left > 0:
            yield Text()
            yield self._duplicates(left, options.max_width)

    def _rows(self) -> Iterator[tuple[RenderableType, RenderableType]]:
        yield Text("imagesieve", style="bold not dim"), Text(f"{self._time(self.now)}  (Ctrl-C leaves)", style="dim")
        page, look = self.page, self.page.look
        if page.absence:
            stale = f"; the numbers are {duration(page.age)} old" if look else ""
            yield "", Text(f"{shown(page.absence)}. Waiting for it{stale}", style="bold red")
        if look is None:
            return
        yield from _work(page, look)
        yield "verdicts", verdicts_in_words(look.verdicts)
        queues = ", ".join(f"{name} {depth:,}" for name, depth in look.waiting.queued.items())
        yield "queues", f"{queues}; in hand {look.waiting.unacknowledged:,}"
        if page.workers is not None:
            yield "workers", ", ".join(page.workers) or Text(NO_WORKERS, style="red")
        yield "Redis", size_of(look.redis_bytes)
        yield from _made(look)

    def _duplicates(self, lines: int, width: int) -> RenderableType:
        if not self.page.duplicates:
            return Text("no duplicates found yet", style="dim")
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.title, table.title_justify, table.title_style = "last duplicates", "left", "dim"
        table.add_column(no_wrap=True, style="dim")
        if width >= MEDIUM:
            table.add_column(no_wrap=True)
        shares = (3, 3, 4) if width >= WIDE else (1, 1)
        for share in shares:
            table.add_column(no_wrap=True, overflow="ellipsis", ratio=share)
        room = (width - (22 if width >= MEDIUM else 12)) * shares[0] // sum(shares) - 2
        for event in self.page.duplicates[:lines]:
            table.add_row(*self._duplicate(event, width, room))
        return table

    def _duplicate(self, event: Event, width: int, room: int) -> list[Text]:
        verdict = Text(event.verdict, style=STYLES[Kind(event.verdict)])
        cells = [Text(self._when(event)), Text(end_of(shown(event.path), room), style=verdict.style)]
        if width >= MEDIUM:
            cells.insert(1, verdict)
        if width >= WIDE:
            cells.append(Text("= " + end_of(shown(event.duplicate_of), room - 2)))
        return [*cells, Text(shown(event.reason) or event.verdict)]

    def _when(self, event: Event) -> str:
        """The time of an event; of one from another day the date."""
        try:
            at = datetime.fromisoformat(event.at).timestamp()
        except ValueError:
            return "?"
        same_day = self._moment(at).date() == self._moment(self.now).date()
        return self._time(at) if same_day else f"{self._moment(at):%m-%d}"

    def _time(self, at: float) -> str:
        return f"{self._moment(at):%H:%M:%S}"

    def _moment(self, at: float) -> datetime:
        return datetime.fromtimestamp(at).astimezone(self.zone)


def _work(page: Page, look: Look) -> Iterator[tuple[str, RenderableType]]:
    """How far the work is, and how fast it goes."""
    counts, done = look.counts, look.judged
    yield "files", progress_in_words(page, look)
    if done < counts.total:
        yield "", ProgressBar(counts.total, done)
    if look.backlog.files or look.backlog.paused:
        yield "backlog", look.backlog.sentence
    yield "speed", f"{page.files:.1f} files/s, {page.verdicts:.1f} verdicts/s"


def _made(look: Look) -> Iterator[tuple[str, RenderableType]]:
    """The last generation, and the warnings."""
    generation = look.generation
    if generation:
        counts = generation["counts"]
        words = f"{number_of(counts['images'], 'image')}, k = {generation['k']}, "
        words += number_of(counts["duplicates"], "duplicate")
        yield "generation", f"{generation['generation']}: {words}"
    else:
        yield "generation", "none yet"
    for warning in warnings_of(look.extractor.warning if look.extractor else "", generation):
        yield "warning", Text(shown(warning), style="yellow")


def end_of(path: str, room: int) -> str:
    """The end of a path, which says more than its beginning, in `room` columns of a terminal.

    >>> end_of("2026/11/holiday/beach.jpg", 14), end_of("beach.jpg", 14)
    ('…day/beach.jpg', 'beach.jpg')
    """
    if cell_len(path) <= room:
        return path
    while path and cell_len(path) > room - 1:
        path = path[1:]
    return f"…{path}"
