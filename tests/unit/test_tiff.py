"""Every kind of TIFF is read as what it shows, whoever reads it, or refused by name: never as something else.

What a file shows is computed here from the values that are written into it, by no decoder.
"""

from itertools import product

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from tests.unit.test_sameness import PNG, against
from tests.unit.tiff_files import (
    CMYK,
    DEFLATE,
    FRACTION,
    GREY,
    GREY_FROM_WHITE,
    ICC_LAB,
    LAB,
    LZW,
    NONE,
    PACKBITS,
    PALETTE,
    RGB,
    SIGNED,
    UNSAID,
    Layout,
    tiff_of,
)
from worker.engine.picture.decode import decode, decode_reduced, probe

PIXELS = 10**8
COLOUR = load_sample_image("china.jpg")[100:140, 200:261].copy()
COLOUR[0, :8] = 255  # of 16 bits what is in use counts
GREYS = COLOUR[..., 0].copy()
ALPHA = (np.add.outer(np.arange(40), np.arange(61)) * 2 + 30).astype(np.uint8)
ALPHA[0, 0] = 255
DEPTHS = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16)
MULTIPLIED, PLAIN_ALPHA, ANYTHING = 1, 2, 0  # kinds of further channels


def at_depth(values: np.ndarray, bits: int) -> np.ndarray:
    return np.rint(values * ((2**bits - 1) / 255)).astype(np.uint32)


def shown(values: np.ndarray, bits: int) -> np.ndarray:
    """What is left of 8-bit values at that depth, as RGB."""
    found = np.rint(at_depth(values, bits) * (255 / (2**bits - 1)))
    return found if found.ndim == 3 else np.repeat(found[..., None], 3, axis=2)


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return np.rint(colours * share + 255 * (1 - share))


def check(data: bytes, expected: np.ndarray, within: int = 1) -> None:
    found = decode(data, PIXELS)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= within


@pytest.mark.parametrize(("bits", "order"), [*product(DEPTHS, "<>")])
@pytest.mark.parametrize("photometric", [GREY, GREY_FROM_WHITE])
def test_greys_of_any_depth(bits: int, order: str, photometric: int) -> None:
    expected = shown(GREYS, bits)
    data = tiff_of(at_depth(GREYS, bits), Layout(bits, photometric, order))
    check(data, 255 - expected if photometric == GREY_FROM_WHITE else expected)


@pytest.mark.parametrize(("bits", "order", "planes"), [*product(DEPTHS, "<>", [False, True])])
def test_colours_of_any_depth(bits: int, order: str, planes: bool) -> None:
    check(tiff_of(at_depth(COLOUR, bits), Layout(bits, RGB, order, planes=planes)), shown(COLOUR, bits))


@pytest.mark.parametrize(("bits", "order", "planes"), [*product((8, 10, 12, 14, 16), "<>", [False, True])])
@pytest.mark.parametrize("extra", [MULTIPLIED, PLAIN_ALPHA, ANYTHING])
def test_a_fourth_channel(bits: int, order: str, planes: bool, extra: int) -> None:
    stored = np.rint(COLOUR * (ALPHA[..., None] / 255)) if extra == MULTIPLIED else COLOUR
    values = np.dstack([at_depth(stored, bits), at_depth(ALPHA, bits)])
    data = tiff_of(values, Layout(bits, RGB, order, planes=planes, extra=(extra,)))
    check(data, COLOUR if extra == ANYTHING else over_white(COLOUR, ALPHA), within=2)


# A grey that was multiplied by its alpha is not to be had back from a few bits.
@pytest.mark.parametrize(
    ("bits", "planes", "extra"),
    [case for case in product(DEPTHS, [False, True], [PLAIN_ALPHA, MULTIPLIED, ANYTHING])
     if case[0] >= 8 or case[2] != MULTIPLIED],
)  # fmt: skip
def test_grey_with_alpha(bits: int, planes: bool, extra: int) -> None:
    stored = np.rint(GREYS * (ALPHA / 255)) if extra == MULTIPLIED else GREYS
    values = np.dstack([at_depth(stored, bits), at_depth(ALPHA, bits)])
    data = tiff_of(values, Layout(bits, GREY, planes=planes, extra=(extra,)))
    grey = shown(GREYS, bits)
    check(data, grey if extra == ANYTHING else over_white(grey, shown(ALPHA, bits)[..., 0]), within=2)


@pytest.mark.parametrize(("bits", "planes"), [*product((8, 10, 16), [False, True])])
def test_inks(bits: int, planes: bool) -> None:
    black = np.full_like(GREYS, 60)
    data = tiff_of(at_depth(np.dstack([COLOUR, black]), bits), Layout(bits, CMYK, planes=planes))
    check(data, np.rint((255.0 - COLOUR) * (195 / 255)), within=2)


