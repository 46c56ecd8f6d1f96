"""What a hard case is: a few pictures that look alike, and what is right to say of every two of them."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # RGB, [h, w, 3]
Relation = Literal["none", "variant allowed", "near", "variant"]
Draw = Callable[[np.random.Generator], Sequence[Picture]]
Edit = Callable[[Picture, np.random.Generator], Picture]

NAMES: Final = "abcdef"


@dataclass(frozen=True, slots=True)
class HardCase:
    """pictures: by name, of which every two stand in `relation`: no match at all, no near, near, variant.

    suffix, quality: how each is saved, by name; quality is JPEG's.
    """

    name: str
    pictures: dict[str, Picture]
    relation: Relation
    suffix: dict[str, str]
    quality: dict[str, int]


@dataclass(frozen=True, slots=True)
class Dress:
    """How a drawn picture comes to be a file: as it is, scanned, photographed."""

    name: str
    put_on: Edit | None = None
    suffix: str = ".png"
    quality: int = 95


@dataclass(frozen=True, slots=True)
class Recipe:
    """A kind of hard case in one dress. Called with a generator it draws the case; the same one, the same pictures.

    dresses: of the pictures in turn; the last goes on for the rest. name: one of its own.
    """

    name: str
    kind: str
    draw: Draw
    relation: Relation
    dresses: tuple[Dress, ...]

    @property
    def seed(self) -> int:
        """Of the pictures that are drawn where nobody asks for others; one for all dresses of a kind."""
        return zlib.crc32(self.kind.encode())

    def __call__(self, random: np.random.Generator) -> HardCase:
        return self.dress(self.draw(random), random)

    def case(self, number: int = 0) -> HardCase:
        """The same case with every call; another `number`, another drawing of the kind."""
        drawing = _drawn(self.draw, self.seed, number)
        return self.dress(drawing, np.random.default_rng([self.seed, number, zlib.crc32(self.name.encode())]))

    def dress(self, drawing: Sequence[Picture], random: np.random.Generator) -> HardCase:
        """What becomes of drawn pictures."""
        names = NAMES[: len(drawing)]
        worn = [self.dresses[min(number, len(self.dresses) - 1)] for number in range(len(drawing))]
        pictures = (dress.put_on(picture, random) if dress.put_on else picture
                    for dress, picture in zip(worn, drawing, strict=True))  # fmt: skip
        return HardCase(
            self.name,
            dict(zip(names, pictures, strict=True)),
            self.relation,
            {name: dress.suffix for name, dress in zip(names, worn, strict=True)},
            {name: dress.quality for name, dress in zip(names, worn, strict=True)},
        )


@lru_cache(maxsize=1)
def _drawn(draw: Draw, seed: int, number: int) -> Sequence[Picture]:
    """What the dresses of one kind, which stand side by side, have in common."""
    return draw(np.random.default_rng([seed, number]))


def recipes(kind: str, draw: Draw, relation: Relation, *dresses: Dress) -> tuple[Recipe, ...]:
    """A recipe for each dress, in which all the pictures are."""
    return tuple(
        Recipe(kind if dress.name == "clean" else f"{kind}-{dress.name}", kind, draw, relation, (dress,))
        for dress in dresses
    )
