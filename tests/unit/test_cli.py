"""What the command line prints: sentences for people that a terminal can show, JSON for programs."""

import json

from shared.cli.stream import sentence
from shared.records import Event


def test_an_event_is_one_line_whatever_the_name() -> None:
    event = Event("2026-11-23T00:00:00.000+00:00", "a\nb\x1b[2J.jpg", "d", "near", "k.jpg", 0.9712, 3, "half size")
    line = sentence(event)
    assert line == "2026-11-23T00:00:00.000+00:00  near       'a\\nb\\x1b[2J.jpg'  = k.jpg  0.97  half size"
    assert Event.from_json(event.to_json()) == event
    assert list(json.loads(event.to_json())) == [
        "at",
        "path",
        "digest",
        "verdict",
        "duplicate_of",
        "similarity",
        "cluster",
        "reason",
    ]


def test_an_event_about_nothing_special_is_short() -> None:
    assert sentence(Event("2026", "🙂.jpg", "d", "unique")) == "2026  unique     🙂.jpg"
