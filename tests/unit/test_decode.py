"""Every kind of file that is read comes out as its picture: colours, transparency, orientation, first frame."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from worker.engine.picture.decode import Header, Picture, decode, probe, shrink

LIMIT = 10_000_000


def card(width: int = 48, height: int = 32) -> Picture:
    """A test card no two of whose eight orientations are alike: a red, a green, a blue and a sand-coloured quarter."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (220, 30, 20)
    picture[: height // 2, width // 2 :] = (20, 180, 40)
    picture[height // 2 :, : width // 2] = (30, 40, 200)
    picture[height // 2 :, width // 2 :] = (230, 210, 160)
    return picture


def by_pillow(name: str, image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def by_opencv(suffix: str, pixels: np.ndarray, *options: int) -> bytes:
    return cv2.imencode(suffix, pixels, options)[1].tobytes()


CARD = Image.fromarray(card())
BGR = card()[..., ::-1]
GREY = CARD.convert("L")

LOSSLESS = {
    "png": by_pillow("PNG", CARD),
    "png palette": by_pillow("PNG", CARD.quantize(16)),
    "png 16 bit": by_opencv(".png", BGR.astype(np.uint16) * 257),
    "webp": by_pillow("WEBP", CARD, lossless=True),
    "gif": by_pillow("GIF", CARD.quantize(16)),
    "gif interlaced": by_pillow("GIF", CARD.quantize(16), interlace=1),
    "bmp": by_pillow("BMP", CARD),
    "bmp palette": by_pillow("BMP", CARD.quantize(16)),
    "tiff": by_pillow("TIFF", CARD),
    "tiff lzw": by_pillow("TIFF", CARD, compression="tiff_lzw"),
    "tiff palette": by_pillow("TIFF", CARD.quantize(16)),
    "tiff cmyk": by_pillow("TIFF", CARD.convert("CMYK")),
    "tiff 16 bit": by_opencv(".tiff", BGR.astype(np.uint16) * 257),
    "tiff float": by_opencv(".tiff", BGR.astype(np.float32) / 255),
    "tiff double": by_opencv(".tiff", BGR.astype(np.float64) / 255),
    "jpeg 2000": by_pillow("JPEG2000", CARD),
    "jpeg 2000 stream": by_pillow("JPEG2000", CARD, no_jp2=True),
    "ppm": by_pillow("PPM", CARD),
    "ppm 16 bit": by_opencv(".ppm", BGR.astype(np.uint16) * 257),
    "pam": by_opencv(".pam", card()),  # OpenCV writes the channels as they lie
    "pfm": by_opencv(".pfm", BGR.astype(np.float32) / 255),
    "sun": by_opencv(".ras", BGR),
    "tga": by_pillow("TGA", CARD),
    "tga packed": by_pillow("TGA", CARD, compression="tga_rle"),
}

LOSSY = {
    "jpeg": by_pillow("JPEG", CARD, quality=95),
    "jpeg progressive": by_pillow("JPEG", CARD, quality=95, progressive=True),
    "jpeg cmyk": by_pillow("JPEG", CARD.convert("CMYK"), quality=95),
    "webp": by_pillow("WEBP", CARD, quality=95),
    "avif": by_pillow("AVIF", CARD, quality=95),
    "tiff jpeg": by_pillow("TIFF", CARD, compression="jpeg", quality=95),
    "tiff lab": by_pillow("TIFF", CARD.convert("LAB")),
}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_a_lossless_file_gives_exactly_its_picture(kind: str) -> None:
    picture = decode(LOSSLESS[kind], LIMIT)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    # A palette or CMYK is exact for this card's colours; float is rounded once.
    np.testing.assert_allclose(picture.astype(int), card(), atol=1)


@pytest.mark.parametrize("kind", LOSSY)
def test_a_lossy_file_gives_the_colours_of_its_picture(kind: str) -> None:
    picture = decode(LOSSY[kind], LIMIT).astype(int)
    assert np.abs(picture - card()).mean() < 4


@pytest.mark.parametrize(
    "data",
    [
        by_pillow("JPEG", GREY, quality=100),
        by_pillow("PNG", GREY),
        by_pillow("TIFF", GREY),
        by_pillow("PPM", GREY),
        by_pillow("WEBP", GREY, lossless=True),
    ],
)
def test_grey_becomes_three_equal_channels(data: bytes) -> None:
    picture = decode(data, LIMIT).astype(int)
    np.testing.assert_allclose(picture, np.asarray(GREY, int)[..., None].repeat(3, axis=2), atol=2)


@pytest.mark.parametrize("name", ["PNG", "TIFF", "BMP", "PPM"])
def test_bilevel_is_black_and_white(name: str) -> None:
    bilevel = GREY.point(lambda value: 255 * (value > 100)).convert("1")
    picture = decode(by_pillow(name, bilevel), LIMIT)
    np.testing.assert_array_equal(picture[..., 0], np.asarray(bilevel) * 255)


def test_a_radiance_picture_is_shown_as_bright_as_the_one_it_was_made_from() -> None:
    light = (np.maximum(BGR, 80).astype(np.float32) / 255) ** 2.2  # its shared exponent is coarse in the dark
    picture = decode(by_opencv(".hdr", light), LIMIT).astype(int)
    np.testing.assert_allclose(picture, np.maximum(card(), 80), atol=4)


def see_through() -> Image.Image:
    """The card, opaque at the left, half and wholly transparent towards the right."""
    image = CARD.copy()
    alpha = np.full((32, 48), 255, np.uint8)
    alpha[:, 16:32], alpha[:, 32:] = 128, 0
    image.putalpha(Image.fromarray(alpha))
    return image


@pytest.mark.parametrize(
    "data",
    [
        by_pillow("PNG", see_through()),
        by_pillow("WEBP", see_through(), lossless=True, exact=True),
        by_pillow("TIFF", see_through()),
        by_pillow("TGA", see_through()),
        by_pillow("JPEG2000", see_through()),
        by_opencv(".png", np.asarray(see_through())[..., [2, 1, 0, 3]].astype(np.uint16) * 257),
        by_opencv(".tiff", np.asarray(see_through())[..., [2, 1, 0, 3]].astype(np.uint16) * 257),
    ],
    ids=["png", "webp", "tiff", "tga", "jpeg 2000", "png 16 bit", "tiff 16 bit"],
)
def test_transparency_is_composed_over_white(data: bytes) -> None:
    expected = card().astype(int)
    expected[:, 16:32] = (expected[:, 16:32] * 128 + 255 * 127) // 255
    expected[:, 32:] = 255
    np.testing.assert_allclose(decode(data, LIMIT).astype(int), expected, atol=1)


def test_a_transparent_grey_or_colour_in_a_png_is_white() -> None:
    grey = np.full((8, 8), 60, np.uint8)
    grey[:4] = 100
    assert decode(by_pillow("PNG", Image.fromarray(grey), transparency=100), LIMIT)[0, 0].tolist() == [255] * 3
    data = by_pillow("PNG", CARD, transparency=(220, 30, 20))
    assert decode(data, LIMIT)[0, 0].tolist() == [255] * 3
    palette = CARD.quantize(16)
    data = by_pillow("PNG", palette, transparency=palette.getpixel((0, 0)))
    assert decode(data, LIMIT)[0, 0].tolist() == [255] * 3


def with_tiff_orientation(tiff: bytes, orientation: int) -> bytes:
    """Little-endian `tiff` with tag 274 added to its directory."""
    (at,) = struct.unpack("<I", tiff[4:8])
    (count,) = struct.unpack("<H", tiff[at : at + 2])
    entries = [tiff[at + 2 + 12 * n : at + 14 + 12 * n] for n in range(count)]
    entries = sorted([*entries, struct.pack("<HHIHH", 274, 3, 1, orientation, 0)], key=lambda entry: entry[1::-1])
    tiff += b"\0" * (len(tiff) % 2)
    directory = struct.pack("<H", count + 1) + b"".join(entries) + bytes(4)
    return tiff[:4] + struct.pack("<I", len(tiff)) + tiff[8:] + directory


def stored(orientation: int) -> Picture:
    """What a camera stores so that the orientation tag turns it into the card."""
    undo = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),  # tag 6: turn by 90 degrees clockwise to see it upright
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }[orientation]
    return np.ascontiguousarray(undo(card()))


def oriented(kind: str, orientation: int) -> bytes:
    pixels = stored(orientation)
    exif = Image.Exif()
    exif[274] = orientation
    if kind == "tiff 16 bit":
        return with_tiff_orientation(by_opencv(".tiff", pixels[..., ::-1].astype(np.uint16) * 257), orientation)
    if kind == "tiff":
        return by_pillow("TIFF", Image.fromarray(pixels), tiffinfo={274: orientation})
    if kind == "png, late":  # as exiftool writes it
        data, block = by_pillow("PNG", Image.fromarray(pixels)), exif.tobytes()[6:]
        chunk = struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
        return data[:-12] + chunk + data[-12:]
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95}
    return by_pillow(kind, Image.fromarray(pixels), exif=exif, **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "png, late", "WEBP", "AVIF", "tiff", "tiff 16 bit"])
