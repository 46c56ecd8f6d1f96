"""What the command line prints: sentences for people that a terminal can show, JSON for programs."""

import json
from dataclasses import replace
from typing import Any

import pytest

from shared.cli.calibration import show
from shared.cli.stream import sentence
from shared.cli.terminal import describe, progress_view
from shared.records import Counts, Event
from shared.stack.progress import Progress, Standing
from shared.store import MemoryStore, keys
from worker.engine.edits.attacks import ATTACKS


def test_an_event_is_one_line_whatever_the_name() -> None:
    event = Event("2026-11-23T00:00:00.000+00:00", "a\nb\x1b[2J.jpg", "d", "near", "k.jpg", 0.9712, 3, "half size")
    line = sentence(event)
    assert line == "2026-11-23T00:00:00.000+00:00  near       'a\\nb\\x1b[2J.jpg'  = k.jpg  0.97  half size"
    assert Event.from_json(event.to_json()) == event
    assert sentence(replace(event, cluster_before=1)).endswith("0.97  cluster 3, 1 before  half size")
    assert list(json.loads(event.to_json())) == [
        "at",
        "path",
        "digest",
        "verdict",
        "duplicate_of",
        "similarity",
        "cluster",
        "reason",
        "variant_of",
        "share",
        "cluster_before",
    ]


def test_an_event_of_a_variant_says_what_it_is_one_of() -> None:
    event = Event("2026", "a.jpg", "d", "unique", "", 0.93, 1, "differs in 3 %", "b\n.jpg", 0.03)
    assert sentence(event) == "2026  unique     a.jpg  variant of 'b\\n.jpg'  0.93  differs in 3 %"


def test_an_event_about_nothing_special_is_short() -> None:
    assert sentence(Event("2026", "🙂.jpg", "d", "unique")) == "2026  unique     🙂.jpg"


def calibration(**changes: Any) -> dict[str, Any]:
    row = {"copies": 20, "candidates": 1.0, "verified": 0.95, "found": 0.95, "right": 0.9}
    wrong = {"accepted": 0, "rate": 0.0, "upper_bound": 0.000636, "accepted_before": 1}
    return {
        "images": 20,
        "stored": True,
        "skipped": {},
        "thresholds": {"similarity": 0.71},
        "before": {"similarity": 0.68},
        "reason": "tightened: unrelated pictures reach 0.69",
        "near": "usual",
        "edits": [{"edit": "mirror", "relation": "near", **row}],
        "all": row,
        "all_before": row,
        "all_near": row,
        "all_variant": {"copies": 0, "candidates": None, "verified": None, "found": None, "right": None},
        "unrelated": {
            "pairs": 4711, "comparisons": 9000, "left_out": 2, "confidence": 0.95,
            "near": wrong, "variant": {**wrong, "accepted": 3, "upper_bound": 0.00164},
        },
        "hard": {"pairs": 31, "usual": {"near": 0, "variant": 3}, "strict": {"near": 0, "variant": 1}},
        "worst": [],
        "decisions": {"different": {"pairs": 0, "found_together": []}, "same": {"pairs": 0, "not_found": []}},
        **changes,
    }  # fmt: skip


def test_a_calibration_is_a_table_and_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    show(calibration())
    printed = capsys.readouterr()
    for words in (
        "mirror",
        "1.000",
        "0.950",
        "0.68 until now, 0.71 fits",
        "4,711 pairs",
        "wrongly near: 0, so below 0.064%",
        "wrongly variant: 3, so below 0.16%",
        "1 until now",
        "as what they are: 90.0%",
        "31 of them look alike",
        "IMAGESIEVE_NEAR=usual (in force) 0 are near, 3 variants",
        "IMAGESIEVE_NEAR=strict 0 are near, 1 variant",
    ):
        assert words in printed.out
    assert "look at these" not in printed.out
    assert "your decisions" not in printed.out
    assert "next recluster run" in printed.err
    show(calibration(stored=False))
    assert "nothing was stored" in capsys.readouterr().err


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table_of_a_calibration_fits_the_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    longest = max((edit.name for edit in ATTACKS), key=len)
    row = calibration()["edits"][0]
    show(calibration(edits=[{**row, "edit": longest, "relation": "variant"}]))
    table = capsys.readouterr().out.partition("similarity:")[0].splitlines()
    assert max(map(len, table)) <= columns
    [told] = [line.split() for line in table if line.startswith(longest)]
    assert told == [*longest.split(), "variant", "20", "1.000", "0.950", "0.900"]
    assert any("candidates" in line for line in table)


def test_a_calibration_names_pairs_and_files_as_a_terminal_may_show_them(capsys: pytest.CaptureFixture[str]) -> None:
    pair = {"path": "a\x1b[2J.jpg", "edit": "crop-20", "other": "[red]b.jpg", "other_edit": "", "similarity": 0.9}
    show(
        calibration(
            worst=[{**pair, "usual": "near", "strict": None}, {**pair, "usual": None, "strict": None}],
            skipped={"c\n.jpg": "gone before it could be read"},
            decisions={
                "different": {"pairs": 7, "found_together": [["d.jpg", "e\n.jpg"]]},
                "same": {"pairs": 3, "not_found": [["f.jpg", "g.jpg"]]},
            },
        )
    )
    printed = capsys.readouterr().out
    assert r"  near 0.90 (strict: different): 'a\x1b[2J.jpg' (crop-20) and [red]b.jpg" in printed
    assert r"  different: 'a\x1b[2J.jpg' (crop-20) and [red]b.jpg" in printed
    assert "of 7 pairs that you called different 1 looks like one picture" in printed
    assert r"  like one picture: d.jpg and 'e\n.jpg'" in printed
    assert "  different: f.jpg and g.jpg" in printed
    assert r"left out: 'c\n.jpg': gone before it could be read" in printed


def test_a_start_that_waits_for_the_network_says_so_until_it_is_loaded() -> None:
    waiting = Counts(191, 190, 1)
    assert describe(Standing(Counts(0, 0, 0), 0, 0, 0)) == "0 failed, 0 computed"
    assert describe(Standing(waiting, 0, 0, 0)) == "1 failed, 0 computed, 190 to read, loading the network"
    assert "loading" not in describe(Standing(waiting, 0, 0, 1))
    assert describe(Standing(Counts(191, 180, 2), 0, 9, 1)) == "2 failed, 9 computed, 180 to read"


def test_progress_counts_what_was_computed_since_the_stack_was_started() -> None:
    """Not since the first look at it: a busy machine was through by then, and all of it "0 computed"."""
    store = MemoryStore()
    store.add(keys.Counter.COMPUTED, 185)
    progress = Progress(store)
    store.add(keys.Counter.COMPUTED, 5)
    store.add(keys.Counter.LOADED, 1)
    assert progress.look() == Standing(Counts(), 0, 5, 1)
    store.add(keys.Counter.COMPUTED, -187)  # the collection began anew
    assert progress.look().computed == 3
    assert progress.look().computed == 3


def test_done_means_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """It stood at "1291 of 1291 done" for minutes."""
    with progress_view() as view:
        view.progress(Standing(Counts(1291, 0, 3), 24, 0, 1))
        view.progress(Standing(Counts(1291, 0, 3), 0, 0, 1))
    first, last = capsys.readouterr().err.splitlines()
    assert first == "imagesieve: 1,267 of 1,291 files done, 3 failed, 0 computed, 24 verdicts due"
    assert last == "imagesieve: 1,291 of 1,291 files done, 3 failed, 0 computed"
