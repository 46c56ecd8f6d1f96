"""The first bytes of a file say of it what all of them say."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from shared.failures import FailureKind
from tests.raw_files import jpeg
from tests.unit import jxl_files
from worker.engine.picture.decode import probe
from worker.pipeline.estimating.beginning import (
    MORE,
    TOO_MANY_BYTES,
    TOO_MANY_PIXELS,
    Found,
    look_at_beginning,
)
from worker.pipeline.extracting.reading import Refused
from worker.pipeline.local_folder import LocalFolder
from worker.pipeline.storage import FileState, OpenFile

WIDTH, HEIGHT = 1200, 900
NOISE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def saved(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(NOISE).save(out, kind, **options)
    return out.getvalue()


def heif() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(NOISE)).save(out, quality=90)
    return out.getvalue()


def look(tmp_path: Path, data: bytes, max_bytes: int = 1 << 30, max_pixels: int = 10**8) -> Found | Refused:
    (tmp_path / "file").write_bytes(data)
    return look_at_beginning(LocalFolder(tmp_path), "file", len(data), max_bytes, max_pixels)


FORMATS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: saved("JPEG", quality=98),
    "progressive JPEG": lambda: saved("JPEG", quality=98, progressive=True),
    "JPEG behind a large profile": lambda: saved("JPEG", quality=98, icc_profile=bytes(300_000)),
    "PNG": lambda: saved("PNG"),
    "WebP": lambda: saved("WEBP", lossless=True),
    "GIF": lambda: saved("GIF"),
    "BMP": lambda: saved("BMP"),
    "TIFF": lambda: saved("TIFF"),
    "PNM": lambda: saved("PPM"),
    "JPEG 2000": lambda: saved("JPEG2000"),
    "JPEG XL": lambda: jxl_files.from_jpeg(saved("JPEG", quality=98)),
    "AVIF": lambda: saved("AVIF", quality=95),
    "HEIC": heif,
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_first_bytes_say_what_the_whole_file_says(tmp_path: Path, name: str) -> None:
    data = FORMATS[name]()
    assert len(data) > 200_000
    whole = probe(data)
    assert (whole.width, whole.height) == (WIDTH, HEIGHT)
    assert look(tmp_path, data) == Found(whole.format, WIDTH * HEIGHT)


class Counted:
    """A folder whose bytes are counted as they are read."""

    def __init__(self, folder: LocalFolder) -> None:
        self.folder = folder
        self.read = 0
        self.name = folder.name

    def check_there(self) -> None:
        self.folder.check_there()

    @contextmanager
    def open(self, path: str) -> Iterator[OpenFile]:
        with self.folder.open(path) as file:
            counted = self

            class File:
                def state(self) -> FileState:
                    return file.state()

                def read(self, size: int) -> bytes:
                    part = file.read(size)
                    counted.read += len(part)
                    return part

            yield File()


@pytest.mark.parametrize(
    ("data", "most"),
    [
        (saved("JPEG", quality=98) + bytes(4 << 20), 1 << 16),
        (saved("JPEG", quality=98, icc_profile=bytes(300_000)) + bytes(4 << 20), MORE),
        (bytes(4 << 20), MORE),
        (b"text, " * 500_000, MORE),
    ],
    ids=["JPEG", "JPEG behind a profile", "zeros", "text"],
)
def test_no_more_is_read_than_is_needed(tmp_path: Path, data: bytes, most: int) -> None:
    (tmp_path / "file").write_bytes(data)
    storage = Counted(LocalFolder(tmp_path))
    look_at_beginning(storage, "file", len(data), 1 << 30, 10**8)
    assert storage.read == most


def test_limits_are_those_of_the_worker(tmp_path: Path) -> None:
    data = saved("JPEG")
    assert look(tmp_path, data, max_pixels=WIDTH * HEIGHT) == Found("JPEG", WIDTH * HEIGHT)
    assert look(tmp_path, data, max_pixels=WIDTH * HEIGHT - 1) == Refused(FailureKind.TOO_LARGE, TOO_MANY_PIXELS)
    assert look(tmp_path, data, max_bytes=len(data)) == Found("JPEG", WIDTH * HEIGHT)
    assert look(tmp_path, data, max_bytes=len(data) - 1) == Refused(FailureKind.TOO_LARGE, TOO_MANY_BYTES)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", FailureKind.EMPTY, "empty file"),
        (b"v/1\x01" + bytes(100), FailureKind.UNSUPPORTED, "OpenEXR"),
        (b"v/1\x01" + os.urandom(2 << 20), FailureKind.UNSUPPORTED, "OpenEXR"),
        (b"\xff\x0a" + bytes(100), FailureKind.DAMAGED, "JPEG XL"),
        (b"some words", FailureKind.NO_IMAGE, "text"),
        (b"%PDF-1.7" + bytes(2 << 20), FailureKind.NO_IMAGE, "PDF"),
        (bytes(2 << 20), FailureKind.NO_IMAGE, "zero bytes"),
        (b"\xff\xd8\xff\xe0" + bytes(2 << 20), FailureKind.DAMAGED, "JPEG"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100_000, FailureKind.DAMAGED, "PNG"),
        (saved("JPEG")[:30_000], FailureKind.DAMAGED, "truncated JPEG"),
    ],
    ids=["empty", "EXR", "large EXR", "JXL", "text", "large PDF", "zeros", "JPEG", "PNG", "short JPEG"],
)
def test_what_will_be_refused_is_refused(tmp_path: Path, data: bytes, kind: FailureKind, words: str) -> None:
    found = look(tmp_path, data)
    assert isinstance(found, Refused)
    assert found.kind is kind
    assert words in found.reason


def test_what_lies_behind_the_first_bytes_is_not_judged(tmp_path: Path) -> None:
    """A photo that was cut off is counted as one; only the worker, which reads all of it, knows better."""
    assert look(tmp_path, saved("JPEG", quality=98)[:200_000]) == Found("JPEG", WIDTH * HEIGHT)


def test_a_tiff_whose_directory_is_at_its_end_is_a_picture_of_unknown_size(tmp_path: Path) -> None:
    pixels = bytes(3 << 20)
    data = b"II*\0" + (8 + len(pixels)).to_bytes(4, "little") + pixels + bytes(200)
    assert look(tmp_path, data) == Found("TIFF", 0)


def test_a_large_raw_file_is_a_picture_of_unknown_size(tmp_path: Path) -> None:
    data = b"FUJIFILMCCD-RAW " + bytes(2 << 20) + jpeg(NOISE)
    assert look(tmp_path, data) == Found("camera raw", 0)


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    found = look_at_beginning(LocalFolder(tmp_path), "none.jpg", 10, 100, 100)
    assert isinstance(found, Refused)
    assert found.kind is FailureKind.GONE
