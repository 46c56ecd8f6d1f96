"""HEIC pictures: right way up, right colours, whole or refused. The files are made here, by pillow-heif."""

import io
import struct
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms, ImageOps
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from shared.records import Relation
from worker.engine.groups.groups import Member
from worker.engine.groups.keepers import rank_keepers
from worker.engine.matching.thresholds import Thresholds
from worker.engine.matching.verify import confirm, propose
from worker.engine.picture.decode import decode, decode_reduced, probe
from worker.engine.picture.heif import read_profile
from worker.engine.picture.hevc import read_configuration
from worker.engine.proof.inventory import take_inventory
from worker.engine.proof.stored import decode_stored, read_stored
from worker.engine.sketch.impression import take_impression

PIXELS = 10**8
PHOTO = np.ascontiguousarray(load_sample_image("china.jpg")[100:300:2, 100:400:2])  # 150 x 100
IMAGE = Image.fromarray(PHOTO)
GREY = np.asarray(IMAGE.convert("L"))
APART = 1  # level by which a reference decoder may differ, of the same planes turned into RGB by another build
LOSS = 4  # levels of mean difference that the coding may cost at quality 90


def heic(image: Image.Image = IMAGE, **options: Any) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, **{"quality": 90, **options})
    return out.getvalue()


def exact(mode: str, values: np.ndarray, **options: Any) -> bytes:
    """Losslessly coded values `[h, w, ...]`."""
    out = io.BytesIO()
    file = pillow_heif.from_bytes(mode, (values.shape[1], values.shape[0]), np.ascontiguousarray(values).tobytes())
    file.save(out, quality=-1, chroma=444, matrix_coefficients=0, **options)
    return out.getvalue()


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def difference(one: np.ndarray, other: np.ndarray) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


def refused(data: bytes, limit: int = PIXELS) -> UnreadableImage:
    with pytest.raises(UnreadableImage) as caught:
        decode(data, limit)
    return caught.value


@pytest.fixture
def twelve_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pillow_heif.options, "SAVE_HDR_TO_12_BIT", True)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("said", [1, 6])
def test_boxes_turn_and_mirror_and_exif_does_not_do_it_again(orientation: int, said: int) -> None:
    data = heic(exif=exif(orientation))
    entry = struct.pack(">HHIH", 0x0112, 3, 1, orientation)
    assert data.count(entry) == 1
    data = data.replace(entry, struct.pack(">HHIH", 0x0112, 3, 1, said))
    turned = Image.fromarray(PHOTO)
    turned.getexif()[0x0112] = orientation
    header, found = probe(data), decode(data, PIXELS)
    assert (header.width, header.height, header.orientation) == (*found.shape[1::-1], 1)
    assert difference(found, np.asarray(ImageOps.exif_transpose(turned))) < LOSS
    assert np.abs(found.astype(int) - np.asarray(pillow_heif.open_heif(data).to_pillow())).max() <= APART


@pytest.mark.parametrize("depth", [10, 12])
@pytest.mark.parametrize("part", [1.0, 1 / 32])
def test_deep_pictures_keep_their_range(request: pytest.FixtureRequest, depth: int, part: float) -> None:
    if depth == 12:
        request.getfixturevalue("twelve_bits")
    deep = (PHOTO.astype(np.float64) / 255 * part * 65535).astype("<u2")
    data = exact("RGB;16", deep)
    found = decode_reduced(data, PIXELS)
    assert not found.whole
    assert np.abs(found.picture.astype(int) - (deep >> 8)).max() <= APART
    stored, header = decode_stored(data, probe(data)), probe(data)
    assert np.abs(stored.astype(int) - deep).max() <= 2 << (16 - depth)
    assert read_stored(data, header).bits == header.bits == depth
    assert f"{depth} bits" in take_impression(data, PIXELS).facts.holds


def test_white_is_white_in_every_depth(twelve_bits: None) -> None:
    white = np.full((64, 64, 4), 65535, "<u2")
    data = exact("RGBA;16", white)
    assert (decode_stored(data, probe(data)) == 65535).all()
    assert not read_stored(data, probe(data)).transparent


