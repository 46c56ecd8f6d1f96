"""JPEG XL pictures: right way up, right colours, whole or refused. The files are made here, by libjxl's own encoder."""

import io
import struct
import sys
from itertools import pairwise
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from shared.records import Relation
from tests.unit.icc import scanner, screen
from tests.unit.jxl_files import (
    BLACK,
    BT709,
    DCI,
    DEPTH,
    HLG,
    LINEAR,
    ORDER,
    P3,
    PASSES,
    PQ,
    SMALL_FIRST,
    SPOT,
    SQUEEZE,
    SRGB,
    WIDE,
    from_jpeg,
    jxl,
)
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import confirm, propose
from worker.engine.picture.decode import decode, decode_reduced, probe
from worker.engine.picture.jxl import decode_jxl, read_jxl
from worker.engine.picture.jxl_boxes import codestream
from worker.engine.proof.inventory import take_inventory
from worker.engine.proof.stored import decode_stored, read_stored
from worker.engine.sketch.impression import take_impression

PIXELS = 10**8
PHOTO = np.ascontiguousarray(load_sample_image("china.jpg")[100:300:2, 100:400:2])  # 150 x 100
GREY = np.ascontiguousarray(PHOTO[..., 0])
GREYS = np.repeat(GREY[..., None], 3, axis=2)
ALPHA = np.tile(np.linspace(0, 255, 150).astype(np.uint8), (100, 1))
LOSS = 6  # levels of mean difference that the coding may cost at distance 1, of so small a picture
CLOSE = 2  # at distance 0.1
KINDS = {
    "lossy": jxl(PHOTO, lossless=False),
    "lossless": jxl(PHOTO, boxed=True),
    "alpha": jxl(np.dstack([PHOTO, ALPHA])),
    "16 bits": jxl(PHOTO.astype(np.uint16) * 257),
    "frames": jxl(PHOTO, layers=[(PHOTO[::-1], 0, 0)], durations=(1, 2)),
}


def jpeg(image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 90, **options})
    return out.getvalue()


def box(kind: bytes, held: bytes) -> bytes:
    return struct.pack(">I", 8 + len(held)) + kind + held


def boxed(stream: bytes, *parts: bytes) -> bytes:
    """A file of a naked codestream, in one box; parts: other boxes, before it."""
    start = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return start + b"".join(parts) + box(b"jxlc", stream)


def held(data: bytes) -> str:
    return take_impression(data, PIXELS).facts.holds


def difference(one: np.ndarray, other: np.ndarray) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(float) - other).mean())


