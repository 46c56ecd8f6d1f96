"""Netpbm's formats: every kind is read as what it shows, at whatever greatest value it has."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from tests.unit.test_sameness import PNG, against, photo, saved
from worker.engine.picture.decode import decode, probe

PIXELS = 10**8
COLOUR = load_sample_image("china.jpg")[100:140, 200:260]
GREY = COLOUR[..., 0].copy()
INK = (GREY < 128).astype(np.uint8)
HEIGHT, WIDTH = GREY.shape


def rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def classic(kind: int, values: np.ndarray, most: int = 0) -> bytes:
    head = f"P{kind}\n# made by a test\n{WIDTH} {HEIGHT}\n".encode() + (f"{most}\n".encode() if most else b"")
    return head + values.tobytes() if kind > 3 else head + b" ".join(b"%d" % value for value in values.ravel()) + b"\n"


def pam(values: np.ndarray, most: int, kind: str = "") -> bytes:
    depth = 1 if values.ndim == 2 else values.shape[2]
    said = f"TUPLTYPE {kind}\n" if kind else ""
    head = f"P7\nWIDTH {WIDTH}\n# by a test\nHEIGHT {HEIGHT}\nDEPTH {depth}\nMAXVAL {most}\n{said}ENDHDR\n"
    return head.encode() + values.tobytes()


def scaled(values: np.ndarray, most: int) -> np.ndarray:
    """Values of 0 to 255 as those of 0 to `most`, as a file has them."""
    found = np.rint(values * (most / 255))
    return found.astype(np.uint8 if most < 256 else ">u2")


FILES = {
    "raw ink": (classic(4, np.packbits(INK, axis=1)), rgb(255 - 255 * INK)),
    "ink as text": (classic(1, INK), rgb(255 - 255 * INK)),
    "ink as text without spaces": (classic(1, INK).replace(b" ", b"").replace(b"P1\n#madebyatest\n6040", b"P1 60 40"),
                                   rgb(255 - 255 * INK)),
    "raw grey": (classic(5, GREY, 255), rgb(GREY)),
    "grey as text": (classic(2, GREY, 255), rgb(GREY)),
    "colours as text": (classic(3, COLOUR, 255), COLOUR),
    "raw colours": (classic(6, COLOUR, 255), COLOUR),
    "PAM of ink": (pam(1 - INK, 1, "BLACKANDWHITE"), rgb(255 - 255 * INK)),
    "PAM of grey": (pam(GREY, 255, "GRAYSCALE"), rgb(GREY)),
    "PAM of colours": (pam(COLOUR, 255, "RGB"), COLOUR),
    "PAM without a kind": (pam(COLOUR, 255), COLOUR),
    "opaque PAM": (pam(np.dstack([COLOUR, np.full_like(GREY, 255)]), 255, "RGB_ALPHA"), COLOUR),
    "clear PAM": (pam(np.dstack([COLOUR, np.zeros_like(GREY)]), 255, "RGB_ALPHA"), np.full_like(COLOUR, 255)),
    "opaque grey PAM": (pam(np.dstack([GREY, np.full_like(GREY, 255)]), 255, "GRAYSCALE_ALPHA"), rgb(GREY)),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_is_what_it_shows(kind: str) -> None:
    data, shown = FILES[kind]
    assert probe(data).format == "PNM"
    np.testing.assert_array_equal(decode(data, PIXELS), shown)


@pytest.mark.parametrize("most", [100, 200, 254, 1023, 4095, 65535])
@pytest.mark.parametrize("kind", [2, 3, 5, 6, 7])
def test_the_greatest_value_is_white(kind: int, most: int) -> None:
    shown = COLOUR if kind in (3, 6, 7) else GREY
    shown = shown.copy()
    shown[0, :8] = 255  # 16 bits are looked at for what is in use of them
    values = scaled(shown, most)
    data = pam(values, most, "RGB") if kind == 7 else classic(kind, values, most)
    found = decode(data, PIXELS).astype(int)
    assert np.abs(found - (shown if shown.ndim == 3 else rgb(shown))).max() <= (2 if most < 255 else 1)


@pytest.mark.parametrize("kind", FILES)
def test_what_is_missing_is_refused(kind: str) -> None:
    data = FILES[kind][0]
    with pytest.raises(UnreadableImage, match="truncated or damaged PNM file"):
        decode(data[: len(data) * 3 // 4], PIXELS)


@pytest.mark.parametrize(
    "data",
    [
        b"P5 60 40 0\n" + bytes(2400), b"P5 60 40 70000\n" + bytes(4800), b"P5 60 x 255\n" + bytes(2400),
        b"P7\nWIDTH 60\nHEIGHT 40\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + bytes(9600),
        b"P7\nWIDTH 60\n" + bytes(9600),
    ],
)  # fmt: skip
def test_headers_that_make_no_sense_are_refused(data: bytes) -> None:
    with pytest.raises(UnreadableImage, match="PNM file whose header cannot be read"):
        decode(data, PIXELS)


def test_a_text_of_nothing_fills_no_memory() -> None:
    with pytest.raises(UnreadableImage, match="missing"):
        decode(b"P3 9999 9999 255\n1 2 3", PIXELS)


def test_what_is_read_is_not_yet_proved() -> None:
    values = np.asarray(photo())
    head = f"{values.shape[1]} {values.shape[0]}\n"
    text = f"P3 {head}255\n".encode() + b" ".join(b"%d" % value for value in values.ravel())
    assert "PNM files of this kind" in against(PNG, text)
    assert "PNM files of this kind" in against(text, PNG)
    assert against(PNG, saved(photo(), "PPM")) == ""
