"""Whether two files hold the same picture in full, before one of them goes."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from worker.engine.sameness import compare_files

PIXELS = 10**8


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def photo(width: int = 64) -> Image.Image:
    return Image.fromarray(load_sample_image("china.jpg")).resize((width, width * 2 // 3))


def test_the_same_pixels_in_other_formats_are_the_same_picture() -> None:
    files = [saved(photo(), name) for name in ("PNG", "BMP", "TIFF", "PPM")]
    files.append(saved(photo(), "PNG", compress_level=1))
    files.append(saved(photo().convert("RGBA"), "PNG"))  # opaque
    files.append(saved(photo(), "WebP", lossless=True))
    assert {compare_files(files[0], other, PIXELS) for other in files} == {""}


def test_large_jpegs_that_differ_only_in_their_finest_detail_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    base = np.asarray(photo(2048).resize((2048, 1368)))
    noisy = base.copy()
    noisy[::2, ::2] ^= rng.integers(0, 2, noisy[::2, ::2].shape, dtype=np.uint8)
    one, other = (saved(Image.fromarray(pixels), "JPEG", quality=95) for pixels in (base, noisy))
    assert "full size" in compare_files(one, other, PIXELS)
    assert compare_files(one, one, PIXELS) == ""


def test_an_animation_is_more_than_its_first_frame() -> None:
    frames = [photo().quantize(16), photo().rotate(90).quantize(16)]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    still = saved(frames[0], "GIF")
    assert "2 frames" in compare_files(still, moving, PIXELS)
    assert compare_files(moving, still, PIXELS) == ""  # the keeper may hold more
    pages = saved(photo(), "TIFF", save_all=True, append_images=[photo()])
    assert "2 frames" in compare_files(saved(photo(), "TIFF"), pages, PIXELS)


def test_transparency_counts() -> None:
    image = Image.new("RGB", (8, 8), "white")
    clear = image.copy().convert("RGBA")
    clear.putalpha(7)
    assert "transparency" in compare_files(saved(image, "PNG"), saved(clear, "PNG"), PIXELS)
    assert compare_files(saved(clear, "PNG"), saved(clear, "PNG", compress_level=1), PIXELS) == ""


@pytest.mark.parametrize("more", [0, 1])
def test_depth_counts(more: int) -> None:
    deep = np.full((8, 8, 3), 255 * 257, np.uint16)
    other = deep.copy()
    other[0, 0] = 65535 - more
    flat = saved(Image.fromarray(np.full((8, 8, 3), 255, np.uint8)), "PNG")
    one, two = (cv2.imencode(".png", pixels)[1].tobytes() for pixels in (deep, other))
    assert "8 bits" in compare_files(flat, one, PIXELS)
    assert ("8 bits" in compare_files(one, two, PIXELS)) == bool(more)
