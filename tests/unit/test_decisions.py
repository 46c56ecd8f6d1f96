"""What users decide: the journal, what it says, and that neither verdicts nor groups go against it."""

import contextlib
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import Action
from shared.decisions import (
    UNDECIDED,
    Decided,
    Decision,
    DecisionJournal,
    DecisionKind,
    Subject,
    Undoing,
    decide,
    parse_line,
)  # fmt: skip
from shared.errors import JournalFailed, PermanentError, Unavailable
from shared.records import Kind, Match, Record, Relation, State
from tests.unit.test_judge import RANK, World, clusters_of
from worker.engine.groups.groups import Group
from worker.engine.groups.keepers import FolderRules
from worker.pipeline.acting.plan import Request, make_plan
from worker.pipeline.calibrating.labelled import try_on_decisions
from worker.pipeline.comparison import File
from worker.pipeline.judging.collection import Collection
from worker.pipeline.judging.judge import Judge
from worker.pipeline.members import member_of
from worker.pipeline.reclustering.correction import correct_verdicts, group_files

DIFFERENT, KEEP, KEEPER = DecisionKind.DIFFERENT, DecisionKind.KEEP, DecisionKind.KEEPER
NAMES = "abcdef"
DIGESTS = {name: f"{number:064x}" for number, name in enumerate(NAMES, start=1)}


def subject(name: str, path: str = "") -> Subject:
    return Subject(DIGESTS[name], path or name)


def subjects(names: str) -> list[Subject]:
    return [subject(name) for name in names]


@pytest.fixture
def journal(tmp_path: Path) -> DecisionJournal:
    return DecisionJournal(tmp_path / "decisions", lambda: 1_700_000_000.0)


def test_a_decision_is_read_by_others_at_once_and_after_a_restart(journal: DecisionJournal, tmp_path: Path) -> None:
    other = DecisionJournal(tmp_path / "decisions", lambda: 1_700_000_001.0)
    assert other.read() == UNDECIDED
    journal.add(DIFFERENT, [subject("a", "odd \udcff\n name"), subject("b")])
    assert other.read().are_apart(DIGESTS["b"], DIGESTS["a"])
    assert [one.number for one in other.add_all([(KEEP, subjects("cd")), (KEEPER, subjects("ef"))])] == [2, 3]
    assert journal.read().number == 3
    assert DecisionJournal(tmp_path / "decisions", lambda: 0.0).lines() == journal.lines()
    assert journal.lines()[0].files[0].path == "odd \udcff\n name"  # type: ignore[union-attr]


def test_undo_takes_back_one_decision_once(journal: DecisionJournal) -> None:
    journal.add(DIFFERENT, subjects("ab"))
    journal.add(DIFFERENT, subjects("ac"))
    journal.undo(1)
    decided = journal.read()
    assert not decided.are_apart(DIGESTS["a"], DIGESTS["b"])
    assert decided.are_apart(DIGESTS["a"], DIGESTS["c"])
    for number in (1, 3, 9):
        with pytest.raises(PermanentError, match=f"no decision {number} that counts"):
            journal.undo(number)


def test_a_line_that_was_cut_off_is_told_and_harms_no_other(journal: DecisionJournal, tmp_path: Path) -> None:
    journal.add(DIFFERENT, subjects("ab"))
    file = tmp_path / "decisions" / "decisions.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:40])
    assert journal.read().number == 1
    [why] = journal.unread
    assert "line 2" in why
    assert journal.add(KEEP, subjects("cd")).number == 2
    assert journal.read().are_apart(DIGESTS["a"], DIGESTS["b"])
    assert list(journal.read().standing) == [1, 2]
    file.write_bytes(whole.replace(b'"version": 1', b'"version": 2') + whole + whole)
    journal.read()
    assert len(journal.unread) == 2  # of a version to come, and a number that was there before
    assert "version 2" in journal.unread[0]


def test_what_cannot_be_decided_is_refused_and_nothing_is_written(journal: DecisionJournal, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="same bytes"):
        journal.add(DIFFERENT, [subject("a", "one"), subject("a", "two")])
    for kind, files in ((DIFFERENT, "abc"), (KEEP, "a"), (KEEPER, "")):
        with pytest.raises(PermanentError, match="cannot be decided"):
            journal.add(kind, subjects(files))
    with pytest.raises(PermanentError, match="cannot be decided"):
        journal.add_all([(KEEP, subjects("ab")), (KEEP, subjects("aa"))])
    assert journal.read() == UNDECIDED
    (tmp_path / "decisions" / "decisions.jsonl").unlink()
    (tmp_path / "decisions" / "decisions.jsonl").mkdir()
    with pytest.raises(JournalFailed, match="nothing was decided"):
        journal.add(KEEP, subjects("ab"))


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["version", "number", "at", "decision", "files", "undo", "digest", "path"]), inner)))  # fmt: skip
def test_a_foreign_line_is_refused_or_means_what_it_says(value: Any) -> None:
    with contextlib.suppress(ValueError):
        parsed = parse_line(value)
        assert parse_line(json.loads(json.dumps(parsed.to_line()))) == parsed


