"""The demo's folder: pictures, edited copies of them, and unreadable files.

The pictures are real photos where installed packages carry them, and drawn ones where scikit-image is not installed.
"""

import filecmp
import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from PIL import Image, ImageEnhance, ImageOps

from shared.cli.demo_pictures import draw_landscape
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

DRAWN: Final = 20  # pictures that are drawn where scikit-image's are not there
DRAWN_QUALITY: Final = 92  # of their JPEG
SPOILT: Final = {
    "truncated.jpg": None,
    "empty.jpg": b"",
    "really a page.jpg": b"<html><body>404 Not Found</body></html>",
}

EDITS: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "grey": lambda image: ImageOps.grayscale(image),
    "cropped": lambda image: image.crop((image.width // 20, image.height // 20, image.width, image.height)),
    "mirrored": ImageOps.mirror,
}


@dataclass(frozen=True)
class Original:
    """A picture of the demo. write: makes a file of it, of the same bytes each time."""

    name: str
    write: Callable[[Path], object]


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

    Raises PermanentError where they cannot be written.
    """
    originals = [*_photos(), *_drawn()]
    made: list[tuple[Path, Callable[[Path], object]]] = [(folder / one.name, one.write) for one in originals]
    for number, one in enumerate(originals):
        if number % 3 == 0:
            made.append((folder / "copies" / f"copy of {one.name}", one.write))
        if number % 2 == 0:
            edit = list(EDITS)[number // 2 % len(EDITS)]
            made.append((folder / "edited" / f"{Path(one.name).stem}, {edit}.jpg", partial(_edit, one, edit)))
    made += [(folder / "unreadable" / name, partial(_spoil, originals[0], data)) for name, data in SPOILT.items()]
    made.append((folder / "notes.txt", partial(_write, b"Not a picture: the report says so.\n")))
    try:
        return [file for file, write in made if _put(file, write)]
    except OSError as error:
        raise PermanentError(f"the demo cannot write its files into {folder}: {why_not(error)}") from error


def others(folder: Path, made: Sequence[Path]) -> list[Path]:
    """Files in the demo's `folder` that it did not make."""
    found = {path for path in folder.rglob("*") if not path.is_dir() and not path.name.startswith(DEMO_MARK)}
    return sorted(found - set(made))


def _photos() -> Iterator[Original]:
    for (package, inner), files in PHOTOS.items():
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            photos = [Path(spec.origin).parent / inner / name for name in files]
            yield from (Original(one.name, partial(shutil.copyfile, one)) for one in photos if one.exists())


def _drawn() -> Iterator[Original]:
    if importlib.util.find_spec("skimage") is None:
        yield from (Original(f"landscape {number:02}.jpg", partial(_draw, number)) for number in range(1, DRAWN + 1))


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


def _draw(number: int, new: Path) -> None:
    draw_landscape(number).save(new, format="JPEG", quality=DRAWN_QUALITY)


def _edit(original: Original, edit: str, new: Path) -> None:
    original.write(new)
    with Image.open(new) as image:
        edited = EDITS[edit](image.convert("RGB"))
    edited.save(new, format="JPEG", quality=85)


def _spoil(original: Original, data: bytes | None, new: Path) -> None:
    """What is no picture any more. data: instead of it; None for its first half."""
    if data is None:
        original.write(new)
        data = new.read_bytes()
        data = data[: len(data) // 2]
    new.write_bytes(data)


def _write(data: bytes, new: Path) -> None:
    new.write_bytes(data)
