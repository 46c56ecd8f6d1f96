"""Pixels between bars: what a picture counts for when the keeper is chosen."""

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from worker.engine.picture.bars import without_bars
from worker.engine.picture.decode import decode


@pytest.fixture(scope="module")
def photo():
    return cv2.resize(load_sample_image("china.jpg"), (600, 400), interpolation=cv2.INTER_AREA)


def saved(picture, quality):
    data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return decode(data.tobytes(), 10**7)


def content_pixels(picture):
    return without_bars(picture)[..., 0].size


def test_a_picture_without_bars_counts_in_full(photo):
    assert content_pixels(photo) == 600 * 400


@pytest.mark.parametrize("quality", [95, 75, 30])
@pytest.mark.parametrize("sides", [(50, 50, 0, 0), (0, 0, 70, 70), (40, 40, 40, 40), (0, 90, 0, 0)])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 90)])
def test_a_copy_with_bars_counts_for_a_little_less_than_the_picture(photo, sides, colour, quality):
    framed = cv2.copyMakeBorder(photo, *sides, cv2.BORDER_CONSTANT, value=colour)
    assert 0.75 * 600 * 400 < content_pixels(saved(framed, quality)) < 600 * 400


def test_a_thin_even_edge_is_no_bar(photo):
    edged = photo.copy()
    edged[:4] = 255
    assert content_pixels(edged) == 600 * 400


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (300, 300)])
def test_a_blank_picture_counts_in_full(shape):
    assert content_pixels(np.full((*shape, 3), 77, np.uint8)) == shape[0] * shape[1]


def test_a_line_in_blank_space_counts_in_full_rather_than_for_nothing():
    picture = np.full((300, 300, 3), 255, np.uint8)
    picture[150, 40:260] = 0
    assert content_pixels(picture) == 300 * 300


@pytest.mark.parametrize("sides", [(3, 200, 0, 0), (0, 0, 9, 131), (70, 1, 64, 65)])
def test_bars_end_where_the_picture_begins(photo, sides):
    framed = cv2.copyMakeBorder(photo, *sides, cv2.BORDER_CONSTANT, value=(10, 10, 10))
    top, bottom, left, right = (side + 16 if side > 20 else 0 for side in sides)  # pixels beside a bar may be smeared
    shown = without_bars(framed)
    assert (shown == framed[top : len(framed) - bottom, left : framed.shape[1] - right]).all()
