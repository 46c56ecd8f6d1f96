"""Depths other than 8 bit come down to 8 without turning different pictures into the same one."""

import cv2
import numpy as np
import pytest

from shared.errors import UnreadableImage
from worker.engine.picture.channels import to_8_bit, to_rgb
from worker.engine.picture.decode import decode


def test_16_bit_keeps_its_upper_half() -> None:
    values = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    assert to_8_bit(values).tolist() == [[0, 0, 1, 128, 255]]


def test_12_bit_values_in_16_bit_use_the_whole_range() -> None:
    assert to_8_bit(np.array([[0, 16, 2048, 4095]], np.uint16)).tolist() == [[0, 1, 128, 255]]
    assert to_8_bit(np.array([[0, 16, 255]], np.uint16)).tolist() == [[0, 16, 255]]


DARK = np.random.default_rng(6).integers(0, 2000, (100, 120))


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.uint32, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_one_bright_pixel_does_not_make_the_rest_black(dtype: type, channels: int) -> None:
    """A hot one, of a sensor; as bright as can be."""
    values = np.repeat(DARK[..., None], channels, axis=2).astype(dtype)
    hot = values.copy()
    hot[50, 60] = np.finfo(dtype).max if values.dtype.kind == "f" else np.iinfo(dtype).max
    found = to_8_bit(hot).astype(int)
    assert (found[50, 60] == 255).all()
    found[50, 60] = to_8_bit(values)[50, 60]
    assert np.abs(found - to_8_bit(values)).max() <= 1
    assert found.max() > 100


def test_two_dark_pictures_with_a_bright_pixel_stay_different_as_files() -> None:
    first, second = (values.astype(np.uint16) for values in (DARK, DARK[::-1].copy()))
    first[3, 3] = second[3, 3] = 65_535
    pictures = [decode(cv2.imencode(".png", values)[1].tobytes(), 10**6) for values in (first, second)]
    assert pictures[0].mean() > 40
    assert (pictures[0] != pictures[1]).mean() > 0.9


@pytest.mark.parametrize("bright", [2, 100])
def test_lights_in_the_dark_are_part_of_the_picture(bright: int) -> None:
    """More than one pixel in 10,000."""
    values = DARK.astype(np.uint16)
    values.ravel()[: bright + 1] = 60_000
    np.testing.assert_array_equal(to_8_bit(values), values >> 8)
    np.testing.assert_array_equal(to_8_bit(values.astype(np.float32)), np.rint(values * (255 / 60_000)))


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".pgm"])
def test_two_dark_16_bit_pictures_stay_different(suffix: str) -> None:
    rng = np.random.default_rng(5)
    first, second = (rng.integers(0, 2000, (20, 30), dtype=np.uint16) for _ in range(2))
    pictures = [decode(cv2.imencode(suffix, values)[1].tobytes(), 1000) for values in (first, second)]
    assert pictures[0].max() > 100
    assert (pictures[0] != pictures[1]).any()


def test_floats_from_0_to_1_are_taken_as_they_are() -> None:
    assert to_8_bit(np.array([[0.0, 0.2, 0.5]], np.float32)).tolist() == [[0, 51, 128]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint32, np.int16])
def test_other_ranges_are_spread(dtype: type) -> None:
    assert to_8_bit(np.array([[-0, 100, 200, 1000]], dtype)).tolist() == [[0, 26, 51, 255]]


def test_what_is_not_finite_has_a_place() -> None:
    values = np.array([[np.nan, -np.inf, 0.0, 50.0, 100.0, np.inf]], np.float32)
    assert to_8_bit(values).tolist() == [[0, 0, 0, 128, 255, 255]]
    assert to_8_bit(np.full((2, 2), np.nan, np.float32)).tolist() == [[0, 0], [0, 0]]


def test_the_widest_range_does_not_overflow() -> None:
    largest = np.finfo(np.float64).max
    assert to_8_bit(np.array([[-largest, 0.0, largest]])).tolist() == [[0, 128, 255]]


def test_a_plain_picture_is_grey() -> None:
    assert to_8_bit(np.full((2, 3), 7_000_000, np.int32)).tolist() == [[128] * 3] * 2


def test_strips_give_what_the_whole_would() -> None:
    values = np.linspace(0, 1, 3000 * 3000, dtype=np.float32).reshape(3000, 3000)
    np.testing.assert_array_equal(to_8_bit(values), np.rint(values.astype(np.float64) * 255).astype(np.uint8))


def test_grey_with_alpha_is_composed() -> None:
    pixels = np.array([[[0, 255], [0, 0], [100, 128]]], np.uint8)
    assert to_rgb(pixels)[0, :, 0].tolist() == [0, 255, 177]


def test_float_alpha_is_not_spread_with_the_colours() -> None:
    pixels = np.zeros((1, 2, 4), np.float32)
    pixels[0, 0, 3] = 1
    assert to_rgb(pixels)[0, :, 0].tolist() == [0, 255]


def test_more_channels_are_refused() -> None:
    with pytest.raises(UnreadableImage, match="5 channels"):
        to_rgb(np.zeros((2, 2, 5), np.uint8))
