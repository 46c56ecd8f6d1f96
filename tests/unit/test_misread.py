"""Files that were read wrongly, so that different ones became one black picture, or damaged ones whole."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from worker.engine.picture.decode import decode
from worker.engine.proof.sameness import compare_files
from worker.engine.sketch.impression import take_impression

PIXELS = 10**8
GREY = np.asarray(Image.fromarray(load_sample_image("china.jpg")).convert("L").resize((60, 40)))


def tiff(order: str, entries: list[tuple[int, int, int, int]], blobs: bytes) -> bytes:
    """A TIFF file of one directory: tag, type, count, value or offset; blobs begin at byte 8."""
    at = 8 + len(blobs)
    mark = b"II" if order == "<" else b"MM"
    out = struct.pack(f"{order}2sHI", mark, 42, at) + blobs + struct.pack(f"{order}H", len(entries))
    for tag, kind, count, value in sorted(entries):
        inline = kind == 3 and count == 1
        out += struct.pack(f"{order}HHI", tag, kind, count)
        out += struct.pack(f"{order}HH", value, 0) if inline else struct.pack(f"{order}I", value)
    return out + bytes(4)


def picture(order: str, bits: int, photometric: int, data: bytes, more: list[tuple[int, int, int, int]]) -> bytes:
    height, width = GREY.shape
    return tiff(
        order,
        [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, photometric),
         (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, height), (279, 4, 1, GREY.size * bits // 8), *more],
        data,
    )  # fmt: skip


def palette_tiff(indices: np.ndarray, scale: int) -> bytes:
    """scale: 257 for a colour map in 16 bits, 1 for one whose values stay below 256."""
    colours = np.tile(np.arange(256) * scale, 3).astype("<u2").tobytes()
    return picture("<", 8, 3, indices.tobytes() + colours, [(320, 3, 768, 8 + indices.size)])


def test_a_colour_map_of_8_bits_is_not_black() -> None:
    one, other = (decode(palette_tiff(grey, 1), PIXELS) for grey in (GREY, GREY[::-1].copy()))
    assert (one == GREY[..., None]).all()
    assert (one != other).any()
    assert (decode(palette_tiff(GREY, 257), PIXELS) == GREY[..., None]).all()


@pytest.mark.parametrize("bits", [8, 1])
def test_sun_raster_in_grey_is_not_black(bits: int) -> None:
    values = GREY if bits == 8 else np.packbits(GREY < 128, axis=1)
    if values.shape[1] % 2:
        values = np.pad(values, ((0, 0), (0, 1)))
    data = struct.pack(">8I", 0x59A66A95, 60, 40, bits, values.size, 1, 0, 0) + values.tobytes()
    found = decode(data, PIXELS)
    assert found.shape == (40, 60, 3)
    assert (found == (GREY if bits == 8 else np.where(GREY < 128, 0, 255))[..., None]).all()


def test_16_bits_mean_the_same_in_either_order_of_bytes() -> None:
    deep = GREY.astype(np.uint16) * 200
    one, other = (picture(order, 16, 1, deep.astype(f"{order}u2").tobytes(), []) for order in "<>")
    assert (decode(one, PIXELS) == decode(other, PIXELS)).all()
    assert decode(one, PIXELS).max() == deep.max() >> 8


RAW_TAGS = {
    "DNG": [(50706, 1, 4, 0x00000401)],
    "NEF or ARW": [(254, 4, 1, 1), (330, 4, 1, 8)],
    "PEF": [(262, 3, 1, 32803)],
}


@pytest.mark.parametrize("kind", RAW_TAGS)
def test_a_camera_s_raw_file_is_named_not_read_as_its_thumbnail(kind: str) -> None:
    names = {tag for tag, *_ in RAW_TAGS[kind]}
    entries = [(256, 3, 1, 60), (257, 3, 1, 40), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8),
               (277, 3, 1, 1), (278, 3, 1, 40), (279, 4, 1, GREY.size)]  # fmt: skip
    file = tiff("<", [*(entry for entry in entries if entry[0] not in names), *RAW_TAGS[kind]], GREY.tobytes())
    with pytest.raises(UnreadableImage, match="camera raw picture"):
        decode(file, PIXELS)


def test_so_is_canon_s() -> None:
    file = bytearray(tiff("<", [(256, 3, 1, 60), (257, 3, 1, 40)], b"CR\2\0" + bytes(12)))
    with pytest.raises(UnreadableImage, match="camera raw picture"):
        decode(bytes(file), PIXELS)


def jpeg(**options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(load_sample_image("china.jpg")).save(out, "JPEG", quality=90, **options)
    return out.getvalue()


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_with_half_its_scan_and_an_end_marker_is_damaged(progressive: bool) -> None:
    data = jpeg(progressive=progressive)
    with pytest.raises(UnreadableImage, match="truncated or damaged JPEG file"):
        take_impression(data[: len(data) // 2] + b"\xff\xd9", PIXELS)


def test_a_jpeg_with_a_hole_is_damaged() -> None:
    """Such a file became the keeper of the copy that was whole."""
    data = jpeg()
    middle = len(data) // 2
    with pytest.raises(UnreadableImage, match="truncated or damaged JPEG file"):
        take_impression(data[:middle] + data[middle + 3000 :], PIXELS)


def test_stray_bytes_between_segments_take_nothing_from_a_jpeg() -> None:
    """Some cameras write them, and libjpeg warns of them, too."""
    data = jpeg()
    stray = data[:-2] + b"\0\0\0" + data[-2:]
    at = data.index(b"\xff\xdb")
    between = data[:at] + b"\1\2\3" + data[at:]
    for file in (stray, between):
        assert (decode(file, PIXELS) == decode(data, PIXELS)).all()


def test_different_pictures_that_decode_to_one_colour_are_never_identical() -> None:
    """Whatever a decoder does."""
    black = [cv2.imencode(".png", np.zeros((8, 8, channels), np.uint8))[1].tobytes() for channels in (1, 3)]
    one, other = (take_impression(data, PIXELS).facts.pixels for data in black)
    assert one != other


def deep_picture(photometric: int, data: bytes, more: list[tuple[int, int, int, int]]) -> bytes:
    return picture("<", 16, photometric, data, more)


def test_16_bits_of_which_0_is_white_are_turned() -> None:
    deep = GREY.astype("<u2") * 257
    assert (decode(deep_picture(0, deep.tobytes(), []), PIXELS) == 255 - GREY[..., None]).all()
    assert (decode(deep_picture(1, deep.tobytes(), []), PIXELS) == GREY[..., None]).all()


def test_fractions_of_which_0_is_white_are_refused() -> None:
    file = picture("<", 32, 0, (GREY / np.float32(255)).astype("<f4").tobytes(), [(339, 3, 1, 3)])
    with pytest.raises(UnreadableImage, match="no natural numbers"):
        decode(file, PIXELS)


@pytest.mark.parametrize(("bits", "kind"), [(8, 2), (16, 2), (32, 3)])
def test_values_that_are_no_natural_numbers_are_not_proved(bits: int, kind: int) -> None:
    values = (GREY // 2).astype({8: "i1", 16: "<i2", 32: "<f4"}[bits])
    file = picture("<", bits, 1, values.tobytes(), [(339, 3, 1, kind)])
    assert "not natural numbers" in compare_files(file, file, PIXELS).against


def grey_and_alpha(extra: int, alpha: int) -> bytes:
    height, width = GREY.shape
    values = np.dstack([GREY, np.full_like(GREY, alpha)])
    return tiff(
        "<",
        [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 2, 8 | 8 << 16), (259, 3, 1, 1), (262, 3, 1, 1),
         (273, 4, 1, 8), (277, 3, 1, 2), (278, 3, 1, height), (279, 4, 1, values.size), (338, 3, 1, extra)],
        values.tobytes(),
    )  # fmt: skip


@pytest.mark.parametrize("extra", [1, 2])
def test_grey_with_alpha_is_read(extra: int) -> None:
    assert (decode(grey_and_alpha(extra, 255), PIXELS) == GREY[..., None]).all()


def test_a_webp_of_fewer_than_32_bytes_is_read() -> None:
    """libwebp's own test file: 100 x 100 pixels of one colour."""
    file = bytes.fromhex("5249464614000000574542505650384c080000002f63c01810888808")
    assert len(file) < 32
    found = decode(file, PIXELS)
    assert found.shape == (100, 100, 3)
    assert (found == found[:1, :1]).all()


