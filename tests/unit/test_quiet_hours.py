from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import SettingsError
from shared.quiet_hours import QuietHours
from shared.settings import load_settings


def quiet(words: str, clock: str) -> bool:
    return QuietHours.parse(words).cover(datetime.combine(datetime(2026, 3, 1), time.fromisoformat(clock)))


@pytest.mark.parametrize(
    ("words", "clock", "expected"),
    [
        ("", "12:00", False),
        ("08:00-18:00", "07:59:59", False),
        ("08:00-18:00", "08:00", True),
        ("08:00-18:00", "17:59:59", True),
        ("08:00-18:00", "18:00", False),
        ("22:00-07:00", "21:59:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "23:59:59", True),
        ("22:00-07:00", "00:00", True),
        ("22:00-07:00", "06:59:59", True),
        ("22:00-07:00", "07:00", False),
        ("22:00-24:00", "23:59", True),
        ("22:00-24:00", "00:00", False),
        ("00:00-6:30", "00:00", True),
        (" 8:15 - 8:16 ", "08:15:30", True),
    ],
)
def test_when_it_is_quiet(words: str, clock: str, expected: bool) -> None:
    assert quiet(words, clock) is expected


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_hours_and_the_hours_between_them_are_the_day(begin: int, end: int, minute: int) -> None:
    moment = datetime(2026, 3, 1, minute // 60, minute % 60)
    if begin != end:
        assert QuietHours(begin, end).cover(moment) is not QuietHours(end, begin).cover(moment)
    assert not QuietHours(begin, begin).cover(moment)


@pytest.mark.parametrize(
    "words", ["8-18", "08:00", "08:60-09:00", "25:00-26:00", "08:00-08:00", "00:00-24:00", "night"]
)
def test_hours_that_are_none_are_refused_by_name(words: str) -> None:
    with pytest.raises(SettingsError, match=r"IMAGESIEVE_QUIET_HOURS is .*use two times of the day, such as 08:00"):
        load_settings(quiet_hours=words)


def test_the_settings_give_the_hours() -> None:
    assert load_settings(quiet_hours="22:30-07:00").resting_hours == QuietHours(22 * 60 + 30, 7 * 60)
    assert load_settings().resting_hours == QuietHours()
    assert QuietHours.parse("22:30-07:05").end_in_words == "07:05"