@pytest.mark.parametrize(("bits", "order", "planes"), [*product((16, 32, 64), "<>", [False, True])])
def test_fractions(bits: int, order: str, planes: bool) -> None:
    check(tiff_of(COLOUR / 255, Layout(bits, RGB, order, FRACTION, planes)), COLOUR)
    check(tiff_of(GREYS / 255, Layout(bits, GREY, order, FRACTION)), shown(GREYS, 8))
    with_alpha = np.dstack([COLOUR, ALPHA]) / 255
    check(tiff_of(with_alpha, Layout(bits, RGB, order, FRACTION, planes, (2,))), over_white(COLOUR, ALPHA), within=2)


def test_fractions_of_which_nothing_is_said_are_grey() -> None:
    check(tiff_of(GREYS / 255, Layout(32, UNSAID, kind=FRACTION)), shown(GREYS, 8))


@pytest.mark.parametrize("bits", [16, 32])
def test_fractions_as_a_predictor_leaves_them(bits: int) -> None:
    layout = Layout(bits, RGB, kind=FRACTION, coding=DEFLATE, predictor=3)
    check(tiff_of(COLOUR / 255, layout), COLOUR)


def test_natural_numbers_of_32_bits_do_not_wrap() -> None:
    values = GREYS.astype(np.uint32) << 24
    low, high = int(GREYS.min()), int(GREYS.max())
    expected = np.rint((GREYS - low) * (255 / (high - low)))
    check(tiff_of(values, Layout(32)), np.repeat(expected[..., None], 3, axis=2))


@pytest.mark.parametrize("planes", [False, True])
def test_signed_numbers_of_8_bits_are_taken_as_natural_ones(planes: bool) -> None:
    """What writers that say so mean: such a file of Pillow's own tests is a portrait."""
    check(tiff_of(COLOUR, Layout(8, RGB, kind=SIGNED, planes=planes)), COLOUR)
    check(tiff_of(GREYS, Layout(8, kind=SIGNED)), shown(GREYS, 8))


@pytest.mark.parametrize("bits", [16, 32])
def test_signed_numbers_do_not_wrap(bits: int) -> None:
    values = (GREYS.astype(np.int64) - 128) << (bits - 8)
    found = decode(tiff_of(values & (2**bits - 1), Layout(bits, kind=SIGNED)), PIXELS)[..., 0]
    dark, bright = GREYS.ravel().argsort()[[0, -1]]
    assert found.ravel()[dark] < 40
    assert found.ravel()[bright] == 255


LAYOUTS = [
    (coding, predictor, side, big, order)
    for coding, predictor, side, big, order in product(
        (NONE, LZW, DEFLATE, PACKBITS), (1, 2), (0, 16), (False, True), "<>"
    )
    if predictor == 1 or coding in (LZW, DEFLATE)
]


@pytest.mark.parametrize(("coding", "predictor", "side", "big", "order"), LAYOUTS)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_strips_tiles_and_codings(coding: int, predictor: int, side: int, big: bool, order: str, bits: int) -> None:
    kind = np.uint8 if bits == 8 else np.uint16
    predictor = 1 if bits == 12 else predictor  # TIFF has none for these
    for planes in (False, True):
        layout = Layout(bits, RGB, order, coding=coding, predictor=predictor, side=side, big=big, planes=planes)
        check(tiff_of(at_depth(COLOUR, bits).astype(kind), layout), shown(COLOUR, bits))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
def test_bits_of_a_byte_in_the_other_order(bits: int) -> None:
    check(tiff_of(at_depth(GREYS, bits), Layout(bits, reverse=True)), shown(GREYS, bits))


