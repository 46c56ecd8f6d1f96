"""Records and references, to JSON and back."""

import json
import os
import posixpath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import CorruptValue, RefusedReference
from shared.paths import is_below_root
from shared.records import Counts, Extractor, ImageFacts, Match, Record, Reference, Relation, State
from shared.records.sealed import seal

sizes = st.integers(0, 2**63 - 1)


@given(
    st.builds(
        Record,
        size=sizes,
        mtime_ns=sizes,
        state=st.sampled_from(State),
        since=st.floats(0, 1e10),
        digest=st.text(),
        width=st.integers(0, 10**6),
        reason=st.text(),
    )
)
def test_a_record_comes_back_as_it_went(record: Record) -> None:
    assert Record.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b"{}", b'{"size":1,"state":"odd"}', b'{"size":1,"state":"ready","x":1}']
)
def test_a_record_that_does_not_parse_is_corrupt(raw: bytes) -> None:
    with pytest.raises(CorruptValue, match="rescan"):
        Record.from_json(raw)


@given(st.binary(min_size=1).filter(lambda name: is_below_root(os.fsdecode(name))), sizes, sizes)
def test_a_reference_survives_the_wire_whatever_the_name(name: bytes, size: int, mtime_ns: int) -> None:
    reference = Reference(os.fsdecode(name), size, mtime_ns)
    wire = json.dumps(reference.to_wire())
    assert wire.isascii()
    assert Reference.from_wire(json.loads(wire)) == reference
    assert os.fsencode(Reference.from_wire(json.loads(wire)).path) == name


@pytest.mark.parametrize(
    "value",
    [
        None, "a.jpg", [], ["a.jpg"], ["a.jpg", "1", 2], ["", 1, 2], ["a.jpg", -1, 2], ["a\0b", 1, 2], [1, 2, 3], {},
        ["a.jpg", True, 2], ["a.jpg", 1, 2, 3], ["a.jpg", 1.0, 2], [["a.jpg"], 1, 2],
    ],
)  # fmt: skip
def test_what_is_no_reference_is_refused(value: object) -> None:
    with pytest.raises(RefusedReference, match="refused"):
        Reference.from_wire(value)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "//a.jpg", "..", "../a.jpg", "sub/../../a.jpg", "sub/..", ".", "./a.jpg", "sub/./a.jpg",
        "sub//a.jpg", "sub/", "/", "", "\ud800.jpg", "a\0.jpg",
    ],
)  # fmt: skip
def test_a_path_that_does_not_lead_straight_down_is_refused(path: str) -> None:
    with pytest.raises(RefusedReference, match="below the watched folder"):
        Reference.from_wire([path, 1, 2])


@given(st.text(st.sampled_from("./ab\udcff"), min_size=1, max_size=12))
def test_the_paths_that_are_taken_are_those_that_stay_as_they_are(path: str) -> None:
    plain = posixpath.normpath(path) == path and path not in (".", "..") and not path.startswith(("/", "../"))
    assert is_below_root(path) is plain


SMALL = (
    Record(7, 9, State.READY, 1.5, "d" * 64, 40, 30, "e1", "near", "k.jpg", 0.91, "half size"),
    ImageFacts(3, 4, "p" * 64),
    Extractor("id", "random", "label", "warning"),
    Match(0.875, "same picture, mirrored"),
    Match(0.75, "differs in 3 %", Relation.VARIANT, 0.03, ((0.0, 0.5, 0.25, 1.0), (0.0, 0.5, 0.5, 1.0))),
)


@pytest.mark.parametrize("small", SMALL, ids=lambda small: type(small).__name__)
@given(data=st.data())
def test_small_records_come_back_or_are_corrupt(small: Any, data: st.DataObject) -> None:
    parse, raw = type(small).from_json, small.to_json()
    assert parse(raw) == small
    assert json.loads(raw)[0] == 1  # for people it is still JSON
    at = data.draw(st.integers(0, len(raw) - 1))
    flipped = bytes([raw[at] ^ data.draw(st.integers(1, 255))])
    for broken in (
        raw[:at],
        raw + b" ",
        raw[:at] + flipped + raw[at + 1 :],
        b"[2" + raw[2:],
        b'{"odd": 1}',
        b"[1,2,3]",
    ):
        with pytest.raises(CorruptValue):
            parse(broken)


def test_a_sealed_value_of_another_kind_is_corrupt() -> None:
    for small in SMALL:
        for value in ({"odd": 1}, [], 7, None, "x", {"size": 1, "state": "odd"}, {"size": 1, "state": "ready", "x": 1}):
            with pytest.raises(CorruptValue):
                type(small).from_json(seal(value))


def test_ready_is_what_is_left() -> None:
    assert Counts(total=10, pending=3, failed=2).ready == 5
