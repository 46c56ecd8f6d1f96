"""`status --watch`: what is shown, from looks at Redis with a clock that the test turns, on terminals of any size."""

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from rich.console import Console
from rich.screen import Screen as WholeTerminal
from typer.testing import CliRunner

from shared.broker import Outstanding
from shared.cli.__main__ import app
from shared.cli.live import watch_status
from shared.cli.live_page import Screen, end_of
from shared.errors import SettingsError
from shared.live.model import Look, Model, Speed
from shared.live.waiting import Waiting
from shared.live.words import duration, verdicts_in_words
from shared.records import Counts, Event, Extractor, Verdict
from shared.settings import load_settings

NOW = 1_795_435_300.0  # 2026-11-23 12:01:40 UTC
COUNTED = {"failed": 3, "unjudged": 12, "unique": 7100, "exact": 900, "identical": 30, "near": 280}
VERDICTS = {**dict.fromkeys(map(str, Verdict), 0), **COUNTED}
LOOK = Look(
    counts=Counts(12_000, 4_000, 3),
    verdicts=VERDICTS,
    waiting=Outstanding({"features": 12, "recluster": 0, "verdicts": 3}, 2),
    redis_bytes=312_400_000,
    extractor=Extractor("e", "random", "VGG16", "random weights: clusters order images only roughly"),
    generation={"generation": "20261123T1200", "counts": {"images": 8000, "duplicates": 1100}, "k": 7},
    backlog=Waiting(),
)


def with_counts(total: int, pending: int) -> Look:
    return replace(LOOK, counts=Counts(total, pending, 3))


def event(number: int, verdict: str = "near", **changes: Any) -> Event:
    at = f"2026-11-23T12:00:{number:02}.000+00:00"
    return replace(Event(at, f"in/{number}.jpg", "d", verdict, "keeper.jpg", 0.9, None, "half size"), **changes)


def drawn(model: Model, width: int = 100, height: int = 30, seconds: float = 0.0) -> list[str]:
    """The lines of the terminal."""
    console = Console(width=width, height=height, legacy_windows=False)
    with console.capture() as capture:
        console.print(WholeTerminal(Screen(model.page(seconds), NOW, UTC)))
    lines = capture.get().split("\n")
    assert len(lines) == height
    assert all(len(line) == width for line in lines)
    return [line.rstrip() for line in lines]


def test_a_speed_is_what_came_in_the_last_minute() -> None:
    speed = Speed()
    assert speed.per_second(0.0) == 0.0
    speed.add(1000, 100.0)  # from before: nobody knows since when
    assert speed.per_second(100.0) == 0.0
    speed.add(30, 110.0)
    assert speed.per_second(110.0) == 3.0
    speed.add(-5, 111.0)  # files left: nothing was undone
    speed.add(30, 120.0)
    assert speed.per_second(120.0) == 3.0
    assert speed.per_second(170.0) == 0.5
    assert speed.per_second(500.0) == 0.0


def test_what_rests_is_shown_and_takes_no_part_in_the_time_left() -> None:
    model = Model()
    for seconds, read in ((0.0, 0), (10.0, 100)):
        look = replace(LOOK, counts=Counts(1000, 900 - read, 3, held=500), backlog=Waiting(500, paused=True))
        model.take(look, [], seconds)
    assert model.page(10.0).seconds_left == 300 / 10
    assert "backlog     500 files wait: paused; `imagesieve backlog resume` goes on with it" in drawn(model)
    model.take(replace(look, backlog=Waiting(500)), [], 20.0)
    assert model.page(20.0).seconds_left == 800 / 5
    assert "backlog     500 files wait, and are read as workers are free" in drawn(model)


def test_the_backlog_in_words() -> None:
    assert Waiting().sentence == "empty"
    assert Waiting(1).sentence == "1 file waits, and is read as workers are free"
    assert Waiting(1234, rests="quiet hours until 07:00").sentence == "1,234 files wait: quiet hours until 07:00"
    assert Waiting(0, paused=True).sentence == "empty (paused; `imagesieve backlog resume` goes on with it)"


def test_speeds_and_the_time_left_follow_from_the_looks() -> None:
    model = Model()
    model.remember([event(1)])
    assert model.page(0.0).look is None
    model.take(with_counts(1000, 1000), [], 0.0)
    first = model.page(0.5)
    assert (first.files, first.seconds_left) == (0.0, None)
    model.take(with_counts(1200, 1180), [event(2, "unique"), event(3)], 10.0)  # the scan finds more
    model.take(with_counts(1190, 1100), [event(4, "failed")], 20.0)  # some of them left
    page = model.page(20.0)
    assert (page.files, page.verdicts) == (90 / 20, 3 / 20)
    assert page.seconds_left == 1100 / 4.5
    assert [duplicate.path for duplicate in page.duplicates] == ["in/3.jpg", "in/1.jpg"]
    model.take(with_counts(1190, 0), [], 21.0)
    assert any("1,178 of 1,190 done (99%), 12 verdicts due" in line for line in drawn(model))
    model.take(replace(with_counts(1190, 0), verdicts={**VERDICTS, "unjudged": 0}), [], 22.0)
    assert model.page(200.0).seconds_left is None
    assert any("1,190, all done" in line for line in drawn(model))


def test_of_many_duplicates_the_newest_are_kept() -> None:
    model = Model()
    for number in range(60):
        model.take(LOOK, [event(number % 60, path) for path in ("near", "unique", "exact") for _ in range(3)], number)
    duplicates = model.page(60.0).duplicates
    assert len(duplicates) == 200
    assert duplicates[0].at > duplicates[-1].at


