"""What JPEG left in pixels."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from worker.engine.picture.traces import read_coding, was_coarser

PHOTOS = [
    np.asarray(Image.fromarray(load_sample_image(name)).resize((403, 269), Image.Resampling.LANCZOS))
    for name in ("china.jpg", "flower.jpg")
]


def as_jpeg(picture, quality, **options):
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality, **options)
    return out.getvalue()


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("picture", PHOTOS)
@pytest.mark.parametrize("quality", [40, 75, 90, 95])
def test_a_jpeg_is_known_in_a_lossless_file_and_not_in_itself(picture, quality):
    data = as_jpeg(picture, quality)
    shown = pixels(data)
    assert was_coarser(shown)
    assert not was_coarser(shown, read_coding(data).steps)
    for turned in (np.rot90(shown), np.rot90(shown, 2), shown[:, ::-1]):  # the grid begins at another corner
        assert was_coarser(np.ascontiguousarray(turned))


@pytest.mark.parametrize("picture", PHOTOS)
def test_finer_steps_than_before_are_known_and_coarser_ones_are_not(picture):
    finer, coarser = as_jpeg(pixels(as_jpeg(picture, 80)), 100), as_jpeg(pixels(as_jpeg(picture, 95)), 80)
    assert was_coarser(pixels(finer), read_coding(finer).steps)
    assert not was_coarser(pixels(coarser), read_coding(coarser).steps)


@pytest.mark.parametrize("picture", PHOTOS)
def test_what_never_was_a_jpeg_shows_nothing(picture):
    noise = np.random.default_rng(1).integers(3, 250, (64, 128, 3), np.uint8)
    blurred = cv2.GaussianBlur(picture, (0, 0), 2)
    tiles = np.kron(noise[:20, :30], np.ones((8, 8, 1), np.uint8))  # a drawing in the very grid
    for shown in (picture, blurred, noise, tiles, noise[:7], np.zeros((64, 64, 3), np.uint8)):
        assert not was_coarser(shown)


def test_the_coding_of_a_jpeg_is_read_from_its_headers():
    picture = PHOTOS[0]
    coding = read_coding(as_jpeg(picture, 50))
    assert coding.channels == 3
    assert coding.steps is not None
    assert coding.steps[0].tolist() == [16, 11, 10, 16, 24, 40, 51, 61]  # ITU-T T.81, table K.1
    assert read_coding(as_jpeg(picture[..., 0], 90)).channels == 1
    whole = as_jpeg(picture, 50)
    for broken in (b"", b"\xff\xd8\xff", whole[:30], whole[:2] + b"\xff\xdb\0\4\0\0"):
        assert read_coding(broken).steps is None
