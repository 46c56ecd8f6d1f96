"""Pictures, whatever files hold them: facts of one, a match of two, and whose features describe them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Self

from shared.records.sealed import Sealed, seal

_ALL = 0.97  # share of a picture that counts as all of it
Pair = tuple[str, str]  # two digests in ascending order
Box = tuple[float, float, float, float]  # left, top, right, bottom, as shares of a picture's width and height


def pair_of(one: str, other: str) -> Pair:
    """The unordered pair of two digests."""
    return (one, other) if one < other else (other, one)


@dataclass(frozen=True, slots=True)
class ImageFacts(Sealed):
    """What is known of a picture independently of the extractor.

    width, height: pixels after orientation. pixels: digest of the decoded, oriented pixels.
    content: pixels without bars and frames of one colour, 0: all of them. holds: what its file holds beside the picture
    or of it beyond 8 opaque bits, in words such as `a video`. said: marks of what is said of it and may go with it, ""
    where that was not looked at. nature: what kind of file it lies in, as `Nature` says it, likewise.
    """

    NAME: ClassVar = "facts of an image in the store"
    REMEDY: ClassVar = "computed anew"

    width: int
    height: int
    pixels: str = ""
    content: int = 0
    holds: str = ""
    said: str = ""
    nature: str = ""

    def loses_nothing_to(self, keeper: "ImageFacts") -> bool | None:
        """Whether all that is said of this one is said of `keeper`, too; None where that is not known."""
        if not self.said or not keeper.said:
            return None
        return set(self.said.split()) <= set(keeper.said.split())


class Relation(StrEnum):
    """What a match says of two contents."""

    NEAR = "near"  # the whole picture is there and agrees everywhere
    VARIANT = "variant"  # the same picture with something added, covered or changed in a place: no duplicate


@dataclass(frozen=True, slots=True)
class Match(Sealed):
    """Two contents that were compared, and what they are to each other. similarity: 0 to 1. reason: in words.

    share: of a variant, how much of the picture differs, 0 to 1. places: of a variant, where, a box in the picture of
    the smaller digest and one in the other's, () where that is not known; of a page that
    holds the other picture, where that lies in it, and all of the other.
    """

    NAME: ClassVar = "a match in the store"
    REMEDY: ClassVar = "it is verified anew"

    similarity: float
    reason: str
    relation: Relation = Relation.NEAR
    share: float = 0.0
    places: tuple[Box, Box] | tuple[()] = ()

    @property
    def holder(self) -> int | None:
        """Which of the two digests' pictures is a page that holds the other, 0 or 1; None where neither is."""
        if len(self.places) != 2:
            return None
        areas = [(right - left) * (bottom - top) for left, top, right, bottom in self.places]
        if max(areas) < _ALL or min(areas) >= _ALL:
            return None
        return areas.index(min(areas))

    def to_json(self) -> bytes:
        """Sealed JSON; of a near match in the form that knows no others."""
        if self.relation is Relation.NEAR:
            return seal([self.similarity, self.reason])
        return seal([self.similarity, self.reason, self.relation, self.share, self.places])

    @classmethod
    def parse(cls, values: Any) -> Self:
        similarity, reason, *more = values
        if not more:
            return cls(float(similarity), str(reason))
        relation, share, places = more
        boxes = tuple(_parse_box(box) for box in places)
        if len(boxes) not in (0, 2):
            raise ValueError("a match has a place in each of the two pictures, or none")
        return cls(float(similarity), str(reason), Relation(relation), float(share), boxes)  # type: ignore[arg-type]


def _parse_box(values: Any) -> Box:
    left, top, right, bottom = map(float, values)
    return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Extractor(Sealed):
    """Whose features count. id: short digest. weights: `imagenet`, `file` or `random`. label, warning: for people."""

    NAME: ClassVar = "the published extractor"
    REMEDY: ClassVar = "a feature worker publishes it anew"

    id: str
    weights: str
    label: str
    warning: str = ""
