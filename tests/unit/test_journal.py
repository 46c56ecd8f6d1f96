"""The journal: what it says after it was cut off anywhere, and who may write it."""

import dataclasses
import json
from pathlib import Path

import pytest

from shared.acting.runs import Action, Phase, Step, read_run, read_runs, run_files
from shared.errors import ActionsBusy, JournalFailed
from worker.pipeline.acting.journal import Journal
from worker.pipeline.acting.locks import acting_alone

STEP = Step(1, "a\udcff\n.jpg", "exact", "d", 3, 0o644, 1, 2, 3, 4, 5, 6, "k.jpg", "d", "a (2).jpg", {"user.x": "eA=="})


def begin(folder: Path, now: float = 1.0) -> Journal:
    return Journal.begin(folder, Action.MOVE, Path("/w"), "/t", False, now, lambda _: None)[0]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    with begin(tmp_path) as journal:
        journal.step(STEP)
        journal.note(1, Phase.DONE, "there")
        journal.step(dataclasses.replace(STEP, number=2))
    [run] = read_runs(tmp_path)
    assert (run.header.action, run.header.root, run.header.target) == (Action.MOVE, "/w", "/t")
    assert [(entry.step.path, entry.phase, entry.detail) for entry in run.entries.values()] == [
        (STEP.path, Phase.DONE, "there"),
        (STEP.path, Phase.BEGUN, ""),
    ]
    assert run.entries[1].step == STEP
    assert [entry.step.number for entry in run.in_hand] == [2]


def test_it_may_be_cut_off_at_any_byte_and_gone_on_with(tmp_path: Path) -> None:
    with begin(tmp_path) as journal:
        journal.step(STEP)
        journal.note(1, Phase.DONE)
    [file] = run_files(tmp_path)
    whole = file.read_bytes()
    phases = set()
    for end in range(len(whole)):
        file.write_bytes(whole[:end])
        run = read_run(file)
        if run is None:
            continue
        phases.add(tuple(entry.phase for entry in run.entries.values()))
        with Journal(file, lambda _: None) as journal:
            journal.step(dataclasses.replace(STEP, number=7))
            journal.note(7, Phase.UNDONE)
        again = read_run(file)
        assert again is not None
        assert again.entries[7].phase is Phase.UNDONE
        assert {number: entry for number, entry in again.entries.items() if number != 7} == run.entries
    assert phases == {(), (Phase.BEGUN,), (Phase.DONE,)}


def test_a_line_is_on_disk_before_the_call_returns_and_names_sort_by_time(tmp_path: Path) -> None:
    for now in (5.0, 5.0, 1.0):  # twice at once, and after the clock was set back
        begin(tmp_path, now).close()
    names = [run.header.id for run in read_runs(tmp_path)]
    assert len(set(names)) == 3
    assert names == sorted(names)


def test_damage_and_other_versions_are_refused_by_name(tmp_path: Path) -> None:
    with begin(tmp_path) as journal:
        journal.note(9, Phase.DONE)
    [file] = run_files(tmp_path)
    with pytest.raises(JournalFailed, match=f"{file}.*damaged"):
        read_runs(tmp_path)
    header = json.loads(file.read_bytes().split(b"\n")[0])
    file.write_text(json.dumps({**header, "version": 4}) + "\n")
    with pytest.raises(JournalFailed, match="another version"):
        read_runs(tmp_path)


def test_one_acts_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "actions"
    with acting_alone(folder), pytest.raises(ActionsBusy), acting_alone(folder):
        pass
    with acting_alone(folder):
        pass


def test_nobody_acts_on_a_folder_that_holds_one_that_another_acts_on_nor_in_it(tmp_path: Path) -> None:
    """Each with a state folder of its own; two beside each other do not meet."""
    outer, inner, sibling = tmp_path / "a", tmp_path / "a" / "deep" / "b", tmp_path / "a" / "deep" / "c"
    for folder in (inner, sibling):
        folder.mkdir(parents=True)
    (tmp_path / "link").symlink_to(inner)
    for first, second in ((outer, inner), (outer, tmp_path / "link"), (inner, outer), (tmp_path / "link", outer)):
        with acting_alone(tmp_path / "one", first):
            with (
                pytest.raises(ActionsBusy, match="another process is acting on duplicates") as busy,
                acting_alone(tmp_path / "two", second),
            ):
                pass
            assert str(outer) in str(busy.value)
    with acting_alone(tmp_path / "one", inner), acting_alone(tmp_path / "two", sibling):
        pass
    with acting_alone(tmp_path / "one", inner, outer, inner):  # one process restores the runs of both
        pass


def test_a_journal_without_room_stops_everything() -> None:
    with Journal(Path("/dev/full"), lambda _: None) as journal, pytest.raises(JournalFailed, match="make room"):
        journal.step(STEP)
