"""Whether a keeper holds all that another file holds: what differs in what is stored and not in what is shown."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from worker.engine.picture.decode import probe
from worker.engine.proof.sameness import compare_files
from worker.engine.sketch.impression import take_impression

PIXELS = 10**8


def saved(image: Image.Image, name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


def photo(width: int = 64) -> Image.Image:
    return Image.fromarray(load_sample_image("china.jpg")).resize((width, width * 2 // 3))


def against(keeper: bytes, other: bytes) -> str:
    return compare_files(keeper, other, PIXELS).against


def lost(keeper: bytes, other: bytes) -> tuple[str, ...]:
    proof = compare_files(keeper, other, PIXELS)
    assert proof.against == ""
    return proof.lost


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    return png[:33] + chunk(name, body) + png[33:]


def riff(webp: bytes, name: bytes, body: bytes) -> bytes:
    rest = webp[12:] + name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(rest) + 4) + b"WEBP" + rest


def segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def exif(**tags: Any) -> Image.Exif:
    numbers = {"caption": 0x010E, "date": 0x0132, "camera": 0x0110, "orientation": 0x0112}
    block = Image.Exif()
    for name, value in tags.items():
        block[numbers[name]] = value
    return block


def rgba(alpha: int, colour: str = "white") -> Image.Image:
    image = photo().convert("RGBA")
    image.putalpha(alpha)
    return (
        image
        if colour == "photo"
        else Image.new("RGBA", (64, 42), (*Image.new("RGB", (1, 1), colour).getpixel((0, 0)), alpha))
    )  # type: ignore[misc]


def hidden(below: str) -> bytes:
    """A cut-out: a photo in the middle, and something that cannot be seen around it."""
    ground = photo().rotate(180) if below == "photo" else Image.new("RGB", (64, 42), below)
    ground.paste(photo().crop((16, 10, 48, 32)), (16, 10))
    alpha = Image.new("L", (64, 42), 0)
    alpha.paste(255, (16, 10, 48, 32))
    ground.putalpha(alpha)
    return saved(ground, "PNG")


def deep(low: int) -> bytes:
    values = np.asarray(photo()).astype(np.uint16) * 256
    values[:, :, 0] |= low
    return cv2.imencode(".png", values[..., ::-1])[1].tobytes()


def tiff(**tags: Any) -> bytes:
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for name, value in tags.items():
        info[int(name.removeprefix("tag"))] = value
    return saved(photo(), "TIFF", tiffinfo=info)


def four_channels(fourth: int) -> bytes:
    """RGB with a fourth channel that is nothing named, such as a selection."""
    values = np.asarray(photo())
    mask = np.full((*values.shape[:2], 1), fourth, np.uint8)
    data = np.concatenate([values, mask], axis=2).tobytes()
    height, width = values.shape[:2]
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 2),
               (273, 4, 1, 8), (277, 3, 1, 4), (278, 4, 1, height), (279, 4, 1, len(data)), (338, 3, 1, 0)]  # fmt: skip
    at = 8 + len(data)
    bits = at + 2 + 12 * len(entries) + 4
    entries[2] = (258, 3, 4, bits)
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, at) + data + directory + struct.pack("<4H", 8, 8, 8, 8)


def fourth_of_bmp(value: int) -> bytes:
    rgb = np.asarray(photo())[..., ::-1]
    return cv2.imencode(".bmp", np.dstack([rgb, np.full(rgb.shape[:2], value, np.uint8)]))[1].tobytes()


def radiance(light: int) -> bytes:
    values = np.full((9, 9, 3), light, np.float32) + np.eye(9, dtype=np.float32)[..., None]
    return cv2.imencode(".hdr", values)[1].tobytes()


def jpeg(**options: Any) -> bytes:
    return saved(photo(), "JPEG", quality=90, **options)


def animation(name: str, **options: Any) -> bytes:
    frames = [photo().quantize(16), photo().rotate(90).quantize(16)]
    if name != "GIF":
        frames = [photo(), photo().rotate(90)]
    return saved(frames[0], name, save_all=True, append_images=frames[1:], **options)


STILL_GIF = saved(photo().quantize(16), "GIF")
PNG = saved(photo(), "PNG")
JPEG = jpeg()
LOSSLESS = saved(photo(), "WebP", lossless=True)
PPM = saved(photo(), "PPM")
ICC = b"\0" * 36 + b"acsp" + b"\0" * 88

# What is shown is the same in each pair, and what is stored is not: keeper, the other, words of the reason.
PAIRS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes], str]] = {
    "png, all transparent": (
        lambda: saved(rgba(0, "photo"), "PNG"), lambda: saved(rgba(0, "red"), "PNG"), "transparent"),
    "png, all transparent, of one colour": (
        lambda: saved(rgba(0, "photo"), "PNG"), lambda: saved(rgba(0, "blue"), "PNG"), "transparent"),
    "tga, all transparent": (lambda: saved(rgba(0, "photo"), "TGA"), lambda: saved(rgba(0, "red"), "TGA"), "TGA"),
    "webp, all transparent": (
        lambda: saved(rgba(0, "photo"), "WebP", lossless=True, exact=True),
        lambda: saved(rgba(0, "red"), "WebP", lossless=True, exact=True), "transparent"),
    "png, colour below transparency": (lambda: hidden("white"), lambda: hidden("photo"), "stored values"),
    "png, erased below transparency": (lambda: hidden("photo"), lambda: hidden("white"), "stored values"),
    "png, 16 bits": (lambda: deep(0), lambda: deep(7), "stored values"),
    "png, 16 bits for 8": (lambda: PNG, lambda: deep(0), "stored values"),
    "png, grey of 16 bits with a transparent one": (
        lambda: cv2.imencode(".png", np.full((9, 9), 700, np.uint16) + np.arange(9, dtype=np.uint16))[1].tobytes(),
        lambda: with_chunk(
            cv2.imencode(".png", np.full((9, 9), 700, np.uint16) + np.arange(9, dtype=np.uint16))[1].tobytes(),
            b"tRNS", struct.pack(">H", 703)), "transparent colour"),
    "png, HDR": (lambda: PNG, lambda: with_chunk(PNG, b"cICP", bytes((9, 16, 0, 1))), "cICP"),
    "png, gamma": (lambda: PNG, lambda: with_chunk(PNG, b"gAMA", struct.pack(">I", 100000)), "gAMA"),
    "png, profile": (lambda: PNG, lambda: saved(photo(), "PNG", icc_profile=ICC), "profile"),
    "png, profile of the keeper": (lambda: saved(photo(), "PNG", icc_profile=ICC), lambda: PNG, "profile"),
    "png, layers of Fireworks": (lambda: PNG, lambda: with_chunk(PNG, b"prVW", b"a layer"), "prVW"),
    "png, animation": (lambda: PNG, lambda: animation("PNG"), "animation"),
    "png, behind its end": (lambda: PNG, lambda: PNG + b"a game's save file", "behind"),
    "gif, frames": (lambda: STILL_GIF, lambda: animation("GIF"), "2 frames"),
    "gif, application": (
        lambda: STILL_GIF,
        lambda: STILL_GIF[:-1] + b"!\xff\x0bPrivateData\x03abc\0;", "PrivateData"),
    "webp, animation": (lambda: LOSSLESS, lambda: animation("WebP", lossless=True), "animation"),
    "webp, unknown part": (lambda: LOSSLESS, lambda: riff(LOSSLESS, b"priv", b"something"), "priv"),
    "webp, behind": (lambda: LOSSLESS, lambda: LOSSLESS + b"more", "behind"),
    "jpeg, video behind it": (lambda: JPEG, lambda: JPEG + b"\0\0\0\x18ftypmp42" + b"video" * 99, "video"),
    "jpeg, second view": (lambda: JPEG, lambda: segment(JPEG, 0xE2, b"MPF\0MM\0*") + JPEG, "MPO"),
    "jpeg, gain map": (lambda: JPEG, lambda: segment(JPEG, 0xE2, b"urn:iso:std:iso:ts:21496:-1\0\1"), "21496"),
    "jpeg, extended XMP with a depth map": (
        lambda: JPEG, lambda: segment(JPEG, 0xE1, b"http://ns.adobe.com/xmp/extension/\0depth"), "extension"),
    "jpeg, profile": (lambda: JPEG, lambda: jpeg(icc_profile=ICC), "profile"),
    "jpeg, four colours": (
        lambda: saved(photo().convert("CMYK"), "JPEG"),
        lambda: saved(photo().convert("CMYK"), "JPEG", comment=b"x"), "channels"),
    "jpeg, large, finest detail": (lambda: fine(0), lambda: fine(1), "full size"),
    "tiff, pages": (
        lambda: saved(photo(), "TIFF"), lambda: saved(photo(), "TIFF", save_all=True, append_images=[photo()]),
        "pages"),
    "tiff, layers of Photoshop": (lambda: tiff(), lambda: tiff(tag37724=b"layers"), "37724"),
    "tiff, a private tag": (lambda: tiff(), lambda: tiff(tag65000=b"private"), "65000"),
    "tiff, fourth channel": (lambda: four_channels(3), lambda: four_channels(200), "fourth channel"),
    "tiff, fourth channel for none": (lambda: saved(photo(), "TIFF"), lambda: four_channels(3), "fourth channel"),
    "tiff, profile": (lambda: saved(photo(), "TIFF"), lambda: saved(photo(), "TIFF", icc_profile=ICC), "profile"),
    "tiff, CMYK": (
        lambda: saved(photo().convert("CMYK"), "TIFF"),
        lambda: saved(photo().convert("CMYK"), "TIFF", compression="tiff_lzw"), "channel"),
    "bmp, fourth channel": (lambda: PNG, lambda: fourth_of_bmp(9), "fourth channel|full size"),
    "ppm, two pictures": (lambda: PPM, lambda: PPM + saved(photo().rotate(90), "PPM"), "behind"),
    "ppm, 16 bits": (
        lambda: PPM,
        lambda: b"P6 64 42 65535\n" + (np.asarray(photo()).astype(">u2") * 257).tobytes(), "from 0 to 65535|full size"),
    "ico, four pictures": (
        lambda: saved(photo().crop((0, 0, 32, 32)).convert("RGBA"), "BMP"),
        lambda: saved(photo().crop((0, 0, 32, 32)).convert("RGBA"), "ICO", sizes=[(16, 16), (32, 32)]), "ICO|fourth"),
    "avif": (lambda: PNG, lambda: saved(photo(), "AVIF", quality=100, subsampling="4:4:4"), "AVIF|full size"),
    "jpeg 2000": (lambda: PNG, lambda: saved(photo(), "JPEG2000"), "JPEG 2000"),
    "hdr": (lambda: radiance(2), lambda: radiance(9), "Radiance"),
    "sun raster": (
        lambda: PNG, lambda: cv2.imencode(".ras", np.asarray(photo())[..., ::-1])[1].tobytes(), "Sun raster"),
    "one colour": (
        lambda: saved(Image.new("RGB", (8, 8), "black"), "PNG"), lambda: saved(Image.new("RGB", (8, 8)), "BMP"),
        "one single colour"),
}  # fmt: skip


def fine(change: int) -> bytes:
    base = np.asarray(photo(2048).resize((2048, 1368))).copy()
    if change:
        rng = np.random.default_rng(1)
        base[::2, ::2] ^= rng.integers(0, 2, base[::2, ::2].shape, dtype=np.uint8)
    return saved(Image.fromarray(base), "JPEG", quality=95)


@pytest.mark.parametrize("name", PAIRS)
def test_what_differs_in_what_is_stored_is_not_proved_whatever_is_shown(name: str) -> None:
    make_keeper, make_other, words = PAIRS[name]
    keeper, other = make_keeper(), make_other()
    reason = against(keeper, other)
    assert reason
    assert any(word in reason for word in words.split("|")), reason


@pytest.mark.parametrize("name", [name for name in PAIRS if name != "jpeg, four colours"])
def test_nor_is_it_called_identical_when_it_arrives(name: str) -> None:
    keeper, other = (take_impression(make(), PIXELS).facts.pixels for make in PAIRS[name][:2])
    assert keeper != other


def formats() -> Iterator[str]:
    yield from ("JPEG", "PNG", "GIF", "TIFF", "WebP", "JPEG 2000", "Radiance HDR", "Sun raster", "ICO", "PNM", "BMP",
                "AVIF", "TGA")  # fmt: skip


def test_every_format_that_is_read_has_a_pair() -> None:
    names = {probe(make()).format for pair in PAIRS.values() for make in pair[:2]}
    assert names == set(formats())


def test_the_same_pixels_in_other_formats_are_the_same_picture() -> None:
    files = [saved(photo(), name) for name in ("PNG", "BMP", "TIFF", "PPM")]
    files.append(saved(photo(), "PNG", compress_level=1))
    files.append(saved(photo().convert("RGBA"), "PNG"))  # opaque
    files.append(saved(photo(), "TIFF", compression="tiff_lzw"))
    files.append(LOSSLESS)
    for keeper in files[:3]:
        for other in files:
            assert against(keeper, other) == ""
    assert len({take_impression(file, PIXELS).facts.pixels for file in files}) == 1


def test_transparency_and_depth_that_are_the_same_are_the_same_picture() -> None:
    clear = saved(rgba(7, "photo"), "PNG")
    assert lost(clear, saved(rgba(7, "photo"), "PNG", compress_level=1)) == ()
    assert "stored values" in against(saved(photo(), "PNG"), clear) or "full size" in against(PNG, clear)
    again = cv2.imencode(".png", cv2.imdecode(np.frombuffer(deep(7), np.uint8), cv2.IMREAD_UNCHANGED),
                         [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()  # fmt: skip
    assert again != deep(7)
    assert lost(deep(7), again) == ()


def test_the_keeper_may_hold_more() -> None:
    assert lost(animation("GIF"), STILL_GIF) == ()
    assert lost(JPEG + b"a video", JPEG) == ()
    assert lost(jpeg(exif=exif(caption="Anna"), comment=b"x"), JPEG) == ()
    assert lost(JPEG + b"a video", JPEG + b"a video") == ()


def test_padding_is_nothing() -> None:
    assert lost(JPEG, JPEG + bytes(512)) == ()


@pytest.mark.parametrize(
    ("keeper", "other", "expected"),
    [
        (JPEG, lambda: jpeg(exif=exif(caption="Anna")), ("its caption",)),
        (JPEG, lambda: jpeg(exif=exif(date="2019:01:02 03:04:05", camera="X")), ("its camera", "its date")),
        (jpeg(exif=exif(date="2020:01:01 00:00:00")), 
         lambda: jpeg(exif=exif(date="2019:01:02 03:04:05")), ("its date",)),
        (jpeg(exif=exif(caption="Anna", camera="X")), lambda: jpeg(exif=exif(caption="Anna")), ()),
        (JPEG, lambda: jpeg(comment=b"by me"), ("its comment",)),
        (JPEG, lambda: segment(JPEG, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"), ("XMP",)),
        (JPEG, lambda: segment(JPEG, 0xED, b"Photoshop 3.0\x008BIM\4\4"), ("its caption (IPTC)",)),
        (PNG, lambda: with_chunk(PNG, b"tEXt", b"Title\0Anna"), ("its text 'Title'",)),
        (PNG, lambda: with_chunk(PNG, b"tIME", bytes(7)), ("its date",)),
        (PNG, lambda: saved(photo(), "PNG", exif=exif(caption="Anna")), ("its caption",)),
        (LOSSLESS, lambda: saved(photo(), "WebP", lossless=True, exif=exif(caption="Anna")), ("its caption",)),
        (STILL_GIF, lambda: saved(photo().quantize(16), "GIF", comment=b"by me"), ("its comment",)),
        (PPM, lambda: b"P6\n# by me\n" + PPM[3:], ("its comment",)),
        (tiff(), lambda: tiff(tag270="Anna", tag306="2019:01:02 03:04:05"), ("its caption", "its date")),
        (tiff(tag270="Anna"), lambda: tiff(tag270="Anna"), ()),
    ],
)  # fmt: skip
def test_what_is_said_of_a_picture_is_named_where_its_keeper_does_not_say_it(
    keeper: bytes, other: Callable[[], bytes], expected: tuple[str, ...]
) -> None:
    assert lost(keeper, other()) == expected


def test_an_orientation_that_is_applied_is_not_lost() -> None:
    turned = saved(photo().rotate(90, expand=True), "PNG", exif=exif(orientation=6))
    upright = saved(photo().rotate(90, expand=True).transpose(Image.Transpose.ROTATE_270), "PNG")
    proof = compare_files(upright, turned, PIXELS)
    assert proof.lost == ()
    assert proof.against in ("", "a second decoder sees another picture in it than in its keeper")


def test_a_camera_s_jpeg_is_more_than_what_was_made_from_it() -> None:
    made = saved(Image.open(io.BytesIO(JPEG)), "BMP")
    proof = compare_files(made, JPEG, PIXELS)
    assert proof.lost == ("its coding as JPEG",)
    assert lost(JPEG, made) == ()


def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(UnreadableImage):
        compare_files(PNG, PNG[:60], PIXELS)


def test_the_text_of_a_png_counts_by_keyword_and_value() -> None:
    one, two = PngInfo(), PngInfo()
    one.add_text("Title", "Anna")
    two.add_text("Title", "Bert")
    assert lost(saved(photo(), "PNG", pnginfo=one), saved(photo(), "PNG", pnginfo=two)) == ("its text 'Title'",)
