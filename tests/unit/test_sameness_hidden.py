"""Bytes that a file holds where no decoder looks: a keeper that lacks them does not hold the file."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from tests.unit.test_sameness import (
    JPEG,
    LOSSLESS,
    PIXELS,
    PNG,
    STILL_GIF,
    against,
    chunk,
    exif,
    jpeg,
    lost,
    photo,
    riff,
    saved,
    segment,
    with_chunk,
)  # fmt: skip
from worker.engine.proof.directories import read_directories
from worker.engine.proof.tails import has_tail
from worker.engine.sketch.impression import take_impression

SECRET = b"something that nobody sees"
TIFF = saved(photo(), "TIFF")
DEFLATED = saved(photo(), "TIFF", compression="tiff_adobe_deflate")
BMP = saved(photo(), "BMP")
WIDTH, HEIGHT = photo().size


def idat(data: bytes, packed: Callable[[bytes], bytes]) -> bytes:
    """A PNG file with its packed pixels changed."""
    at = data.index(b"IDAT") - 4
    (size,) = struct.unpack_from(">I", data, at)
    return data[:at] + chunk(b"IDAT", packed(data[at + 8 : at + 8 + size])) + data[at + 12 + size :]


def field(data: bytes, tag: int) -> tuple[int, int]:
    """Where a tag's value lies, and the number there."""
    one = read_directories(data).first.fields[tag]
    return one.at, int.from_bytes(one.value[:4], "little")


def put(data: bytes, values: dict[int, int], more: bytes = b"") -> bytes:
    """A TIFF file with other numbers in some tags, and `more` behind it."""
    changed = bytearray(data)
    for tag, value in values.items():
        at, _ = field(data, tag)
        changed[at : at + 4] = struct.pack("<I", value)
    return bytes(changed) + more


def strip_moved(data: bytes, more: bytes) -> bytes:
    """A TIFF file of one strip whose strip is at its end, with `more` behind its rows."""
    (start, size) = (field(data, tag)[1] for tag in (273, 279))
    without = data[:start] + bytes(size) + data[start + size :]
    return put(without, {273: len(data), 279: size + len(more)}, data[start : start + size] + more)


def one_strip(**options: object) -> bytes:
    return saved(photo(), "TIFF", strip_size=1 << 20, **options)