def refused(data: bytes, limit: int = PIXELS) -> UnreadableImage:
    with pytest.raises(UnreadableImage) as caught:
        decode(data, limit)
    return caught.value


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("said", [1, 6])
def test_the_codestream_turns_and_exif_does_not_do_it_again(orientation: int, said: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = said
    data = boxed(jxl(PHOTO, orientation=orientation), box(b"Exif", bytes(4) + exif.tobytes().removeprefix(b"Exif\0\0")))
    turned = Image.fromarray(PHOTO)
    turned.getexif()[0x0112] = orientation
    header, found = probe(data), decode(data, PIXELS)
    assert (header.width, header.height, header.orientation) == (*found.shape[1::-1], 1)
    np.testing.assert_array_equal(found, ImageOps.exif_transpose(turned))


@pytest.mark.parametrize(
    "data", [jxl(PHOTO, lossless=False), jxl(GREY, lossless=False), jxl(PHOTO, lossless=False, bits=7)]
)
def test_lossy_pictures_are_as_the_reference_decoder_has_them(data: bytes) -> None:
    found = decode(data, PIXELS)
    reference = imagecodecs.jpegxl_decode(data)
    reference = reference if reference.ndim == 3 else np.repeat(reference[..., None], 3, axis=2)
    if read_jxl(data).header.bits == 7:
        reference = np.rint(reference * (255 / 127))
    assert np.abs(found - reference.astype(float)).max() <= 1


@pytest.mark.parametrize("bits", range(1, 17))
@pytest.mark.parametrize("colours", [PHOTO, GREY], ids=["colour", "grey"])
def test_every_depth_keeps_its_range(bits: int, colours: np.ndarray) -> None:
    most = (1 << bits) - 1
    values = np.rint(colours * (most / 255)).astype(np.uint8 if bits <= 8 else np.uint16)
    data = jxl(values, bits=bits)
    found, header = decode_reduced(data, PIXELS), probe(data)
    right = np.rint(values * (255 / most)) if bits <= 8 else values >> max(0, bits - 8)
    right = right if right.ndim == 3 else np.repeat(right[..., None], 3, axis=2)
    assert np.abs(found.picture - right.astype(float)).max() <= 1
    assert found.whole is (bits <= 8)
    stored = decode_stored(data, header)
    full = int(np.iinfo(stored.dtype).max)
    assert np.abs(stored - values * (full / most)).max() <= 0.5
    assert read_stored(data, header).bits == header.bits == bits
    assert held(data) == (f"{bits} bits" if bits > 8 else "")


@pytest.mark.parametrize("part", [1.0, 1 / 32])
def test_fractions_are_from_0_to_1(part: float) -> None:
    values = (PHOTO / 255 * part).astype(np.float32)
    values[0, 0], values[0, 1], values[0, 2] = 7.0, -1.0, np.nan
    found = decode(jxl(values), PIXELS)
    right = PHOTO * part
    right[0, 0], right[0, 1], right[0, 2] = 255, 0, 0
    assert np.abs(found - right).max() <= 0.5001


def test_halves_are_fractions() -> None:
    found = decode(imagecodecs.jpegxl_encode((PHOTO / 255).astype(np.float16)), PIXELS)  # of linear light
    linear = np.where(PHOTO / 255 <= 0.0031308, PHOTO / 255 * 12.92, 1.055 * (PHOTO / 255) ** (1 / 2.4) - 0.055)
    assert np.abs(found - linear * 255).max() <= 1


@pytest.mark.parametrize("colours", [PHOTO, GREY], ids=["colour", "grey"])
@pytest.mark.parametrize("multiplied", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_transparency_is_over_white(colours: np.ndarray, multiplied: bool, kind: type) -> None:
    alpha = ALPHA / 255.0
    stored = (colours / 255.0) * ((alpha if colours.ndim == 2 else alpha[..., None]) if multiplied else 1)
    most = 1 if kind is np.float32 else np.iinfo(kind).max
    values = np.dstack([stored, alpha]) * most
    data = jxl((values if kind is np.float32 else np.rint(values)).astype(kind), multiplied=multiplied)
    alpha_channel = read_jxl(data).alpha
    assert alpha_channel is not None
    assert alpha_channel.multiplied is multiplied
    shown = colours if colours.ndim == 3 else GREYS
    right = shown * alpha[..., None] + 255 * (1 - alpha[..., None])
    found = decode_reduced(data, PIXELS)
    assert not found.whole
    assert np.abs(found.picture - right).max() <= 2


def test_an_opaque_picture_is_whole() -> None:
    data = jxl(np.dstack([PHOTO, np.full_like(ALPHA, 255)]))
    assert decode_reduced(data, PIXELS).whole
    assert held(data) == ""


COLOURS = {
    "Display P3": {"primaries": P3},
    "BT.2020": {"primaries": WIDE, "curve": BT709},
    "linear light": {"curve": LINEAR},
    "a gamma": {"gamma": 1 / 2.2},
    "DCI-P3": {"primaries": P3, "white": 11, "curve": DCI},
    "PQ": {"primaries": WIDE, "curve": PQ, "nits": 10_000.0},
    "HLG": {"primaries": WIDE, "curve": HLG, "nits": 1000.0},
}


@pytest.mark.parametrize("name", COLOURS)
def test_named_colours_are_brought_to_srgb(name: str) -> None:
    """By us from values as they are stored, by libjxl from those in XYB."""
    ours = decode(jxl(PHOTO, **COLOURS[name]), PIXELS)
    libjxls = decode(jxl(PHOTO, lossless=False, distance=0.1, **COLOURS[name]), PIXELS)
    assert difference(ours, libjxls) < CLOSE
    assert difference(ours, PHOTO) > CLOSE


@pytest.mark.parametrize("curve", [SRGB, LINEAR])
@pytest.mark.parametrize("nits", [80.0, 1000.0])
def test_white_is_white_however_bright_it_was(curve: int, nits: float) -> None:
    dim = decode(jxl(PHOTO, lossless=False, distance=0.1, curve=curve, nits=nits), PIXELS)
    assert difference(dim, decode(jxl(PHOTO, curve=curve), PIXELS)) < CLOSE


@pytest.mark.parametrize("lossless", [True, False])
def test_a_named_space_and_its_profile_show_the_same(lossless: bool) -> None:
    png = io.BytesIO()
    Image.fromarray(PHOTO).save(png, "PNG", icc_profile=screen("Display P3"))
    right = take_impression(png.getvalue(), PIXELS).picture
    assert difference(right, PHOTO) > CLOSE
    data = jxl(PHOTO, lossless=lossless, distance=0.1, primaries=P3, gamma=1 / 2.2)
    assert difference(take_impression(data, PIXELS).picture, right) < (1 if lossless else CLOSE)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("deep", [False, True])
def test_grey_of_linear_light_is_bent(lossless: bool, deep: bool) -> None:
    linear = (GREY / 255.0) ** 2.2
    values = np.rint(linear * 65535).astype(np.uint16) if deep else np.rint(linear * 255).astype(np.uint8)
    found = decode(jxl(values, curve=LINEAR, lossless=lossless, distance=0.1), PIXELS)
    assert difference(found, GREYS) < (3 if deep else 6)


@pytest.mark.parametrize(
    "profile", [screen("Display P3"), screen("Adobe RGB"), scanner()], ids=["P3", "Adobe", "table"]
)
@pytest.mark.parametrize("lossless", [True, False])
def test_profiles_are_read_and_brought_to_srgb(profile: bytes, lossless: bool) -> None:
    png = io.BytesIO()
    Image.fromarray(PHOTO).save(png, "PNG", icc_profile=profile)
    right = take_impression(png.getvalue(), PIXELS).picture
    data = jxl(PHOTO, icc=profile, lossless=lossless, distance=0.1)
    assert difference(take_impression(data, PIXELS).picture, right) <= (0 if lossless else CLOSE)
    if lossless:
        assert read_jxl(data).header.colours.icc == profile == take_inventory(data, "JPEG XL").profile


def test_a_profile_is_read_as_it_was() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = b"a text of every kind, 0123456789.,\xff\xf5\x01\x0f " * 40
    for profile in (srgb, scanner() + text, screen("Adobe RGB") + bytes(range(256)) * 8):
        size = struct.pack(">I", len(profile))
        data = from_jpeg(jpeg(Image.fromarray(PHOTO), icc_profile=size + profile[4:]))
        assert read_jxl(data).header.colours.icc == size + profile[4:]


def test_a_profile_longer_than_any_is_not_supported() -> None:
    profile = scanner() + np.random.default_rng(1).bytes(101_000)
    profile = struct.pack(">I", len(profile)) + profile[4:]
    error = refused(from_jpeg(jpeg(Image.fromarray(PHOTO), icc_profile=profile)))
    assert error.kind is FailureKind.UNSUPPORTED
    assert "with a colour profile of" in str(error)


LARGE = np.asarray(Image.fromarray(load_sample_image("china.jpg")).resize((600, 300)))


@pytest.mark.parametrize(
    ("lossless", "options", "passes"),
    [
        (True, {ORDER: 1}, 1),
        (True, {SQUEEZE: 1}, 1),
        (False, {ORDER: 1}, 1),
        (False, {ORDER: 1, PASSES: 1}, 3),
        (False, {SMALL_FIRST: 2}, 1),
    ],
)
def test_the_end_of_a_picture_is_known_from_its_headers(lossless: bool, options: dict[int, int], passes: int) -> None:
    data = jxl(LARGE, lossless=lossless, options=options)
    file = read_jxl(data + b"tail")
    assert (file.frames[-1].passes, len(file.frames)) == (passes, 1 + options.get(SMALL_FIRST, 0))
    assert file.header.behind == len(data)
    assert difference(decode(data, PIXELS), LARGE) < LOSS
    assert "something (4 B behind its picture)" in held(data + b"tail")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": [(PHOTO[::-1], 0, 0)], "durations": (1, 2)}, "frames of an animation"),
        ({"layers": [(PHOTO[:20, :30], 10, 12)]}, "layers"),
        ({"further": [DEPTH]}, "a depth map"),
        ({"further": [SPOT]}, "a spot colour"),
    ],
)
def test_what_it_holds_beside_its_picture_is_known(options: dict[str, Any], words: str) -> None:
    assert held(jxl(PHOTO, **options)) == words


