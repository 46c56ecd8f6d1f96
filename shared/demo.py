"""The demo's folder: real photos that installed packages carry, edited copies of them, and unreadable files."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image, ImageEnhance, ImageOps

from shared.errors import PermanentError

# File name in the package, by package folder.
PHOTOS: Final = {
    ("sklearn", "datasets/images"): ("china.jpg", "flower.jpg"),
    ("skimage", "data"): (
        "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png", "coins.png", "color.png",
        "grass.png", "gravel.png", "horse.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png",
        "page.png", "retina.jpg", "rocket.jpg", "text.png",
    ),
}  # fmt: skip

EDITS: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "grey": lambda image: ImageOps.grayscale(image),
    "cropped": lambda image: image.crop((image.width // 20, image.height // 20, image.width, image.height)),
    "mirrored": ImageOps.mirror,
}


def make_demo_folder(folder: Path) -> int:
    """Fill `folder`; the number of files in it. What is there already is written again, so a second run is the same."""
    originals = _copy_photos(folder)
    for number, original in enumerate(originals):
        if number % 3 == 0:
            copies = folder / "copies"
            copies.mkdir(exist_ok=True)
            shutil.copyfile(original, copies / f"copy of {original.name}")
        if number % 2 == 0:
            _edit(original, list(EDITS)[number // 2 % len(EDITS)], folder / "edited")
    _spoil(originals[0], folder / "unreadable")
    (folder / "notes.txt").write_text("Not a picture: the report says so.\n")
    return sum(path.is_file() for path in folder.rglob("*"))


def _copy_photos(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    originals = []
    for (package, inner), files in PHOTOS.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise PermanentError(f"the demo takes its photos from {package}, which is not installed; run `make setup`")
        for name in files:
            source = Path(spec.origin).parent / inner / name
            if source.exists():
                originals.append(folder / name)
                shutil.copyfile(source, originals[-1])
    return originals


def _edit(original: Path, edit: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with Image.open(original) as image:
        EDITS[edit](image.convert("RGB")).save(folder / f"{original.stem}, {edit}.jpg", quality=85)


def _spoil(original: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    data = original.read_bytes()
    (folder / "truncated.jpg").write_bytes(data[: len(data) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "really a page.jpg").write_text("<html><body>404 Not Found</body></html>")
