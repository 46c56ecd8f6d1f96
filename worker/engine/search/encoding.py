"""Features as bytes: a header that is checked on reading, then the values of one row, as many as there are.

The header is `version, encoding, 2 reserved bytes, CRC32 of the payload (little-endian)`. Encodings are told apart by
the header, so that a store may hold all of them:

- float16: 2 bytes per value; 8,200 bytes in all for 4096 values. Where a sixteenth of them or more is zero, as half or
  three quarters are behind a ReLU, as sparse: how many values there are, a bit for each that is not zero, and these.
  About 4,600 bytes where half are zero. Nothing is rounded by that.
- int8: the lowest and the highest value as float32, then a byte per value in 255 steps between them, deflated. About
  2,800 bytes for 4096 values, fewer where many are zero. docs/benchmarks.md says what the rounding costs.
"""

import math
import struct
import zlib
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from shared.errors import CorruptValue

Encoding = Literal["float16", "int8"]

MOST: Final = 1 << 16  # values of a row; more are taken for damage
_HEADER: Final = struct.Struct("<BBxxI")
_RANGE: Final = struct.Struct("<ff")
_COUNT: Final = struct.Struct("<I")
_VERSION: Final = 1
_FLOAT16: Final = 1
_INT8: Final = 2
_SPARSE: Final = 3
_STEPS: Final = 255
_LEVEL: Final = 1  # of deflate: higher levels take twice the time for one percent
_LONGEST: Final = _HEADER.size + 2 * MOST
_LARGEST: Final = float(np.finfo(np.float16).max)
_SMALLEST: Final = float(np.finfo(np.float16).tiny)


def encode(features: NDArray[np.float32], encoding: Encoding = "float16") -> list[bytes]:
    """Bytes of each row of features, float32 `[n, d]`, that `has_features` passes.

    float16: values beyond its 65,504 become 65,504. int8: each value moves by at most 1/510 of its row's range; 0.2 ms
    a row.
    """
    if encoding == "float16":
        halves = np.clip(features, -_LARGEST, _LARGEST).astype("<f2")
        return [_as_halves(row) for row in halves]
    lows, highs = features.min(axis=1), features.max(axis=1)
    scale = np.where(highs > lows, highs - lows, 1)[:, None]
    steps = np.rint((features - lows[:, None]) / scale * _STEPS).astype(np.uint8)
    return [
        _headed(_INT8, _RANGE.pack(low, high) + zlib.compress(row.tobytes(), _LEVEL))
        for low, high, row in zip(lows, highs, steps, strict=True)
    ]


