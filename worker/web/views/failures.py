"""What could not be read, why, and what can be done about it."""

from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from worker.engine.report.wording import show
from worker.web.failed import Failed
from worker.web.paging import Part, mapped, part_of

ON_A_PAGE: Final = 50
REASONS_SHOWN: Final = 20
REASON_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class FailuresView:
    """reasons: the most frequent ones, with files. chosen: the one that is shown, "" for all. more: beyond the list."""

    reasons: tuple[tuple[str, str, int], ...]
    chosen: str
    files: Part[Any]
    more: bool


def failures_of(failed: Failed, chosen: str, page: int) -> FailuresView:
    """Page `page` of failed files, of those with the reason `chosen` alone where it is not ""."""
    shown = failed.by_reason.get(chosen, ()) if chosen else failed.files
    part = mapped(part_of(shown, page, ON_A_PAGE), lambda file: (file[0], show(file[0]), show(file[1], REASON_LENGTH)))
    ranked = islice(failed.by_reason.items(), REASONS_SHOWN)
    reasons = tuple((reason, show(reason, REASON_LENGTH), len(files)) for reason, files in ranked)
    return FailuresView(reasons, chosen, part, failed.more)
