"""ICC profiles as small as they can be: ICC.1:2001-04, of a screen by its primaries, of a printer by a table."""

import itertools
import struct

WIDE = {  # primaries under D50, as Display P3 and Adobe RGB (1998) have them, and a gamma
    "Display P3": ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407), 2.2),
    "Adobe RGB": ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457), 2.2),
}


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", at + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = bytes(4) + b"\2\x40\0\0" + kind + space + connection + bytes(12) + b"acsp" + bytes(28)
    head += _xyz((0.9642, 1.0, 0.8249))[8:]
    size = struct.pack(">I", 128 + len(table) + len(body))
    return size + head.ljust(124, b"\0") + table + body


def screen(name: str) -> bytes:
    """The profile of a screen of that name."""
    *primaries, gamma = WIDE[name]
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {b"wtpt": _xyz((0.9642, 1.0, 0.8249))}
    tags |= {name: _xyz(primary) for name, primary in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def scanner() -> bytes:
    """The profile of a scanner whose curves are of no known kind."""
    *primaries, _ = WIDE["Adobe RGB"]
    levels = [(step / 63) ** 1.5 * (0.7 + 0.3 * step / 63) for step in range(64)]
    curve = b"curv\0\0\0\0" + struct.pack(">I64H", 64, *(round(65535 * level) for level in levels))
    tags = {b"wtpt": _xyz((0.9642, 1.0, 0.8249))}
    tags |= {name: _xyz(primary) for name, primary in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"scnr", b"RGB ", b"XYZ ", tags)


def printer() -> bytes:
    """The profile of a printer whose cyan is dark and whose yellow is green."""
    line = bytes(range(256))
    inks = itertools.product((0, 1), repeat=4)
    lab = [
        (95 * (1 - 0.6 * c) * (1 - 0.5 * m) * (1 - 0.1 * y) * (1 - 0.9 * k), 60 * m - 50 * y - 20 * c, 50 * y - 60 * c)
        for c, m, y, k in inks
    ]
    grid = b"".join(bytes((round(light * 2.55), round(a + 128), round(b + 128))) for light, a, b in lab)
    matrix = b"".join(struct.pack(">i", 65536 * (row == column)) for row in range(3) for column in range(3))
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + 4 * line + grid + 3 * line
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz((0.9642, 1.0, 0.8249)), b"A2B0": table})
