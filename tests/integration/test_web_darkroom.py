"""Previews: what a hostile file does to a decoder stays with that decoder, and what is kept is bounded."""

import asyncio
import hashlib
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.errors import FileChanging, UnreadableImage
from shared.records import Reference
from worker.web import darkroom as darkroom_module
from worker.web.darkroom import Darkroom, Limits, NoRoom
from worker.web.previews import KEPT, SIDES, Previews

LIMITS = Limits(max_pixels=10**7, max_bytes=10**8, seconds=20.0)


def put(root: Path, name: str, data: bytes) -> tuple[Reference, str]:
    (root / name).write_bytes(data)
    found = (root / name).stat()
    return Reference(name, found.st_size, found.st_mtime_ns), hashlib.sha256(data).hexdigest()


def png(width: int, height: int) -> bytes:
    """Noise, which takes its time to unpack."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@pytest.fixture
def darkroom(tmp_path: Path) -> Iterator[Darkroom]:
    room = Darkroom(tmp_path, LIMITS, children=1)
    yield room
    room.close()


def develop(room: Darkroom, file: tuple[Reference, str], side: int = 320) -> bytes:
    return asyncio.run(room.develop(*file, side))


def test_a_file_that_keeps_or_ends_its_decoder_costs_one_process(tmp_path: Path, darkroom: Darkroom) -> None:
    good, large = put(tmp_path, "good.png", png(64, 48)), put(tmp_path, "large.png", png(3000, 3000))
    assert develop(darkroom, good)[8:12] == b"WEBP"
    [child] = darkroom._idle
    darkroom._limits = Limits(LIMITS.max_pixels, LIMITS.max_bytes, seconds=0.01)
    began = time.monotonic()
    with pytest.raises(UnreadableImage, match=r"took more than 0\.01 s"):
        develop(darkroom, large)
    assert time.monotonic() - began < 5
    assert not child._process.is_alive()
    assert darkroom._idle == []
    with pytest.raises(UnreadableImage, match="took more than"):
        develop(darkroom, large)  # not tried again
    assert darkroom._idle == []
    darkroom._limits = LIMITS
    assert develop(darkroom, good)[8:12] == b"WEBP"
    os.kill(darkroom._idle[0]._process.pid or 0, 9)
    with pytest.raises(UnreadableImage, match="it ended its decoder"):
        develop(darkroom, put(tmp_path, "other.png", png(60, 40)))
    assert develop(darkroom, good)[8:12] == b"WEBP"


def test_limits_are_those_of_every_decoder(tmp_path: Path, darkroom: Darkroom) -> None:
    darkroom._limits = Limits(max_pixels=1000, max_bytes=5000, seconds=20.0)
    for name, data, said in (
        ("pixels.gif", gif(2000, 2000), "megapixels"),
        ("bytes.png", png(100, 100), "IMAGESIEVE_MAX_BYTES"),
        ("page.jpg", b"<html>", "not an image"),
    ):
        with pytest.raises(UnreadableImage, match=said):
            develop(darkroom, put(tmp_path, name, data))
    reference, _ = put(tmp_path, "swapped.png", png(10, 10))
    with pytest.raises(FileChanging):
        develop(darkroom, (reference, "0" * 64))


def gif(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("P", (width, height)).save(buffer, "GIF")
    return buffer.getvalue()


def test_no_more_are_waited_for_than_a_page_shows(
    tmp_path: Path, darkroom: Darkroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(darkroom_module, "WAITING", 2)
    files = [put(tmp_path, f"{number}.png", png(20 + number, 20)) for number in range(4)]

    async def all_at_once() -> list[bytes | BaseException]:
        return await asyncio.gather(*(darkroom.develop(*file, 320) for file in files), return_exceptions=True)

    found = asyncio.run(all_at_once())
    assert [type(one) for one in found] == [bytes, bytes, NoRoom, NoRoom]


def test_those_unused_for_longest_go_first(tmp_path: Path) -> None:
    now = 1_000_000.0
    kept = Previews(tmp_path / "previews", 10_000, lambda: now)
    digests = [f"{number:064x}" for number in range(12)]
    for digest in digests[:10]:
        now += 10_000
        kept.keep(digest, SIDES[0], bytes(1000))
        os.utime(kept._file(digest, SIDES[0]), (now, now))
    now += 10_000
    assert kept.find(digests[0], SIDES[0]) == bytes(1000)  # the oldest is used again
    assert kept.find(digests[0], SIDES[1]) is None
    kept.keep(digests[10], SIDES[0], bytes(1000))
    left = [digest for digest in digests if kept.find(digest, SIDES[0])]
    assert sum(len(kept.find(digest, SIDES[0]) or b"") for digest in left) <= KEPT * 10_000
    assert left == [digests[0], *digests[4:11]]
    assert (tmp_path / "previews").stat().st_mode & 0o077 == 0
    again = Previews(tmp_path / "previews", 5_000, lambda: now)  # with a lower bound, after a restart
    again.keep(digests[11], SIDES[0], bytes(1000))
    assert again._count() <= 5_000


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "previews").write_text("a file")
    kept = Previews(tmp_path / "previews", 1000, time.time)
    kept.keep("0" * 64, SIDES[0], b"data")
    assert kept.find("0" * 64, SIDES[0]) is None
