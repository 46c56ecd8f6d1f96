"""What `up` minds while it runs: that Redis takes writes, and each new report.

The decision is pure: the clock is an argument.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from shared.errors import Unavailable
from shared.reports import LATEST
from shared.store import Database, Generations
from shared.wording import number_of, size_of

PING_SECONDS: Final = 5.0  # between two looks whether Redis takes writes
REPORT_LOOK_SECONDS: Final = 2.0  # between two looks at the last report


class ReportWatch:
    """Tells of each new report."""

    def __init__(self, store: Generations, reports: Path, say: Callable[[str], None]) -> None:
        """reports: their folder."""
        self._store = store
        self._page = reports / LATEST / "report.html"
        self._say = say
        self._due = 0.0
        self._announced: str | None = None  # the last generation; None before the first look

    def look(self, now: float) -> None:
        """Look, if it is time."""
        if now < self._due:
            return
        self._due = now + REPORT_LOOK_SECONDS
        try:
            self._tell(self._store.summary())
        except Unavailable:
            return  # RedisWatch tells it; the next look is soon

    def _tell(self, summary: dict[str, Any] | None) -> None:
        generation = summary["generation"] if summary else ""
        if summary and self._announced not in (None, generation):
            self._say(announce(summary, self._page))
        self._announced = generation


def announce(summary: dict[str, Any], page: Path) -> str:
    """A new generation in one line."""
    counts = summary["counts"]
    if summary.get("report_error"):
        return f"warning: {summary['report_error']}"
    are = "is a duplicate" if counts["duplicates"] == 1 else "are duplicates"
    found = f"{counts['duplicates']:,} of {number_of(counts['images'], 'image')} {are}"
    freed = f"{size_of(summary['bytes_to_free'])} can be freed"
    if summary.get("bytes_to_prove"):  # reports of earlier versions do not tell it apart
        freed += f", and up to {size_of(summary['bytes_to_prove'])} more"
    return f"report: {found}, {freed}: {page.as_uri()}"


class RedisWatch:
    """Says when Redis takes no writes, and when it does again."""

    def __init__(self, store: Database, say: Callable[[str], None]) -> None:
        self._store = store
        self._say = say
        self._due = 0.0
        self._well = True

    def look(self, now: float) -> None:
        """Look, if it is time."""
        if now < self._due:
            return
        self._due = now + PING_SECONDS
        try:
            self._store.ping()
        except Unavailable as error:
            if self._well:
                self._say(f"{error}. Nothing new is taken in until then; nothing is lost")
            self._well = False
        else:
            if not self._well:
                self._say("Redis takes writes again; everything goes on")
            self._well = True
