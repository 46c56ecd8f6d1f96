"""Pictures of blocks."""

import cv2
import numpy as np
import pytest

from tests.unit.photos import PHOTOS
from worker.engine.edits.tones import pixelated
from worker.engine.picture.channels import Picture
from worker.engine.picture.mosaic import find_blocks, without_blocks

CHINA = PHOTOS["china"]
NAMES = ("china", "coffee", "chelsea")
RANDOM = np.random.default_rng(0)


def compressed(picture: Picture, quality: int) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("share", "quality"), [(0.5, 0), (0.5, 90), (0.3, 70), (0.2, 70), (0.17, 90), (0.25, 70)])
def test_blocks_are_counted_whatever_their_width_even_after_compression(name: str, share: float, quality: int) -> None:
    picture = pixelated(share)(PHOTOS[name], RANDOM)
    picture = compressed(picture, quality) if quality else picture
    height, width = picture.shape[:2]
    assert find_blocks(picture) == (round(width * share), round(height * share))


@pytest.mark.parametrize("name", NAMES)
def test_neither_a_photo_nor_a_hard_compressed_or_softly_enlarged_one_is_made_of_blocks(name: str) -> None:
    photo = PHOTOS[name]
    assert find_blocks(photo) is None
    assert find_blocks(compressed(photo, 5)) is None
    assert find_blocks(cv2.resize(cv2.resize(photo, None, fx=0.2, fy=0.2), photo.shape[1::-1])) is None
    assert find_blocks(np.full((300, 400, 3), 80, np.uint8)) is None
    assert find_blocks(photo[:60, :60]) is None


def test_without_its_blocks_a_picture_has_its_size_and_no_edges_of_blocks() -> None:
    picture = pixelated(0.2)(CHINA, RANDOM)
    soft = without_blocks(picture, (128, 85))
    assert soft.shape == picture.shape
    assert find_blocks(soft) is None
    assert np.abs(soft.astype(int) - picture).mean() < np.abs(picture.astype(int) - CHINA).mean()
