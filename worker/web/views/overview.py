"""The overview: how far the work is, what came last, what needs somebody, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from shared.live.attention import needs_attention
from shared.live.model import Look, Page
from shared.live.words import NO_WORKERS, progress_in_words, verdicts_in_words
from shared.records import Event
from worker.engine.report.wording import number_of, saving, show, size_of

VERDICTS_SHOWN: Final = 12
GENERATIONS_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict that was given. moment: time of day, or the date of another day. keeper: "" for none."""

    at: str
    moment: str
    path: str
    name: str
    digest: str
    verdict: str
    keeper: str
    reason: str


@dataclass(frozen=True, slots=True)
class Live:
    """What changes all the time. done, total: files. facts: names and words. attention: sentences."""

    known: bool
    words: str
    done: int
    total: int
    speed: str
    facts: tuple[tuple[str, str], ...]
    attention: tuple[str, ...]
    failed: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the newest report says. numbers: names and words, and whether one stands out. groups: of duplicates."""

    generation: str
    created: str
    title: str
    lead: str
    numbers: tuple[tuple[str, str, bool], ...]
    groups: int
    history: tuple[Mapping[str, Any], ...]


def live_of(page: Page) -> Live:
    """What goes on now."""
    look = page.look
    attention = tuple(show(sentence, 600) for sentence in needs_attention(page))
    if look is None:
        return Live(False, "", 0, 0, "", (), attention, 0)
    speed = f"{page.files:.1f} files/s, {page.verdicts:.1f} verdicts/s"
    words = progress_in_words(page, look)
    return Live(True, words, look.judged, look.counts.total, speed, _facts(page, look), attention, look.counts.failed)


def _facts(page: Page, look: Look) -> tuple[tuple[str, str], ...]:
    queues = ", ".join(f"{name} {depth:,}" for name, depth in look.waiting.queued.items())
    workers = "asking" if page.workers is None else ", ".join(page.workers) or NO_WORKERS
    facts = [
        ("Verdicts", verdicts_in_words(look.verdicts)),
        ("Queues", f"{queues}; in hand {look.waiting.unacknowledged:,}"),
        ("Workers", workers),
        ("Redis", size_of(look.redis_bytes)),
        ("Features", look.extractor.label if look.extractor else "no feature worker has started yet"),
    ]
    if look.backlog.files or look.backlog.paused:
        facts.insert(1, ("Backlog", look.backlog.sentence))
    return tuple(facts)


def given_of(events: Sequence[Event], now: datetime, zone: tzinfo | None = None) -> list[Given]:
    """The last verdicts, newest first; one of each file. now: with a time zone. zone: None for the machine's own."""
    newest: dict[str, Event] = {}
    for event in events:
        newest.setdefault(event.path, event)
        if len(newest) == VERDICTS_SHOWN:
            break
    return [_given(event, now.astimezone(zone), zone) for event in newest.values()]


def _given(event: Event, now: datetime, zone: tzinfo | None) -> Given:
    try:
        at = datetime.fromisoformat(event.at).astimezone(zone)
        moment = f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%Y-%m-%d}"
    except ValueError:
        moment = "?"
    reason = event.reason if event.reason != event.verdict else ""
    keeper = event.duplicate_of or event.variant_of
    return Given(event.at, moment, event.path, show(event.path), event.digest, event.verdict, keeper, show(reason))


def found_of(summary: Mapping[str, Any] | None) -> Found | None:
    """What the newest report says, from its summary.json; None before there is one."""
    if summary is None:
        return None
    counts, others = summary["counts"], summary.get("by_bytes") or {}
    images, duplicates = counts["images"], counts["duplicates"]
    free, prove = summary["bytes_to_free"], summary.get("bytes_to_prove", 0)
    title = (
        f"{duplicates:,} of {number_of(images, 'image')} {'is a duplicate' if duplicates == 1 else 'are duplicates'}"
    )
    if not duplicates:
        title = f"No duplicates among {number_of(images, 'image')}" if images else "No images yet"
    size = summary["bytes"] + others.get("bytes", 0)
    lead = f"{saving(free, prove)} of {size_of(size)} can be freed." if free or prove else ""
    numbers = [
        ("Images", f"{images:,}", False),
        ("Duplicates", f"{duplicates:,}", False),
        ("Groups", f"{counts['groups']:,}", False),
        ("Can be freed", saving(free, 0 if free else prove), True),
        ("Clusters", f"{counts['clusters']:,}", False),
        ("Could not be read", f"{counts['failed']:,}", False),
    ]
    if counts.get("variants"):
        numbers.insert(3, ("Variants", f"{counts['variants']:,}", False))
    history = tuple(summary.get("history", ()))[:GENERATIONS_SHOWN]
    return Found(summary["generation"], summary["created"], title, lead, tuple(numbers), counts["groups"], history)