def sub_directory(value: int) -> bytes:
    """A TIFF file with a picture of one pixel in a directory below; everything but that pixel is at the same place."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[330], info.tagtype[330] = 8, 4
    data = saved(photo(), "TIFF", tiffinfo=info)
    at = data.index(struct.pack("<HHII", 330, 4, 1, 8)) + 8
    entries = [(256, 4, 1, 1), (257, 4, 1, 1), (273, 4, 1, len(data)), (279, 4, 1, 4)]
    below = struct.pack("<H", 4) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    return data[:at] + struct.pack("<I", len(data) + 4) + data[at + 4 :] + struct.pack("<I", value) + below


def bmp_gap(data: bytes) -> bytes:
    (offset,) = struct.unpack_from("<I", data, 10)
    head = data[:10] + struct.pack("<I", offset + len(SECRET)) + data[14:offset]
    return head + SECRET + data[offset:]


def bmp_margins() -> bytes:
    """A picture of 63 columns: each row is filled up with three bytes."""
    data = bytearray(saved(photo().crop((0, 0, 63, 42)), "BMP"))
    data[-3:] = b"abc"
    return bytes(data)


def bmp_map() -> bytes:
    data = bytearray(saved(photo().quantize(16), "BMP"))
    data[54 + 3 : 54 + 4 * 16 : 4] = b"sixteen bytes, z"
    return bytes(data)


def ink(name: str) -> bytes:
    """61 columns of one bit: each row is filled up with three."""
    return saved(photo().crop((0, 0, 61, 42)).convert("1"), name)


def in_margins(data: bytes, back: int) -> bytes:
    changed = bytearray(data)
    changed[-back] ^= 2
    return bytes(changed)


def between_scans(data: bytes) -> bytes:
    at = data.rindex(b"\xff\xda")
    return data[:at] + b"\xff\xe9" + struct.pack(">H", len(SECRET) + 2) + SECRET + data[at:]


def in_riff(webp: bytes) -> bytes:
    return webp[:4] + struct.pack("<I", len(webp) - 8 + 6) + webp[8:] + b"abcdef"


# Keeper, the other, words of the reason.
PAIRS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes], str]] = {
    "jpeg, an unknown part": (lambda: JPEG, lambda: segment(JPEG, 0xE7, SECRET), "not known here"),
    "jpeg, in the place of Adobe's mark": (lambda: JPEG, lambda: segment(JPEG, 0xEE, SECRET), "not known here"),
    "jpeg, between its parts": (lambda: JPEG, lambda: JPEG[:20] + SECRET + JPEG[20:], "none of its parts"),
    "jpeg, between its scans": (
        lambda: jpeg(progressive=True), lambda: between_scans(jpeg(progressive=True)), "not known here"),
    "png, behind its packed pixels": (lambda: PNG, lambda: idat(PNG, lambda packed: packed + SECRET), "packed pixels"),
    "png, more rows than it shows": (
        lambda: PNG, lambda: idat(PNG, lambda packed: zlib.compress(zlib.decompress(packed) + SECRET)),
        "packed pixels"),
    "png, in its end": (lambda: PNG, lambda: PNG[:-12] + chunk(b"IEND", SECRET), "none of its parts"),
    "webp, a second picture": (
        lambda: LOSSLESS,
        lambda: riff(LOSSLESS, b"VP8L", saved(photo().rotate(180), "WebP", lossless=True)[20:]), "2 pictures"),
    "webp, behind its last part": (lambda: LOSSLESS, lambda: in_riff(LOSSLESS), "none of its parts"),
    "bmp, before its pixels": (lambda: BMP, lambda: bmp_gap(BMP), "none of its parts"),
    "bmp, behind its pixels": (lambda: BMP, lambda: BMP[:2] + struct.pack("<I", len(BMP) + 26) + BMP[6:] + SECRET,
                               "behind its picture"),
    "bmp, beside its rows": (
        lambda: saved(photo().crop((0, 0, 63, 42)), "PNG"), bmp_margins, "none of its parts"),
    "bmp, in its colour map": (lambda: saved(photo().quantize(16), "PNG"), bmp_map, "none of its parts"),
    "bmp, beside its rows, in bits": (lambda: ink("BMP"), lambda: in_margins(ink("BMP"), 1), "none of its parts"),
    "pbm, beside its rows, in bits": (lambda: ink("PPM"), lambda: in_margins(ink("PPM"), 9), "none of its parts"),
    "tiff, beside its rows, in bits": (lambda: ink("TIFF"), lambda: in_margins(ink("TIFF"), 9), "none of its parts"),
    "tiff, between its parts": (lambda: TIFF, lambda: TIFF + SECRET, "none of its part"),
    "tiff, behind the rows of a strip": (
        lambda: one_strip(), lambda: strip_moved(one_strip(), SECRET), "rows of its strips|none of its parts"),
    "tiff, behind packed rows": (
        lambda: strip_moved(one_strip(compression="tiff_adobe_deflate"), b""),
        lambda: strip_moved(one_strip(compression="tiff_adobe_deflate"), SECRET), "rows of its strips"),
    "tiff, a picture in a directory below": (lambda: sub_directory(1), lambda: sub_directory(2), "more pages"),
    "gif, in the place of its loops": (
        lambda: STILL_GIF,
        lambda: STILL_GIF[:-1] + b"!\xff\x0bNETSCAPE2.0" + bytes((len(SECRET),)) + SECRET + b"\0;", "NETSCAPE"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_what_no_decoder_looks_at_is_held_all_the_same(name: str) -> None:
    make_keeper, make_other, words = PAIRS[name]
    keeper, other = make_keeper(), make_other()
    reason = against(keeper, other)
    assert any(word in reason for word in words.split("|")), reason
    assert against(other, other) == ""


@pytest.mark.parametrize("name", PAIRS)
def test_nor_is_it_called_identical(name: str) -> None:
    keeper, other = (take_impression(make(), PIXELS).facts.pixels for make in PAIRS[name][:2])
    assert keeper != other


def thumbnail(value: str) -> bytes:
    """EXIF with a small picture in it."""
    small = saved(Image.new("RGB", (8, 8), value), "JPEG")
    first = struct.pack("<HHHIII", 1, 0x0112, 3, 1, 1, 26)
    second = (
        struct.pack("<H", 2) + struct.pack("<HHII", 0x0201, 4, 1, 56) + struct.pack("<HHII", 0x0202, 4, 1, len(small))
    )
    return b"II*\0\x08\0\0\0" + first + second + bytes(4) + small


def in_exif(more: bytes) -> bytes:
    return exif(caption="Anna").tobytes() + more


@pytest.mark.parametrize(
    ("keeper", "other", "expected"),
    [
        (JPEG, lambda: segment(JPEG, 0xE1, b"Exif\0\0" + thumbnail("red")), ("its thumbnail",)),
        (segment(JPEG, 0xE1, b"Exif\0\0" + thumbnail("red")),
         lambda: segment(JPEG, 0xE1, b"Exif\0\0" + thumbnail("lime")), ("its thumbnail",)),
        (segment(JPEG, 0xE1, b"Exif\0\0" + thumbnail("red")),
         lambda: segment(JPEG, 0xE1, b"Exif\0\0" + thumbnail("red")), ()),
        (segment(JPEG, 0xE1, in_exif(b"")), lambda: segment(JPEG, 0xE1, in_exif(SECRET)),
         ("bytes of its EXIF that no field accounts for",)),
        (JPEG, lambda: jpeg(dpi=(300, 300)), ("its resolution",)),
        (JPEG, lambda: JPEG[:4] + b"\0\x13" + JPEG[6:18] + b"\1\1" + JPEG[20:20] + b"abc" + JPEG[20:],
         ("its thumbnail",)),
        (STILL_GIF, lambda: STILL_GIF[:12] + b"\x31" + STILL_GIF[13:], ("the shape of its pixels",)),
        (PNG, lambda: with_chunk(PNG, b"sRGB", b"\0"), ("its colour mark (sRGB)",)),
        (PNG, lambda: with_chunk(PNG, b"bKGD", bytes(6)), ("its background colour",)),
        (PNG, lambda: with_chunk(PNG, b"sBIT", b"\5\5\5"), ("its significant bits",)),
        (PNG, lambda: with_chunk(PNG, b"PLTE", b"abc"), ("its suggested palette",)),
        (BMP, lambda: saved(photo(), "BMP", dpi=(300, 300)), ("its resolution",)),
        (saved(photo(), "WebP", quality=80), lambda: saved(photo(), "WebP", quality=80), ()),
    ],
)  # fmt: skip
def test_what_is_said_out_of_sight_is_named(
    keeper: bytes, other: Callable[[], bytes], expected: tuple[str, ...]
) -> None:
    assert lost(keeper, other()) == expected


def test_a_profile_is_the_same_in_every_format() -> None:
    """Packed in a PNG, in parts in a JPEG."""
    profile = bytes(36) + b"acsp" + np.random.default_rng(1).bytes(200)
    files = [saved(photo(), name, icc_profile=profile, **more) for name, more in (
        ("PNG", {}), ("PNG", {"compress_level": 0}), ("TIFF", {}), ("WebP", {"lossless": True}))]  # fmt: skip
    assert [lost(files[0], other) for other in files] == [()] * 4
    assert "profile" in against(files[0], saved(photo(), "TIFF", icc_profile=profile + b"x"))


def test_a_profile_that_is_cut_in_two_is_one() -> None:
    profile = bytes(36) + b"acsp" + np.random.default_rng(1).bytes(80_000)
    whole = jpeg(icc_profile=profile)
    assert whole.count(b"ICC_PROFILE\0") == 2
    assert lost(whole, jpeg(icc_profile=profile, comment=b"x")) == ("its comment",)
    assert "profile" in against(whole, jpeg(icc_profile=profile[:-1] + b"x"))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_the_directories_of_either_order_and_size_are_read(order: str, big: bool) -> None:
    mark = b"II" if order == "<" else b"MM"
    entry, number, offset, head = ("HHQ8s", "Q", "Q", 16) if big else ("HHI4s", "H", "I", 8)
    values = [(256, 4, 1, struct.pack(order + "I", 7)), (270, 2, 3, b"ab\0"), (258, 3, 1, struct.pack(order + "H", 8))]
    start = struct.pack(order + "2sHHHQ", mark, 43, 8, 0, head) if big else struct.pack(order + "2sHI", mark, 42, head)
    table = struct.pack(order + number, 3) + b"".join(struct.pack(order + entry, *value) for value in values)
    data = start + table + struct.pack(order + offset, 0) + SECRET
    found = read_directories(data)
    assert found.first.number(256) == 7
    assert found.first.numbers(258) == (8,)
    assert found.first.plain(270) == b"ab"
    assert found.hidden(data).replace(b"\0", b"") == SECRET
    assert not found.more


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"II*\0\x08\0\0\0" + struct.pack("<HHHIIHHIII", 2, 256, 4, 1, 1, 256, 4, 1, 2, 0), "twice"),
        (b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 256, 99, 1, 1, 0), "no known type"),
        (b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 270, 2, 99, 5000, 0), "not in the file"),
        (b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 256, 4, 1, 1, 8), "lead to each other"),
        (b"II*\0\x08\0\0\0" + struct.pack("<H", 65535), "65,535 tags"),
    ],
)
def test_directories_that_make_no_sense_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_directories(data)


def test_a_file_of_which_the_parts_cannot_be_told_apart_proves_nothing() -> None:
    at, _ = field(TIFF, 278)
    broken = TIFF[: at - 8] + struct.pack("<H", 279) + TIFF[at - 6 :]
    assert "cannot be told apart" in against(broken, broken)
    assert io.BytesIO(broken).read(4) == b"II*\0"


def webp_tail(data: bytes, more: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", data, 16)
    body = data[20 : 20 + size] + more
    rest = b"WEBPVP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(rest)) + rest


def gif_tail(data: bytes, more: bytes) -> bytes:
    """With one more block of codes behind the last of its picture."""
    assert data.endswith(b"\0;")
    return data[:-2] + bytes((len(more),)) + more + b"\0;"


def large(width: int) -> bytes:
    return saved(photo(width), "TIFF", strip_size=1 << 20, compression="tiff_lzw")


TAILS: dict[str, Callable[[bytes], bytes]] = {
    "tiff, lzw": lambda more: strip_moved(one_strip(compression="tiff_lzw"), more),
    "tiff, lzw of many codes": lambda more: strip_moved(large(300), more),
    "tiff, lzw of rows of odd length": lambda more: strip_moved(large(303), more),
    "tiff, packbits": lambda more: strip_moved(one_strip(compression="packbits"), more),
    "webp": lambda more: webp_tail(LOSSLESS, more),
    "gif": lambda more: gif_tail(STILL_GIF, more),
}


@pytest.mark.parametrize("name", TAILS)
def test_what_follows_the_codes_of_pixels_is_held_all_the_same(name: str) -> None:
    keeper, other = TAILS[name](b"") if name != "gif" else STILL_GIF, TAILS[name](SECRET)
    assert against(keeper, keeper) == ""
    assert "behind its coded pixels" in against(keeper, other)
    assert lost(other, keeper) == ()


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
@pytest.mark.parametrize("strip", [1, 900, 1 << 20])
def test_codes_of_whole_pictures_have_no_tail(compression: str, strip: int) -> None:
    """Of many codes, so that their table is cleared, and of many strips."""
    noise = np.random.default_rng(2).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    noise[:30] //= 64
    for image in (Image.fromarray(noise), photo(300), photo().convert("L"), Image.new("L", (400, 400), 7)):
        assert not has_tail(saved(image, "TIFF", compression=compression, strip_size=strip), "TIFF")


@pytest.mark.parametrize("colours", [2, 4, 16, 256])
def test_nor_have_those_of_gifs(colours: int) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    for image in (Image.fromarray(noise), photo(300)):
        for interlace in (0, 1):
            assert not has_tail(saved(image.quantize(colours), "GIF", interlace=interlace), "GIF")


def test_codes_that_make_no_sense_prove_nothing() -> None:
    data = strip_moved(one_strip(compression="tiff_lzw"), b"")
    start = field(data, 273)[1]
    old = data[:start] + b"\0\1" + data[start + 2 :]
    with pytest.raises(ValueError, match="old kind"):
        has_tail(old, "TIFF")


def test_an_alpha_that_a_webp_says_not_to_look_at_proves_nothing() -> None:
    clear = photo().convert("RGBA")
    clear.putalpha(photo().convert("L"))
    data = bytearray(saved(clear, "WebP", lossless=True, exact=True))
    at = data.index(b"VP8L") + 8 + 4
    assert data[at] & 0x10
    data[at] &= ~0x10
    rest = data[data.index(b"VP8L") :]
    alone = b"RIFF" + struct.pack("<I", len(rest) + 4) + b"WEBP" + bytes(rest)
    assert "coding of this WebP file" in against(PNG, alone)