def has_features(features: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows of `[n, d]` say something of their pictures: all values finite, and not all of them zero.

    What float16 rounds to zero, or nearly, counts as zero.
    """
    sound: NDArray[np.bool_] = np.isfinite(features).all(axis=1) & (np.abs(features).max(axis=1) > _SMALLEST)
    return sound


def _as_halves(row: NDArray[np.float16]) -> bytes:
    """The shorter one of the two ways."""
    kept = row != 0
    sparse = _COUNT.pack(len(row)) + np.packbits(kept).tobytes() + row[kept].tobytes()
    return _headed(_SPARSE, sparse) if len(sparse) < row.nbytes else _headed(_FLOAT16, row.tobytes())


def _headed(encoding: int, payload: bytes) -> bytes:
    return _HEADER.pack(_VERSION, encoding, zlib.crc32(payload)) + payload


def decode_features(raw: bytes) -> NDArray[np.float32]:
    """One row, float32 `[d]`. Raises CorruptValue for a wrong length, version or checksum, NaN, or zeros alone."""
    if not _HEADER.size < len(raw) <= _LONGEST:
        raise CorruptValue(f"stored features have {len(raw)} bytes, which no encoding gives; computed anew")
    version, encoding, checksum = _HEADER.unpack_from(raw)
    payload = raw[_HEADER.size :]
    if version != _VERSION or encoding not in _READERS or zlib.crc32(payload) != checksum:
        raise CorruptValue("stored features have a wrong version or checksum; computed anew")
    row = _READERS[encoding](payload)
    if len(row) > MOST:
        raise CorruptValue(f"stored features have more than {MOST} values, which no network gives; computed anew")
    if not np.isfinite(row).all():
        raise CorruptValue("stored features are not finite; computed anew")
    if not row.any():  # as older versions stored them, whose network had loaded nothing
        raise CorruptValue("stored features are zero alone; computed anew")
    return row


def _halves(payload: bytes) -> NDArray[np.float32]:
    return np.frombuffer(payload, dtype="<f2", count=len(payload) // 2).astype(np.float32)


def _spread(payload: bytes) -> NDArray[np.float32]:
    """The values of a sparse payload."""
    if len(payload) < _COUNT.size:
        raise CorruptValue("stored features do not parse (no count); computed anew")
    [count] = _COUNT.unpack_from(payload)
    start = _COUNT.size + -(-count // 8)
    if count > MOST or start > len(payload):
        raise CorruptValue("stored features do not parse (a count beyond them); computed anew")
    kept = np.unpackbits(np.frombuffer(payload, np.uint8, start - _COUNT.size, _COUNT.size), count=count).view(bool)
    values = np.frombuffer(payload[start:], dtype="<f2", count=(len(payload) - start) // 2)
    if kept.sum() != len(values):
        raise CorruptValue("stored features do not parse (values are missing); computed anew")
    row = np.zeros(count, np.float32)
    row[kept] = values
    return row


def _spread_all(raws: Sequence[bytes]) -> NDArray[np.float32] | None:
    """The rows of sparse features of one width, all sound; None where one is anything else: each is looked at then."""
    kept: list[bytes] = []
    values: list[bytes] = []
    width = _width(raws[0]) if raws else 0
    if not width:
        return None
    start = _HEADER.size + _COUNT.size
    middle = start + -(-width // 8)
    for raw in raws:
        if _width(raw) != width or len(raw) < middle or len(raw) % 2 != middle % 2:
            return None
        kept.append(raw[start:middle])
        values.append(raw[middle:])
    mask = np.unpackbits(np.frombuffer(b"".join(kept), np.uint8).reshape(len(raws), -1), axis=1, count=width).view(bool)
    if (mask.sum(axis=1) != [len(each) // 2 for each in values]).any():
        return None
    flat = np.frombuffer(b"".join(values), dtype="<f2")
    rows = np.zeros((len(raws), width), np.float32)
    rows.reshape(-1)[np.flatnonzero(mask)] = flat  # the mask itself takes twice as long
    return rows if np.isfinite(flat).all() and rows.any(axis=1).all() else None


def _width(raw: bytes) -> int:
    """How many values sparse features have, whose checksum is right; 0 of anything else."""
    if not _HEADER.size + _COUNT.size < len(raw) <= _LONGEST:
        return 0
    version, encoding, checksum = _HEADER.unpack_from(raw)
    if (version, encoding) != (_VERSION, _SPARSE) or zlib.crc32(memoryview(raw)[_HEADER.size :]) != checksum:
        return 0
    [count] = _COUNT.unpack_from(raw, _HEADER.size)
    return int(count) if count <= MOST else 0


def _steps(payload: bytes) -> NDArray[np.float32]:
    """The values of an int8 payload; at most one more than MOST, however far the bytes would inflate."""
    try:
        low, high = _RANGE.unpack_from(payload)
        steps = zlib.decompressobj().decompress(payload[_RANGE.size :], MOST + 1)
    except (struct.error, zlib.error) as error:
        raise CorruptValue(f"stored features do not parse ({error}); computed anew") from error
    if not (math.isfinite(low) and math.isfinite(high)):
        raise CorruptValue("stored features are not finite; computed anew")
    values = np.frombuffer(steps, dtype=np.uint8).astype(np.float32)
    return np.float32(low) + values * np.float32((high - low) / _STEPS)


_READERS: Final = {_FLOAT16: _halves, _INT8: _steps, _SPARSE: _spread}


def stack(raws: Sequence[bytes | None]) -> tuple[NDArray[np.float32], list[int]]:
    """Rows of the values that are there and sound, float32 `[m, d]`, and which of `raws` they are.

    They are of one extractor, so another width than the first one's is damage, too. `[0, 0]` where none is there.
    Those of a network, sparse and sound, are taken together, in a third of the time.
    """
    there = [index for index, raw in enumerate(raws) if raw is not None]
    together = _spread_all([raw for raw in raws if raw is not None])
    if together is not None:
        return together, there
    rows = np.empty((0, 0), dtype=np.float32)
    sound: list[int] = []
    for index, raw in enumerate(raws):
        if raw is None:
            continue
        try:
            row = decode_features(raw)
        except CorruptValue:
            continue  # left out like a missing one: whoever reads the indices sees it
        if not sound:
            rows = np.empty((len(raws), len(row)), dtype=np.float32)
        elif len(row) != rows.shape[1]:
            continue
        rows[len(sound)] = row
        sound.append(index)
    return rows[: len(sound)], sound
