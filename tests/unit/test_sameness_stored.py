"""Stored values that are the same, or are not: depth, transparency, and the numbers of a colour map."""

import io
import struct
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.unit.test_sameness import (
    JPEG,
    PIXELS,
    PNG,
    against,
    animation,
    deep,
    hidden,
    jpeg,
    lost,
    photo,
    rgba,
    saved,
)
from worker.engine.proof.sameness import compare_files
from worker.engine.sketch.impression import take_impression

BLACK, RED, GREY = (0, 0, 0), (255, 0, 0), (9, 9, 9)


def mask(second: int, colours: tuple[tuple[int, int, int], ...] = (BLACK, RED, RED)) -> Image.Image:
    """A mask with two spots, of which the first has number 1 and the other `second`."""
    numbers = np.zeros((40, 60), np.uint8)
    numbers[4:20, 4:20], numbers[24:36, 30:50] = 1, second
    image = Image.frombytes("P", (60, 40), numbers.tobytes())
    image.putpalette(b"".join(bytes(colour) for colour in colours))
    return image


@pytest.mark.parametrize("keeper", ["PNG", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("other", ["PNG", "GIF", "BMP", "TIFF"])
def test_numbers_that_share_a_colour_are_not_the_same_picture(keeper: str, other: str) -> None:
    """Classes of a mask that are painted alike."""
    one, two = saved(mask(1), keeper, optimize=False), saved(mask(2), other, optimize=False)
    assert "numbers of a colour map" in against(one, two)
    assert "numbers of a colour map" in against(two, one)
    assert take_impression(one, PIXELS).facts.pixels != take_impression(two, PIXELS).facts.pixels


def test_nor_are_they_for_a_picture_without_a_colour_map() -> None:
    two = saved(mask(2), "PNG")
    assert "numbers of a colour map" in against(saved(mask(2).convert("RGB"), "PNG"), two)
    assert against(two, saved(mask(2), "PNG", compress_level=1)) == ""


def test_numbers_that_follow_from_their_colours_are_named_where_the_keeper_lacks_them() -> None:
    three = (BLACK, RED, GREY)
    one = saved(mask(2, three), "PNG")
    assert lost(saved(mask(2, three).convert("RGB"), "PNG"), one) == ("the numbers of its colour map",)
    assert lost(one, saved(mask(2, three).convert("RGB"), "PNG")) == ()
    assert lost(one, saved(mask(2, three), "PNG", compress_level=1)) == ()
    assert lost(one, saved(mask(2, three), "BMP")) == ()
    assert len({take_impression(file, PIXELS).facts.pixels for file in (one, saved(mask(2, three), "BMP"))}) == 1


def test_a_number_beyond_the_colour_map_is_not_told_from_black() -> None:
    """Decoders paint it so."""
    numbers = np.asarray(mask(2)).copy()
    short = Image.frombytes("P", (60, 40), numbers.tobytes())
    short.putpalette(bytes((*BLACK, *RED)))
    data = saved(short, "BMP")
    assert int.from_bytes(data[46:50], "little") == 2
    assert against(saved(Image.open(io.BytesIO(data)).convert("RGB"), "PNG"), data)


@pytest.mark.parametrize("format", ["PNG", "WebP", "TIFF"])
def test_a_transparent_picture_that_is_packed_anew_is_identical_again(format: str) -> None:
    one = hidden("photo")
    options = {"PNG": {"compress_level": 1}, "WebP": {"lossless": True, "exact": True}, "TIFF": {}}[format]
    two = saved(Image.open(io.BytesIO(one)), format, **options)
    assert lost(one, two) == ()
    assert lost(two, one) == ()
    assert take_impression(one, PIXELS).facts.pixels == take_impression(two, PIXELS).facts.pixels


def test_webp_that_drops_the_colour_below_transparency_is_not() -> None:
    one = hidden("photo")
    two = saved(Image.open(io.BytesIO(one)), "WebP", lossless=True)
    assert "stored values" in against(two, one)
    assert take_impression(one, PIXELS).facts.pixels != take_impression(two, PIXELS).facts.pixels


def test_16_bits_that_are_packed_anew_are_identical_again() -> None:
    one = deep(7)
    values = cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_UNCHANGED)
    two = cv2.imencode(".png", values, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
    three = cv2.imencode(".tiff", values)[1].tobytes()
    assert two != one
    assert [lost(one, other) for other in (two, three)] == [(), ()]
    assert len({take_impression(file, PIXELS).facts.pixels for file in (one, two, three)}) == 1


def test_grey_of_16_bits_and_the_same_in_three_colours_is_one_picture() -> None:
    grey = np.asarray(photo().convert("L")).astype(np.uint16) * 256 + 3
    one, two = (cv2.imencode(".png", values)[1].tobytes() for values in (grey, np.dstack([grey] * 3)))
    assert lost(two, one) == ()
    assert lost(one, two) == ()


@pytest.mark.parametrize(
    ("keeper", "other", "expected"),
    [
        (lambda: JPEG, lambda: deep(7), ("its 16 bits",)),
        (lambda: JPEG, lambda: saved(rgba(7, "photo"), "PNG"), ("its transparency",)),
        (lambda: saved(rgba(9, "photo"), "PNG"), lambda: saved(rgba(7, "photo"), "PNG"), ()),
        (lambda: PNG, lambda: jpeg(icc_profile=bytes(36) + b"acsp"), ("its colour profile", "its coding as JPEG")),
        (lambda: JPEG, lambda: animation("PNG"), ("frames of an animation",)),
        (lambda: JPEG, lambda: saved(photo(), "AVIF"),
         ("what is not compared (AVIF files can hold more than is read of them here)",)),
        (lambda: JPEG, lambda: saved(mask(2), "PNG"), ("the numbers of its colour map",)),
    ],
)  # fmt: skip
def test_what_an_edited_copy_alone_has_is_named(
    keeper: Callable[[], bytes], other: Callable[[], bytes], expected: tuple[str, ...]
) -> None:
    """`--kind near` takes it all the same, and the dry run says so."""
    assert compare_files(keeper(), other(), PIXELS).lost == expected


def colour_map(low: int) -> bytes:
    """A TIFF file whose colour map has 16 bits, of which decoders give 8."""
    data = bytearray(saved(photo().quantize(16), "TIFF"))
    at = struct.unpack_from("<I", data, data.index(struct.pack("<HHI", 320, 3, 768)) + 8)[0]
    data[at + 2 * 3] = low
    return bytes(data)


def test_a_colour_map_of_16_bits_is_not_compared() -> None:
    assert "colour map of 16 bits" in against(colour_map(1), colour_map(2))