@pytest.mark.parametrize("scale", [257, 1])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_colour_maps(bits: int, scale: int) -> None:
    numbers = at_depth(GREYS, min(bits, 8))
    levels = np.arange(2**bits) * 255 // (2**bits - 1)
    colours = np.stack([levels, levels[::-1], levels // 2])
    data = tiff_of(numbers, Layout(bits, PALETTE, more=((320, tuple((colours * scale).ravel())),)))
    check(data, colours.T[numbers])


def lab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """CIE 15 and IEC 61966-2-1, with Bradford's matrix from D50 to D65 multiplied in."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.96422, 1, 0.82521)
    matrix = np.array([[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540],
                       [0.0719453, -0.2289914, 1.4052427]])  # fmt: skip
    linear = np.clip(xyz @ matrix.T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize(("bits", "photometric", "planes"), [*product((8, 16), (LAB, ICC_LAB), (False, True))])
def test_lab(bits: int, photometric: int, planes: bool) -> None:
    lightness = np.rint(GREYS / 255 * 80 + 10)
    lab = np.dstack([lightness, np.full_like(lightness, 12), (COLOUR[..., 1] / 8.0 - 16)])
    steps = np.array([2.55, 1, 1] if bits == 8 else [655.35, 256, 256])
    stored = np.rint(lab * steps).astype(np.int64)
    expected = lab_to_rgb(stored / steps)
    if photometric == ICC_LAB:
        stored[..., 1:] += 1 << (bits - 1)
    # LittleCMS, by which Pillow reads the usual kind, looks between the points of a grid.
    by_pillow = (bits, photometric, planes) == (8, LAB, False)
    check(tiff_of(stored & (2**bits - 1), Layout(bits, photometric, planes=planes)), expected, 6 if by_pillow else 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_is_read_here_is_turned_as_by_the_libraries(orientation: int) -> None:
    said = ((274, (orientation,)),)
    by_library = tiff_of(COLOUR, Layout(8, RGB, more=said))
    here = tiff_of(at_depth(COLOUR, 16), Layout(16, RGB, planes=True, more=said))
    assert (probe(by_library).reader, probe(here).reader) == ("pillow", "tiff")
    np.testing.assert_array_equal(decode(by_library, PIXELS), decode(here, PIXELS))
    one, other = (decode_reduced(data, PIXELS) for data in (by_library, here))
    assert (one.width, one.height) == (other.width, other.height) == one.picture.shape[1::-1]


REFUSED = {
    "a compression that nobody knows": (Layout(more=((259, (34712,)),)), "compression 34712"),
    "fax of 16 bits": (Layout(16, more=((259, (4,)),)), "compression 4"),
    "inks of other colours": (Layout(8, CMYK, more=((332, (2,)),)), "inks that are not cyan"),
    "colours of several depths": (Layout(8, RGB, more=((258, (5, 6, 5)),)), "such channels or depths"),
    "fractions of which 0 is white": (Layout(32, GREY_FROM_WHITE, kind=FRACTION), "no natural numbers"),
    "complex numbers": (Layout(32, more=((339, (6,)),)), "such channels or depths"),
    "light in logarithms": (Layout(16, 32845), "photometric 32845"),
    "fractions of 24 bits": (Layout(16, more=((258, (24,)), (339, (3,)))), "such channels or depths"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_nobody_reads_rightly_is_refused_by_name(kind: str) -> None:
    layout, said = REFUSED[kind]
    values = {CMYK: np.dstack([COLOUR, GREYS]), RGB: COLOUR}.get(layout.photometric, GREYS)
    with pytest.raises(UnreadableImage, match=said) as caught:
        decode(tiff_of(values, layout), PIXELS)
    assert caught.value.kind is FailureKind.UNSUPPORTED
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("coding", [NONE, LZW, DEFLATE, PACKBITS])
@pytest.mark.parametrize(("bits", "side"), [(16, 0), (16, 16), (12, 0)])
def test_what_is_cut_off_is_damaged_never_half_read(coding: int, bits: int, side: int) -> None:
    layout = Layout(bits, RGB, planes=True, coding=coding, side=side)
    data = bytearray(tiff_of(at_depth(COLOUR, bits).astype(np.uint16), layout))
    start, count = 8, int.from_bytes(data[4:8], "little") - 8
    cut = bytes(data[: start + count // 2]) + bytes(count - count // 2) + bytes(data[start + count :])
    if coding == NONE:  # nothing tells zeros from values
        assert decode(cut, PIXELS).shape == COLOUR.shape
    else:
        with pytest.raises(UnreadableImage) as caught:
            decode(cut, PIXELS)
        assert caught.value.kind is FailureKind.DAMAGED
    few = tiff_of(COLOUR, Layout(16, RGB, planes=True, more=((279, (10,) * 18),)))
    with pytest.raises(UnreadableImage, match="truncated or damaged TIFF file"):
        decode(few, PIXELS)


def test_tiles_far_larger_than_their_picture_fill_no_memory() -> None:
    data = tiff_of(
        at_depth(COLOUR, 16), Layout(16, RGB, planes=True, side=16, more=((322, (65_520,)), (323, (65_520,))))
    )
    with pytest.raises(UnreadableImage, match="far larger than itself"):
        decode(data, PIXELS)


def test_what_is_read_here_is_not_proved() -> None:
    for layout in (Layout(16, RGB, planes=True), Layout(12), Layout(16, LAB)):
        values = at_depth(COLOUR if layout.photometric != GREY else GREYS, layout.bits)
        data = tiff_of(values, layout)
        assert "not compared" in against(data, data)
        assert against(PNG, data)
