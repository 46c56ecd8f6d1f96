"""The collection as a whole: whose it is, what happens in it, and a finished recluster run."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

from shared.errors import CorruptValue
from shared.records.sealed import Sealed, fields_of


def at_text(now: float) -> str:
    """Seconds since the epoch as events have them."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Owner(Sealed):
    """Whose collection a database holds. id: of the state folder. folder: the watched one, as it was named."""

    NAME: ClassVar = "the owner of the collection"
    REMEDY: ClassVar = "it is claimed anew"

    id: str
    folder: str


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the event stream: what an image was found to be, or is after a correction.

    at: ISO 8601. cluster: its own, or its keeper's; of one that is newer than the last generation the nearest; None
    before there is one. cluster_before: where a recluster run put it into another cluster, and nothing else happened.
    reason: for people. variant_of, share: of a variant, as in its record.
    """

    at: str
    path: str
    digest: str
    verdict: str
    duplicate_of: str = ""
    similarity: float = 0.0
    cluster: int | None = None
    reason: str = ""
    variant_of: str = ""
    share: float = 0.0
    cluster_before: int | None = None

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(fields_of(self))

    @classmethod
    def from_json(cls, raw: bytes | str) -> Self:
        """Parse what `to_json` gave. Raises CorruptValue for anything else."""
        try:
            return cls(**json.loads(raw))
        except (ValueError, TypeError) as error:
            raise CorruptValue(f"an event does not parse ({error})") from error


@dataclass(frozen=True, slots=True)
class Generation:
    """One finished recluster run, as published.

    id: sorts by time. revision: of the collection it was made from. centroids: float32 bytes, `[k, dimensions]`.
    clusters: digest -> cluster number. summary: what summary.json holds.
    """

    id: str
    revision: int
    extractor: str
    k: int
    centroids: bytes
    clusters: dict[str, int]
    summary: dict[str, Any] = field(default_factory=dict)