def test_the_latest_word_counts(journal: DecisionJournal) -> None:
    journal.add(KEEPER, subjects("ab"))
    assert (set(journal.read().chosen), journal.read().going) == ({DIGESTS["a"]}, {subject("b"): 1})
    journal.add(KEEP, subjects("ab"))
    assert (journal.read().chosen, journal.read().going) == ({}, {})
    assert journal.read().keeping(subject("a"), subjects("bc")) == {subject("b"): 2}
    journal.add(KEEPER, subjects("ba"))
    assert journal.read().keeping(subject("a"), subjects("b")) == {}
    assert journal.read().going == {subject("a"): 3}
    journal.undo(3)
    journal.undo(2)
    assert journal.read().going == {subject("b"): 1}


def test_as_many_copies_stay_as_were_kept_and_one_more_is_shown(journal: DecisionJournal) -> None:
    copies = [subject("a", path) for path in ("one", "two")]
    journal.add(KEEP, copies)
    decided = journal.read()
    assert decided.keeping(copies[0], copies[1:]) == {copies[1]: 1}
    third = subject("a", "a third")
    assert decided.keeping(copies[0], [third, copies[1]]) == {copies[1]: 1}
    renamed = subject("a", "renamed")
    assert decided.keeping(copies[0], [renamed]) == {renamed: 1}
    assert decided.keeping(subject("b"), copies) == {}  # a keeper that is not one of them: a third file that fits


def test_apply_leaves_what_was_decided_since_the_report(journal: DecisionJournal) -> None:
    near = [ReportedDuplicate(1, name, DIGESTS[name], 9, Kind.NEAR, 0.9, "a", DIGESTS["a"], frees=9) for name in "bcde"]
    journal.add(DIFFERENT, subjects("ab"))
    journal.add(KEEP, subjects("ac"))
    journal.add(KEEPER, subjects("da"))
    plan = make_plan(near, Request(Action.MOVE, (Kind.NEAR,)), FolderRules(), decided=journal.read())
    assert [one.path for one in plan.chosen] == ["c", "e"]  # the keeper that was chosen later undoes what was kept
    reasons = {one.duplicate.path: one.reason for one in plan.skipped}
    assert reasons.keys() == {"b", "d"}
    assert "different pictures" in reasons["b"]
    assert "it is the keeper" in reasons["d"]


class Decisive(World):
    """A world with decisions, in which contents are called as their digests."""

    def __init__(self, families: Sequence[str]) -> None:
        self.lines: list[Any] = []
        self.decided: Decided = UNDECIDED
        super().__init__()
        for family in families:
            self.alike |= {
                frozenset({DIGESTS[one], DIGESTS[other]}): 0.9 for one in family for other in family if one < other
            }

    def compare(self, keeper: File, other: File) -> Match | None:
        """As of real pictures: the same whichever of the two came first."""
        found = super().compare(keeper, other)
        return found and dataclasses.replace(found, reason="alike")

    def new_judge(self) -> Judge:
        self.contents.clear()
        judge = Judge(
            self.store, Collection(self.store, self), self.compare, self.screen, clusters_of, lambda: 1_700_000_000.0,
            RANK, decided=lambda: self.decided,
        )  # fmt: skip
        judge.look([])
        judge.look(judge.waiting)
        return judge

    def come(self, path: str, name: str) -> None:
        self.arrive(path, DIGESTS[name], width=10 + NAMES.index(name))

    def decide(self, *line: Any) -> None:
        kind, files = line
        value = {"version": 1, "number": len(self.lines) + 1, "at": 0.0}
        if kind == "undo":
            value["undo"] = files
        else:
            value |= {"decision": kind, "files": [{"digest": one.digest, "path": one.path} for one in files]}
        self.lines.append(parse_line(value))
        self.decided = decide(self.lines)

    def look(self) -> None:
        self.judge.look([])

    def regroup(self) -> list[Group]:
        records: dict[str, Record] = {path: record for chunk in self.store.scan() for path, record in chunk}
        members = [member_of(path, record) for path, record in records.items()]
        grouping = group_files(self.store, members, records, self.compare, RANK, decided=self.decided)
        correct_verdicts(self.store, records, grouping, {}, 1_700_000_001.0)
        return list(grouping.groups)


