"""Records and references, to JSON and back."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import CorruptValue, RefusedReference
from shared.records import Counts, Extractor, ImageFacts, Record, Reference, State

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


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name), sizes, sizes)
def test_a_reference_survives_the_wire_whatever_the_name(name: bytes, size: int, mtime_ns: int) -> None:
    reference = Reference(os.fsdecode(name), size, mtime_ns)
    wire = json.dumps(reference.to_wire())
    assert wire.isascii()
    assert Reference.from_wire(json.loads(wire)) == reference
    assert os.fsencode(Reference.from_wire(json.loads(wire)).path) == name


@pytest.mark.parametrize(
    "value",
    [None, "a.jpg", [], ["a.jpg"], ["a.jpg", "1", 2], ["", 1, 2], ["a.jpg", -1, 2], ["a\0b", 1, 2], [1, 2, 3], {}],
)
def test_what_is_no_reference_is_refused(value: object) -> None:
    with pytest.raises(RefusedReference, match="refused"):
        Reference.from_wire(value)


def test_small_records_come_back_or_are_corrupt() -> None:
    assert ImageFacts.from_json(ImageFacts(3, 4).to_json()) == ImageFacts(3, 4)
    extractor = Extractor("id", "random", "label", "warning")
    assert Extractor.from_json(extractor.to_json()) == extractor
    for parse in (ImageFacts.from_json, Extractor.from_json):
        with pytest.raises(CorruptValue):
            parse(b'{"odd": 1}')


def test_ready_is_what_is_left() -> None:
    assert Counts(total=10, pending=3, failed=2).ready == 5
