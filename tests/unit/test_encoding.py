"""Features survive their way through bytes; a value that did not is noticed."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import CorruptValue
from worker.engine.search.encoding import MOST, Encoding, decode_features, encode, has_features, stack

DIMENSIONS = 4096


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
    assert raw[:12].hex() == "01030000" + raw[4:8].hex() + "00100000"
    assert raw[12:] == b"\xe0" + bytes(511) + bytes.fromhex("003c00c00038")
    features[0, 3:] = 1
    raw = encode(features)[0]
    assert raw[:14].hex() == "01010000" + raw[4:8].hex() + "003c00c00038"
    assert raw[14:] == bytes.fromhex("003c") * 4093


def test_zeros_take_a_bit_each_and_nothing_is_rounded_by_that() -> None:
    features = np.maximum(np.random.default_rng(5).normal(0, 1, (4, DIMENSIONS)), 0).astype(np.float32)
    features[1, 100:] = 0
    features[2] = np.abs(features[2]) + 1
    features[3, ::20] = 0
    raws = encode(features)
    assert len(raws[0]) < 4800
    assert len(raws[1]) < 740
    assert len(raws[2]) == 8200
    for row, raw in zip(features, raws, strict=True):
        np.testing.assert_array_equal(decode_features(raw), row.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize(
    "payload",
    [
        b"\1\0",
        struct.pack("<I", MOST + 1) + bytes(MOST // 8 + 3),
        struct.pack("<I", 4096) + b"\1" * 511,
        struct.pack("<I", 16) + b"\xff\xff" + b"\0<" * 15,
        struct.pack("<I", 16) + b"\xff\xff" + b"\0<" * 17,
        struct.pack("<I", 16) + b"\xff\xff" + b"\0|" * 16,
        struct.pack("<I", 0),
    ],
)
def test_sparse_values_that_do_not_parse_are_corrupt(payload: bytes) -> None:
    with pytest.raises(CorruptValue):
        decode_features(struct.pack("<BBxxI", 1, 3, zlib.crc32(payload)) + payload)


def test_values_beyond_float16_are_clipped_and_keep_their_sign() -> None:
    features = np.zeros((1, DIMENSIONS), np.float32)
    features[0, :2] = (1e6, -1e6)
    assert decode_features(encode(features)[0])[:3].tolist() == [65504, -65504, 0]


def test_int8_takes_a_third_and_moves_no_value_by_more_than_half_a_step() -> None:
    features = np.maximum(np.random.default_rng(5).normal(0, 1, (4, DIMENSIONS)), 0).astype(np.float32)
    features[1] = 7.0
    features[2] -= 3
    features[3] *= 1e6
    raws = encode(features, "int8")
    assert max(map(len, raws)) < 3000
    for row, raw in zip(features, raws, strict=True):
        np.testing.assert_allclose(decode_features(raw), row, rtol=0, atol=np.ptp(row) / 509 + 1e-6)
    assert (decode_features(raws[0]) == 0).sum() >= (features[0] == 0).sum()


def with_payload(payload: bytes) -> bytes:
    return struct.pack("<BBxxI", 1, 2, zlib.crc32(payload)) + payload


@pytest.mark.parametrize(
    "payload",
    [
        b"short",
        struct.pack("<ff", 0, 1) + b"not deflated",
        struct.pack("<ff", 0, 1) + zlib.compress(b"\1" * (MOST + 1)),
        struct.pack("<ff", 0, 1) + zlib.compress(b"\1" * 10**6),
        struct.pack("<ff", 0, np.inf) + zlib.compress(bytes(DIMENSIONS)),
        struct.pack("<ff", np.nan, 1) + zlib.compress(bytes(DIMENSIONS)),
    ],
)
def test_int8_that_does_not_parse_is_corrupt(payload: bytes) -> None:
    with pytest.raises(CorruptValue):
        decode_features(with_payload(payload))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_not_taken_back(value: float) -> None:
    raw = bytearray(encode(rows(1))[0])
    raw[8:10] = np.array([value], "<f2").tobytes()
    raw[4:8] = struct.pack("<I", zlib.crc32(raw[8:]))
    with pytest.raises(CorruptValue, match="not finite"):
        decode_features(bytes(raw))


@pytest.mark.parametrize("encoding", ["float16", "int8"])
def test_zeros_alone_are_not_taken_back(encoding: Encoding) -> None:
    """What a network that had loaded nothing left in the store is computed anew."""
    with pytest.raises(CorruptValue, match="zero"):
        decode_features(encode(np.zeros((1, DIMENSIONS), np.float32), encoding)[0])


def test_what_says_something_of_a_picture() -> None:
    features = np.zeros((6, DIMENSIONS), np.float32)
    features[1:, 7] = [1, 1e-9, np.nan, np.inf, -1]
    assert has_features(features).tolist() == [False, True, False, False, False, True]
    assert has_features(features[:0]).tolist() == []


@pytest.mark.parametrize("length", [0, 7, 8, 8192, 8199, 8201])
def test_a_wrong_length_is_corrupt(length: int) -> None:
    with pytest.raises(CorruptValue, match="stored features"):
        decode_features((encode(rows(1))[0] * 2)[:length])


GOOD = {encoding: encode(rows(1), encoding)[0] for encoding in ("float16", "int8")}


@pytest.mark.parametrize("encoding", GOOD)
@given(data=st.data(), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(encoding: str, data: st.DataObject, change: int) -> None:
    raw = bytearray(GOOD[encoding])
    raw[data.draw(st.integers(0, len(raw) - 1).filter(lambda at: at not in (2, 3)))] ^= change
    with pytest.raises(CorruptValue):
        decode_features(bytes(raw))


def test_stack_leaves_out_what_is_missing_or_corrupt() -> None:
    features = rows(4)
    raws: list[bytes | None] = list(encode(features))
    raws[1], raws[2], raws[3] = None, b"rubbish", encode(features[3:], "int8")[0]
    stacked, sound = stack(raws)
    assert sound == [0, 3]
    assert stacked.shape == (2, DIMENSIONS)
    np.testing.assert_allclose(stacked[0], features[0], rtol=1e-3)
    np.testing.assert_allclose(stacked[1], features[3], atol=np.ptp(features[3]) / 509)


def test_rows_are_as_wide_as_they_are_and_one_of_another_width_is_left_out() -> None:
    narrow = rows(3)[:, :12]
    raws = [*encode(narrow, "int8"), *encode(rows(1)), *encode(narrow)]
    stacked, sound = stack(raws)
    assert sound == [0, 1, 2, 4, 5, 6]
    np.testing.assert_allclose(stacked, [*narrow, *narrow], atol=np.ptp(narrow) / 509)


DAMAGES = ("", "", "", "missing", "bit", "cut", "dense", "int8", "narrow", "long", "nan", "zero", "count")


@given(st.lists(st.sampled_from(DAMAGES), max_size=6))
def test_what_is_taken_together_is_what_each_is_by_itself(damages: list[str]) -> None:
    chance = np.random.default_rng(len(damages))
    features = np.maximum(chance.normal(size=(len(damages), 100)), 0).astype(np.float32) + np.eye(1, 100)[0]
    raws = [_damaged(row.astype(np.float32), damage) for row, damage in zip(features, damages, strict=True)]
    stacked, sound = stack(raws)
    expected: list[np.ndarray] = []
    places = []
    for place, raw in enumerate(raws):
        try:
            row = decode_features(raw or b"")
        except CorruptValue:
            continue
        if not expected or len(row) == len(expected[0]):
            expected.append(row)
            places.append(place)
    assert sound == places
    assert stacked.dtype == np.float32
    assert len(stacked) == len(expected)
    for row, one in zip(stacked, expected, strict=True):
        np.testing.assert_array_equal(row, one)


def _damaged(row: np.ndarray, damage: str) -> bytes | None:
    """Sparse features as they may be found. Of some damages the checksum is right."""
    whole = encode(row[None])[0]
    raws = {
        "missing": None,
        "bit": whole[:20] + bytes([whole[20] ^ 1]) + whole[21:],
        "cut": whole[:-1],
        "dense": encode(np.abs(row[None]) + 1)[0],
        "int8": encode(row[None], "int8")[0],
        "narrow": encode(row[None, :40])[0],
    }
    payload = whole[8:]
    payloads = {
        "long": payload + b"\0\0\0",
        "nan": payload[:-2] + np.array([np.nan], "<f2").tobytes(),
        "zero": payload[:17] + bytes(len(payload) - 17),
        "count": (10**6).to_bytes(4, "little") + payload[4:],
    }
    if damage in payloads:
        found = payloads[damage]
        return whole[:4] + zlib.crc32(found).to_bytes(4, "little") + found
    return raws.get(damage, whole)


def test_stack_of_nothing_has_no_rows() -> None:
    for raws in ([], [None, b""]):
        stacked, sound = stack(raws)
        assert len(stacked) == 0
        assert stacked.dtype == np.float32
        assert sound == []
