"""The demo's folder: real photos that installed packages carry, edited copies of them, and unreadable files."""

import filecmp
import importlib.util
import os
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PIL import Image, ImageEnhance, ImageOps

from shared.errors import PermanentError, SettingsError
from shared.permission import why_not
from shared.state_folder import OWN_PREFIX

DEMO_MARK: Final = f"{OWN_PREFIX}demo"  # a file in each folder that the demo made

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


def claim_demo_folder(base: Path) -> tuple[Path, Path]:
    """The folders of the demo's pictures and of its state below `base`, made and marked.

    Raises SettingsError, before anything is made, where one of them holds what the demo did not make.
    """
    folders = base / "pictures", base / "state"
    try:
        for folder in folders:
            if folder.exists() and not (folder / DEMO_MARK).exists() and any(folder.iterdir()):
                raise SettingsError(
                    f"{folder} holds files and was not made by this demo; name another folder in --folder, or none for "
                    "a temporary one"
                )
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / DEMO_MARK).touch()
    except OSError as error:
        raise SettingsError(f"--folder is {base}, which cannot be used: {why_not(error)}") from error
    return folders


def make_demo_folder(folder: Path) -> list[Path]:
    """Fill `folder`; the demo's files in it. What is there already stays as it is, so a second run is the same.

    Raises PermanentError where they cannot be written, or where there are no photos.
    """
    photos = _find_photos()
    made: list[tuple[Path, Callable[[Path], object]]] = [
        (folder / photo.name, partial(shutil.copyfile, photo)) for photo in photos
    ]
    for number, photo in enumerate(photos):
        if number % 3 == 0:
            made.append((folder / "copies" / f"copy of {photo.name}", partial(shutil.copyfile, photo)))
        if number % 2 == 0:
            edit = list(EDITS)[number // 2 % len(EDITS)]
            made.append((folder / "edited" / f"{photo.stem}, {edit}.jpg", partial(_edit, photo, edit)))
    made += [(folder / "unreadable" / name, partial(_write, data)) for name, data in _spoil(photos[0]).items()]
    made.append((folder / "notes.txt", partial(_write, b"Not a picture: the report says so.\n")))
    try:
        return [file for file, write in made if _put(file, write)]
    except OSError as error:
        raise PermanentError(f"the demo cannot write its files into {folder}: {why_not(error)}") from error


def others(folder: Path, made: Sequence[Path]) -> list[Path]:
    """Files in the demo's `folder` that it did not make."""
    found = {path for path in folder.rglob("*") if not path.is_dir() and not path.name.startswith(DEMO_MARK)}
    return sorted(found - set(made))


def _find_photos() -> list[Path]:
    photos = []
    for (package, inner), files in PHOTOS.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            raise PermanentError(f"the demo takes its photos from {package}, which is not installed; run `make setup`")
        photos += [Path(spec.origin).parent / inner / name for name in files]
    return [photo for photo in photos if photo.exists()]


def _put(file: Path, write: Callable[[Path], object]) -> bool:
    """Have `write` make a new file, which is there when it is whole. An old one stays: False where it is another."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{DEMO_MARK}-{file.name}")
    write(new)
    if not os.path.lexists(file):
        new.rename(file)
        return True
    same = file.is_file() and filecmp.cmp(new, file, shallow=False)
    new.unlink()
    return same


def _edit(photo: Path, edit: str, new: Path) -> None:
    with Image.open(photo) as image:
        EDITS[edit](image.convert("RGB")).save(new, format="JPEG", quality=85)


def _spoil(photo: Path) -> dict[str, bytes]:
    data = photo.read_bytes()
    page = b"<html><body>404 Not Found</body></html>"
    return {"truncated.jpg": data[: len(data) // 2], "empty.jpg": b"", "really a page.jpg": page}


def _write(data: bytes, new: Path) -> None:
    new.write_bytes(data)
