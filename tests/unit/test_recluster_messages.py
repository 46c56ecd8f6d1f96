"""What a recluster message may hold."""

import pytest

from worker.tasks import parse_recluster


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ({}, (False, None, False)),
        ({"force": True}, (True, None, False)),
        ({"force": False, "k": 8}, (False, 8, False)),
        ({"k": 0}, (False, 0, False)),
        ({"patient": True}, (False, None, True)),
    ],
)
def test_what_is_asked_for_is_read(message, wanted):
    assert parse_recluster([], message) == ([wanted], [])


@pytest.mark.parametrize(
    "message", [{"k": -1}, {"k": 1001}, {"k": True}, {"k": "8"}, {"force": 1}, {"patient": 1}, {"more": 1}]
)
def test_whatever_else_there_is_is_refused(message):
    wanted, refused = parse_recluster([], message)
    assert wanted == []
    assert len(refused) == 1
