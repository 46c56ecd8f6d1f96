"""The details of a whole picture: what they stay the same under, and where there are none."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_sample_image

from worker.engine.edits.attacks import ATTACKS, HARD_ATTACKS, edited
from worker.engine.matching.shading import agree_in_shading, align_shading
from worker.engine.picture.decode import decode
from worker.engine.sketch.details import NONE, SIDE, find_details
from worker.engine.sketch.sketch import Sketch, describe

MAX_PIXELS = 10**8


def grey_photo() -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(load_sample_image("china.jpg"), cv2.COLOR_RGB2GRAY), np.uint8)


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (0.5, 100), (0.7, 30)])
def test_contrast_and_brightness_leave_them_as_they_are(gain: float, offset: int) -> None:
    plain, toned = find_details(grey_photo()), find_details(cv2.convertScaleAbs(grey_photo(), alpha=gain, beta=offset))
    assert np.abs(plain.values.astype(int) - toned.values).max() <= 2
    assert toned.count == pytest.approx(plain.count, rel=0.02)


def test_a_smooth_trend_has_none() -> None:
    y, x = np.mgrid[0:1:200j, 0:1:300j]
    for shades in (np.full((200, 300), 90.0), 40 + 150 * x, 200 - 90 * x * y, 30 + 100 * (x - 0.3) ** 2):
        details = find_details(np.rint(shades).astype(np.uint8))
        assert not details.there
        assert not details.values.any()
    assert find_details(grey_photo()).there


def test_a_sketch_keeps_them() -> None:
    sketch = describe(load_sample_image("flower.jpg"))
    again = Sketch.from_bytes(sketch.to_bytes())
    np.testing.assert_array_equal(again.details.values, sketch.details.values)
    assert again.details.count == pytest.approx(sketch.details.count, rel=1e-6)
    assert again.details.values.shape == NONE.values.shape == (SIDE, SIDE)
    even = describe(np.full((100, 150, 3), 77, np.uint8))
    assert not Sketch.from_bytes(even.to_bytes()).details.there


def test_many_are_told_as_each_alone() -> None:
    photo = load_sample_image("china.jpg")
    edits = [one for one in (*ATTACKS, *HARD_ATTACKS) if one.relation == "near"]
    known = [describe(decode(edited(photo, one, "china"), MAX_PIXELS)) for one in edits]
    known += [describe(load_sample_image("flower.jpg")), describe(np.zeros((60, 60, 3), np.uint8))]
    new = describe(photo)
    for stretch in (1.3, 3.0):
        alone = [align_shading(one, new, stretch) is not None for one in known]
        np.testing.assert_array_equal(agree_in_shading(new, known, np.full(len(known), stretch)), alone)
        assert 10 < sum(alone) < len(alone)
    wide = [one for one, edit in zip(known, edits, strict=False) if edit.name == "aspect-2.2"]
    assert list(agree_in_shading(new, wide, np.full(1, 3.0))) == [True]
    assert list(agree_in_shading(new, wide, np.full(1, 1.3))) == [False]
