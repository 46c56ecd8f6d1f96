"""Pictures made smaller by averaging."""

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from worker.engine.picture.scaling import average

PHOTO = load_sample_image("china.jpg")


@pytest.mark.parametrize("size", [(224, 224), (384, 256), (639, 426), (640, 426), (321, 300), (213, 120), (640, 427)])
@pytest.mark.parametrize("picture", [PHOTO, PHOTO[..., 1], PHOTO[::-1, ::-1]], ids=["colour", "grey", "a view"])
def test_each_pixel_is_the_mean_of_those_it_covers(picture: np.ndarray, size: tuple[int, int]) -> None:
    found = average(picture, size)
    known = cv2.resize(np.ascontiguousarray(picture), size, interpolation=cv2.INTER_AREA)
    assert found.shape == known.shape
    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - known).max() <= 1
    assert (found != known).mean() < 0.002  # half-way between two levels


def test_what_is_far_larger_is_halved_first() -> None:
    large = cv2.resize(PHOTO, (2600, 1800), interpolation=cv2.INTER_CUBIC)
    found = average(large, (320, 220)).astype(int)
    assert np.abs(found - cv2.resize(large, (320, 220), interpolation=cv2.INTER_AREA)).mean() < 2


def test_a_line_stays_a_line() -> None:
    assert (average(np.full((1, 5000, 3), 77, np.uint8), (384, 1)) == 77).all()
    assert (average(np.full((5000, 1, 3), 77, np.uint8), (1, 384)) == 77).all()
