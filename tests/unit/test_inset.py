"""Pictures within pictures: on a page, and between their own blurred sides."""

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from worker.engine.sketch.inset import find_inset

PHOTO = cv2.resize(load_sample_image("china.jpg"), (384, 256), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("ground", [(255, 255, 255), (0, 0, 0), (18, 140, 245)])
@pytest.mark.parametrize("place", [(60, 50, 180, 120), (20, 90, 300, 200), (150, 30, 90, 130)])
def test_a_photo_on_a_page_is_found(ground: tuple[int, int, int], place: tuple[int, int, int, int]) -> None:
    left, top, width, height = place
    page = np.full((330, 384, 3), ground, np.uint8)
    cv2.putText(page, "words above it", (30, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (120, 90, 60), 1)
    page[top : top + height, left : left + width] = cv2.resize(PHOTO, (width, height), interpolation=cv2.INTER_AREA)
    found = find_inset(page)
    assert found is not None
    assert np.abs(np.subtract(found, place)).max() <= 4  # where the photo is not of that colour


@pytest.mark.parametrize("margin", [24, 60, 110])
def test_a_photo_between_its_blurred_sides_is_found(margin: int) -> None:
    inner = cv2.resize(PHOTO, (384 - 2 * margin, 256), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(PHOTO, (0, 0), 12)
    wide[:, margin : 384 - margin] = inner
    begins = margin - 2  # two columns at the seam belong to it
    assert find_inset(wide) == (begins, 0, 384 - 2 * begins, 256)
    assert find_inset(np.ascontiguousarray(wide.transpose(1, 0, 2))) == (0, begins, 256, 384 - 2 * begins)


@pytest.mark.parametrize("shape", [(256, 384), (384, 20), (5, 384), (384, 1), (1, 1)])
def test_a_picture_all_over_holds_none(shape: tuple[int, int]) -> None:
    assert find_inset(cv2.resize(PHOTO, shape[::-1], interpolation=cv2.INTER_AREA)) is None