@pytest.mark.parametrize(("mode", "values"), [("L", GREY), ("L;16", GREY.astype("<u2") * 257)])
def test_grey_has_three_equal_channels(mode: str, values: np.ndarray) -> None:
    found = decode(exact(mode, values), PIXELS)
    assert np.abs(found.astype(int) - GREY[..., None]).max() <= APART


@pytest.mark.parametrize("mode", ["RGBA", "RGBa"])
def test_transparency_is_over_white(mode: str) -> None:
    alpha = np.tile(np.linspace(0, 255, 150).astype(np.uint8), (100, 1))
    shown = PHOTO * (alpha[..., None] / 255.0) if mode == "RGBa" else PHOTO
    data = exact(mode, np.dstack([np.rint(shown).astype(np.uint8), alpha]))
    right = PHOTO * (alpha[..., None] / 255.0) + 255 - alpha[..., None].astype(float)
    found = decode_reduced(data, PIXELS)
    assert not found.whole
    assert np.abs(found.picture - right).max() <= 2
    assert read_stored(data, found.header).transparent
    assert "belongs" not in take_impression(data, PIXELS).facts.holds  # transparency is no picture of its own


def test_a_grid_of_tiles_is_one_picture() -> None:
    data = heic(tile_size=64)
    assert b"grid" in data
    assert difference(decode(data, PIXELS), PHOTO) < LOSS
    assert "other" not in take_impression(data, PIXELS).facts.holds


def test_of_several_pictures_the_primary_one_is_shown_and_the_others_are_held() -> None:
    file = pillow_heif.from_pillow(IMAGE)
    file.add_from_pillow(IMAGE.rotate(180))
    out = io.BytesIO()
    file.save(out, quality=90, primary_index=1)
    assert difference(decode(out.getvalue(), PIXELS), PHOTO[::-1, ::-1]) < LOSS
    assert "another picture" in take_impression(out.getvalue(), PIXELS).facts.holds


def test_a_thumbnail_is_no_picture_of_its_own() -> None:
    file = pillow_heif.from_pillow(IMAGE)
    file[0].info["thumbnails"] = [64]
    out = io.BytesIO()
    file.save(out, quality=90)
    assert out.getvalue().count(b"ispe") == 2
    assert take_impression(out.getvalue(), PIXELS).facts.holds == "a picture coded as HEIC"


