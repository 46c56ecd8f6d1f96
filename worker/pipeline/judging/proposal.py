"""What a proposer found out about a new content, ahead of the verdict writer; as it travels in a message."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

from shared.errors import CorruptValue
from shared.records import Match
from worker.engine.search.ranking import Ranking, Source

_LONGEST: Final = 2000  # candidates in a proposal that comes from us: a few hundred at most


@dataclass(frozen=True, slots=True)
class Proposal:
    """About a content under an extractor, by what was known at a position in the stream of verdicts.

    ranking: the part that was needed; keepers: of each content in it, at that time. screened: known contents, and
    whether they are worth a comparison. compared: those that were compared, by which file, and what came of it.
    """

    digest: str
    extractor: str
    position: str
    ranking: Ranking
    keepers: Mapping[str, str]
    screened: Mapping[str, bool] = field(default_factory=dict)
    compared: Mapping[str, tuple[str, Match | None]] = field(default_factory=dict)

    def to_wire(self) -> dict[str, Any]:
        """For JSON. Each digest stands once; 4 KB."""
        names = list({**self.ranking.names(), **dict.fromkeys(self.keepers.values()), **dict.fromkeys(self.screened)})
        number = {name: place for place, name in enumerate(names)}
        return {
            "digest": self.digest,
            "extractor": self.extractor,
            "position": self.position,
            "names": names,
            "keypoints": _source_to_wire(self.ranking.keypoints, number),
            "features": _source_to_wire(self.ranking.features, number),
            "keepers": [[number[name], number[keeper]] for name, keeper in self.keepers.items()],
            "strangers": [number[name] for name, passed in self.screened.items() if not passed],
            "promising": [number[name] for name, passed in self.screened.items() if passed],
            "compared": [
                [number[name], path, match.to_json().decode() if match else ""]
                for name, (path, match) in self.compared.items()
            ],
        }

    @classmethod
    def from_wire(cls, values: object) -> Self:
        """Parse what `to_wire` gave. Raises ValueError for anything else."""
        try:
            return cls._parse(values)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, CorruptValue) as error:
            raise ValueError(f"no proposal: {error!r}") from error

    @classmethod
    def _parse(cls, values: Any) -> Self:
        names = [_word(name) for name in values["names"]]
        if not isinstance(values["names"], list) or len(names) > _LONGEST:
            raise TypeError("it names no contents, or too many")
        order_of(_word(values["position"]))
        screened = {_at(names, place): False for place in values["strangers"]}
        screened |= {_at(names, place): True for place in values["promising"]}
        return cls(
            _word(values["digest"]),
            _word(values["extractor"]),
            _word(values["position"]),
            Ranking(_source_of(values["keypoints"], names), _source_of(values["features"], names)),
            {_at(names, name): _at(names, keeper) for name, keeper in values["keepers"]},
            screened,
            {
                _at(names, name): (_word(path), Match.from_json(_word(match).encode()) if match else None)
                for name, path, match in values["compared"]
            },
        )


def order_of(position: str) -> tuple[int, ...]:
    """By which positions in the stream are compared. Raises ValueError for other words."""
    return tuple(map(int, position.split("-")))


def _source_to_wire(source: Source, number: Mapping[str, int]) -> list[Any]:
    return [source.whole, [[number[name], score] for name, score in source.found]]


def _source_of(values: Any, names: Sequence[str]) -> Source:
    whole, found = values
    rows = tuple((_at(names, place), float(score)) for place, score in found)
    if not isinstance(whole, bool) or not all(math.isfinite(score) for _, score in rows):
        raise TypeError("a source is not as it should be")
    return Source(rows, whole)


def _at(names: Sequence[str], place: object) -> str:
    if not isinstance(place, int) or not 0 <= place < len(names):
        raise TypeError(f"{place!r} names no content")
    return names[place]


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
