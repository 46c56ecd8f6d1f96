"""Which files of a folder are measured: some of each format, by chance, in an order that may end anywhere. Pure."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

EACH: Final = 200  # files of a format that are drawn: more than are measured
SEED: Final = 18


class Drawn(NamedTuple):
    """A file that may be measured."""

    format: str
    path: str
    size: int
    mtime_ns: int


class Sample:
    """Every file of a format is as likely to be in it as any other (reservoirs; Vitter 1985, algorithm R)."""

    def __init__(self, each: int = EACH, seed: int = SEED) -> None:
        self._each = each
        self._chance = random.Random(seed)  # noqa: S311  # nothing depends on nobody knowing it
        self._seen: defaultdict[str, int] = defaultdict(int)
        self._drawn: defaultdict[str, list[Drawn]] = defaultdict(list)

    def add(self, drawn: Drawn) -> None:
        """Offer a file."""
        self._seen[drawn.format] += 1
        kept = self._drawn[drawn.format]
        if len(kept) < self._each:
            kept.append(drawn)
        elif (place := self._chance.randrange(self._seen[drawn.format])) < self._each:
            kept[place] = drawn

    def finish(self) -> dict[str, list[Drawn]]:
        """What was drawn of each format, in an order of chance."""
        return {name: self._chance.sample(kept, len(kept)) for name, kept in sorted(self._drawn.items())}


def turns(weights: Mapping[str, float], drawn: Mapping[str, Sequence[Drawn]], together: int) -> Iterator[list[Drawn]]:
    """The files, `together` of one format at a time: one turn of each format, the weightiest first, then by weight.

    weights: what each format weighs in the whole; the next turn goes to the one that has had the fewest for its weight.
    """
    had = dict.fromkeys(drawn, 0)
    while left := [name for name in drawn if had[name] * together < len(drawn[name])]:
        name = min(left, key=lambda name: (had[name] > 0, had[name] / max(weights[name], 1e-9), -weights[name], name))
        yield list(drawn[name][had[name] * together :][:together])
        had[name] += 1