def test_of_an_animation_the_first_picture_is_shown_and_layers_lie_over_each_other() -> None:
    np.testing.assert_array_equal(decode(KINDS["frames"], PIXELS), PHOTO)
    patch = PHOTO[:20, :30]
    right = PHOTO.copy()
    right[12:32, 10:40] = patch
    np.testing.assert_array_equal(decode(jxl(PHOTO, layers=[(patch, 10, 12)]), PIXELS), right)


@pytest.mark.parametrize("values", [PHOTO, GREY, np.dstack([PHOTO, ALPHA]), np.dstack([GREY, ALPHA])])
def test_further_channels_are_no_colours(values: np.ndarray) -> None:
    np.testing.assert_array_equal(decode(jxl(values, further=[DEPTH, DEPTH]), PIXELS), decode(jxl(values), PIXELS))


def test_boxes_are_known_and_what_is_packed_in_them_is_not_unpacked() -> None:
    stream = jxl(PHOTO)
    block = Image.Exif()
    block[0x0132], block[0x010F] = "2026:01:02 03:04:05", "maker"
    exif = bytes(4) + block.tobytes().removeprefix(b"Exif\0\0")
    bomb = box(b"brob", b"Exif" + b"\xff" * 100)
    data = boxed(stream, box(b"Exif", exif), box(b"xml ", b"<x/>"), bomb, box(b"jhgm", b"\0" * 20), box(b"odd ", b"x"))
    inventory = take_inventory(data, "JPEG XL")
    assert {"its date", "its camera", "XMP", "packed 'Exif'"} <= {words for words, _ in inventory.metadata}
    assert {words for words, _ in inventory.extras} == {"a gain map", "a part 'odd '"}
    assert inventory.unknown
    np.testing.assert_array_equal(decode(data, PIXELS), PHOTO)


