"""JPEG files with a hole: the decoder makes a picture of them, and half of it is not there."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from worker.engine.picture.decode import decode, decode_reduced
from worker.engine.picture.jpeg_damage import decode_checked_jpeg

PIXELS = 10**8
KINDS = {
    "baseline": {"quality": 90},
    "optimised": {"quality": 90, "optimize": True},
    "progressive": {"quality": 75, "progressive": True},
    "with restarts": {"quality": 90, "restart_marker_blocks": 50},
    "grey": {"quality": 90, "optimize": True},
    "four colours": {"quality": 90},
    "all of the colours": {"quality": 90, "subsampling": 0},
}
MODES = {"grey": "L", "four colours": "CMYK"}


def encoded(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def photo(kind: str) -> bytes:
    image = Image.fromarray(load_sample_image("china.jpg"))
    return encoded(image.convert(MODES.get(kind, "RGB")), **KINDS[kind])


def drawing(kind: str) -> bytes:
    """Mostly of one colour, whose code may be a row of zeros."""
    image = Image.new("RGB", (1200, 900), "white")
    ImageDraw.Draw(image).text((500, 400), "a drawing", fill="navy")
    return encoded(image.convert(MODES.get(kind, "RGB")), **KINDS[kind])


def with_hole(data: bytes, at: float, size: int, what: bytes = b"\0") -> bytes:
    start = data.index(b"\xff\xda") + 20
    place = start + int(at * (len(data) - start - size - 20))
    return data[:place] + what * size + data[place + size :]


@pytest.mark.parametrize("size", [64, 512, 4096])
@pytest.mark.parametrize("at", [0.0, 0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_sector_is_damage(kind: str, at: float, size: int) -> None:
    damaged = with_hole(photo(kind), at, size)
    for read in (decode, decode_reduced):
        with pytest.raises(UnreadableImage, match="truncated or damaged JPEG file"):
            read(damaged, PIXELS)


@pytest.mark.parametrize("kind", KINDS)
def test_so_is_one_that_holds_something_else(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, 4096, dtype=np.uint8).tobytes()
    data = photo(kind)
    middle = len(data) // 2
    for damaged in (with_hole(data, 0.5, 4096, b"\xff"), data[:middle] + noise + data[middle + 4096 :]):
        with pytest.raises(UnreadableImage, match="truncated or damaged JPEG file"):
            decode(damaged, PIXELS)


@pytest.mark.parametrize("kind", KINDS)
def test_an_end_marker_behind_a_hole_makes_nothing_whole(kind: str) -> None:
    data = photo(kind)
    for share in (0.4, 0.7, 0.95):
        for hole in (b"", bytes(512), bytes(len(data) - int(share * len(data)))):
            with pytest.raises(UnreadableImage, match="truncated or damaged JPEG file"):
                decode(data[: int(share * len(data))] + hole + b"\xff\xd9", PIXELS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_may_be_a_row_of_zeros(kind: str) -> None:
    assert decode(drawing(kind), PIXELS).shape == (900, 1200, 3)
    assert decode(photo(kind), PIXELS).shape == (427, 640, 3)


@pytest.mark.parametrize("options", [{"optimize": True}, {"progressive": True}])
def test_so_may_a_shading(options: dict[str, bool]) -> None:
    falling = np.tile(255 - np.arange(4096) // 16, (64, 1)).astype(np.uint8)
    for quality in (1, 50, 100):
        assert decode(encoded(Image.fromarray(falling), quality=quality, **options), PIXELS).shape == (64, 4096, 3)


def test_the_drawing_has_such_a_row() -> None:
    data = drawing("optimised")
    assert bytes(256) in data[data.index(b"\xff\xda") :]


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 40, b"\xff" * 7])
def test_a_few_bytes_before_the_end_are_padding(padding: bytes) -> None:
    data = photo("baseline")
    assert (decode(data[:-2] + padding + data[-2:], PIXELS) == decode(data, PIXELS)).all()


def test_zeros_behind_the_picture_are_no_hole_in_it() -> None:
    data = photo("baseline")
    assert (decode(data + bytes(5000), PIXELS) == decode(data, PIXELS)).all()


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


# What libjpeg warns of, or stumbles over, and what takes nothing from the picture: it stops at the first of them.
HARMLESS = {
    "stray bytes between segments": lambda data: data[:20] + b"\1\2\3" + data[20:],
    "an unknown version of JFIF": lambda data: data[:11] + b"\7" + data[12:],
    "an unknown number of Adobe's": lambda data: data[:2] + segment(0xEE, b"Adobe\0d\0\0\0\0\x09") + data[2:],
    "a profile that is cut off": lambda data: data[:2] + segment(0xE2, b"ICC_PROFILE\0\7\1abc") + data[2:],
    "the head of a scan that means nothing": lambda data: data.replace(
        b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\x3f\0", b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0\0\0"
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_takes_nothing_from_the_picture_hides_no_damage(name: str) -> None:
    odd = HARMLESS[name](photo("baseline"))
    assert odd != photo("baseline")
    assert (decode(odd, PIXELS) == decode(photo("baseline"), PIXELS)).all()
    for damaged in (with_hole(odd, 0.5, 4096), odd[: len(odd) // 2] + b"\xff\xd9"):
        with pytest.raises(UnreadableImage, match="truncated or damaged JPEG file"):
            decode(damaged, PIXELS)


def test_a_marker_that_makes_no_sense_is_damage() -> None:
    data = photo("with restarts")
    middle = len(data) // 2
    for marker in (0xC0, 0xC4, 0xC5, 0xCC, 0xDB, 0xE5, 0xFE):
        with pytest.raises(UnreadableImage, match="truncated or damaged JPEG file"):
            decode(data[:middle] + bytes((0xFF, marker, 0, 9)) + data[middle:], PIXELS)


def by_opencv(data: bytes, divisor: int) -> np.ndarray:
    """What OpenCV makes of a file at a scale."""
    scale = {1: 0, 2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4}[divisor]
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION | scale
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)


@pytest.mark.parametrize("side", [1, 17, 640, 2049, 4099])
@pytest.mark.parametrize("kind", [*KINDS, "half of the colours", "a quarter of them"])
def test_the_pass_that_looks_for_damage_gives_what_opencv_gives(kind: str, side: int) -> None:
    options = {"half of the colours": {"subsampling": 1}, "a quarter of them": {"subsampling": "4:1:1"}}
    image = Image.fromarray(load_sample_image("china.jpg")).resize((side, side * 2 // 3 + 1))
    data = encoded(image.convert(MODES.get(kind, "RGB")), **KINDS.get(kind) or options[kind])
    found = decode_reduced(data, PIXELS)
    assert found.divisor == (1 if side < 2048 else 2 if side < 4096 else 4)
    assert (found.picture == by_opencv(data, found.divisor)).all()
    assert (decode_checked_jpeg(data) is None) == (kind == "four colours")


ADOBES = {number: segment(0xEE, b"Adobe\0d\0\0\0\0" + bytes((number,))) for number in (0, 1, 2)}
COLOURS = {
    "without JFIF": lambda data: data[:2] + data[20:],
    "without JFIF, by Adobe": lambda data: data[:2] + ADOBES[1] + data[20:],
    "without JFIF, RGB by Adobe": lambda data: data[:2] + ADOBES[0] + data[20:],
    "JFIF against Adobe": lambda data: data[:20] + ADOBES[0] + data[20:],
    "letters for numbers": lambda data: renumbered(data, b"RGB"),
    "letters, without JFIF": lambda data: renumbered(data[:2] + data[20:], b"RGB"),
    "from 0 on": lambda data: renumbered(data, b"\0\1\2"),
}


def renumbered(data: bytes, numbers: bytes) -> bytes:
    """The file with other numbers for its components."""
    out, frame, scan = bytearray(data), data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    out[frame + 10 : frame + 19 : 3] = out[scan + 5 : scan + 11 : 2] = numbers
    return bytes(out)


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_those_that_the_file_tells(name: str) -> None:
    data = COLOURS[name](photo("baseline"))
    assert (decode(data, PIXELS) == by_opencv(data, 1)).all()
