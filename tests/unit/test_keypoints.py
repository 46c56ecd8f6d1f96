"""Keypoints, their mirror image, and sketches as bytes."""

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import CorruptValue
from worker.engine.matching.bits import hamming
from worker.engine.sketch.keypoints import KEYPOINTS, find_keypoints
from worker.engine.sketch.sketch import Sketch, describe, pixel_digest


@pytest.fixture(scope="module")
def photo():
    return skimage.data.chelsea()


def test_a_mirrored_sketch_is_the_sketch_of_the_mirrored_picture(photo):
    work = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    plain = find_keypoints(work).mirrored(work.shape[1])
    mirrored = find_keypoints(np.ascontiguousarray(work[:, ::-1]))
    bits = hamming(plain.descriptors, mirrored.descriptors)
    nearest = bits.argmin(axis=1)
    same_place = np.linalg.norm(plain.points - mirrored.points[nearest], axis=1) < 3
    assert np.sum(same_place & (bits.min(axis=1) < 20)) > 0.6 * len(plain)


def test_mirroring_twice_changes_nothing(photo):
    sketch = describe(photo)
    width = sketch.frame[0]
    twice = sketch.keypoints.mirrored(width).mirrored(width)
    assert np.array_equal(twice.descriptors, sketch.keypoints.descriptors)
    assert np.array_equal(twice.angles, sketch.keypoints.angles)
    assert np.allclose(twice.points, sketch.keypoints.points)


def test_a_sketch_survives_its_bytes_and_stays_small(photo):
    sketch = describe(photo)
    raw = sketch.to_bytes()
    again = Sketch.from_bytes(raw)
    assert len(raw) < 10_000
    assert KEYPOINTS < len(again.keypoints) == len(sketch.keypoints)
    assert (again.width, again.height, again.plain, again.flat) == (451, 300, sketch.plain, sketch.flat)
    assert np.array_equal(again.keypoints.points, sketch.keypoints.points)
    assert np.array_equal(again.keypoints.descriptors, sketch.keypoints.descriptors)
    assert again.to_bytes() == raw
    assert max(again.picture().shape) == 128


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_bytes_are_refused(data):
    raw = describe(np.full((40, 60, 3), 90, np.uint8)).to_bytes()
    place = data.draw(st.integers(0, len(raw) - 1))
    change = data.draw(st.integers(1, 255))
    damaged = bytearray(raw)
    damaged[place] ^= change
    with pytest.raises(CorruptValue):
        Sketch.from_bytes(bytes(damaged))


@pytest.mark.parametrize("raw", [b"", b"iS", b"x" * 400])
def test_other_bytes_are_refused(raw):
    with pytest.raises(CorruptValue):
        Sketch.from_bytes(raw)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (3, 2), (64, 2500)])
def test_any_size_has_a_sketch(shape):
    picture = np.random.default_rng(2).integers(0, 256, (*shape, 3), np.uint8)
    sketch = Sketch.from_bytes(describe(picture).to_bytes())
    assert (sketch.height, sketch.width) == shape


def test_a_picture_without_corners_has_no_keypoints():
    assert len(describe(np.full((300, 400, 3), 200, np.uint8)).keypoints) == 0


def test_a_page_is_plain_and_a_framed_photo_is_not(photo):
    page = np.full((600, 500, 3), 255, np.uint8)
    cv2.putText(page, "minutes of the meeting", (40, 300), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    framed = cv2.copyMakeBorder(photo, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    assert describe(page).flat > 64
    assert describe(page).plain > 128
    assert describe(photo).plain < 64
    assert describe(framed).plain == pytest.approx(describe(photo).plain, abs=2)


def test_noise_leaves_a_page_plain_but_not_flat(photo):
    page = np.full((600, 500, 3), 240, np.uint8)
    cv2.putText(page, "minutes of the meeting", (40, 300), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    noise = np.random.default_rng(4).normal(0, 12, page.shape)
    noisy = describe(np.clip(page + noise, 0, 255).astype(np.uint8))
    assert noisy.flat < 26
    assert noisy.plain > 77


def test_a_dull_photo_is_plain_but_not_flat():
    sky = np.full((400, 600, 3), 150.0)
    cv2.circle(sky, (300, 200), 190, (60, 70, 80), -1)
    dull = describe(np.rint(sky + np.random.default_rng(5).normal(0, 1.5, (400, 600, 1))).astype(np.uint8))
    assert dull.plain > 77
    assert dull.flat < 51


def test_a_pixel_digest_knows_pixels_and_shape(photo):
    assert pixel_digest(photo) == pixel_digest(np.asfortranarray(photo))
    assert pixel_digest(photo) != pixel_digest(photo.transpose(1, 0, 2))
    assert pixel_digest(np.zeros((2, 6, 3), np.uint8)) != pixel_digest(np.zeros((3, 4, 3), np.uint8))
    changed = photo.copy()
    changed[0, 0, 0] ^= 1
    assert pixel_digest(photo) != pixel_digest(changed)


def test_a_soft_picture_has_keypoints_too(photo):
    soft = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (0, 0), 5)
    assert len(find_keypoints(soft)) > 60


@pytest.mark.parametrize(("words", "side"), [(0, 256), (24, 192), (60, 128)])
def test_a_page_of_few_words_keeps_a_larger_thumbnail(words, side):
    page = np.full((768, 1024, 3), 255, np.uint8)
    for number in range(words):
        place = 40 + 480 * (number % 2), 60 + 22 * (number // 2)
        cv2.putText(page, "minutes of the meeting", place, cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    assert max(describe(page).picture().shape) == side
