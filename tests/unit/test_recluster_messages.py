"""What a recluster message may hold."""

import pytest

from worker.tasks import parse_recluster


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ({}, (False, None)),
        ({"force": True}, (True, None)),
        ({"force": False, "k": 8}, (False, 8)),
        ({"k": 0}, (False, 0)),
    ],
)
def test_force_and_k_are_read(message, wanted):
    assert parse_recluster([], message) == ([wanted], [])


@pytest.mark.parametrize("message", [{"k": -1}, {"k": 1001}, {"k": True}, {"k": "8"}, {"force": 1}, {"more": 1}])
def test_whatever_else_there_is_is_refused(message):
    wanted, refused = parse_recluster([], message)
    assert wanted == []
    assert len(refused) == 1