def parts_of(stream: bytes, *cuts: int) -> list[bytes]:
    return [stream[one:other] for one, other in pairwise((0, *cuts, len(stream)))]


def test_a_codestream_may_lie_in_parts_and_in_no_other_order() -> None:
    stream = jxl(PHOTO)
    start = boxed(b"")[:-8]
    pieces = [
        box(b"jxlp", struct.pack(">I", number | (number == 2) << 31) + piece)
        for number, piece in enumerate(parts_of(stream, 3, 700))
    ]
    assert codestream(start + b"".join(pieces)) == stream
    np.testing.assert_array_equal(decode(start + b"".join(pieces), PIXELS), PHOTO)
    for wrong in (
        [pieces[1], pieces[0], pieces[2]],
        pieces[:2],
        [*pieces, pieces[2]],
        [*pieces, box(b"jxlc", stream)],
        [],
    ):
        assert refused(start + b"".join(wrong)).kind is FailureKind.DAMAGED


@pytest.mark.parametrize("kind", KINDS)
def test_every_cut_and_every_hole_is_damage(kind: str) -> None:
    data = KINDS[kind]
    for end in (*range(40, len(data), len(data) // 40), len(data) - 1):
        assert refused(data[:end]).kind is FailureKind.DAMAGED, end
    last = len(data) // 2 if kind == "frames" else len(data)  # of the first picture
    for at in range(100, last - 600, len(data) // 40):
        assert refused(data[:at] + bytes(512) + data[at + 512 :]).kind is FailureKind.DAMAGED, at
    if kind != "frames":
        assert refused(data[:-64] + bytes(64)).kind is FailureKind.DAMAGED


def test_what_is_whole_and_not_read_is_not_supported_by_name() -> None:
    numbered = bytearray(jxl(PHOTO, curve=BT709))
    bits = int.from_bytes(numbered[:24], "little")
    end = read_jxl(bytes(numbered)).header.spots["colours"][1]
    spot = end - 2 - 2  # the intent, and the number of the curve before it
    assert bits >> spot & 3 == 1
    numbered[:24] = (bits & ~(3 << spot)).to_bytes(24, "little")  # curve 0
    for data, word in (
        (jxl(PHOTO, further=[BLACK]), "in CMYK"),
        (jxl(PHOTO, further=[DEPTH] * 5), "with 5 channels beside its colours"),
        (jxl((PHOTO // 64 / 4).astype(np.float32), bits=24), "of fractions of 24 bits"),
        (bytes(numbered), "of colours that have a number without a meaning"),
    ):
        error = refused(data)
        assert error.kind is FailureKind.UNSUPPORTED, word
        assert str(error) == f"JPEG XL picture {word}: not supported by this build; convert it to JPEG or PNG"


def test_without_the_extra_it_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "imagecodecs"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    error = refused(KINDS["lossy"])
    assert error.kind is FailureKind.UNSUPPORTED
    assert "imagesieve[jxl]" in str(error)
    assert refused(KINDS["lossy"][:-9]).kind is FailureKind.DAMAGED  # and that is known without it


def test_a_size_that_lies_is_refused_before_anything_is_decoded() -> None:
    wide = b"\xff\x0a" + (0 | 3 << 1 | 59_999 << 3 | 0 << 33 | 3 << 36 | 59_999 << 38 | 1 << 68).to_bytes(9, "little")
    with pytest.raises(UnreadableImage) as caught:
        probe(wide)
    assert caught.value.kind is FailureKind.DAMAGED  # there is no frame in it
    assert refused(jxl(LARGE), 600 * 300 - 1).kind is FailureKind.TOO_LARGE
    beneath = np.zeros((2100, 2000, 3), np.uint8)
    hidden = jxl(PHOTO[:64, :64], layers=[(beneath, -3, -4)])
    assert "coded pixels for a picture of 64 x 64" in str(refused(hidden))


def test_data_to_make_a_jpeg_of_do_not_change_the_picture() -> None:
    data = from_jpeg(jpeg(Image.fromarray(PHOTO)))
    assert b"jbrd" in data
    np.testing.assert_array_equal(decode(data, PIXELS), decode(codestream(data), PIXELS))
    assert held(data) == ""


@pytest.mark.parametrize("first", ["jxl", "jpeg"])
@pytest.mark.parametrize(("profile", "orientation"), [(b"", 1), (screen("Display P3"), 6)], ids=["sRGB", "P3"])
def test_a_jpeg_and_what_is_packed_of_it_are_near(first: str, profile: bytes, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    original = jpeg(Image.fromarray(load_sample_image("flower.jpg")), icc_profile=profile, exif=exif)
    files = {"jpeg": original, "jxl": from_jpeg(original)}
    looks = [take_impression(files[name], PIXELS) for name in (first, *files.keys() - {first})]
    assert looks[0].picture.shape == looks[1].picture.shape
    assert difference(looks[0].picture, looks[1].picture) < 1
    sketches = (looks[0].sketch, looks[1].sketch)
    proposal = propose(*sketches, Thresholds())
    assert proposal is not None
    found = confirm((looks[0].picture, looks[1].picture), sketches, proposal, Thresholds())
    assert found is not None
    assert found.relation is Relation.NEAR


def test_values_are_never_more_than_their_type_holds() -> None:
    values = decode_jxl(jxl(np.full((8, 8, 3), 1023, np.uint16), bits=10))
    assert (values == 65535).all()
