"""Candidates of one image in the order of two sources, and how rankings of older and newer images become one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

WIDER: Final = 5  # times as many images as are wanted are ranked, since several may share a keeper
_SPARE: Final = 8  # images of each source that a part of a ranking has beyond those that were needed

Scored = tuple[str, float]  # id, the larger the likelier


@dataclass(frozen=True, slots=True)
class Source:
    """What one source found, likeliest first. whole: there were no more; else the list was cut off here."""

    found: tuple[Scored, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Ranking:
    """What shares keypoints with an image, and what looks like it as a whole."""

    keypoints: Source
    features: Source

    def names(self) -> dict[str, None]:
        """Every id, once."""
        return dict.fromkeys(name for source in self._both for name, _ in source.found)

    def without(self, name: str) -> "Ranking":
        """The same, and not this id."""
        return Ranking(
            *(Source(tuple(one for one in source.found if one[0] != name), source.whole) for source in self._both)
        )

    @property
    def _both(self) -> tuple[Source, Source]:
        return self.keypoints, self.features

    def choose(self, keeper_of: Callable[[str], str], count: int) -> list[str] | None:
        """At most `count` ids to verify against, most promising first: the two sources in turn.

        keeper_of: the keeper of an image's group, or the image itself. Of each group only the first is given, so that
        many copies of one picture are one candidate. None where what was cut off is needed.
        """
        chosen = self._walk(keeper_of, count)
        return None if chosen is None else chosen[0]

    def needed(self, keeper_of: Callable[[str], str], count: int) -> "Ranking":
        """The part by which `choose` gives the same, and a few more, for whoever merges it with others."""
        walked = self._walk(keeper_of, count)
        rounds = len(self.keypoints.found) + len(self.features.found) if walked is None else walked[1]
        return Ranking(_cut(self.keypoints, rounds + _SPARE), _cut(self.features, rounds + _SPARE))

    def merged(self, newer: "Ranking", most: int) -> "Ranking":
        """One ranking of both, of at most `most` images from each source. Scores are compared as they are."""
        keypoints = _merged(self.keypoints, newer.keypoints, most)
        return Ranking(keypoints, _merged(self.features, newer.features, most))

    def _walk(self, keeper_of: Callable[[str], str], count: int) -> tuple[list[str], int] | None:
        """The chosen ids, and how many of each source were looked at."""
        groups: dict[str, str] = {}
        rounds = 0
        for rounds, pair in enumerate(zip_longest(*(source.found for source in self._both)), start=1):
            for one, source in zip(pair, self._both, strict=True):
                if one is None and not source.whole:
                    return None
                if one is not None:
                    groups.setdefault(keeper_of(one[0]), one[0])
                if len(groups) == count:
                    return list(groups.values()), rounds
        return (list(groups.values()), rounds) if all(source.whole for source in self._both) else None


def _cut(source: Source, count: int) -> Source:
    return source if count >= len(source.found) else Source(source.found[:count], whole=False)


def _merged(older: Source, newer: Source, most: int) -> Source:
    """Both by score; the older first of two. What is behind the end of a list that was cut off is not known."""
    there = {name for name, _ in newer.found}
    least = float("-inf") if older.whole else older.found[-1][1] if older.found else float("inf")
    rows = [one for one in older.found if one[0] not in there]
    rows += [one for one in newer.found if one[1] > least]
    found = tuple(sorted(rows, key=lambda one: -one[1])[:most])
    return Source(found, whole=older.whole or len(found) == most)


def ranking_of(keypoints: Sequence[Scored], features: Sequence[Scored]) -> Ranking:
    """A ranking with nothing cut off."""
    return Ranking(Source(tuple(keypoints)), Source(tuple(features)))
