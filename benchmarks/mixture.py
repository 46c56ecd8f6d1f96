"""A stream as people have it: mostly new pictures, some copies, some edited ones, some files that are no pictures."""

import itertools
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.textures import make_textures

SIZE: Final = (640, 480)
NEW: Final = 16
PERIOD: Final = NEW + 4  # then two exact copies, one at half the size, one that is bad
MIX: Final = (
    "of 20 files 16 are new pictures, 2 copies of one, 1 a picture at half its size, 1 no picture or half of one"
)


def make_mixture(photos: Sequence[Path], folder: Path) -> Iterator[Path]:
    """Files in `folder`, one after the other and without an end, each made when it is asked for. Seeded."""
    for period in itertools.count():
        new = make_textures(photos, folder / "new", NEW, SIZE, first=period * NEW)
        copies = [folder / f"copy-{period:05}-{number}.jpg" for number in range(2)]
        for original, copy in zip(new[3::8], copies, strict=True):
            shutil.copyfile(original, copy)
        half, bad = folder / f"half-{period:05}.jpg", folder / f"bad-{period:05}.jpg"
        with Image.open(new[7]) as picture:
            picture.resize((SIZE[0] // 2, SIZE[1] // 2)).save(half, quality=90)
        bad.write_bytes(_bad(period, new[0].read_bytes()))
        yield from [*new[:6], copies[0], *new[6:10], half, *new[10:14], copies[1], *new[14:], bad]


def _bad(period: int, picture: bytes) -> bytes:
    """Empty, a page, a picture that was cut off, one whose middle was overwritten; each a content of its own."""
    middle = len(picture) // 2
    kinds = (
        b"",
        f"<html>not found: {period}</html>".encode(),
        picture[:middle],
        picture[: middle // 2] + bytes(middle) + picture[middle // 2 + middle :],
    )
    return kinds[period % len(kinds)]
