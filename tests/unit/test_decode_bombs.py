"""Small files that would keep a decoder busy for hours, or fill the memory, are refused before one is asked."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.errors import UnreadableImage
from tests.unit.test_decode import by_opencv, by_pillow
from worker.engine.picture.decode import decode, probe

PICTURE = np.random.default_rng(3).integers(0, 256, (96, 128, 3), dtype=np.uint8)
IMAGE = Image.fromarray(PICTURE)
JPEG = by_pillow("JPEG", IMAGE)
GIF = by_pillow("GIF", IMAGE.quantize(16))
GIF_PICTURE = 13 + 3 * 2 ** ((GIF[10] & 7) + 1)  # where the first block behind the palette begins


def refused(data: bytes) -> str:
    with pytest.raises(UnreadableImage) as raised:
        decode(data, 1_000_000)
    return str(raised.value)


@pytest.mark.parametrize("kept", [2, 100])
def test_a_jpeg_that_goes_on_with_fill_bytes_is_looked_through_once(kept: int) -> None:
    refused(JPEG[:kept] + b"\xff" * 20_000_000)  # their square would take days


@pytest.mark.parametrize("part", [b"\xff\xe0\0\2", b"\xff\xd0"])
def test_a_jpeg_of_a_million_segments_is_refused(part: bytes) -> None:
    assert "1,000,000 segments" in refused(JPEG[:2] + part * 1_000_001 + JPEG[2:])
    assert decode(JPEG[:2] + part * 1000 + JPEG[2:], 1_000_000).shape == PICTURE.shape


def test_a_jpeg_of_many_scans_is_refused_and_what_follows_a_picture_is_none_of_it() -> None:
    data = by_pillow("JPEG", IMAGE, progressive=True)
    last = data.rindex(b"\xff\xda")
    assert data.count(b"\xff\xda") > 5
    assert "500 scans" in refused(data[:-2] + data[last:-2] * 500 + data[-2:])
    for sound in (data, JPEG):
        video = np.random.default_rng(1).bytes(1000) + b"\xff\xda\0\2" * 1000
        np.testing.assert_array_equal(decode(sound + video, 1_000_000), decode(sound, 1_000_000))


def test_the_first_exif_block_counts_and_the_others_are_not_read() -> None:
    def block(orientation: int) -> bytes:
        exif = Image.Exif()
        exif[0x0112] = orientation
        body = b"Exif\0\0" + exif.tobytes()
        return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body

    data = JPEG[:2] + block(6) + block(3) * 3000 + JPEG[2:]
    assert probe(data).orientation == 6


def test_a_gif_of_countless_comments_is_refused() -> None:
    def commented(comments: bytes) -> bytes:
        return GIF[:GIF_PICTURE] + comments + GIF[GIF_PICTURE:]

    assert "100,000 blocks" in refused(commented(b"!\xfe\1x\0" * 200_000))
    assert "100,000 blocks" in refused(commented(b"!\xfe" + b"\1x" * 200_000 + b"\0"))
    # Blocks whose length is that of a sign with a meaning of its own.
    sound = commented(b"!\xfe" + b"!" + b"x" * 33 + b"," + b"x" * 44 + b";" + b"x" * 59 + b"\0" + b"!\xfe\0" * 1000)
    np.testing.assert_array_equal(decode(sound, 1_000_000), decode(GIF, 1_000_000))


def peak(data: bytes) -> tuple[str, int]:
    """Why a file is refused, and the resident MiB that it added at the most."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, why = resident("VmRSS"), refused(data)
    return why, (resident("VmHWM") - before) >> 10


def resident(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))


def disposed(frame: bytes, width: int, height: int) -> bytes:
    """A frame of a GIF file, of another size, that is to be painted over by the background when it was shown."""
    assert frame[:1] == b","
    return b"!\xf9\4\x08\0\0\0\0" + frame[:5] + struct.pack("<2H", width, height) + frame[9:]


def test_room_for_a_huge_frame_of_a_gif_is_not_made_before_its_size_is_judged() -> None:
    start, frame = GIF[:GIF_PICTURE], GIF[GIF_PICTURE:-1]
    frame = frame[frame.index(b",") :]
    why, mebibytes = peak(start + disposed(frame, 40_000, 40_000) + b";")
    assert "larger than the limit: 40000 x 40000" in why
    assert mebibytes < 100
    # A later frame is decoded only where the end of the file is odd.
    why, mebibytes = peak(start + frame + disposed(frame, 40_000, 40_000) + bytes(9))
    assert "a frame that reaches to 40000 x 40000" in why
    assert mebibytes < 100
    np.testing.assert_array_equal(
        decode(start + frame + disposed(frame, 40_000, 40_000) + b";", 1_000_000), decode(GIF, 1_000_000)
    )


def test_a_jpeg_2000_of_tiny_tiles_is_refused() -> None:
    for tail in ({"no_jp2": True}, {}):
        data = bytearray(by_pillow("JPEG2000", IMAGE.resize((255, 255)), **tail))
        at = data.index(b"\xff\x4f\xff\x51")
        assert decode(bytes(data), 1_000_000).shape == (255, 255, 3)
        struct.pack_into(">II", data, at + 24, 1, 1)
        assert "65,025 tiles" in refused(bytes(data))
    assert decode(by_pillow("JPEG2000", IMAGE, tile_size=(8, 8)), 1_000_000).shape == PICTURE.shape


def test_a_big_tiff_of_countless_tags_is_refused() -> None:
    stream = io.BytesIO()
    IMAGE.save(stream, "TIFF", big_tiff=True)
    data = bytearray(stream.getvalue())
    (start,) = struct.unpack_from("<Q", data, 8)
    struct.pack_into("<Q", data, start, 10**9)
    assert "1,000,000,000 entries" in refused(bytes(data) + bytes(20 * 10**6))


def test_a_png_of_a_million_chunks_is_refused() -> None:
    data = by_opencv(".png", PICTURE[..., ::-1])
    empty = struct.pack(">I", 0) + b"teXt" + struct.pack(">I", 0x0D0A1A0A)
    with pytest.raises(UnreadableImage, match="1,000,000 chunks"):
        probe(data[:33] + empty * 1_000_001 + data[33:])
