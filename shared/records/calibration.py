"""The thresholds that `imagesieve calibrate` found for one extractor, as the store keeps them."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from shared.records.sealed import Sealed, seal


@dataclass(frozen=True, slots=True)
class Calibration(Sealed):
    """values: threshold by name. at: when they were found, ISO 8601.

    images: of the collection that were edited. pairs: of unrelated pictures that were compared.
    """

    NAME: ClassVar = "what calibration found"
    REMEDY: ClassVar = "the defaults count until `imagesieve calibrate`"

    values: Mapping[str, float]
    at: str
    images: int
    pairs: int

    def to_json(self) -> bytes:
        """Sealed JSON."""
        return seal({**asdict(self), "values": dict(self.values)})

    @classmethod
    def parse(cls, values: Any) -> Self:
        match values:
            case {"values": dict() as found, "at": str() as at, "images": int() as images, "pairs": int() as pairs} if (
                len(values) == 4 and all(map(_is_number, found.values()))
            ):
                return cls(found, at, images, pairs)
        raise ValueError("it has other fields than it should")


def _is_number(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)
