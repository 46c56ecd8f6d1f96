"""What somebody should know of, in sentences, most urgent first (pure)."""

from collections.abc import Mapping
from typing import Any

from shared.live.model import Page
from shared.live.words import NO_WORKERS, duration


def warnings_of(extractor_warning: str, generation: Mapping[str, Any] | None) -> list[str]:
    """What is wrong with the weights, the last report and the settings; each once.

    generation: its summary, None before there is one.
    """
    made = generation or {}
    found = [extractor_warning, made.get("report_error") or "", *made.get("warnings", ())]
    return list(dict.fromkeys(filter(None, found)))


def needs_attention(page: Page) -> list[str]:
    """What keeps the work from going on, or its outcome from being trusted."""
    look, found = page.look, []
    if page.absence:
        stale = f"; the numbers are {duration(page.age)} old" if look else ""
        found.append(f"{page.absence}. Waiting for it{stale}")
    if page.workers is not None and not page.workers:
        found.append(f"workers: {NO_WORKERS}")
    if look and (look.backlog.paused or look.backlog.rests):
        found.append(f"backlog: {look.backlog.sentence}")
    if look:
        found += warnings_of(look.extractor.warning if look.extractor else "", look.generation)
    return found
