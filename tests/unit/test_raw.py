"""Camera raw files: what the camera's own preview shows, turned as it was held, and never the JPEG's equal."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_image

from shared.errors import UnreadableImage
from shared.failures import FailureKind
from tests.raw_files import camera, dng, jpeg, mosaic, preview, tiff
from worker.engine.picture.decode import decode, probe
from worker.engine.picture.formats import recognise
from worker.engine.picture.headers import Header
from worker.engine.proof.sameness import compare_files
from worker.engine.sketch.impression import take_impression

PIXELS = 10**8
PHOTO = np.ascontiguousarray(load_sample_image("china.jpg")[100:292:2, 100:356:2])  # 128 x 96
LARGE = jpeg(PHOTO)
SMALL = jpeg(np.ascontiguousarray(PHOTO[::4, ::4]))


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


CAMERA_LIKE = {turn: jpeg(PHOTO, exif=exif(turn)) for turn in (1, 6)}
LOSS = 2  # levels that one decoder's JPEG may differ from another's


def turned(orientation: int) -> np.ndarray:
    image = Image.open(io.BytesIO(LARGE))
    image.getexif()[0x0112] = orientation
    return np.asarray(ImageOps.exif_transpose(image))


def refused(data: bytes, limit: int = PIXELS) -> UnreadableImage:
    with pytest.raises(UnreadableImage) as caught:
        decode(data, limit)
    return caught.value


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_preview_is_turned_as_the_camera_was(orientation: int) -> None:
    data = dng([(LARGE, (128, 96))], orientation)
    assert probe(data) == Header("camera raw", 128, 96, orientation, "raw")
    assert np.abs(decode(data, PIXELS).astype(int) - turned(orientation)).max() <= LOSS


def test_an_orientation_of_the_previews_own_counts() -> None:
    assert np.abs(decode(dng([(CAMERA_LIKE[6], (128, 96))], 8), PIXELS).astype(int) - turned(6)).max() <= LOSS


def test_a_preview_that_is_turned_already_is_not_turned_again() -> None:
    tall = jpeg(np.rot90(PHOTO).copy())
    found = decode(dng([(tall, (96, 128))], 8), PIXELS)
    assert (found == decode(tall, PIXELS)).all()
    assert probe(dng([(tall, (96, 128))], 3)).orientation == 3  # which no shape can tell


def test_the_largest_preview_is_taken() -> None:
    for previews in ([(SMALL, (32, 24)), (LARGE, (128, 96))], [(LARGE, (128, 96)), (SMALL, (32, 24))]):
        assert decode(dng(previews), PIXELS).shape == (96, 128, 3)


def test_values_of_the_sensor_are_no_preview_though_they_are_coded_as_jpeg() -> None:
    """As DNG has them where it loses something, in tiles that are larger than a small preview."""
    values = {262: (34892,), 273: LARGE, 279: (len(LARGE),)}
    lossy = [(tag, kind, values.get(tag, value)) for tag, kind, value in mosaic(128, 96)]
    data = tiff([[*preview(SMALL, (32, 24)), *camera()]], [lossy])
    assert LARGE in data
    assert decode(data, PIXELS).shape == (24, 32, 3)
    lossless = b"\xff\xd8\xff\xc3" + LARGE[LARGE.index(b"\xff\xc0") + 2 :]
    assert decode(dng([(SMALL, (32, 24))]) + lossless, PIXELS).shape == (24, 32, 3)


@pytest.mark.parametrize("turn", [1, 6])
def test_makers_with_containers_of_their_own_are_read(turn: int) -> None:
    own = tiff([[(274, 3, (turn,)), *preview(SMALL, (32, 24))]])
    files = {
        "ORF": b"IIRO" + own[4:] + LARGE,
        "RW2": b"IIU\0" + own[4:] + LARGE,
        "CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom\0\0\0\0moovCMT1" + own + LARGE,
        "RAF": b"FUJIFILMCCD-RAW 0201" + bytes(80) + CAMERA_LIKE[turn] + bytes(500),
    }
    for name, data in files.items():
        assert probe(data) == Header("camera raw", 128, 96, turn, "raw"), name
        assert np.abs(decode(data, PIXELS).astype(int) - turned(turn)).max() <= LOSS, name


def test_a_raw_file_without_a_preview_is_refused_with_the_way_out() -> None:
    error = refused(dng([]))
    assert error.kind is FailureKind.UNSUPPORTED
    assert "without a preview" in str(error)
    assert "convert it" in str(error)


def test_raw_files_are_told_from_tiff_by_their_marks() -> None:
    nef = tiff([[*preview(SMALL, (32, 24)), (271, 2, b"NIKON\0")]], [mosaic()])
    plain = io.BytesIO()
    Image.fromarray(PHOTO).save(plain, "TIFF")
    assert probe(plain.getvalue()).format == "TIFF"
    assert probe(nef).format == "camera raw"
    assert probe(tiff([preview(SMALL, (32, 24))], behind=b"CR\2\0")).format == "camera raw"
    for head in (
        b"FUJIFILMCCD-RAW 0201",
        b"IIRO\x08\0\0\0",
        b"IIRS",
        b"MMOR",
        b"IIU\0\x18\0\0\0",
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    ):
        assert recognise(head + bytes(100)) == "camera raw"
        assert "camera raw" in str(refused(head + bytes(100)))


def test_a_raw_file_and_its_jpeg_are_never_identical() -> None:
    data = dng([(LARGE, (128, 96))])
    raw, plain = take_impression(data, PIXELS).facts, take_impression(LARGE, PIXELS).facts
    assert (raw.width, raw.height) == (plain.width, plain.height)
    assert raw.pixels != plain.pixels
    assert (raw.holds, plain.holds) == ("the sensor's values", "")
    proof = compare_files(LARGE, data, PIXELS)
    assert proof.against
    assert "the sensor's values" in proof.more


def test_two_raw_files_of_one_preview_are_kept_apart() -> None:
    one, other = dng([(LARGE, (128, 96))]), dng([(LARGE, (128, 96))], sensor=(80, 64))
    assert take_impression(one, PIXELS).facts.pixels != take_impression(other, PIXELS).facts.pixels
    assert "the sensor's values" in compare_files(one, other, PIXELS).more


def test_what_is_cut_off_is_damage_whether_it_is_of_the_preview_or_of_the_sensor() -> None:
    data = tiff([[*preview(LARGE, (128, 96)), *camera()], mosaic(640, 480)])
    assert decode(data, PIXELS).shape == (96, 128, 3)
    short = data.replace(mosaic(640, 480)[6][2], b"")  # the directories point beyond the end
    for broken in (dng([(LARGE[:-300], (128, 96))]), short):
        assert refused(broken).kind is FailureKind.DAMAGED


def test_a_preview_beyond_the_limit_is_too_large() -> None:
    assert refused(dng([(LARGE, (128, 96))]), 128 * 96 - 1).kind is FailureKind.TOO_LARGE


def test_a_raw_file_within_a_raw_file_is_not_gone_into() -> None:
    inner = b"\xff\xd8" + struct.pack(">H", 24) + b"ftypcrx \0\0\0\1crx isom" + bytes(3000)
    assert "camera raw" in str(refused(dng([(inner, (128, 96))])))
