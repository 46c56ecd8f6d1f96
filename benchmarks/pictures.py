"""Folders of photos: those of a user, and many different ones cut from what installed packages carry (seeded)."""

import random
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from shared.cli.demo import make_demo_folder

_SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


def photos_in(folder: Path) -> list[Path]:
    """The pictures of a folder and its subfolders, by suffix, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())


def make_pictures(folder: Path, count: int, size: tuple[int, int] = (1024, 768)) -> list[Path]:
    """Write `count` different photos of `size` pixels as JPEG; their paths."""
    chance = random.Random(7)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        make_demo_folder(Path(scratch))
        originals = [
            Image.open(path).convert("RGB")
            for path in sorted(Path(scratch).iterdir())
            if path.suffix in (".jpg", ".png")
        ]
    paths = []
    for number in range(count):
        original = originals[number % len(originals)]
        width, height = (int(side * chance.uniform(0.5, 0.9)) for side in original.size)
        left, top = chance.randrange(original.width - width), chance.randrange(original.height - height)
        paths.append(folder / f"{number:05}.jpg")
        original.crop((left, top, left + width, top + height)).resize(size).save(paths[-1], quality=90)
    return paths