def cropped_avif() -> bytes:
    """With a clean aperture of half its width among its properties."""
    out = io.BytesIO()
    Image.fromarray(load_sample_image("china.jpg")).resize((64, 48)).save(out, "AVIF")
    data = out.getvalue()
    clap = struct.pack(">I4s8I", 40, b"clap", 32, 1, 48, 1, 0, 1, 0, 1)
    pixels = struct.pack(">I", data.index(b"mdat") + 4)
    assert data.count(pixels) == 1
    data = data.replace(pixels, struct.pack(">I", data.index(b"mdat") + 4 + len(clap)))
    for name in (b"meta", b"iprp", b"ipco"):
        at = data.index(name) - 4
        size = struct.unpack_from(">I", data, at)[0]
        data = data[:at] + struct.pack(">I", size + len(clap)) + data[at + 4 :]
    end = data.index(b"ipco") - 4 + struct.unpack_from(">I", data, data.index(b"ipco") - 4)[0] - len(clap)
    return data[:end] + clap + data[end:]


def test_an_avif_that_its_file_crops_is_refused_not_shown_whole() -> None:
    with pytest.raises(UnreadableImage, match="AVIF picture that its file crops"):
        decode(cropped_avif(), PIXELS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_that_its_file_turns_is_turned(orientation: int) -> None:
    """Pillow writes the orientation as boxes, `irot` and `imir`."""
    colour = Image.new("RGB", (64, 48), "blue")
    colour.paste("red", (0, 0, 32, 24))
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    colour.save(out, "AVIF", exif=exif, quality=100)
    found = decode(out.getvalue(), PIXELS)
    assert found.shape == ((48, 64, 3) if orientation < 5 else (64, 48, 3))
    corners = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    assert found[corners[orientation]][0] > 200


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_transparent_grey_of_a_png_is_that_one_whatever_its_bits(depth: int) -> None:
    """Of 2 and 4 bits another one became transparent, or none: the picture was another's without transparency."""
    most = (1 << depth) - 1
    greys = np.tile(np.arange(64, dtype=np.uint8) & most, 4).reshape(16, 16)
    greys[0, 0] = most // 2
    bits = np.unpackbits(greys[..., None], axis=2)[..., 8 - depth :].reshape(16, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in np.packbits(bits, axis=1))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 16, 16, depth, 0, 0, 0, 0)), (b"tRNS", struct.pack(">H", most // 2)),
             (b"IDAT", zlib.compress(rows)), (b"IEND", b""))  # fmt: skip
    file = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
    shown = np.where(greys == most // 2, 255, greys * (255 // most))
    assert (decode(file, PIXELS) == shown[..., None]).all()
