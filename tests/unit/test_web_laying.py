"""One picture is laid on another where it lies in it, and what files say of themselves is read."""

import hashlib
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from shared.errors import FileChanging
from shared.records import Reference
from worker.web.laying import lay
from worker.web.origins import tell
from worker.web.parcel import pack, unpack

LIMITS = (10**8, 10**8)
Known = tuple[Reference, str]


def put(root: Path, name: str, image: Image.Image, **options: object) -> Known:
    buffer = io.BytesIO()
    image.save(buffer, Image.registered_extensions()[Path(name).suffix], **options)
    (root / name).write_bytes(buffer.getvalue())
    status = (root / name).stat()
    return Reference(name, status.st_size, status.st_mtime_ns), hashlib.sha256(buffer.getvalue()).hexdigest()


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return [Image.fromarray(photo) for photo in load_sample_images().images]


def test_a_crop_lies_where_it_was_cut_and_differs_in_nothing(tmp_path: Path, photos: list[Image.Image]) -> None:
    whole, box = photos[0], (80, 60, 480, 360)
    ones = put(tmp_path, "whole.png", whole), put(tmp_path, "crop.png", whole.crop(box))
    meta, laid, difference = unpack(lay(tmp_path, *ones, *LIMITS))
    assert meta["found"]
    assert meta["overlap"] == pytest.approx(400 * 300 / (whole.width * whole.height), rel=0.02)
    assert meta["mean"] < 2
    seen = cv2.imdecode(np.frombuffer(laid, np.uint8), cv2.IMREAD_UNCHANGED)
    rows, columns = np.nonzero(seen[..., 3] > 128)
    found = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert np.abs(np.subtract(found, box)).max() <= 2
    shown = cv2.imdecode(np.frombuffer(difference, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (*seen.shape[:2], 3)


def test_what_was_changed_is_where_the_difference_is(tmp_path: Path, photos: list[Image.Image]) -> None:
    changed = photos[0].copy()
    changed.paste((255, 0, 0), (300, 200, 340, 240))
    ones = put(tmp_path, "whole.png", photos[0]), put(tmp_path, "changed.png", changed)
    meta, _, difference = unpack(lay(tmp_path, *ones, *LIMITS))
    assert meta["overlap"] == 1
    assert meta["most"] > 100
    shown = cv2.imdecode(np.frombuffer(difference, np.uint8), cv2.IMREAD_COLOR).astype(int)
    yellow = (shown[..., 1] > 150) & (shown[..., 0] < 120)
    rows, columns = np.nonzero(yellow)
    assert len(rows) > 1000
    assert 295 <= columns.min() <= columns.max() < 345
    assert 195 <= rows.min() <= rows.max() < 245


def test_strangers_of_other_shapes_are_laid_nowhere(tmp_path: Path, photos: list[Image.Image]) -> None:
    ones = put(tmp_path, "a.png", photos[0]), put(tmp_path, "b.png", photos[1].crop((0, 0, 300, 427)))
    assert unpack(lay(tmp_path, *ones, *LIMITS)) == ({"found": False}, b"", b"")


def test_a_file_that_changed_is_not_looked_at(tmp_path: Path, photos: list[Image.Image]) -> None:
    one, other = put(tmp_path, "a.png", photos[0]), put(tmp_path, "b.png", photos[1])
    with pytest.raises(FileChanging):
        lay(tmp_path, one, (other[0], one[1]), *LIMITS)


def test_what_a_file_says_of_itself(tmp_path: Path, photos: list[Image.Image]) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "FUJIFILM", "X-T30\0"
    exif.get_ifd(0x8769)[0x9003] = "2019:07:01 10:20:30"
    said = json.loads(tell(tmp_path, *put(tmp_path, "a.jpg", photos[0], exif=exif), *LIMITS))
    assert said["format"] == "JPEG"
    assert (said["taken"], said["camera"], said["place"]) == ("2019-07-01 10:20:30", "FUJIFILM X-T30", False)
    silent = json.loads(tell(tmp_path, *put(tmp_path, "b.png", photos[0]), *LIMITS))
    assert (silent["format"], silent["taken"], silent["camera"]) == ("PNG", "", "")


def test_a_parcel_comes_out_as_it_went_in() -> None:
    assert unpack(pack({"found": True}, b"laid", b"")) == ({"found": True}, b"laid", b"")
    with pytest.raises(ValueError, match="too short"):
        unpack(b"")
