"""The bytes of every content of a chaos run: textures like photos, each another one, and clear copies of them."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.textures import make_textures
from shared.cli.demo import make_demo_folder
from tests.chaos.plan import Content, Edit

# Photos with detail all over; a texture takes its spectrum from one of them.
PHOTOS: Final = ("china.jpg", "flower.jpg", "astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
SIZES: Final = ((320, 240), (240, 320), (256, 256), (288, 192))


class Pictures:
    """All pictures of a run, made at once."""

    def __init__(self, folder: Path, count: int) -> None:
        make_demo_folder(folder / "photos")
        photos = [folder / "photos" / name for name in PHOTOS]
        self._paths = [
            make_textures(photos, folder / f"{size[0]}x{size[1]}", -(-count // len(SIZES)), size) for size in SIZES
        ]

    def read(self, content: Content) -> bytes:
        """The same bytes for the same content."""
        number, size = divmod(content.picture, len(SIZES))
        data = self._paths[size][number].read_bytes()
        return data if content.edit is Edit.ORIGINAL else edit(data, content.edit)


def edit(data: bytes, how: Edit) -> bytes:
    """The bytes of an edited copy."""
    if how is Edit.BROKEN:
        return data[: len(data) // 2]
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    if how is Edit.IDENTICAL:
        return cv2.imencode(".png", picture)[1].tobytes()
    if how is Edit.HALF:
        picture = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()
