"""The collection over time: a few numbers of each generation, which stay when the generation itself is gone."""

from dataclasses import dataclass
from typing import ClassVar, Final

from shared.records.sealed import Sealed

HISTORY_KEPT: Final = 2000  # snapshots, of about 200 bytes each: a week of a collection that changes all the time


@dataclass(frozen=True, slots=True)
class Snapshot(Sealed):
    """A generation in numbers. generation: its id. created: when, ISO 8601. images: files that were read, `size` bytes.

    duplicates: verified ones, `bytes_to_free` bytes. k: clusters. failed: files that could not be read.
    """

    NAME: ClassVar = "a generation in the history"
    REMEDY: ClassVar = "it is left out"

    generation: str
    created: str
    images: int
    duplicates: int
    k: int
    failed: int
    size: int
    bytes_to_free: int
