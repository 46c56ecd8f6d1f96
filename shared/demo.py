"""The demo's folder: real photos that installed packages carry, edited copies of them, and unreadable files."""

import importlib.util
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image, ImageEnhance, ImageOps

from shared.errors import PermanentError, SettingsError

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


MARK: Final = ".imagesieve-demo"  # in the folder that the demo made: hidden, so that nobody watches it


def check_demo_folder(folder: Path) -> None:
    """Raise SettingsError where there is a folder that the demo did not make."""
    if folder.exists() and not (folder / MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(
            f"the demo puts its files into {folder}, which is there already and not the demo's; name another folder "
            "with --folder"
        )


def make_demo_folder(folder: Path) -> int:
    """Fill `folder`; the number of files in it. What is there already stays as it is, so a second run is the same."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("This folder was made by `imagesieve demo`.\n")
    originals = _copy_photos(folder)
    for number, original in enumerate(originals):
        if number % 3 == 0:
            _put(folder / "copies" / f"copy of {original.name}", original.read_bytes())
        if number % 2 == 0:
            _edit(original, list(EDITS)[number // 2 % len(EDITS)], folder / "edited")
    _spoil(originals[0], folder / "unreadable")
    _put(folder / "notes.txt", b"Not a picture: the report says so.\n")
    return sum(path.is_file() and path.name != MARK for path in folder.rglob("*"))


def _put(file: Path, data: bytes) -> None:
    """Write a file, unless there is one: it may be somebody's by now."""
    file.parent.mkdir(exist_ok=True)
    if not os.path.lexists(file):
        file.write_bytes(data)


def _copy_photos(folder: Path) -> list[Path]:
    originals = []
    for (package, inner), files in PHOTOS.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise PermanentError(f"the demo takes its photos from {package}, which is not installed; run `make setup`")
        for name in files:
            source = Path(spec.origin).parent / inner / name
            if source.exists():
                originals.append(folder / name)
                _put(originals[-1], source.read_bytes())
    return originals


def _edit(original: Path, edit: str, folder: Path) -> None:
    out = io.BytesIO()
    with Image.open(original) as image:
        EDITS[edit](image.convert("RGB")).save(out, "JPEG", quality=85)
    _put(folder / f"{original.stem}, {edit}.jpg", out.getvalue())


def _spoil(original: Path, folder: Path) -> None:
    data = original.read_bytes()
    _put(folder / "truncated.jpg", data[: len(data) // 2])
    _put(folder / "empty.jpg", b"")
    _put(folder / "really a page.jpg", b"<html><body>404 Not Found</body></html>")
