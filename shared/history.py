"""The collection over time: a few numbers of each generation, which stay when the generation itself is gone."""

from dataclasses import dataclass
from typing import Final, Self

from shared.errors import CorruptValue
from shared.sealed import seal, unseal

HISTORY_KEPT: Final = 2000  # snapshots, of about 200 bytes each: a week of a collection that changes all the time


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A generation in numbers. generation: its id. created: when, ISO 8601. images: files that were read, `size` bytes.

    duplicates: verified ones, `bytes_to_free` bytes. k: clusters. failed: files that could not be read.
    """

    generation: str
    created: str
    images: int
    duplicates: int
    k: int
    failed: int
    size: int
    bytes_to_free: int

    def to_json(self) -> bytes:
        """Sealed JSON."""
        return seal({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Parse what `to_json` gave. Raises CorruptValue for anything else."""
        try:
            return cls(**unseal(raw))
        except (ValueError, TypeError) as error:
            raise CorruptValue(f"a generation in the history does not parse ({error}); it is left out") from error
