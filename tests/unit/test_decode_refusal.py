"""What yields no picture is refused with a reason a user understands: never half a picture, never another error."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from tests.unit.jxl_files import jxl
from tests.unit.test_decode import LOSSLESS, LOSSY, by_opencv, by_pillow
from worker.engine.picture.decode import decode

LIMIT = 1_000_000


def reason(data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(UnreadableImage) as caught:
        decode(data, limit)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty file"),
        (bytes(5000), "nothing but zero bytes"),
        (b"plain words, " * 200, "text"),
        (("Wörter mit Umlauten, " * 100).encode(), "text"),
        (("x" * 1022 + "ü" * 20).encode(), "text"),  # a character cut in two at the end of the sample
        (b"BMW owners of the world", "text"),
        (b"<!DOCTYPE html>\n<HTML>", "web page"),
        (
            b'<?xml version="1.0"?>\n<svg xmlns="x"/>',
            "SVG drawing: not supported by this build; convert it to JPEG or PNG",
        ),
        (b"%PDF-1.7\n...", "PDF"),
        (b"PK\x03\x04" + bytes(100), "ZIP archive"),
        (b"\x1f\x8b\x08" + bytes(100), "gzip"),
        (b"\x00\x00\x00\x18ftypheic\0\0\0\0mif1heic", "truncated or damaged HEIC file (no box with its pictures)"),
        (b"\x00\x00\x00\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\x00\x00\x00\x18ftypcrx \0\0\0\0crx isom", "camera raw"),
        (b"\x00\x00\x00\x18ftypisom\0\0\0\0isomiso2", "video"),
        (b"\x1a\x45\xdf\xa3" + bytes(100), "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\xff\x0a" + bytes(100), "truncated or damaged JPEG XL file"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100), "truncated or damaged JPEG XL file"),
        (b"8BPS" + bytes(100), "Photoshop document of 0 bits"),
        (b"\x7fELF" + bytes(100), "program"),
        (b"\x93\x94\x95\x96" * 300, "no known format"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, said: str) -> None:
    assert said in reason(data)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", FailureKind.EMPTY),
        (bytes(5000), FailureKind.NO_IMAGE),
        (b"%PDF-1.7\n...", FailureKind.NO_IMAGE),
        (b"plain words, " * 200, FailureKind.NO_IMAGE),
        (b"<!DOCTYPE html>\n<HTML>", FailureKind.NO_IMAGE),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', FailureKind.UNSUPPORTED),
        (b"8BPS" + bytes(100), FailureKind.UNSUPPORTED),
        (b"\x00\x00\x00\x18ftypheic\0\0\0\0mif1heic", FailureKind.DAMAGED),
        (b"\x00\x00\x00\x18ftypisom\0\0\0\0isomiso2", FailureKind.NO_IMAGE),
        (LOSSY["jpeg"][:-100], FailureKind.DAMAGED),
        (LOSSLESS["png"][:-100], FailureKind.DAMAGED),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), FailureKind.DAMAGED),
    ],
)
def test_a_refusal_is_of_a_kind(data: bytes, kind: FailureKind) -> None:
    """By which it is counted, and tried again or not, whatever its words."""
    with pytest.raises(UnreadableImage) as caught:
        decode(data, LIMIT)
    assert caught.value.kind is kind


def test_a_picture_beyond_the_limit_is_too_large() -> None:
    with pytest.raises(UnreadableImage) as caught:
        decode(LOSSLESS["png"], 1)
    assert caught.value.kind is FailureKind.TOO_LARGE


def test_an_avif_picture_may_have_a_general_brand_first() -> None:
    data = LOSSY["avif"]
    assert data[8:12] == b"avif"
    general = data[:8] + b"mif1" + data[12:]  # still names avif among its compatible brands
    assert decode(general, LIMIT).shape == (32, 48, 3)


RNG = np.random.default_rng(7)
PHOTO = np.clip(
    np.add.outer(np.arange(90), np.arange(120))[..., None] + RNG.integers(0, 60, (90, 120, 3)), 0, 255
).astype(np.uint8)
IMAGE = Image.fromarray(PHOTO)
WHOLE = {
    "JPEG": by_pillow("JPEG", IMAGE),
    "JPEG progressive": by_pillow("JPEG", IMAGE, progressive=True),
    "PNG": by_pillow("PNG", IMAGE),
    "GIF": by_pillow("GIF", IMAGE),
    "WebP": by_pillow("WEBP", IMAGE),
    "WebP lossless": by_pillow("WEBP", IMAGE, lossless=True),
    "TIFF": by_pillow("TIFF", IMAGE),
    "TIFF LZW": by_pillow("TIFF", IMAGE, compression="tiff_lzw"),
    "TIFF deflate": by_pillow("TIFF", IMAGE, compression="tiff_adobe_deflate"),
    "TIFF JPEG": by_pillow("TIFF", IMAGE, compression="jpeg"),
    "TIFF 16 bit": by_opencv(".tiff", PHOTO.astype(np.uint16) * 257),
    "BMP": by_pillow("BMP", IMAGE),
    "AVIF": by_pillow("AVIF", IMAGE),
    "JPEG 2000": by_pillow("JPEG2000", IMAGE),
    "JPEG XL": jxl(PHOTO, lossless=False),
    "JPEG XL lossless": jxl(PHOTO, boxed=True),
    "PPM": by_pillow("PPM", IMAGE),
    "PFM": by_opencv(".pfm", PHOTO.astype(np.float32) / 255),
    "Radiance": by_opencv(".hdr", PHOTO.astype(np.float32) / 255),
    "Sun": by_opencv(".ras", PHOTO),
    "TGA": by_pillow("TGA", IMAGE),
}


@pytest.mark.parametrize("part", [0.02, 0.3, 0.5, 0.7, 0.9, 0.98])
@pytest.mark.parametrize("kind", WHOLE)
def test_a_truncated_file_is_refused(kind: str, part: float) -> None:
    data = WHOLE[kind]
    assert decode(data, LIMIT).shape == PHOTO.shape
    assert reason(data[: int(len(data) * part)])


@pytest.mark.parametrize("kind", WHOLE)
def test_a_file_without_its_last_bytes_gives_the_whole_picture_or_none(kind: str) -> None:
    data = WHOLE[kind]
    whole = decode(data, LIMIT)
    for missing in range(1, 40):
        try:
            picture = decode(data[:-missing], LIMIT)
        except UnreadableImage:
            continue
        np.testing.assert_array_equal(picture, whole)


@pytest.mark.parametrize(
    "kind", ["JPEG", "JPEG progressive", "PNG", "TIFF LZW", "TIFF deflate", "JPEG 2000", "JPEG XL"]
)
@pytest.mark.parametrize("part", [0.3, 0.7, 0.9])
def test_an_unfinished_download_filled_up_with_zeros_is_refused(kind: str, part: float) -> None:
    data = WHOLE[kind]
    there = int(len(data) * part)
    assert reason(data[:there] + bytes(len(data) - there))


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture() -> None:
    thumbnail = by_pillow("JPEG", IMAGE.resize((16, 12)))
    data = by_pillow("JPEG", IMAGE, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + thumbnail)
    assert decode(data, LIMIT).shape == PHOTO.shape
    assert "its end is missing" in reason(data[: -len(data) // 4] + bytes(len(data) // 4))


def png_header(width: int, height: int, *chunks: bytes) -> bytes:
    ihdr = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + ihdr + struct.pack(">I", zlib.crc32(ihdr)) + b"".join(chunks)


@pytest.mark.parametrize(
    "data",
    [
        png_header(50_000, 40_000),
        b"P6\n# a comment\n50000 40000\n255\n",
        b"P7\nWIDTH 50000\nHEIGHT 40000\nDEPTH 3\nMAXVAL 255\nENDHDR\n",
        b"PF\n50000 40000\n-1.0\n",
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 40000 +X 50000\n",
        b"RIFF\xff\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (49_999).to_bytes(3, "little") + (39_999).to_bytes(3, "little"),
        b"\x59\xa6\x6a\x95" + struct.pack(">7I", 50_000, 40_000, 24, 0, 1, 0, 0),
        b"\xff\xd8\xff\xc0\0\x11\x08"
        + struct.pack(">HH", 40_000, 50_000)
        + b"\x03"
        + bytes(9)
        + b"\xff\xda\0\2\xff\xd9",
        b"\0\0\x02" + bytes(9) + struct.pack("<HH", 50_000, 40_000) + b"\x18\0",
        b"GIF89a" + struct.pack("<HH", 50_000, 40_000) + b"\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x4c\x01\0;",
        b"BM" + bytes(12) + struct.pack("<IiiHHIIiiII", 40, 50_000, 40_000, 1, 24, 0, 0, 0, 0, 0, 0),
    ],
    ids=["png", "ppm", "pam", "pfm", "hdr", "webp", "sun", "jpeg", "tga", "gif", "bmp"],
)
def test_a_picture_above_the_limit_is_refused_by_its_header(data: bytes) -> None:
    # There are no pixels in these files: any other reason would mean that decoding was tried.
    assert reason(data, 200_000_000) == (
        "larger than the limit: 50000 x 40000 = 2,000 megapixels; the limit is 200 (IMAGESIEVE_MAX_PIXELS)"
    )


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY])
def test_the_limit_itself_is_allowed(kind: str) -> None:
    data = (LOSSLESS | LOSSY)[kind]
    assert decode(data, 48 * 32).shape == (32, 48, 3)
    assert "larger than the limit: 48 x 32" in reason(data, 48 * 32 - 1)


def test_a_gif_frame_larger_than_its_screen_counts() -> None:
    data = bytearray(WHOLE["GIF"])
    at = data.index(b"\x2c", 13 + 3 * 2 ** ((data[10] & 7) + 1))
    data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    assert "larger than the limit: 60000 x 60000" in reason(bytes(data))


def test_an_icon_that_understates_its_picture_is_refused() -> None:
    data = bytearray(by_pillow("ICO", IMAGE.resize((64, 64)), sizes=[(64, 64)]))
    (start,) = struct.unpack_from("<I", data, 18)
    data[start + 16 : start + 24] = struct.pack(">II", 50_000, 50_000)
    assert "larger than the limit: 50000 x 50000" in reason(bytes(data))


def test_a_png_chunk_cannot_claim_more_than_the_file_has() -> None:
    # OpenCV would set 4 GB aside for it.
    assert "a chunk reaches beyond its end" in reason(
        png_header(10, 10, struct.pack(">I", 0xFFFFFF00) + b"IDAT" + bytes(50))
    )


def test_a_header_that_contradicts_the_picture_is_refused() -> None:
    icon = bytearray(by_pillow("ICO", IMAGE.resize((64, 64)), sizes=[(64, 64), (32, 32)], bitmap_format="bmp"))
    first = struct.unpack_from("<I", icon, 18)[0]
    second = struct.unpack_from("<I", icon, 34)[0]
    smaller = max((first, second), key=lambda start: -struct.unpack_from("<i", icon, start + 4)[0])
    struct.pack_into("<ii", icon, smaller + 4, 100, 200)
    assert "its header says" in reason(bytes(icon)) or "damaged" in reason(bytes(icon))


def test_a_size_of_nothing_is_refused() -> None:
    assert "0 x 40" in reason(png_header(0, 40))


def picture_or_reason(data: bytes) -> str | tuple[tuple[int, ...], np.dtype]:
    """Shape and type of the picture, or why there is none; any other error comes through."""
    try:
        picture = decode(data, LIMIT)
    except UnreadableImage as error:
        return str(error)
    return picture.shape, picture.dtype


SEEDS = sorted({**LOSSLESS, **LOSSY}.values(), key=len)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6),
    st.integers(0, 60),
)
def test_damage_gives_a_picture_or_a_reason(seed: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(seed)
    for at, value in changes:
        data[at % len(data)] = value
    broken = bytes(data[: len(data) - cut])
    outcome = picture_or_reason(broken)
    assert outcome
    assert isinstance(outcome, str) or (outcome[1] == np.uint8 and outcome[0][2:] == (3,))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([seed[:12] for seed in SEEDS]), st.binary(max_size=300))
def test_rubbish_behind_a_signature_is_refused_or_read(start: bytes, rest: bytes) -> None:
    for data in (rest, start + rest):
        assert picture_or_reason(data)


def test_pillow_s_own_limit_does_not_stand_below_ours() -> None:
    # 100 million pixels, above the 89 million at which Pillow warns, in few bytes.
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "TIFF", compression="group4")
    assert decode(buffer.getvalue(), 200_000_000).shape == (10_000, 10_000, 3)


def test_pages_that_follow_each_other_in_a_circle_are_refused_at_once() -> None:
    """Found by `make fuzz`: each of 32,768 rounds looked at the same pages again."""
    out = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(out, "TIFF")
    data = bytearray(out.getvalue())
    [at] = struct.unpack_from("<I", data, 4)
    [count] = struct.unpack_from("<H", data, at)
    struct.pack_into("<I", data, at + 2 + 12 * count, at)
    with pytest.raises(UnreadableImage, match="in a circle"):
        decode(bytes(data), 10**6)
