"""Files that somebody makes on purpose: to crash a decoder, to fill memory or time, to be what they are not."""

import io
import os
import socket
import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

SIDE: Final = 60_000  # 3,600 megapixels
FRAMES: Final = 1_000_000
INFLATED: Final = 1 << 30  # bytes

PHOTO = Image.fromarray(load_sample_image("china.jpg"))


def photo(name: str) -> bytes:
    """An ordinary photo in a format of Pillow's."""
    buffer = io.BytesIO()
    PHOTO.save(buffer, name)
    return buffer.getvalue()


def png_chunk(name: bytes, body: bytes) -> bytes:
    """A chunk with its length and a right checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def huge_png() -> bytes:
    """A sound PNG of 60,000 x 60,000 pixels, all of them there: 1 bit each, deflated."""
    squeeze = zlib.compressobj(1)
    line = bytes(1 + SIDE // 8)
    pixels = b"".join(squeeze.compress(line * 600) for _ in range(SIDE // 600)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def huge_jpeg() -> bytes:
    """A photo whose header says 60,000 x 60,000 pixels."""
    data = bytearray(photo("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", SIDE, SIDE)
    return bytes(data)


def endless_gif() -> bytes:
    """A sound GIF of a million frames of one pixel each."""
    frame = b"!\xf9\x04\0\1\0\0\0" + b",\0\0\0\0\1\0\1\0\0" + b"\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * FRAMES + b";"


def text_bomb() -> bytes:
    """A sound PNG photo with a text of a GiB in it, deflated to some MiB."""
    squeeze = zlib.compressobj(1)
    block = bytes(1 << 20)
    text = b"".join(squeeze.compress(block) for _ in range(INFLATED >> 20)) + squeeze.flush()
    sound = photo("PNG")
    return sound[:33] + png_chunk(b"zTXt", b"Comment\0\0" + text) + sound[33:]


def pixel_bomb() -> bytes:
    """A PNG of 100 x 100 pixels whose data inflate to a GiB."""
    data = zlib.compress(bytes(64 << 20), 9) * 16  # one stream behind the other
    header = struct.pack(">IIBBBBB", 100, 100, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def many_chunks() -> bytes:
    """A sound PNG photo with 300,000 empty chunks in it."""
    sound = photo("PNG")
    return sound[:33] + png_chunk(b"teXt", b"") * 300_000 + sound[33:]


def looped_tiff() -> bytes:
    """A TIFF whose directory names itself as the next one."""
    data = bytearray(photo("TIFF"))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    return bytes(data)


# Name -> contents, and the word that its refusal has to hold; "" where it is an ordinary picture all the same.
FILES: Final = {
    "zero bytes.jpg": (lambda: b"", "empty"),
    "a page.jpg": (lambda: b"<!DOCTYPE html><html>" * 100, "web page"),
    "a program.png": (lambda: b"\x7fELF" + bytes(5000), "program"),
    "noise.jpg": (lambda: np.random.default_rng(1).bytes(50_000), "not an image"),
    "really a PNG.jpg": (lambda: photo("PNG"), ""),
    "huge.png": (huge_png, "larger than the limit"),
    "huge.jpg": (huge_jpeg, "larger than the limit"),
    "a million frames.gif": (endless_gif, ""),
    "text bomb.png": (text_bomb, ""),
    "pixel bomb.png": (pixel_bomb, ""),
    "many chunks.png": (many_chunks, ""),
    "looped.tif": (looped_tiff, "circle"),
    "cut off.jpg": (lambda: photo("JPEG")[:20_000], "truncated"),
}


def make_files(folder: Path) -> None:
    """Write every one of FILES. 20 MB, a few seconds."""
    for name, (make, _) in FILES.items():
        (folder / name).write_bytes(make())


def make_what_is_no_file(folder: Path) -> socket.socket:
    """A FIFO, a socket (to be closed), a device where we may, links to themselves, to each other, and out of here."""
    os.mkfifo(folder / "a fifo.jpg")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "a socket.jpg"))
    if os.geteuid() == 0:
        os.mknod(folder / "a device.jpg", 0o20666, os.makedev(1, 5))  # /dev/zero
    (folder / "endless.jpg").symlink_to("/dev/zero")
    (folder / "itself.jpg").symlink_to("itself.jpg")
    (folder / "one.jpg").symlink_to("two.jpg")
    (folder / "two.jpg").symlink_to("one.jpg")
    (folder / "around").symlink_to(folder, target_is_directory=True)
    return listening