def test_a_pair_that_is_different_parts_at_once_and_never_comes_back() -> None:
    world = Decisive(["abc"])
    world.come("b", "b")
    world.come("a", "a")
    assert world.verdicts() == {"b": ("unique", ""), "a": ("near", "b")}
    world.decide(DIFFERENT, subjects("ab"))
    world.look()
    assert world.verdicts() == {"b": ("unique", ""), "a": ("unique", "")}
    assert world.regroup() == []
    world.judge = world.new_judge()
    world.leave("a")
    world.come("renamed", "a")
    assert world.verdicts() == {"b": ("unique", ""), "renamed": ("unique", "")}
    world.come("c", "c")  # a third file that fits is shown, with one of the two
    [group] = world.regroup()
    assert [one.member.path for one in group.duplicates] == ["b"]
    world.decide("undo", 1)
    world.look()
    [group] = world.regroup()
    assert (group.keeper.path, sorted(one.member.path for one in group.duplicates)) == ("c", ["b", "renamed"])


def test_what_has_the_pixels_of_a_rejected_picture_is_rejected_with_it() -> None:
    world = Decisive(["ab"])
    world.come("b", "b")
    world.put("a", DIGESTS["a"], "pixels", width=10)
    world.judge.look(["a"])
    world.decide(DIFFERENT, subjects("ab"))
    world.look()
    world.put("twin", DIGESTS["c"], "pixels", width=10)
    world.alike[frozenset({DIGESTS["b"], DIGESTS["c"]})] = 0.9
    world.judge.look(["twin"])
    assert world.verdicts() == {"b": ("unique", ""), "a": ("unique", ""), "twin": ("identical", "a")}
    [group] = world.regroup()
    assert (group.keeper.path, [one.member.path for one in group.duplicates]) == ("a", ["twin"])


def test_a_keeper_that_was_chosen_is_the_keeper_at_once_and_after_a_run() -> None:
    world = Decisive(["abc"])
    for name in "cab":
        world.come(name, name)
    world.come("copy of a", "a")
    assert world.verdicts()["a"] == ("near", "c")
    world.decide(KEEPER, [subject("a", "copy of a"), *subjects("abc")])
    world.look()
    wanted = {"copy of a": ("unique", ""), "a": ("exact", "copy of a"), "b": ("near", "copy of a"),
              "c": ("near", "copy of a")}  # fmt: skip
    assert world.verdicts() == wanted
    [group] = world.regroup()
    assert group.keeper.path == "copy of a"
    assert world.verdicts() == wanted
    world.decide("undo", 1)
    world.look()
    assert world.verdicts()["c"] == ("unique", "")


def test_what_is_kept_stays_in_its_group_and_frees_nothing() -> None:
    world = Decisive(["abc"])
    for name in "ab":
        world.come(name, name)
    world.decide(KEEP, subjects("ab"))
    [group] = world.regroup()
    assert [(one.member.path, one.kept_by) for one in group.duplicates] == [("a", 1)]
    assert "decision 1" in group.duplicates[0].why
    world.come("c", "c")
    [group] = world.regroup()
    assert [one.kept_by for one in group.duplicates] == [0, 0]  # c was in no decision: all are shown beside it


def act(world: Decisive, step: tuple[Any, ...]) -> None:
    match step:
        case ("come", path):
            world.come(path, path[0])
        case ("go and come", path, until):
            world.come(until, path[0])
            world.leave(until)
        case ("run",):
            world.regroup()
        case ("restart",):
            world.judge = world.new_judge()
        case ("undo", number):
            if number in world.decided.standing:
                world.decide("undo", number)
        case (kind, names):
            world.decide(kind, subjects("".join(names)))


files = st.dictionaries(st.sampled_from([f"{n}{i}" for n in NAMES for i in range(2)]), st.just(None), max_size=9)
decisions = st.lists(
    st.one_of(
        st.tuples(st.just(DIFFERENT), st.lists(st.sampled_from(NAMES), min_size=2, max_size=2, unique=True)),
        st.tuples(st.just(KEEP), st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True)),
        st.tuples(st.just(KEEPER), st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)),
        st.tuples(st.just("undo"), st.integers(1, 6)),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(files, decisions, st.randoms(use_true_random=False))