def test_the_orientation_tag_is_applied(kind: str, orientation: int) -> None:
    picture = decode(oriented(kind, orientation), LIMIT)
    assert picture.shape == (32, 48, 3)
    assert np.abs(picture.astype(int) - card()).mean() < 4


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0nonsense", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
def test_a_broken_exif_block_takes_nothing_from_the_picture(exif: bytes) -> None:
    np.testing.assert_array_equal(decode(by_pillow("PNG", CARD, exif=exif), LIMIT), card())
    assert decode(by_pillow("JPEG", CARD, exif=exif), LIMIT).shape == (32, 48, 3)


def test_an_orientation_out_of_range_is_none() -> None:
    exif = Image.Exif()
    exif[274] = 77
    assert probe(by_pillow("JPEG", CARD, exif=exif)).orientation == 1


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(name: str) -> None:
    frames = [CARD.quantize(16) if name == "GIF" else CARD, CARD.rotate(180), CARD.rotate(180)]
    options = {"lossless": True} if name == "WEBP" else {}
    data = by_pillow(name, frames[0], save_all=True, append_images=frames[1:], **options)
    np.testing.assert_allclose(decode(data, LIMIT).astype(int), card(), atol=1)


def test_of_an_animation_of_very_many_frames_only_the_first_is_decoded() -> None:
    data = by_pillow("GIF", CARD.quantize(16))
    start = data.index(b"\x2c")
    # Decoding them all takes minutes and would end at pytest's time limit.
    many = data[:start] + data[start:-1] * 500_000 + b";"
    np.testing.assert_array_equal(decode(many, LIMIT), card())