def test_a_wide_terminal_shows_everything() -> None:
    model = Model()
    model.take(with_counts(12_000, 4_000), [], 0.0)
    model.take(with_counts(12_000, 3_600), [event(number) for number in range(40)], 50.0)
    model.note_workers(["features@host", "verdicts@host"])
    lines = drawn(model, 120, 30, seconds=50.0)
    text = "\n".join(lines)
    for words in (
        "imagesieve  12:01:40  (Ctrl-C leaves)",
        "8,388 of 12,000 done (70%), 3,600 to read, 12 verdicts due, 8 min left",
        "8.0 files/s, 0.8 verdicts/s",
        "unique 7,100, exact 900, identical 30, ",
        "near 280, failed 3; 12 to come",
        "features 12, recluster 0, verdicts 3; in hand 2",
        "features@host, verdicts@host",
        "312.4 MB",
        "20261123T1200: 8,000 images, k = 7, 1,100 duplicates",
        "random weights: clusters order images only roughly",
        "last duplicates",
    ):
        assert words in text
    assert "━" in lines[2]
    assert lines[-1].split() == ["12:00:22", "near", "in/22.jpg", "=", "keeper.jpg", "half", "size"]  # to the last line


@pytest.mark.parametrize(
    ("width", "height"), [(200, 50), (80, 24), (64, 20), (50, 20), (40, 10), (20, 5), (8, 2), (1, 1)]
)
def test_any_terminal_is_filled_and_no_more(width: int, height: int) -> None:
    model = Model()
    model.take(LOOK, [event(number, path=f"in/日本語 {number}.jpg") for number in range(40)], 0.0)
    model.note_workers([])
    lines = drawn_cells(model, width, height)
    assert width < 20 or lines[0].startswith("imagesieve")
    if width >= 50:
        assert any("7,988 of 12,000" in line for line in lines)
        assert any("in/日本語 39.jpg" in line and "half size"[:5] in line for line in lines)


def drawn_cells(model: Model, width: int, height: int) -> list[str]:
    """As `drawn`, for signs that take two cells."""
    console = Console(width=width, height=height, legacy_windows=False)
    with console.capture() as capture:
        console.print(WholeTerminal(Screen(model.page(0.0), NOW, UTC)))
    lines = capture.get().split("\n")
    assert len(lines) == height
    return lines


def test_names_and_reasons_cannot_act_on_the_terminal() -> None:
    model = Model()
    odd = event(1, path="a\x1b[2J\n[red]b.jpg", duplicate_of="\x1b]0;k.jpg", reason="[bold]half[/bold]\x1b")
    model.take(LOOK, [odd, replace(odd, at="damaged"), replace(odd, at="2025-01-02T03:04:05+00:00")], 0.0)
    text = "\n".join(drawn(model, 160))
    assert "\x1b" not in text
    assert r"'a\x1b[2J\n[red]b.jpg'" in text
    assert r"= '\x1b]0;k.jpg'" in text
    assert r"'[bold]half[/bold]\x1b'" in text
    assert any(line.startswith("?  ") for line in text.splitlines())
    assert any(line.startswith("01-02  ") for line in text.splitlines())  # another day


def test_a_redis_that_is_away_is_told_and_the_last_numbers_stay() -> None:
    model = Model()
    model.lose("Redis (store) does not answer: no socket")
    text = "\n".join(drawn(model))
    assert "Redis (store) does not answer: no socket. Waiting for it" in text
    assert "old" not in text
    model.take(LOOK, [event(1)], 10.0)
    assert "does not answer" not in "\n".join(drawn(model))
    model.note_workers(["features@host"])
    model.lose("Redis (store) does not answer: no socket")
    text = "\n".join(drawn(model, seconds=17.0))
    assert "Waiting for it; the numbers are 7 s old" in text
    assert "7,988 of 12,000" in text
    assert "in/1.jpg" in text
    assert "features@host" not in text  # nobody knows who works


def test_warnings_and_what_is_not_there_yet_are_told() -> None:
    model = Model()
    model.take(replace(LOOK, extractor=None, generation=None, verdicts=None, counts=Counts(0, 0, 0)), [], 0.0)
    model.note_workers([])
    text = "\n".join(drawn(model))
    for words in (
        "0, all done",
        "not counted yet",
        "`imagesieve up` is not running, or just starting",
        "none yet",
    ):
        assert words in text
    assert "no duplicates found yet" in text
    assert "warning" not in text
    assert LOOK.generation
    model.take(replace(LOOK, generation={**LOOK.generation, "report_error": "no room on the disk"}), [], 1.0)
    assert "no room on the disk" in "\n".join(drawn(model))


def test_words() -> None:
    assert [duration(seconds) for seconds in (0, 89, 100, 7190, 7200, 12_000, 200_000)] == [
        "0 s", "89 s", "2 min", "2 h 0 min", "2 h 0 min", "3 h 20 min", "2 d 8 h",
    ]  # fmt: skip
    assert end_of("日本/日本.jpg", 9) == "…日本.jpg"
    assert end_of("abc", 1) == "…"
    assert verdicts_in_words({**VERDICTS, "unjudged": 0}).endswith("failed 3")


def test_where_there_is_no_terminal_it_says_what_to_do_instead() -> None:
    with pytest.raises(SettingsError, match=r"standard output is not a terminal.*status --json"):
        watch_status(load_settings())
    ended = CliRunner().invoke(app, ["status", "--watch", "--json"])
    assert isinstance(ended.exception, SettingsError)