def test_any_order_of_arrivals_runs_renames_and_decisions_ends_in_the_same_groups(
    paths: dict[str, None], made: list[tuple[Any, Any]], random: Any
) -> None:
    plain, mixed = Decisive(["abcd", "ef"]), Decisive(["abcd", "ef"])
    for step in [*(("come", path) for path in paths), *made]:
        act(plain, step)
    others = [("come", path) for path in paths] + [("go and come", path, f"{path} before") for path in paths]
    others += [("run",)] * 3 + [("restart",)]
    random.shuffle(others)
    places = sorted(random.randrange(len(others) + 1) for _ in made)
    for place, step in reversed(list(zip(places, made, strict=True))):
        others.insert(place, step)  # decisions among themselves keep their order
    for step in others:
        act(mixed, step)
        if random.random() < 0.5:
            mixed.look()
    for world in (plain, mixed):
        world.look()
        world.regroup()
        world.judge.look([])
    assert mixed.regroup() == plain.regroup()
    assert mixed.verdicts() == plain.verdicts()
    rejected = {frozenset((one, other)) for one, others in plain.decided.apart.items() for other in others}
    for group in plain.regroup():
        contents = {group.keeper.digest, *(one.member.digest for one in group.duplicates)}
        assert not any(pair <= contents for pair in rejected)


def test_thresholds_are_tried_on_the_pairs_that_were_decided_on() -> None:
    files = {DIGESTS[name]: File(name, Record(9, 1, State.READY, digest=DIGESTS[name])) for name in "abcd"}
    lines = [
        Decision(1, 0.0, DIFFERENT, tuple(subjects("ab"))),
        Decision(2, 0.0, DIFFERENT, tuple(subjects("ac"))),
        Decision(3, 0.0, KEEPER, tuple(subjects("bcd"))),
        Decision(4, 0.0, DIFFERENT, tuple(subjects("ae"))),  # e is gone
        Decision(5, 0.0, KEEPER, tuple(subjects("ab"))),
        Undoing(6, 0.0, 5),
    ]
    alike = {frozenset("ab"): Relation.NEAR, frozenset("bc"): Relation.VARIANT}

    def compare(one: File, other: File) -> Match | None:
        relation = alike.get(frozenset({one.path, other.path}))
        return Match(0.9, "", relation) if relation else None

    found = try_on_decisions(decide(lines), files, compare)
    assert (found.different, found.wrong_different) == (2, (("a", "b"),))
    assert (found.same, found.wrong_same) == (2, (("b", "d"),))


def test_a_journal_that_was_read_and_is_away_is_waited_for(journal: DecisionJournal, tmp_path: Path) -> None:
    journal.add(KEEP, subjects("ab"))
    (tmp_path / "decisions").rename(tmp_path / "unplugged")
    with pytest.raises(Unavailable, match="bring it back"):
        journal.read()
    (tmp_path / "unplugged").rename(tmp_path / "decisions")
    assert journal.read().keeping(subject("a"), subjects("b"))
    (tmp_path / "decisions" / "decisions.jsonl").unlink()
    (tmp_path / "decisions" / "decisions.jsonl").mkdir()
    for one in (journal, DecisionJournal(tmp_path / "decisions", lambda: 0.0)):
        with pytest.raises(Unavailable, match="cannot be read"):
            one.read()


def test_a_file_goes_for_the_keeper_that_was_chosen_and_for_no_other(journal: DecisionJournal) -> None:
    """Its keeper is gone since, and the report has another one, which nobody chose."""
    journal.add(KEEPER, subjects("ab"))
    report = [ReportedDuplicate(1, "b", DIGESTS["b"], 9, Kind.NEAR, 0.9, "c", DIGESTS["c"], frees=9)]
    plan = make_plan(report, Request(Action.TRASH, decided=True), FolderRules(), decided=journal.read())
    assert (plan.chosen, [left.which for left in plan.not_asked]) == ((), ["that were not chosen"])


def test_the_copy_that_was_chosen_does_not_go_for_the_one_that_the_report_kept(journal: DecisionJournal) -> None:
    journal.add(KEEPER, [subject("a", "filed"), subject("a", "root")])
    about = (DIGESTS["a"], 9, Kind.EXACT, 1.0, "root", DIGESTS["a"])
    report = [ReportedDuplicate(1, path, *about) for path in ("filed", "third")]
    decided = journal.read()
    plan = make_plan(report, Request(Action.MOVE), FolderRules(), decided=decided)
    assert [one.path for one in plan.chosen] == ["third"]
    assert "it is the keeper" in plan.skipped[0].reason
    [one] = make_plan(report, Request(Action.MOVE, decided=True), FolderRules(), decided=decided).chosen
    assert (one.path, one.keeper) == ("root", "filed")
