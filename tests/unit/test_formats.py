"""docs/formats.md says what is read, by whom, and what is refused: each kind in its table has a file here."""

import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from tests.unit.rare_files import (
    bmp_of,
    lossless_jpeg_of,
    mapped_bmp,
    psd_of,
    sun_of,
    tga_of,
    with_channels,
)
from tests.unit.test_misread import cropped_avif
from tests.unit.test_misread_pnm import classic, pam
from tests.unit.test_tiff import COLOUR as OF_TIFF
from tests.unit.test_tiff import GREYS as GREY_OF_TIFF
from tests.unit.test_tiff import at_depth, lab_to_rgb
from tests.unit.tiff_files import CMYK, FRACTION, GREY, LAB, PALETTE, RGB, Layout, tiff_of
from worker.engine.picture import headers
from worker.engine.picture.decode import decode, probe

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
ELSEWHERE = {"HEIC", "JPEG XL", "camera raw"}  # formats that tests of their own hold
NAMES = {"opencv": "OpenCV", "pillow": "Pillow"}
PIXELS = 10**8

COLOUR = load_sample_image("china.jpg")[100:140, 200:260].copy()
COLOUR[:2] = 255
GREYS = COLOUR[..., 0].copy()
INK = (GREYS < 128).astype(np.uint8)
ALPHA = (np.add.outer(np.arange(40), np.arange(60)) * 2 + 30).astype(np.uint8)
BGR = COLOUR[..., ::-1].copy()
MAP = np.stack([np.arange(256), 255 - np.arange(256), np.arange(256) // 2], axis=1).astype(np.uint8)
IMAGE = Image.fromarray(COLOUR)
SOFT = Image.fromarray(COLOUR).resize((15, 10)).resize((60, 40), Image.Resampling.BICUBIC)  # what lossy coding keeps
SEE_THROUGH = Image.fromarray(np.dstack([COLOUR, ALPHA]))


def rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return np.rint(colours * share + 255 * (1 - share))


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def written(suffix: str, values: np.ndarray) -> bytes:
    return cv2.imencode(suffix, values)[1].tobytes()


def fields(places: tuple[int, ...], widths: tuple[int, ...], bits: int) -> tuple[bytes, np.ndarray]:
    """A BMP whose red, green, blue and alpha begin at these bits; and what it shows."""
    channels = [*np.moveaxis(COLOUR, 2, 0), ALPHA][: len(places)]
    cut = [np.rint(one * ((2**width - 1) / 255)).astype(np.uint32) for one, width in zip(channels, widths, strict=True)]
    pixels = np.bitwise_or.reduce([one << place for one, place in zip(cut, places, strict=True)])
    masks = tuple(2**width - 1 << place for place, width in zip(places, widths, strict=True))
    shown = [np.rint(one * (255 / (2**width - 1))) for one, width in zip(cut, widths, strict=True)]
    colours = np.dstack(shown[:3])
    data = bmp_of(pixels, bits, (*masks, 0)[:4], header=56 if len(places) == 4 else 40)
    return data, over_white(colours, shown[3]) if len(places) == 4 else colours


def gif_on_canvas() -> tuple[bytes, np.ndarray]:
    small = IMAGE.quantize(64)
    data = bytearray(saved(small, "GIF"))
    data[6:10] = struct.pack("<HH", 100, 80)
    at = data.index(b",", 13 + (6 << (data[10] & 7)))
    data[at + 1 : at + 5] = struct.pack("<HH", 20, 10)
    shown = np.full((80, 100, 3), 255)
    shown[10:50, 20:80] = np.asarray(small.convert("RGB"))
    return bytes(data), shown


def transparent_gif() -> tuple[bytes, np.ndarray]:
    small = IMAGE.quantize(64)
    numbers = np.asarray(small)
    shown = np.asarray(small.convert("RGB")).copy()
    shown[numbers == 7] = 255
    return saved(small, "GIF", transparency=7), shown


def jpeg_2000(image: Image.Image, **options: Any) -> bytes:
    return saved(image, "JPEG2000", mct=0, **options)


def deep_jpeg_2000(colours: np.ndarray) -> bytes:
    lossless = (cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000)
    return cv2.imencode(".jp2", colours[..., ::-1].astype(np.uint16), lossless)[1].tobytes()


def with_depth(data: bytes, bits: int) -> bytes:
    """A JPEG 2000 stream that is said to have values of so many bits, which lie around the middle of its range."""
    at = data.index(b"\xff\x4f\xff\x51") + 42
    count = struct.unpack_from(">H", data, at - 2)[0]
    for number in range(count):
        data = data[: at + 3 * number] + bytes((bits - 1,)) + data[at + 3 * number + 1 :]
    return data


def with_fifth_channel(data: bytes) -> bytes:
    """In its header alone."""
    at = data.index(b"\xff\x4f\xff\x51") + 40
    return data[:at] + struct.pack(">H", 5) + data[at + 2 : at + 14] + bytes((7, 1, 1)) + data[at + 14 :]


def sycc() -> bytes:
    data = jpeg_2000(Image.frombytes("RGB", IMAGE.size, IMAGE.convert("YCbCr").tobytes()))
    return in_space(data, 18)


def in_space(data: bytes, space: int) -> bytes:
    at = data.index(b"colr") + 7
    return data[:at] + struct.pack(">I", space) + data[at + 4 :]


def apple_png() -> bytes:
    data = saved(IMAGE, "PNG")
    return data[:8] + struct.pack(">I4s4sI", 4, b"CgBI", b"\x50\0\x20\x02", 0) + data[8:]


def jpeg_as(marker: int, depth: int = 8) -> bytes:
    data = bytearray(saved(IMAGE, "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = marker, depth
    return bytes(data)


def interlaced_png() -> bytes:
    """Adam7's seven passes, by the text of PNG."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    raw = b"".join(
        b"\0" + row.tobytes() for left, top, across, down in passes for row in COLOUR[top::down, left::across]
    )
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 60, 40, 8, 2, 0, 0, 1)), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def as_tiff(values: np.ndarray, bits: int, photometric: int, **options: Any) -> bytes:
    return tiff_of(at_depth(values, bits), Layout(bits, photometric, **options))


def lab_tiff() -> tuple[bytes, np.ndarray]:
    lab = np.dstack([np.rint(GREYS / 255 * 80 + 10), np.full(GREYS.shape, 12), COLOUR[..., 1] / 8.0 - 16])
    stored = np.rint(lab * [2.55, 1, 1]).astype(np.int64)
    return tiff_of(stored & 255, Layout(8, LAB)), lab_to_rgb(stored / [2.55, 1, 1])


def lab_psd() -> tuple[bytes, np.ndarray]:
    stored = np.dstack([GREYS // 2 + 40, np.full(GREYS.shape, 140), COLOUR[..., 1] // 8 + 112]).astype(np.uint8)
    return psd_of(stored, 9), lab_to_rgb((stored - [0.0, 128, 128]) / [2.55, 1, 1])


# libwebp's own, of which nothing is seen.
ONE_COLOUR = bytes.fromhex("5249464614000000574542505650384c080000002f63c01810888808")
INKS = np.dstack([COLOUR, np.full(GREYS.shape, 60, np.uint8)])
PRINTED = np.rint((255.0 - COLOUR) * (195 / 255))
HALF = np.full(GREY_OF_TIFF.shape, 128, np.uint8)
LEVELS = np.stack([np.arange(256)] * 3).ravel() * 257
LINEAR = (COLOUR / 255).astype(np.float32)
NARROW = np.rint(np.rint(COLOUR * (15 / 255)) * 17)

# Of each kind a file, what it shows, and how far from that what is read may be, in levels.
READ: dict[str, dict[str, tuple[bytes, np.ndarray, int]]] = {
    "JPEG": {
        "grey": (saved(SOFT.convert("L"), "JPEG", quality=100), rgb(np.asarray(SOFT.convert("L"))), 3),
        "colours": (saved(SOFT, "JPEG", quality=100, subsampling=0), np.asarray(SOFT), 6),
        "CMYK": (saved(Image.fromarray(INKS, "CMYK").resize((6, 4)).resize((60, 40)), "JPEG", quality=100),
                 np.asarray(Image.fromarray(INKS, "CMYK").resize((6, 4)).resize((60, 40)).convert("RGB")), 8),
        "progressive": (saved(SOFT, "JPEG", quality=100, subsampling=0, progressive=True), np.asarray(SOFT), 6),
        "lossless grey": (lossless_jpeg_of(GREYS), rgb(GREYS), 0),
        "lossless colours": (lossless_jpeg_of(COLOUR), COLOUR, 0),
    },
    "PNG": {
        "grey": (saved(IMAGE.convert("L"), "PNG"), rgb(np.asarray(IMAGE.convert("L"))), 0),
        "colours": (saved(IMAGE, "PNG"), COLOUR, 0),
        "palette": (saved(IMAGE.quantize(64), "PNG"), np.asarray(IMAGE.quantize(64).convert("RGB")), 0),
        "16 bits": (written(".png", BGR.astype(np.uint16) * 257), COLOUR, 0),
        "alpha": (saved(SEE_THROUGH, "PNG"), over_white(COLOUR, ALPHA), 1),
        "transparent grey": (saved(Image.fromarray(GREYS), "PNG", transparency=int(GREYS[20, 20])),
                             rgb(np.where(GREYS[20, 20] == GREYS, 255, GREYS)), 0),
        "interlaced": (interlaced_png(), COLOUR, 0),
    },
    "WebP": {
        "lossy": (saved(SOFT, "WEBP", quality=100), np.asarray(SOFT), 24),
        "lossless": (saved(IMAGE, "WEBP", lossless=True), COLOUR, 0),
        "alpha": (saved(SEE_THROUGH, "WEBP", lossless=True, exact=True), over_white(COLOUR, ALPHA), 1),
        "one colour in 28 bytes": (ONE_COLOUR, np.full((100, 100, 3), 255), 0),
    },
    "GIF": {
        "palette": (saved(IMAGE.quantize(64), "GIF"), np.asarray(IMAGE.quantize(64).convert("RGB")), 0),
        "transparent colour": (*transparent_gif(), 0),
        "uncovered canvas": (*gif_on_canvas(), 0),
    },
    "BMP": {
        "24 bits": (saved(IMAGE, "BMP"), COLOUR, 0),
        "palette": (mapped_bmp(GREYS, MAP, packed=False), MAP[GREYS], 0),
        "run-lengths": (mapped_bmp(GREYS, MAP, packed=True), MAP[GREYS], 0),
        "5-6-5 bits": (*fields((11, 5, 0), (5, 6, 5), 16), 2),
        "alpha in 32 bits": (*fields((16, 8, 0, 24), (8, 8, 8, 8), 32), 1),
        "alpha in 16 bits": (*fields((8, 4, 0, 12), (4, 4, 4, 4), 16), 1),
        "10 bits a colour": (*fields((20, 10, 0), (10, 10, 10), 32), 0),
        "fields in any order": (*fields((8, 24, 0, 16), (8, 8, 8, 8), 32), 1),
    },
    "TIFF": {
        "1 to 16 bits": (as_tiff(GREY_OF_TIFF, 10, GREY), rgb(GREY_OF_TIFF), 1),
        "planes": (as_tiff(OF_TIFF, 16, RGB, planes=True), OF_TIFF, 0),
        "alpha": (as_tiff(np.dstack([OF_TIFF, HALF]), 16, RGB, extra=(2,)), over_white(OF_TIFF, HALF), 1),
        "premultiplied alpha": (as_tiff(np.dstack([np.rint(OF_TIFF * (128 / 255)), HALF]), 16, RGB, extra=(1,)),
                                over_white(OF_TIFF, HALF), 2),
        "grey with alpha": (as_tiff(np.dstack([GREY_OF_TIFF, HALF]), 8, GREY, extra=(2,), planes=True),
                            over_white(rgb(GREY_OF_TIFF), HALF), 1),
        "palette": (tiff_of(GREYS, Layout(8, PALETTE, more=((320, tuple(LEVELS)),))), rgb(GREYS), 0),
        "CMYK": (as_tiff(INKS, 8, CMYK), PRINTED, 1),
        "Lab": (*lab_tiff(), 6),
        "fractions": (tiff_of(OF_TIFF / 255, Layout(32, RGB, kind=FRACTION)), OF_TIFF, 0),
        "large files": (as_tiff(GREYS, 8, GREY, big=True, order=">"), rgb(GREYS), 0),
    },
    "AVIF": {
        "colours": (saved(SOFT, "AVIF", quality=100, subsampling="4:4:4"), np.asarray(SOFT), 4),
        "alpha": (saved(Image.merge("RGBA", (*SOFT.split(), Image.new("L", SOFT.size, 128))), "AVIF", quality=100,
                        subsampling="4:4:4"), over_white(np.asarray(SOFT), np.full(GREYS.shape, 128)), 4),
    },
    "JPEG 2000": {
        "grey": (jpeg_2000(IMAGE.convert("L")), rgb(np.asarray(IMAGE.convert("L"))), 0),
        "colours": (jpeg_2000(IMAGE), COLOUR, 0),
        "alpha": (jpeg_2000(SEE_THROUGH), over_white(COLOUR, ALPHA), 1),
        "4 bits": (with_depth(jpeg_2000(Image.fromarray((NARROW[..., 0] / 17 + 120).astype(np.uint8))), 4),
                   rgb(NARROW[..., 0]), 0),
        "12 bits": (with_depth(deep_jpeg_2000(at_depth(COLOUR, 12) + 32_768 - 2048), 12), COLOUR, 0),
        "16 bits": (deep_jpeg_2000(COLOUR.astype(np.uint16) * 257), COLOUR, 0),
        "sYCC": (sycc(), COLOUR, 3),
        "channels in any order": (with_channels(jpeg_2000(Image.fromarray(BGR)), [(0, 0, 3), (1, 0, 2), (2, 0, 1)]),
                                  COLOUR, 0),
    },
    "PNM": {
        "PBM": (classic(4, np.packbits(INK, axis=1)), rgb(255 - 255 * INK), 0),
        "PGM": (classic(5, GREYS, 255), rgb(GREYS), 0),
        "PPM": (classic(6, COLOUR, 255), COLOUR, 0),
        "any greatest value": (classic(5, np.rint(GREYS * (1000 / 255)).astype(">u2"), 1000), rgb(GREYS), 1),
        "PAM": (pam(COLOUR, 255, "RGB"), COLOUR, 0),
        "PAM with alpha": (pam(np.dstack([COLOUR, ALPHA]), 255, "RGB_ALPHA"), over_white(COLOUR, ALPHA), 1),
        "PFM": (written(".pfm", LINEAR[..., ::-1].copy()), COLOUR, 0),
    },
    "Radiance HDR": {"run-lengths": (written(".hdr", LINEAR[..., ::-1].copy()), 255 * LINEAR ** (1 / 2.2), 3)},
    "Sun raster": {
        "1 bit": (sun_of(np.packbits(INK, axis=1), 1, 1, width=60), rgb(255 - 255 * INK), 0),
        "grey": (sun_of(GREYS, 8, 1), rgb(GREYS), 0),
        "colour map": (sun_of(GREYS, 8, 1, MAP), MAP[GREYS], 0),
        "colours": (sun_of(BGR, 24, 1), COLOUR, 0),
        "run-lengths": (sun_of(BGR, 24, 2), COLOUR, 0),
        "red first": (sun_of(COLOUR, 24, 3), COLOUR, 0),
    },
    "TGA": {
        "colours": (tga_of(BGR, 2, 24), COLOUR, 0),
        "alpha": (tga_of(np.dstack([BGR, ALPHA]), 2, 32, said=0x28), over_white(COLOUR, ALPHA), 1),
        "grey": (tga_of(GREYS, 3, 8), rgb(GREYS), 0),
        "colour map": (tga_of(GREYS, 1, 8, colours=MAP), MAP[GREYS], 0),
        "run-lengths": (tga_of(BGR, 10, 24), COLOUR, 0),
    },
    "ICO": {
        "PNG inside": (saved(IMAGE, "ICO", sizes=[(60, 40)]), COLOUR, 0),
        "BMP inside": (saved(IMAGE, "ICO", sizes=[(60, 40)], bitmap_format="bmp"), COLOUR, 0),
    },
    "Photoshop": {
        "bitmap": (psd_of(INK[..., None], 0, bits=1), rgb(255 - 255 * INK), 0),
        "grey": (psd_of(GREYS[..., None], 1), rgb(GREYS), 0),
        "palette": (psd_of(GREYS[..., None], 2, colours=MAP), MAP[GREYS], 0),
        "RGB": (psd_of(np.dstack([COLOUR, ALPHA]), 3), COLOUR, 0),
        "CMYK": (psd_of(255 - INKS, 4), PRINTED, 1),
        "Lab": (*lab_psd(), 1),
        "16 bits": (psd_of(COLOUR.astype(np.uint16) * 257, 3, bits=16), COLOUR, 0),
        "run-lengths": (psd_of(COLOUR, 3, packed=True), COLOUR, 0),
        "large documents": (psd_of(COLOUR, 3, packed=True, large=True), COLOUR, 0),
    },
}  # fmt: skip

# Of each kind a file that is whole, and what is said of it.
REFUSED: dict[str, dict[str, tuple[bytes, str]]] = {
    "JPEG": {
        "12 bits": (jpeg_as(0xC1, 12), "JPEG picture of 12 bits a sample"),
        "arithmetic coding": (jpeg_as(0xC9), "JPEG picture of a rare coding (arithmetic)"),
        "layers": (jpeg_as(0xC5), "JPEG picture of a rare coding (in layers)"),
    },
    "PNG": {"Apple's own kind": (apple_png(), "PNG picture of Apple's own kind (CgBI)")},
    "BMP": {
        "JPEG inside": (bmp_of(GREYS.astype(np.uint32), 32, (), 40, coding=4), "BMP picture of 32 bits, compression 4"),
        "64 bits": (bmp_of(GREYS.astype(np.uint64), 64, (), 40, coding=0), "BMP picture of 64 bits, compression 0"),
        "scattered masks": (bmp_of(GREYS.astype(np.uint32), 32, (5, 2, 8, 0)), "32 bits with masks 5, 2"),
    },
    "TIFF": {
        "inks of other colours": (as_tiff(INKS, 8, CMYK, more=((332, (2,)),)), "TIFF picture of inks"),
        "channels of several depths": (as_tiff(COLOUR, 8, RGB, more=((258, (5, 6, 5)),)), "such channels or depths"),
        "unknown compression": (as_tiff(GREYS, 8, GREY, more=((259, (34712,)),)), "with compression 34712"),
    },
    "AVIF": {
        "clean aperture": (cropped_avif(), "AVIF picture that its file crops (clap)"),
        "old make": (saved(SOFT, "AVIF").replace(b"hdlr", b"hxlr"), "AVIF picture that its decoder does not take"),
    },
    "JPEG 2000": {
        "colour spaces of other kinds": (in_space(jpeg_2000(IMAGE), 24), "JPEG 2000 picture of colour space 24"),
        "premultiplied alpha": (with_channels(jpeg_2000(SEE_THROUGH), [(0, 0, 1), (1, 0, 2), (2, 0, 3), (3, 2, 0)]),
                                "in a rare order or colour space"),
        "five channels": (with_fifth_channel(jpeg_2000(SEE_THROUGH)), "with channels of 8, 8, 8, 8, 8 bits"),
    },
    "PNM": {"PAM of other kinds": (pam(INKS, 255, "CMYK"), "PAM picture of kind")},
    "Sun raster": {"packed 32 bits": (sun_of(INKS, 32, 2), "Sun raster picture of kind 2, 32 bits")},
    "TGA": {"15 bits": (tga_of(GREYS.astype("<u2"), 2, 15), "TGA picture of 15 bits")},
    "Photoshop": {
        "32 bits": (psd_of(COLOUR.astype(np.uint32), 3, bits=32), "Photoshop document of 32 bits"),
        "no picture of all layers": (psd_of(COLOUR, 3, real=False), "saved without its picture"),
        "zipped picture": (psd_of(COLOUR, 3, coding=2), "Photoshop document with compression 2"),
    },
}  # fmt: skip


def rows() -> dict[str, list[str]]:
    """The table: what stands in its columns, by format."""
    lines = re.findall(r"^\| ([^|]+) \| ([^|]*) \| ([^|]*) \|([^|]*)\|$", PAGE.read_text(), re.MULTILINE)
    return {name: [cell.strip() for cell in cells] for name, *cells in lines if name not in ("format", "---")}


ROWS = rows()
KINDS = [(name, kind) for name, kinds in READ.items() for kind in kinds]
REFUSALS = [(name, kind) for name, kinds in REFUSED.items() for kind in kinds]


def test_every_format_that_is_known_has_a_row() -> None:
    assert set(headers._READERS) - ELSEWHERE == set(READ)
    assert set(ROWS) - ELSEWHERE == set(READ)


@pytest.mark.parametrize("name", READ)
def test_a_row_says_what_is_held_here(name: str) -> None:
    read, by, refused = ROWS[name]
    assert read.split("; ") == list(READ[name])
    assert (refused.split("; ") if refused else []) == list(REFUSED.get(name, {}))
    readers = {NAMES.get(probe(data).reader, "imagesieve") for data, *_ in READ[name].values()}
    assert set(by.split(", ")) == readers


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_what_is_read_is_what_was_written(name: str, kind: str) -> None:
    data, shown, within = READ[name][kind]
    assert probe(data).format == name
    found = decode(data, PIXELS)
    assert found.shape == shown.shape
    assert np.abs(found - shown.astype(float)).max() <= within + 0.5


@pytest.mark.parametrize(("name", "kind"), REFUSALS)
def test_what_is_refused_is_named_and_not_called_damaged(name: str, kind: str) -> None:
    data, said = REFUSED[name][kind]
    with pytest.raises(UnreadableImage, match=re.escape(said)) as caught:
        decode(data, PIXELS)
    assert caught.value.kind is FailureKind.UNSUPPORTED
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_half_a_file_is_damaged_or_refused_by_its_header(name: str, kind: str) -> None:
    data = READ[name][kind][0]
    with pytest.raises(UnreadableImage) as caught:
        decode(data[: len(data) // 2], PIXELS)
    assert caught.value.kind is FailureKind.DAMAGED


@pytest.mark.parametrize("kind", READ["JPEG 2000"])
def test_a_jpeg_2000_without_its_end_is_never_half_read(kind: str) -> None:
    data = READ["JPEG 2000"][kind][0]
    whole = decode(data, PIXELS)
    for missing in (1, 2, 10, 100, 500):
        try:
            found = decode(data[:-missing], PIXELS)
        except UnreadableImage:
            continue
        np.testing.assert_array_equal(found, whole)
