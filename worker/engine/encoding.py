"""Features as bytes: a header that is checked on reading, then float16.

`version, dtype, 2 reserved bytes, CRC32 of the payload (little-endian)`, then 4096 values of 2 bytes: 8,200 bytes.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.errors import CorruptValue

DIMENSIONS: Final = 4096
_HEADER: Final = struct.Struct("<BBxxI")
_VERSION: Final = 1
_FLOAT16: Final = 1
_BYTES: Final = _HEADER.size + 2 * DIMENSIONS
_LARGEST: Final = float(np.finfo(np.float16).max)


def encode(features: NDArray[np.float32]) -> list[bytes]:
    """Bytes of each row of finite features, float32 `[n, 4096]`. Values beyond float16's 65,504 become 65,504."""
    halves = np.clip(features, -_LARGEST, _LARGEST).astype("<f2")
    payloads = [row.tobytes() for row in halves]
    return [_HEADER.pack(_VERSION, _FLOAT16, zlib.crc32(payload)) + payload for payload in payloads]


def decode_features(raw: bytes) -> NDArray[np.float32]:
    """One row, float32 `[4096]`. Raises CorruptValue for a wrong length, version or checksum, or for NaN."""
    if len(raw) != _BYTES:
        raise CorruptValue(f"stored features have {len(raw)} bytes where {_BYTES} belong; computed anew")
    version, dtype, checksum = _HEADER.unpack_from(raw)
    payload = raw[_HEADER.size :]
    if (version, dtype) != (_VERSION, _FLOAT16) or zlib.crc32(payload) != checksum:
        raise CorruptValue("stored features have a wrong version or checksum; computed anew")
    row = np.frombuffer(payload, dtype="<f2").astype(np.float32)
    if not np.isfinite(row).all():
        raise CorruptValue("stored features are not finite; computed anew")
    return row


def stack(raws: Sequence[bytes | None]) -> tuple[NDArray[np.float32], list[int]]:
    """Rows of the values that are there and sound, float32 `[m, 4096]`, and which of `raws` they are."""
    rows = np.empty((len(raws), DIMENSIONS), dtype=np.float32)
    sound: list[int] = []
    for index, raw in enumerate(raws):
        if raw is None:
            continue
        try:
            rows[len(sound)] = decode_features(raw)
        except CorruptValue:
            continue  # left out like a missing one: whoever reads the indices sees it
        sound.append(index)
    return rows[: len(sound)], sound
