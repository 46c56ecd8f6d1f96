"""What is made of an image's bytes: decoded in full where it is small, at reduced scale where it is a large JPEG."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from worker.engine.picture.channels import Picture
from worker.engine.picture.decode import LEAST, NARROWEST, decode, decode_reduced, shrink
from worker.engine.sketch.impression import take_impression
from worker.engine.sketch.sketch import pixel_digest

PHOTO = np.asarray(load_sample_image("china.jpg"), np.uint8)
LIMIT = 10**9


def photo(width: int, height: int) -> Picture:
    return np.asarray(cv2.resize(PHOTO, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def encoded(picture: Picture, kind: str = "JPEG", orientation: int = 1, **options: object) -> bytes:
    data, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(data, kind, exif=exif, **options)
    return data.getvalue()


@pytest.mark.parametrize(
    ("width", "height", "divisor"),
    [
        (2 * LEAST - 1, 1400, 1),
        (2 * LEAST, 1400, 2),
        (1401, 2 * LEAST + 1, 2),
        (4 * LEAST, 3000, 4),
        (8 * LEAST + 3, 8 * NARROWEST, 8),
        (8 * LEAST, 4 * NARROWEST - 1, 2),
    ],
)
def test_a_jpeg_is_reduced_as_far_as_its_sides_allow(width: int, height: int, divisor: int) -> None:
    found = decode_reduced(encoded(photo(width, height)), LIMIT)
    assert (found.width, found.height, found.divisor) == (width, height, divisor)
    assert found.picture.shape == (-(-height // divisor), -(-width // divisor), 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_other_formats_are_decoded_in_full(kind: str) -> None:
    data = encoded(photo(2 * LEAST, 300), kind)
    found = decode_reduced(data, LIMIT)
    assert found.divisor == 1
    assert np.array_equal(found.picture, decode(data, LIMIT))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_reduced_is_the_full_picture_smaller_and_as_upright(orientation: int) -> None:
    data = encoded(photo(2300, 1500), quality=92, orientation=orientation)
    full, found = decode(data, LIMIT), decode_reduced(data, LIMIT)
    assert (found.height, found.width) == full.shape[:2]
    smaller = cv2.resize(full, found.picture.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(smaller.astype(float) - found.picture).mean() < 2
    assert np.abs(shrink(full, 224).astype(float) - shrink(found.picture, 224)).mean() < 1


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_large_jpeg_is_refused(share: float) -> None:
    data = encoded(photo(2400, 1600))
    with pytest.raises(UnreadableImage, match="truncated"):
        decode_reduced(data[: int(share * len(data))], LIMIT)


def test_the_size_is_judged_before_anything_is_decoded() -> None:
    with pytest.raises(UnreadableImage, match="IMAGESIEVE_MAX_PIXELS"):
        decode_reduced(encoded(photo(2400, 1600)), 10**6)


def test_an_impression_tells_the_size_of_the_whole_picture() -> None:
    picture = photo(3000, 2000)
    picture[:300] = 0
    made = take_impression(encoded(picture, quality=95, orientation=6), LIMIT)
    assert (made.facts.width, made.facts.height) == (2000, 3000)
    assert (made.sketch.width, made.sketch.height) == (2000, 3000)
    assert made.facts.content == pytest.approx(3000 * 1700, rel=0.03)
    assert made.picture.shape == (1500, 1000, 3)


def test_the_digest_of_pixels_is_of_all_of_them() -> None:
    small, large = photo(900, 600), photo(3000, 2000)
    assert take_impression(encoded(small, "PNG"), LIMIT).facts.pixels == pixel_digest(small)
    one, other = (take_impression(encoded(large, orientation=1, comment=word), LIMIT) for word in (b"one", b"other"))
    assert one.facts.pixels == other.facts.pixels
    turned = take_impression(encoded(large, orientation=3), LIMIT)
    assert turned.facts.pixels != one.facts.pixels
    assert take_impression(encoded(large, quality=60), LIMIT).facts.pixels != one.facts.pixels


def test_two_large_jpegs_that_differ_in_their_finest_detail_are_not_the_same_pixels() -> None:
    """Two that are decoded alike at half their size: a pattern of single pixels is in what is left out."""
    grey = np.full((1536, 2048, 3), 128, np.uint8)
    grey[200:900, 300:1500] = photo(1200, 700)
    fine = grey.copy()
    wave = np.cos((2 * np.arange(64) + 1) * 4 * np.pi / 16)  # the one frequency that half a block leaves out
    fine[1000:1064, :64] += np.rint(24 * np.outer(wave, wave)).astype(np.int8).view(np.uint8)[..., None]
    plain, patterned = (encoded(picture, quality=75) for picture in (grey, fine))
    one, other = (take_impression(data, LIMIT) for data in (plain, patterned))
    assert np.array_equal(one.picture, other.picture)
    assert one.facts.pixels != other.facts.pixels
