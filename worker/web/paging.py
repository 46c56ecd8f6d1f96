"""A part of a long list, and the way to the others (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Part(Generic[Item]):
    """One page of a list. number: from 1. pages: how many there are, at least one. total: items on all of them."""

    items: Sequence[Item]
    number: int
    pages: int
    total: int
    first: int

    @property
    def before(self) -> int | None:
        """The page before."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """The page after."""
        return self.number + 1 if self.number < self.pages else None

    @property
    def words(self) -> str:
        """Which items these are, for people."""
        if not self.total:
            return "none"
        return f"{self.first + 1:,} to {self.first + len(self.items):,} of {self.total:,}"


def part_of(items: Sequence[Item], number: int, size: int) -> Part[Item]:
    """Page `number` of `items`, `size` on each; the last one where there are not so many."""
    pages = max(1, -(-len(items) // size))
    number = max(1, min(pages, number))
    first = (number - 1) * size
    return Part(items[first : first + size], number, pages, len(items), first)


def mapped(part: Part[Item], make: Callable[[Item], object]) -> Part[object]:
    """The same page with what `make` gives for each item."""
    return Part([make(item) for item in part.items], part.number, part.pages, part.total, part.first)
