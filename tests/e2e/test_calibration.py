"""`imagesieve calibrate` on a running collection: a table, and thresholds that count from then on."""

import json
from typing import Any

import pytest

from shared.cli.calibration import show
from shared.cli.demo import make_demo_folder
from tests.e2e.conftest import Imagesieve, wait_until


def test_a_calibration_is_measured_stored_and_in_the_next_report(
    sieve: Imagesieve, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = sieve.base / "photos"
    make_demo_folder(photos)
    for name in ("china.jpg", "flower.jpg", "coffee.png"):
        (sieve.watched / name).write_bytes((photos / name).read_bytes())
    early = sieve.run("calibrate", "--sample", "1")
    assert early.returncode == 1
    assert "Redis" in early.stderr
    process = sieve.start("up", str(sieve.watched))
    wait_until(lambda: (sieve.latest / "summary.json").exists() and summary(sieve)["counts"]["images"] == 3, "a report")
    assert summary(sieve)["thresholds"]["origin"] == "default"

    sieve.leave_open("weights", "watch_dir")  # the collection says both
    ended = sieve.run("calibrate", "--sample", "1", "--json")
    assert ended.returncode == 0, ended.stderr
    assert "1 of 1 picture edited" in ended.stderr
    assert all(line.startswith("imagesieve: ") for line in ended.stderr.splitlines()), ended.stderr
    found = json.loads(ended.stdout)
    assert (found["images"], found["keepers"], found["stored"]) == (1, 3, True)
    assert found["all"]["copies"] == 34
    assert found["all"]["right"] > 0.9
    assert (found["all_near"]["copies"], found["all_variant"]["copies"]) == (29, 5)
    unrelated = found["unrelated"]
    assert (unrelated["pairs"], unrelated["near"]["accepted"], unrelated["variant"]["accepted"]) == (2, 0, 0)
    assert found["near"] == summary(sieve)["thresholds"]["near"] == "usual"

    show(found)
    table = capsys.readouterr().out
    assert all(
        words in table
        for words in ("mirror+crop-20", "all edits", "wrongly near: 0", "IMAGESIEVE_NEAR=usual (in force)")
    )

    wait_until(lambda: summary(sieve)["thresholds"]["origin"] == "calibrated", "a generation with these thresholds")
    thresholds = summary(sieve)["thresholds"]
    assert (thresholds["calibrated"], thresholds["images"], thresholds["pairs"]) == (found["at"], 1, 2)
    assert {name: thresholds["values"][name] for name in found["thresholds"]} == found["thresholds"]
    assert "calibrated" in (sieve.latest / "summary.txt").read_text()
    sieve.stop(process)
    assert process.returncode == 0


def summary(sieve: Imagesieve) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sieve.latest / "summary.json").read_text())
    return found
