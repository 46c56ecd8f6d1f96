"""What `up` minds while it runs: when it asks for a report, and what it says of a new one."""

from dataclasses import replace
from pathlib import Path

from shared.errors import Unavailable
from shared.records import Counts, Generation, Reference
from shared.stack.attention import BACKFILL, LOOK_SECONDS, QUIET_SECONDS, Look, Quiet, ReportWatch, announce
from shared.store.memory_store import MemoryStore

BUSY = Look(total=10, pending=4, unjudged=2, revision=7, clustered=None)
DONE = Look(total=10, pending=0, unjudged=0, revision=20, clustered=None)


def asked(quiet: Quiet, *looks: Look) -> list[int]:
    """At which of the looks, QUIET_SECONDS apart, a report was asked for."""
    found = []
    for number, look in enumerate(looks):
        if quiet.is_due(look, number * QUIET_SECONDS):
            quiet.asked()
            found.append(number)
    return found


def test_a_report_is_asked_for_once_when_the_work_after_the_start_is_through() -> None:
    assert asked(Quiet(), BUSY, DONE, DONE, DONE, DONE) == [2]


def test_nothing_is_asked_for_while_there_is_work_or_the_collection_still_changes() -> None:
    for look in (
        replace(DONE, pending=1),
        replace(DONE, unjudged=1),
        replace(DONE, unjudged=None),
        replace(DONE, total=0),
        replace(DONE, clustered=DONE.revision),
    ):
        assert asked(Quiet(), look, look, look) == [], look
    assert asked(Quiet(), *(replace(DONE, revision=revision) for revision in range(5))) == []


def test_a_file_that_comes_into_an_empty_or_unchanged_folder_counts_as_the_first_work() -> None:
    nothing, unchanged = replace(DONE, total=0), replace(DONE, clustered=DONE.revision)
    for before in (nothing, unchanged):
        news = replace(DONE, revision=30, clustered=before.clustered)
        assert asked(Quiet(), before, before, before, news, news) == [4]


def test_files_that_trickle_in_afterwards_wait_for_beat() -> None:
    quiet = Quiet()
    assert asked(quiet, DONE, DONE)
    trickle = [replace(DONE, total=10 + n, revision=20 + n, clustered=20) for n in range(1, 5) for _ in range(2)]
    assert asked(quiet, *trickle) == []


def test_a_backfill_is_asked_for_again() -> None:
    quiet = Quiet()
    assert asked(quiet, DONE, DONE)
    done = replace(DONE, total=10 + BACKFILL, revision=400, clustered=20)
    few = replace(done, pending=BACKFILL - 1)
    assert asked(quiet, few, done, done) == []
    assert asked(quiet, replace(done, pending=BACKFILL), done, done, done) == [2]
    large = replace(done, total=100 * BACKFILL)
    assert asked(quiet, replace(large, pending=BACKFILL), large, large) == []


def summary(duplicates: int = 16) -> dict[str, object]:
    return {"generation": "g", "counts": {"images": 1191, "duplicates": duplicates}, "bytes_to_free": 1_412_345}


def test_a_new_generation_is_one_line() -> None:
    line = announce(summary(), Path("/a b/report.html"))
    assert line == "report: 16 of 1,191 images are duplicates, 1.41 MB can be freed: file:///a%20b/report.html"
    unwritten = {**summary(), "report_error": "its report could not be written to /r (No space left on device)"}
    assert announce(unwritten, Path("/r/report.html")) == f"warning: {unwritten['report_error']}"


def publish(store: MemoryStore, generation: str, duplicates: int) -> None:
    about = {**summary(duplicates), "generation": generation}
    store.publish(Generation(generation, store.revision(), "x", 1, b"", {}, about), keep=5)


def test_each_new_generation_is_told_once_and_those_from_before_are_not() -> None:
    store, said, asked = MemoryStore(), [], []
    publish(store, "1", 0)
    watch = ReportWatch(store, Path("/reports"), lambda: asked.append(True), said.append)
    watch.look(0.0)
    watch.look(LOOK_SECONDS)
    assert said == []
    publish(store, "2", 3)
    watch.look(LOOK_SECONDS + 0.1)
    assert said == []  # it looks now and then only
    for look in range(2, 6):
        watch.look(look * LOOK_SECONDS)
    [line] = said
    assert line.startswith("report: 3 of 1,191 images")
    assert line.endswith("file:///reports/latest/report.html")
    assert asked == []


def test_the_first_generation_of_all_is_told_and_was_asked_for() -> None:
    store, said, tries = MemoryStore(), [], []

    def ask() -> None:
        tries.append(True)
        if len(tries) == 1:
            raise Unavailable("the broker is away")
        publish(store, "1", 2)

    watch = ReportWatch(store, Path("/reports"), ask, said.append)
    watch.look(0.0)
    store.mark_failed([(Reference("notes.txt", 1, 1), "no picture")], 0.0)
    assert store.counts() == Counts(1, 0, 1)
    for look in range(1, 9):
        watch.look(look * LOOK_SECONDS)
    assert len(tries) == 2
    assert len(said) == 1
