"""Pictures, whatever files hold them: facts of one, a match of two, and whose features describe them."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from shared.records.sealed import Sealed, seal

Pair = tuple[str, str]  # two digests in ascending order


def pair_of(one: str, other: str) -> Pair:
    """The unordered pair of two digests."""
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True)
class ImageFacts(Sealed):
    """What is known of a picture independently of the extractor.

    width, height: pixels after orientation. pixels: digest of the decoded, oriented pixels.
    content: pixels without bars and frames of one colour, 0: all of them.
    """

    NAME: ClassVar = "facts of an image in the store"
    REMEDY: ClassVar = "computed anew"

    width: int
    height: int
    pixels: str = ""
    content: int = 0


@dataclass(frozen=True, slots=True)
class Match(Sealed):
    """Two contents verified to be one picture. similarity: 0 to 1. reason: in words."""

    NAME: ClassVar = "a match in the store"
    REMEDY: ClassVar = "it is verified anew"

    similarity: float
    reason: str

    def to_json(self) -> bytes:
        """Sealed JSON."""
        return seal([self.similarity, self.reason])

    @classmethod
    def parse(cls, values: Any) -> Self:
        similarity, reason = values
        return cls(float(similarity), str(reason))


@dataclass(frozen=True, slots=True)
class Extractor(Sealed):
    """Whose features count. id: short digest. weights: `imagenet`, `file` or `random`. label, warning: for people."""

    NAME: ClassVar = "the published extractor"
    REMEDY: ClassVar = "a feature worker publishes it anew"

    id: str
    weights: str
    label: str
    warning: str = ""
