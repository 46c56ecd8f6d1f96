"""What an image can be beside the others: the one place that lists it."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a file is to another one that stays: how a duplicate is the same, the surest first, or a variant."""

    EXACT = "exact"
    IDENTICAL = "identical"
    NEAR = "near"
    VARIANT = "variant"

    @property
    def words(self) -> str:
        """The same, for people."""
        return {
            Kind.EXACT: "the same bytes",
            Kind.IDENTICAL: "the same pixels in another file",
            Kind.NEAR: "the same picture, edited; verified against the keeper",
            Kind.VARIANT: "the same picture with something added, covered or changed in a place",
        }[self]

    @property
    def is_duplicate(self) -> bool:
        """Whether it is a kind of duplicate: a verdict, a row of duplicates.csv, and counted. A variant is none."""
        return self is not Kind.VARIANT

    @property
    def is_sure(self) -> bool:
        """Whether its bytes alone say that nothing is lost with it."""
        return self is Kind.EXACT

    @property
    def is_compared(self) -> bool:
        """Whether a comparison says so, by a match on record, and not equal bytes or pixels."""
        return self in (Kind.NEAR, Kind.VARIANT)

    @property
    def is_acted_on(self) -> bool:
        """Whether `apply` and the policy take it without being asked by name, once it is proved to lose nothing."""
        return self in (Kind.EXACT, Kind.IDENTICAL)

    @property
    def is_to_prove(self) -> bool:
        """Whether it is taken only once it is proved to lose nothing."""
        return self.is_acted_on and not self.is_sure


DUPLICATE_KINDS: Final = tuple(kind for kind in Kind if kind.is_duplicate)


class Verdict(StrEnum):
    """What an image is: a keeper or alone (a variant, too), a duplicate of one of the kinds, or no picture at all."""

    UNIQUE = "unique"
    EXACT = Kind.EXACT.value
    IDENTICAL = Kind.IDENTICAL.value
    NEAR = Kind.NEAR.value
    FAILED = "failed"
