"""What a chaos run calls lost: each way in which a stack can be wrong is told, and a sound one is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from shared.records import Event, Record, State
from shared.stack.programs import celery_beat, celery_worker
from tests.chaos.check import Report, Situation, differences, read_report, temporary, unfinished
from tests.chaos.processes import Process, Program, programs_of

READY = Record(10, 1, State.READY, digest="d1", verdict="unique")
COPY = replace(READY, verdict="exact", duplicate_of="a.jpg")
FAILED = Record(10, 1, State.FAILED, verdict="failed", reason="empty")
REPORT = Report(
    {"a.jpg": "d1", "b.jpg": "d1"},
    {"a.jpg": ("unique", ""), "b.jpg": ("exact", "a.jpg")},
    frozenset({("a.jpg", frozenset({("b.jpg", "exact")}))}),
    {"c.jpg": "empty"},
)
SOUND = Situation(
    {"a.jpg": "d1", "b.jpg": "d1", "c.jpg": "d3"},
    {"a.jpg": READY, "b.jpg": COPY, "c.jpg": FAILED},
    {
        "a.jpg": Event("", "a.jpg", "d1", "unique"),
        "b.jpg": Event("", "b.jpg", "d1", "exact", "a.jpg"),
        "c.jpg": Event("", "c.jpg", "", "failed"),
        "gone.jpg": Event("", "gone.jpg", "d9", "unique"),
    },
    {"unacknowledged messages": 0},
    REPORT,
    {"failed": 1, "unjudged": 0, "unique": 1, "exact": 1, "identical": 0, "near": 0},
)


def test_a_sound_stack_is_finished() -> None:
    assert unfinished(SOUND) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"held": {"attempts": 2}}, "attempts: 2 left"),
        ({"files": {**SOUND.files, "new.jpg": "d4"}}, "files without a record: 1, such as new.jpg"),
        ({"files": {"a.jpg": "d1", "b.jpg": "d1"}}, "records without a file: 1, such as c.jpg"),
        ({"files": {**SOUND.files, "a.jpg": "d2"}}, "records of other bytes: 1, such as a.jpg"),
        ({"records": {**SOUND.records, "a.jpg": replace(READY, state=State.PENDING)}}, "records that are pending: 1"),
        ({"records": {**SOUND.records, "a.jpg": replace(READY, verdict="")}}, "records without a verdict: 1"),
        ({"records": {**SOUND.records, "b.jpg": replace(COPY, verdict="near")}}, "verdicts that the report knows bet"),
        ({"records": {**SOUND.records, "b.jpg": replace(COPY, digest="d2")}}, "assignments of other bytes: 1, such"),
        ({"events": {}}, "records whose last event says otherwise: 3, such as a.jpg, b.jpg, c.jpg"),
        ({"counts": {"failed": 1, "unique": 2}}, "counted by verdict: {"),
        ({"counts": None}, "counted by verdict: {}; on record: {"),
        ({"report": Report()}, "assignments of other files: 2, such as a.jpg, b.jpg"),
        ({"report": replace(REPORT, failures={})}, "failures of other files: 1, such as c.jpg"),
    ],
)
def test_what_is_not_finished_is_named(change: dict[str, object], sentence: str) -> None:
    assert any(found.startswith(sentence) for found in unfinished(replace(SOUND, **change)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ({}, []),
        ({"digests": {"a.jpg": "d1"}}, ["other files: 1, such as b.jpg"]),
        ({"digests": {**REPORT.digests, "a.jpg": "d2"}}, ["other bytes: 1, such as a.jpg"]),
        ({"verdicts": {**REPORT.verdicts, "b.jpg": ("near", "a.jpg")}}, ["other verdicts: 1, such as b.jpg"]),
        ({"groups": frozenset()}, ["groups of the undisturbed run alone: 1, such as a.jpg"]),
        (
            {"groups": frozenset({("b.jpg", frozenset({("a.jpg", "exact")}))})},
            [
                "groups of this run alone, by keeper: 1, such as b.jpg",
                "groups of the undisturbed run alone: 1, such as a.jpg",
            ],
        ),
        ({"failures": {}}, ["other failures: 1, such as c.jpg"]),
        ({"failures": {"c.jpg": "it crashed"}}, ["other reasons: 1, such as c.jpg"]),
    ],
)
def test_a_report_is_compared_with_that_of_an_undisturbed_run(change: dict[str, object], sentences: list[str]) -> None:
    assert differences(replace(REPORT, **change), REPORT) == sentences  # type: ignore[arg-type]


def test_a_report_is_read_from_its_folder(tmp_path: Path) -> None:
    assert read_report(tmp_path / "none") == Report()
    (tmp_path / "assignments.csv").write_text(
        "path,digest,cluster,distance,silhouette,verdict,duplicate_of\n"
        "a.jpg,d1,0,0.1,,unique,\nb.jpg,d1,0,0.1,,exact,a.jpg\n"
    )
    (tmp_path / "duplicates.csv").write_text(
        "group,path,role,kind,similarity,bytes\n1,a.jpg,keeper,exact,1.0,10\n1,b.jpg,duplicate,exact,1.0,10\n"
    )
    (tmp_path / "failures.csv").write_text("path,reason\nc.jpg,empty\n")
    assert read_report(tmp_path) == REPORT


def test_what_only_a_process_at_work_has_a_use_for_is_temporary() -> None:
    sound = ["reports/latest/summary.json", "logs/watcher.log", "redis/appendonly.aof", "beat-schedule"]
    left = [
        "reports/.imagesieve-draft-x1/a",
        "reports/.latest-2026",
        "redis/temp-rewriteaof-12.aof",
        "weights.h5.part",
    ]
    assert temporary([*sound, *left]) == left


def test_programs_are_told_by_their_commands_and_a_worker_needs_its_child() -> None:
    worker, beat = celery_worker("features", "info"), celery_beat(Path("/state"), "info")
    child = ("python", "-c", "from billiard.spawn import spawn_main; spawn_main(pipe_handle=7)")
    processes = [
        Process(10, 1, ("python", "-m", "shared.cli", "up", "/pictures")),
        Process(11, 10, tuple(worker)),
        Process(12, 10, tuple(beat)),
        Process(13, 10, ("python", "-m", "watcher")),
        Process(14, 10, ("python", "-m", "shared.cli", "work", "--queue", "verdicts")),
        Process(15, 1, child),  # of a main process that was killed
    ]
    alone = {"beat": Program(12), "watcher": Program(13)}
    assert programs_of(processes) == alone
    assert programs_of([*processes, Process(16, 11, child)]) == {**alone, "features": Program(11, 16)}
