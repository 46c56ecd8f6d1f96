"""What an image can be beside the others: the one place that lists it."""

from enum import StrEnum


class Kind(StrEnum):
    """How a duplicate is the same as its keeper, the surest first."""

    EXACT = "exact"
    IDENTICAL = "identical"
    NEAR = "near"

    @property
    def words(self) -> str:
        """The same, for people."""
        return {
            Kind.EXACT: "the same bytes",
            Kind.IDENTICAL: "the same pixels in another file",
            Kind.NEAR: "the same picture, edited; verified against the keeper",
        }[self]

    @property
    def is_sure(self) -> bool:
        """Whether its bytes alone say that nothing is lost with it."""
        return self is Kind.EXACT

    @property
    def is_compared(self) -> bool:
        """Whether a comparison says so, by a match on record, and not equal bytes or pixels."""
        return self is Kind.NEAR

    @property
    def is_acted_on(self) -> bool:
        """Whether `apply` and the policy take it without being asked by name, once it is proved to lose nothing."""
        return self in (Kind.EXACT, Kind.IDENTICAL)

    @property
    def is_to_prove(self) -> bool:
        """Whether it is taken only once it is proved to lose nothing."""
        return self.is_acted_on and not self.is_sure


class Verdict(StrEnum):
    """What an image is: a keeper or alone, of one of the kinds, or no picture at all."""

    UNIQUE = "unique"
    EXACT = Kind.EXACT.value
    IDENTICAL = Kind.IDENTICAL.value
    NEAR = Kind.NEAR.value
    FAILED = "failed"
