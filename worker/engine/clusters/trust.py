"""How far to trust clusters, by rule 4 of selection.py."""

from enum import StrEnum
from typing import Final

MIN_STRENGTH: Final = 0.02
CLEAR_STRENGTH: Final = 0.15
MIN_STABILITY: Final = 0.5
CLEAR_STABILITY: Final = 0.6


class Trust(StrEnum):
    """How far to trust clusters. CLEAR: they stand apart. WEAK: they run into each other. NONE: chance made them."""

    CLEAR = "clear"
    WEAK = "weak"
    NONE = "none"

    @property
    def words(self) -> str:
        """A sentence for people."""
        return _WORDS[self]


_WORDS: Final = {
    Trust.CLEAR: "They stand apart from each other.",
    Trust.WEAK: "They run into each other: most images lie right, those between two clusters could be in either.",
    Trust.NONE: "Images without any clusters could be divided as well: take them for heaps of a handy size.",
}


def strength_of(score: float, level: float) -> float:
    """What is left of the way from the level of images without clusters to 1."""
    return (score - level) / (1 - level) if level < 1 else 0.0


def trust_of(strength: float, stability: float) -> Trust:
    """The trust that the two earn."""
    if strength < MIN_STRENGTH or stability < MIN_STABILITY:
        return Trust.NONE
    return Trust.CLEAR if strength >= CLEAR_STRENGTH and stability >= CLEAR_STABILITY else Trust.WEAK


def explain(trust: Trust, score: float, level: float, stability: float) -> str:
    """For people: the trust, and what it follows from."""
    height = f"the silhouette is {score:.2f}, where images without clusters reach {level:.2f}"
    again = f"two halves of the images agree on them to {stability:.2f} of 1"
    return f"{_SAID[trust]}: {height}, and {again}."


_SAID: Final = {
    Trust.CLEAR: "The clusters are clear",
    Trust.WEAK: "The clusters are weak",
    Trust.NONE: "No clear structure, the clusters only cut up one cloud",
}