def test_a_png_with_damage_beside_its_pixels_is_read() -> None:
    data = by_pillow("PNG", CARD)
    bad = struct.pack(">I", 4) + b"teSt" + b"abcd" + b"\0\0\0\0"  # an ancillary chunk with a wrong checksum
    np.testing.assert_array_equal(decode(data[:33] + bad + data[33:], LIMIT), card())


def test_what_follows_the_end_of_an_image_does_not_matter() -> None:
    for name in ("JPEG", "PNG", "GIF"):
        data = by_pillow(name, CARD.quantize(16) if name == "GIF" else CARD)
        np.testing.assert_array_equal(decode(data + b"\xff\xda motion photo" * 500, LIMIT), decode(data, LIMIT))


def test_an_icon_gives_its_largest_picture() -> None:
    data = by_pillow("ICO", CARD.resize((64, 64)), sizes=[(16, 16), (64, 64), (32, 32)])
    assert decode(data, LIMIT).shape == (64, 64, 3)


@pytest.mark.parametrize("kind", LOSSLESS)
def test_the_header_tells_the_size_before_any_pixel_is_decoded(kind: str) -> None:
    data = LOSSLESS[kind]
    header = probe(data)
    assert (header.width, header.height, header.orientation) == (48, 32, 1)


@pytest.mark.parametrize("kind", ["webp", "gif", "bmp", "ppm", "pam", "pfm", "sun", "tga"])
def test_the_header_is_enough_to_probe(kind: str) -> None:
    assert probe(LOSSLESS[kind][:100]).height == 32


def test_the_header_of_a_turned_picture_is_that_of_the_stored_one() -> None:
    assert probe(oriented("JPEG", 6)) == Header("JPEG", 32, 48, orientation=6)


@pytest.mark.parametrize("shape", [(1, 20_000), (20_000, 1), (1, 1), (3, 500), (223, 225), (2000, 3000)])
def test_shrink_takes_any_proportions(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), (10, 120, 240), np.uint8)
    small = shrink(picture, 224)
    assert small.shape == (224, 224, 3)
    assert small.dtype == np.uint8
    assert (small == (10, 120, 240)).all()


def test_shrink_averages_instead_of_picking_pixels() -> None:
    stripes = np.zeros((448, 448, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (shrink(stripes, 224) == 100).all()


def test_shrink_keeps_places_and_channels() -> None:
    small = shrink(card(480, 320), 224)
    assert small[10, 10].tolist() == [220, 30, 20]
    assert small[10, 213].tolist() == [20, 180, 40]
    assert small[213, 10].tolist() == [30, 40, 200]