@pytest.mark.parametrize(
    ("name", "held"),
    [
        (b"urn:com:apple:hdrgainmap\0", "a gain map"),
        (b"urn:mpeg:hevc:2015:auxid:2\0", "a depth map"),
        (b"urn:com:apple:effectsmatte\0", "a picture that belongs to its picture"),
    ],
)
def test_auxiliary_pictures_are_held(name: bytes, held: str) -> None:
    data = heic(IMAGE.convert("RGBA"))
    alpha = next(
        one
        for one in (b"urn:mpeg:hevc:2015:auxid:1\0", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
        if one in data
    )
    data = data.replace(alpha, name.ljust(len(alpha), b"\0"))
    assert held in {words for words, _ in take_inventory(data, "HEIC").extras}
    assert difference(decode(data, PIXELS), PHOTO) < LOSS


def test_what_is_said_of_a_picture_is_known() -> None:
    block = Image.Exif()
    block[0x0132], block[0x010F] = "2026:01:02 03:04:05", "maker"
    held = take_inventory(heic(exif=block.tobytes(), xmp=b"<x/>"), "HEIC")
    assert {"its date", "its camera", "XMP"} <= {words for words, _ in held.metadata}
    assert held.unknown


@pytest.mark.parametrize("tiles", [{}, {"tile_size": 64}])
def test_a_colour_profile_is_known(tiles: dict[str, int]) -> None:
    image = IMAGE.copy()
    image.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = heic(image, **tiles)
    assert read_profile(data) == image.info["icc_profile"]
    assert "its colour profile" in {words for words, _ in take_inventory(data, "HEIC").colour}
    assert read_profile(heic()) == b""


def test_a_motion_photo_holds_a_video() -> None:
    data = heic() + struct.pack(">I", 16) + b"mpvd" + bytes(8)
    assert "a video" in take_impression(data, PIXELS).facts.holds


def test_every_cut_and_every_hole_is_damage() -> None:
    data = heic()
    for end in (*range(40, len(data), len(data) // 40), len(data) - 1):
        assert refused(data[:end]).kind is FailureKind.DAMAGED, end
    start = data.find(b"mdat") + 100
    for at in range(start, len(data) - 64, len(data) // 40):
        assert refused(data[:at] + bytes(64) + data[at + 64 :]).kind is FailureKind.DAMAGED, at
    assert refused(data[:-64] + bytes(64)).kind is FailureKind.DAMAGED


def test_what_no_decoder_here_knows_is_not_supported_by_name() -> None:
    out = io.BytesIO()
    IMAGE.save(out, "AVIF")
    for data, word in (
        (out.getvalue().replace(b"avif", b"mif1"), "coded as 'av01'"),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc\0\0\0\x08moov", "sequence of HEIC pictures"),
        (b"\0\0\0\x18ftypmif3\0\0\0\0mif3heic\0\0\0\x08mini", "short form"),
    ):
        error = refused(data)
        assert (error.kind, word in str(error)) == (FailureKind.UNSUPPORTED, True)


def test_a_configuration_that_lies_about_its_depth_is_refused() -> None:
    """pi-heif 1.4.0 writes beyond its memory for this one."""
    data = bytearray(exact("L", GREY))
    at = data.find(b"hvcC") + 4
    assert data[at + 17] & 7 == 0
    data[at + 17] |= 2
    data[at + 18] |= 2
    assert "contradicts itself" in str(refused(bytes(data)))


def test_a_size_that_lies_is_refused() -> None:
    data = heic()
    at = data.find(b"ispe") + 8
    assert struct.unpack_from(">II", data, at) == (150, 100)
    large = data[:at] + struct.pack(">II", 60_000, 60_000) + data[at + 8 :]
    assert refused(large).kind is FailureKind.TOO_LARGE
    small = heic(IMAGE.resize((2100, 2000)), quality=10)
    at = small.find(b"ispe") + 8
    small = small[:at] + struct.pack(">II", 64, 64) + small[at + 8 :]
    assert "coded pixels for a picture of 64 x 64" in str(refused(small))


def test_the_shape_of_a_picture_stands_in_its_configuration() -> None:
    data = exact("RGB;16", PHOTO.astype("<u2") * 257)
    at = data.find(b"hvcC")
    shape = read_configuration(data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at], "big")])
    assert (shape.chroma, shape.depth) == (3, 10)
    assert shape.width - 8 < 150 <= shape.width
    assert shape.height - 8 < 100 <= shape.height


@pytest.mark.parametrize("first", ["heic", "jpeg"])
def test_a_heic_and_the_jpeg_made_of_it_are_near_and_the_heic_stays(first: str) -> None:
    photo = Image.fromarray(load_sample_image("flower.jpg"))
    original = heic(photo, quality=50)
    out = io.BytesIO()
    Image.fromarray(decode(original, PIXELS)).save(out, "JPEG", quality=95)
    assert len(out.getvalue()) > len(original)  # size would let the JPEG stay
    files = {"heic": original, "jpeg": out.getvalue()}
    looks = [take_impression(files[name], PIXELS) for name in (first, *files.keys() - {first})]
    sketches = (looks[0].sketch, looks[1].sketch)
    proposal = propose(*sketches, Thresholds())
    assert proposal is not None
    found = confirm((looks[0].picture, looks[1].picture), sketches, proposal, Thresholds())
    assert found is not None
    assert found.relation is Relation.NEAR
    members = [
        Member(
            path=name, digest=name, bytes=len(data), mtime_ns=1, width=photo.width, height=photo.height,
            holds=take_impression(data, PIXELS).facts.holds,
        )
        for name, data in files.items()
    ]  # fmt: skip
    assert min(members, key=rank_keepers(("pixels", "holds", "bytes", "oldest"))).path == "heic"
