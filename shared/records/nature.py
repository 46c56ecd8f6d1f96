"""What kind of file a picture lies in, as it was seen when the file was read: what the order of keepers goes by."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

_KEPT: Final = 1 << 14  # parsed ones: of a million files a few hundred are different
_MARKS: Final = ("unread", "camera", "place", "rated", "deep", "cmyk", "anew", "odd")
_NUMBERS: Final = ("step", "written")


class Coding(StrEnum):
    """How pixels are stored. other: with loss, as no camera does it."""

    RAW = "raw"
    HEIC = "heic"
    JPEG = "jpeg"
    LOSSLESS = "lossless"
    OTHER = "other"


_CODINGS: Final = {str(coding): coding for coding in Coding}


@dataclass(frozen=True, slots=True)
class Nature:
    """camera, place, rated: whether its metadata name a camera, a place, a rating; unread: nobody looks at those of
    such a file. deep: more than 8 bits. cmyk: its colours are inks. anew: its pixels went through a coarser coding than
    its own. odd: its parts cannot be told apart. step: mean of the steps of its JPEG coding, 0 where there are none.
    written: pixels that its camera says it wrote, where it was enlarged since, else 0.
    """

    coding: Coding
    unread: bool = False
    camera: bool = False
    place: bool = False
    rated: bool = False
    deep: bool = False
    cmyk: bool = False
    anew: bool = False
    odd: bool = False
    step: int = 0
    written: int = 0

    def __str__(self) -> str:
        """In words, as records have it: `jpeg camera place step=6`."""
        marks = [mark for mark in _MARKS if getattr(self, mark)]
        numbers = [f"{name}={getattr(self, name)}" for name in _NUMBERS if getattr(self, name)]
        return " ".join([self.coding, *marks, *numbers])

    @property
    def format(self) -> str:
        """One of `shared.setting_checks.KEEPER_FORMATS`."""
        if self.coding in (Coding.RAW, Coding.HEIC):
            return str(self.coding)
        if self.anew or self.cmyk or self.coding is Coding.OTHER:
            return "conversion"
        if self.coding is Coding.LOSSLESS:
            return "lossless" if self.deep or self.camera else "plain"
        return "jpeg" if self.camera else "bare"


@lru_cache(_KEPT)
def parse_nature(words: str) -> Nature | None:
    """The nature in these words; None where nothing is known. Words of later versions are passed over.

    >>> parse_nature("jpeg camera place step=6").format, parse_nature("lossless step=0 hologram").format
    ('jpeg', 'plain')
    """
    first, *rest = words.split() or [""]
    if first not in _CODINGS:
        return None
    numbers = dict(word.split("=", 1) for word in rest if "=" in word)
    step, written = (int(found) if (found := numbers.get(name, "")).isdecimal() else 0 for name in _NUMBERS)
    nature = Nature(_CODINGS[first], *(mark in rest for mark in _MARKS))
    return replace(nature, step=step, written=written)
