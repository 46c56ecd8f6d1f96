"""What `up` says of a new report."""

from pathlib import Path

from shared.records import Generation
from shared.stack.attention import REPORT_LOOK_SECONDS, ReportWatch, announce
from shared.store.memory_store import MemoryStore


def summary(duplicates: int = 16) -> dict[str, object]:
    return {"generation": "g", "counts": {"images": 1191, "duplicates": duplicates}, "bytes_to_free": 1_412_345}


def test_a_new_generation_is_one_line() -> None:
    line = announce(summary(), Path("/a b/report.html"))
    assert line == "report: 16 of 1,191 images are duplicates, 1.4 MB can be freed: file:///a%20b/report.html"
    unsure = {**summary(), "bytes_to_prove": 2_000_000}
    assert "1.4 MB can be freed, and up to 2.0 MB more: file:" in announce(unsure, Path("/r/report.html"))
    one = {**summary(1), "counts": {"images": 1, "duplicates": 1}}
    assert announce(one, Path("/r/report.html")).startswith("report: 1 of 1 image is a duplicate, 1.4 MB can be freed")
    unwritten = {**summary(), "report_error": "its report could not be written to /r (No space left on device)"}
    assert announce(unwritten, Path("/r/report.html")) == f"warning: {unwritten['report_error']}"


def publish(store: MemoryStore, generation: str, duplicates: int) -> None:
    about = {**summary(duplicates), "generation": generation}
    store.publish(Generation(generation, store.revision(), "x", 1, b"", {}, about), keep=5)


def test_each_new_generation_is_told_once_and_those_from_before_are_not() -> None:
    store, said = MemoryStore(), []
    publish(store, "1", 0)
    watch = ReportWatch(store, Path("/reports"), said.append)
    watch.look(0.0)
    watch.look(REPORT_LOOK_SECONDS)
    assert said == []
    publish(store, "2", 3)
    watch.look(REPORT_LOOK_SECONDS + 0.1)
    assert said == []  # it looks now and then only
    for look in range(2, 6):
        watch.look(look * REPORT_LOOK_SECONDS)
    [line] = said
    assert line.startswith("report: 3 of 1,191 images")
    assert line.endswith("file:///reports/latest/report.html")


def test_the_first_generation_of_all_is_told() -> None:
    store, said = MemoryStore(), []
    watch = ReportWatch(store, Path("/reports"), said.append)
    watch.look(0.0)
    publish(store, "1", 2)
    for look in range(1, 4):
        watch.look(look * REPORT_LOOK_SECONDS)
    assert len(said) == 1
