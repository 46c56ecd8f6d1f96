"""Hard cases: pictures that look alike and are not the same, and a few that are. `python -m tests.hard FOLDER`."""

from typing import Final

from tests.hard import (
    copies,
    covers,
    documents,
    measurements,
    pages,
    papers,
    products,
    scenes,
    screens,
    sheets,
    signs,
    specimens,
    surfaces,
    tints,
    views,
    wardrobe,
)
from tests.hard.case import HardCase, Picture, Recipe, Relation

__all__ = ["ALL", "HardCase", "Picture", "Recipe", "Relation"]

ALL: Final[tuple[Recipe, ...]] = tuple(
    recipe
    for subject in (
        documents,
        papers,
        sheets,
        pages,
        screens,
        views,
        covers,
        products,
        wardrobe,
        specimens,
        measurements,
        surfaces,
        signs,
        tints,
        scenes,
        copies,
    )
    for recipe in subject.RECIPES
)
