"""Files of which a decoder gives a picture, and a part is cut off or is not what was written."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from worker.engine.picture.decode import decode

PIXELS = 10**8
PHOTO = Image.fromarray(load_sample_image("china.jpg")).resize((320, 213))


def saved(name: str, image: Image.Image = PHOTO, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def animated(name: str, **options: Any) -> bytes:
    return saved(name, save_all=True, append_images=[PHOTO.rotate(90), PHOTO.rotate(180)], **options)


SINGLE = {
    "TIFF deflate": saved("TIFF", compression="tiff_adobe_deflate"),
    "TIFF JPEG": saved("TIFF", compression="jpeg", quality=95),
}
SEVERAL = {
    "GIF": animated("GIF"),
    "PNG": animated("PNG"),
    "WebP": animated("WEBP", quality=90),
    "TIFF": animated("TIFF"),
}


def refused(data: bytes) -> bool:
    try:
        decode(data, PIXELS)
    except UnreadableImage as error:
        return "damaged" in str(error)
    return False


@pytest.mark.parametrize("name", SINGLE)
def test_a_hole_is_damage(name: str) -> None:
    data = SINGLE[name]
    assert not refused(data)
    size = 2048
    for share in (0.3, 0.5, 0.7):
        at = int(share * (len(data) - size))
        assert refused(data[:at] + bytes(size) + data[at + size :])


@pytest.mark.parametrize("name", SINGLE)
def test_so_is_a_download_that_is_filled_up_with_zeros(name: str) -> None:
    data = SINGLE[name]
    for share in (0.5, 0.8):
        there = int(share * len(data))
        assert refused(data[:there] + bytes(len(data) - there))


@pytest.mark.parametrize("name", SEVERAL)
def test_an_animation_or_a_document_of_which_the_end_is_missing_is_damaged(name: str) -> None:
    data = SEVERAL[name]
    assert not refused(data)
    assert refused(data[: int(0.8 * len(data))])


@pytest.mark.parametrize("name", ["GIF", "PNG"])
def test_so_is_one_of_which_a_later_frame_is_a_hole(name: str) -> None:
    data = SEVERAL[name]
    there = int(0.8 * len(data))
    assert refused(data[:there] + bytes(len(data) - there))
    if name != "GIF":
        assert refused(data[:there] + bytes(2048) + data[there + 2048 :])


def test_what_writers_put_behind_the_last_frame_is_no_damage() -> None:
    for behind in (b"", bytes(600), b"a comment of some program"):
        assert not refused(SEVERAL["GIF"][:-1] + behind)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": True, "method": 0}, {"quality": 1}])
def test_a_large_picture_of_one_colour_has_no_hole(mode: str, options: dict[str, Any]) -> None:
    page = Image.new(mode, (3000, 2000), "white")
    ImageDraw.Draw(page).text((900, 900), "a page", fill="black")
    assert not refused(saved("WEBP", page, **options))
    assert not refused(saved("AVIF", page.resize((1500, 1000)), quality=options.get("quality", 60), speed=10))


def test_values_that_are_not_packed_may_be_zeros() -> None:
    black = np.asarray(PHOTO).copy()
    black[60:150] = 0
    for name in ("BMP", "TIFF", "TGA", "PPM"):
        assert not refused(saved(name, Image.fromarray(black)))
