"""The files that could not be read, in the order in which they are shown (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

LISTED: Final = 20_000  # more stand in the report's table alone

Failure = tuple[str, str]  # path and reason


@dataclass(frozen=True, slots=True)
class Failed:
    """files: sorted by path. by_reason: the same, the most frequent reason first. more: whether there are others."""

    files: Sequence[Failure]
    by_reason: Mapping[str, Sequence[Failure]]
    more: bool = False


def failed_of(failures: Iterable[Failure], most: int = LISTED) -> Failed:
    """The first `most` of these."""
    found = list(islice(failures, most + 1))
    files = sorted(found[:most])
    by_reason: dict[str, list[Failure]] = {}
    for file in files:
        by_reason.setdefault(file[1], []).append(file)
    ranked = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    return Failed(files, dict(ranked), len(found) > most)
