"""What could not be read, why, and what can be done about it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from worker.engine.report.wording import show
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


def failures_of(failures: Sequence[tuple[str, str]], chosen: str, page: int, more: bool) -> FailuresView:
    """Page `page` of failed files, path and reason each, with the reason `chosen`. more: whether there are others."""
    counted = Counter(reason for _, reason in failures)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:REASONS_SHOWN]
    shown = sorted(file for file in failures if not chosen or file[1] == chosen)
    part = mapped(part_of(shown, page, ON_A_PAGE), lambda file: (file[0], show(file[0]), show(file[1], REASON_LENGTH)))
    reasons = tuple((reason, show(reason, REASON_LENGTH), count) for reason, count in ranked)
    return FailuresView(reasons, chosen, part, more)
