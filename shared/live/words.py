"""How what is going on is told to people, on whatever page."""

from collections.abc import Mapping
from typing import Final

from shared.live.model import Look, Page
from shared.records import Verdict
from shared.wording import number_of

NO_WORKERS: Final = "none answers yet: `imagesieve up` is not running, or just starting"


def progress_in_words(page: Page, look: Look) -> str:
    """How far the work is, and how long it still takes."""
    counts, unjudged, done = look.counts, look.unjudged, look.judged
    if not (counts.pending or unjudged):
        return f"{counts.total:,}, all done"
    left = "" if page.seconds_left is None else f", {duration(page.seconds_left)} left"
    stages = [f"{counts.pending:,} to read"] if counts.pending else []
    stages += [f"{number_of(unjudged, 'verdict')} due"] if unjudged else []
    return f"{done:,} of {counts.total:,} done ({done / counts.total:.0%}), {', '.join(stages)}{left}"


def verdicts_in_words(verdicts: Mapping[str, int] | None) -> str:
    """Files by verdict, as the store counts them."""
    if verdicts is None:
        return "not counted yet; the watcher does so at its start"
    text = ", ".join(f"{verdict.value} {verdicts[verdict]:,}" for verdict in Verdict)
    waiting = verdicts["unjudged"]
    return f"{text}; {waiting:,} to come" if waiting else text


def duration(seconds: float) -> str:
    """A time for people: `40 s`, `7 min`, `3 h 20 min`, `2 d 5 h`."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"
