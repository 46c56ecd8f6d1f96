"""What `imagesieve estimate` tells people fits a narrow terminal and names what stands in the way."""

from copy import deepcopy
from typing import Any

import pytest

from shared.cli.estimate import _available
from shared.cli.estimate_text import LISTED, _time, estimate_lines

FOUND: dict[str, Any] = {
    "folder": "/pictures",
    "formats": [
        {"format": "JPEG", "files": 120_000, "bytes": 480 * 10**9, "megapixels": 1_440_000.0, "size_unknown": 0},
        {"format": "camera raw", "files": 900, "bytes": 22 * 10**9, "megapixels": 0.0, "size_unknown": 900},
    ],
    "by_bytes": {"files": 40, "bytes": 9 * 10**9},
    "refused": [
        {"kind": "too large", "reason": "more pixels than IMAGESIEVE_MAX_PIXELS", "files": 2, "bytes": 10**9,
         "examples": ["pano\n.tif"]},
    ],
    "passed_over": {"files": 3, "bytes": 1000, "kinds": [{"kind": ".pdf", "files": 3, "bytes": 1000}]},
    "companions": [{"role": "video", "files": 30, "bytes": 1}, {"role": "sidecar", "files": 4, "bytes": 1}],
    "unreadable_folders": {"folders": 3, "first": ["a/", "b\x1b/"]},
    "room": {"redis": 2 * 10**9, "log": 2 * 10**9, "index": 2 * 10**8, "reports": 6 * 10**8},
    "rate": {
        "missing": "",
        "measured": {"files": {"JPEG": 60}, "refused": {"damaged": 2}, "cores": 8, "cores_got": 4.0},
        "seconds": 30_000.0, "idle": 15_000.0, "limit": "the processors", "describing": 9000.0, "forward": 17_000.0,
        "verdicts": 3000.0, "reading": 20.0, "formats": {"JPEG": 8900.0, "camera raw": 100.0},
    },
    "machine": {
        "memory_available": 8 * 10**9, "redis_elsewhere": False, "redis_used": 0, "redis_limit": 0,
        "disk_free": 10**11, "disk": "/home",
    },
}  # fmt: skip


def told(**changes: Any) -> str:
    found = deepcopy(FOUND)
    for name, value in changes.items():
        found[name] = {**found[name], **value} if isinstance(value, dict) and found[name] else value
    return "\n".join(estimate_lines(found))


def test_it_says_what_there_is_and_what_it_takes() -> None:
    text = told()
    for words in (
        "120,000", "480.0 GB", "1,440,000", "2.5 h", "by bytes alone", "0 and more", "IMAGESIEVE_MAX_PIXELS",
        "'pano\\n.tif'", "passed over: 3 files, 1.0 kB: .pdf 3", "video 30, sidecar 4", "cannot be read: a/",
        "cannot be read: 'b\\x1b/'", "and 1 more folder cannot be read",
        "time: about 8.3 h, limited by the processors",
        "4.2 h without the other programs, which left 4.0 of 8 cores", "measured on 60 files", "2 more refused",
        "recluster runs", "2.0 GB of memory", "benchmarks.memory", "; fits, 8.0 GB available",
        "4.8 GB in the state folder", "fits, 100.0 GB free at /home",
    ):  # fmt: skip
        assert words in text, words


def test_its_tables_fit_60_columns() -> None:
    lines = told().splitlines()
    tables = [at for at, line in enumerate(lines) if line.startswith("---")]
    assert len(tables) == 2
    assert all(len(lines[at]) <= 60 for at in tables)


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        ({"memory_available": 10**9}, "DOES NOT FIT, 1.0 GB available"),
        ({"redis_limit": 3 * 10**9, "redis_used": 2 * 10**9}, "DOES NOT FIT, 1.0 GB are left below its limit"),
        ({"redis_limit": 3 * 10**9}, "fits, 3.0 GB are left below its limit"),
        ({"redis_elsewhere": True}, "has no limit of its own"),
        ({"redis_elsewhere": True, "redis_limit": None, "redis_used": None}, "does not answer"),
        ({"memory_available": None}, "not known here"),
        ({"disk_free": 10**9}, "DOES NOT FIT, 1.0 GB free"),
    ],
)
def test_it_says_whether_there_is_room(machine: dict[str, Any], words: str) -> None:
    assert words in told(machine=machine)


def test_a_redis_elsewhere_takes_no_disk_here() -> None:
    assert "800.0 MB in the state folder" in told(machine={"redis_elsewhere": True})


def test_without_a_measurement_it_says_no_hours() -> None:
    assert "time:" not in told(rate=None)
    assert "time: not known, it took too long" in told(rate={"missing": "it took too long"})


def test_an_idle_machine_is_not_told_of_other_programs() -> None:
    assert "without the other programs" not in told(rate={"idle": 29_000.0})


def test_only_the_most_frequent_reasons_are_listed() -> None:
    refused = [
        {"kind": "other", "reason": f"reason {number}", "files": 1, "bytes": 1, "examples": ["a"]}
        for number in range(LISTED + 5)
    ]
    text = told(refused=refused)
    assert f"reason {LISTED - 1}" in text
    assert f"reason {LISTED}" not in text
    assert "5 more kinds" in text


def test_an_empty_folder_has_no_pictures() -> None:
    text = told(formats=[], by_bytes={"files": 0, "bytes": 0}, refused=[], companions=[], rate=None)
    assert text.startswith("no pictures")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "below 1 s"), (9.94, "9.9 s"), (9.96, "10 s"), (95, "1.6 min"), (5400, "1.5 h"), (400_000, "4.6 days")],
)
def test_a_time_has_two_figures(seconds: float, words: str) -> None:
    assert _time(seconds) == words


def test_memory_is_what_linux_says_is_available(tmp_path: Any) -> None:
    file = tmp_path / "meminfo"
    assert _available(file) is None
    file.write_text("MemTotal: 10 kB\nMemAvailable:    7 kB\n")
    assert _available(file) == 7 * 1024
