"""Files of kinds that no library here writes, by the texts of their formats."""

import struct

import numpy as np


def bmp_of(pixels: np.ndarray, bits: int, masks: tuple[int, ...], header: int = 56, coding: int = 3) -> bytes:
    """Of fields of bits: pixels `[h, w]` of 16 or 32 bits, bottom row first."""
    height, width = pixels.shape
    stride = -(-width * bits // 32) * 4
    rows = b"".join(row.astype(f"<u{bits // 8}").tobytes().ljust(stride, b"\0") for row in pixels[::-1])
    head = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, coding, len(rows), 0, 0, 0, 0)
    head = (head + struct.pack(f"<{len(masks)}I", *masks)).ljust(header, b"\0")
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows


def mapped_bmp(numbers: np.ndarray, colours: np.ndarray, packed: bool) -> bytes:
    """colours: `[256, 3]`."""
    height, width = numbers.shape
    raw = numbers[::-1].tobytes()
    if packed:  # each row as one run of different pixels
        raw = b"".join(bytes((0, width)) + row.tobytes() + b"\0" * (width % 2) + b"\0\0" for row in numbers[::-1])
        raw += b"\0\1"
    table = np.pad(colours[:, ::-1], ((0, 0), (0, 1))).tobytes()
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, int(packed), len(raw), 0, 0, 256, 0)
    start = 14 + 40 + len(table)
    return b"BM" + struct.pack("<IHHI", start + len(raw), 0, 0, start) + head + table + raw


def sun_of(
    values: np.ndarray, depth: int, kind: int, colours: np.ndarray | None = None, width: int | None = None
) -> bytes:
    """Sun raster. values: rows of bytes, an even number in each. kind: 1 plain, 2 packed, 3 red first."""
    raw = values.tobytes()
    width = width or values.shape[1]
    if kind == 2:
        raw = raw.replace(b"\x80", b"\x80\0")
    table = b"" if colours is None else colours.T.tobytes()
    mapped = int(colours is not None)
    return struct.pack(">8I", 0x59A66A95, width, len(values), depth, len(raw), kind, mapped, len(table)) + table + raw


def tga_of(values: np.ndarray, kind: int, depth: int, said: int = 0x20, colours: np.ndarray | None = None) -> bytes:
    """From the top. said: what is said of alpha and order. colours: `[256, 3]`."""
    height, width = values.shape[:2]
    raw = values.tobytes()
    if kind >= 8:
        raw = b"".join(bytes((width - 1,)) + row.tobytes() for row in values)  # one packet of different pixels a row
    table = b"" if colours is None else colours[:, ::-1].tobytes()
    mapped = int(colours is not None)
    head = struct.pack("<BBBHHBHHHHBB", 0, mapped, kind, 0, 256 * mapped, 24 * mapped, 0, 0, width, height, depth, said)
    return head + table + raw


def psd_of(
    values: np.ndarray, mode: int, bits: int = 8, packed: bool = False, large: bool = False, real: bool = True,
    colours: np.ndarray | None = None, coding: int | None = None, profile: bytes = b"", layers: bytes = b"",
) -> bytes:  # fmt: skip
    """A Photoshop document of `[h, w, c]` values. real: whether it holds its picture. colours: `[256, 3]`."""
    height, width, count = values.shape
    rows = [
        np.packbits(row).tobytes() if bits == 1 else row.astype(f">u{bits // 8}").tobytes()
        for channel in np.moveaxis(values, 2, 0)
        for row in channel
    ]
    if packed:
        rows = [b"".join(bytes((len(row[at : at + 128]) - 1,)) + row[at : at + 128] for at in range(0, len(row), 128))
                for row in rows]  # fmt: skip
    table = b"" if colours is None else colours.T.tobytes()
    resource = b"8BIM" + struct.pack(">HHI", 1057, 0, 5) + struct.pack(">I?", 1, real) + b"\0"
    if profile:
        resource += b"8BIM" + struct.pack(">HHI", 1039, 0, len(profile)) + profile + b"\0" * (len(profile) % 2)
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 2 if large else 1, count, height, width, bits, mode)
    lengths = b"".join(struct.pack(">I" if large else ">H", len(row)) for row in rows) if packed else b""
    parts = struct.pack(">I", len(table)) + table + struct.pack(">I", len(resource)) + resource
    parts += struct.pack(">Q" if large else ">I", len(layers)) + layers
    return head + parts + struct.pack(">H", int(packed) if coding is None else coding) + lengths + b"".join(rows)


def lossless_jpeg_of(values: np.ndarray) -> bytes:
    """ITU-T T.81, annex H: each value less the one to its left, or above, `[h, w]` or `[h, w, 3]`; codes of 5 bits."""
    values = values[..., None] if values.ndim == 2 else values
    height, width, count = values.shape
    left = np.concatenate([np.zeros((height, 1, count), int), values[:, :-1].astype(int)], axis=1)
    left[1:, 0], left[0, 0] = values[:-1, 0], 128
    bits = ""
    for change in (values.astype(int) - left).ravel().tolist():
        size = abs(change).bit_length()
        bits += f"{size:05b}" + (f"{change + (1 << size) - 1 if change < 0 else change:0{size}b}" if size else "")
    bits += "1" * (-len(bits) % 8)
    packed = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    kinds = bytes(value for number in range(count) for value in (number + 1, 0x11, 0))
    table = bytes((0, 0, 0, 0, 0, 17, *(0,) * 11, *range(17)))
    parts = [
        (0xC3, struct.pack(">BHHB", 8, height, width, count) + kinds),
        (0xC4, table),
        (0xDA, bytes((count, *(value for number in range(count) for value in (number + 1, 0)), 1, 0, 0))),
    ]
    said = b"".join(bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body for marker, body in parts)
    return b"\xff\xd8" + said + packed + b"\xff\xd9"


def with_channels(data: bytes, channels: list[tuple[int, int, int]]) -> bytes:
    """A JPEG 2000 file with number, kind and colour of its channels."""
    said = struct.pack(">I4sH", 10 + 6 * len(channels), b"cdef", len(channels))
    said += b"".join(struct.pack(">HHH", *one) for one in channels)
    at = data.index(b"jp2h") - 4
    size = struct.unpack_from(">I", data, at)[0]
    end = at + size
    old = data.find(b"cdef", at, end) - 4
    if old > 0:
        length = struct.unpack_from(">I", data, old)[0]
        return data[:old] + said + data[old + length :]
    return data[:at] + struct.pack(">I", size + len(said)) + data[at + 4 : end] + said + data[end:]
