"""Features survive their way through bytes; a value that did not is noticed."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import CorruptValue
from worker.engine.encoding import DIMENSIONS, decode_features, encode, stack


def rows(count: int) -> np.ndarray:
    return np.random.default_rng(3).exponential(5, (count, DIMENSIONS)).astype(np.float32)


def test_rows_come_back_as_float16_has_them() -> None:
    features = rows(5)
    raws = encode(features)
    assert [len(raw) for raw in raws] == [8200] * 5
    for row, raw in zip(features, raws, strict=True):
        back = decode_features(raw)
        assert back.dtype == np.float32
        np.testing.assert_array_equal(back, row.astype(np.float16).astype(np.float32))
        np.testing.assert_allclose(back, row, rtol=1e-3, atol=1e-7)


def test_the_bytes_stay_as_they_are() -> None:
    # Stored values outlive this version of the program: a change here needs a new version byte.
    features = np.zeros((1, DIMENSIONS), np.float32)
    features[0, :3] = (1, -2, 0.5)
    raw = encode(features)[0]
    assert raw[:14].hex() == "01010000" + raw[4:8].hex() + "003c00c00038"
    assert raw[14:] == bytes(8186)


def test_values_beyond_float16_are_clipped_and_keep_their_sign() -> None:
    features = np.zeros((1, DIMENSIONS), np.float32)
    features[0, :2] = (1e6, -1e6)
    assert decode_features(encode(features)[0])[:3].tolist() == [65504, -65504, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_not_taken_back(value: float) -> None:
    raw = bytearray(encode(rows(1))[0])
    raw[8:10] = np.array([value], "<f2").tobytes()
    raw[4:8] = struct.pack("<I", zlib.crc32(raw[8:]))
    with pytest.raises(CorruptValue, match="not finite"):
        decode_features(bytes(raw))


@pytest.mark.parametrize("length", [0, 7, 8, 8192, 8199, 8201])
def test_a_wrong_length_is_corrupt(length: int) -> None:
    with pytest.raises(CorruptValue, match="bytes where 8200 belong"):
        decode_features((encode(rows(1))[0] * 2)[:length])


GOOD = encode(rows(1))[0]


@given(st.integers(0, 8199).filter(lambda at: at not in (2, 3)), st.integers(1, 255))
def test_any_changed_byte_is_noticed(at: int, change: int) -> None:
    raw = bytearray(GOOD)
    raw[at] ^= change
    with pytest.raises(CorruptValue):
        decode_features(bytes(raw))


def test_stack_leaves_out_what_is_missing_or_corrupt() -> None:
    features = rows(4)
    raws: list[bytes | None] = list(encode(features))
    raws[1], raws[2] = None, b"rubbish"
    stacked, sound = stack(raws)
    assert sound == [0, 3]
    assert stacked.shape == (2, DIMENSIONS)
    np.testing.assert_allclose(stacked, features[[0, 3]], rtol=1e-3)


def test_stack_of_nothing_has_no_rows() -> None:
    for raws in ([], [None, b""]):
        stacked, sound = stack(raws)
        assert stacked.shape == (0, DIMENSIONS)
        assert stacked.dtype == np.float32
        assert sound == []
