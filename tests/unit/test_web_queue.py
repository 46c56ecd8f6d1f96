"""What is left to decide, what keys say, and that both say what `apply --decided` does."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.acting.runs import Action, Entry, Phase, Run, RunHeader, Step
from shared.decisions import UNDECIDED, Decided, Decision, DecisionJournal, DecisionKind, Undoing, decide
from shared.records import Kind, Record, State
from worker.engine.groups.keepers import FolderRules
from worker.pipeline.acting.plan import Request, make_plan
from worker.web.cases import Case, Fate, Filter
from worker.web.choices import Choice, bulk_decisions, decisions_of, last_step
from worker.web.index import Group, Index, Member, Variant
from worker.web.queue import Stack, away_of, duplicates_of, make_queue
from worker.web.views.actions import going_of, lines_of
from worker.web.views.compare import buttons_of, rows_of
from worker.web.views.duplicates import bulk_files, queue_of

CHOICES = [Choice.LEFT, Choice.RIGHT, Choice.BOTH, Choice.DIFFERENT, Choice.ALL, Choice.TRASH_LEFT, Choice.TRASH_RIGHT]
KINDS = st.lists(st.sampled_from([Kind.EXACT, Kind.IDENTICAL, Kind.NEAR]), min_size=1, max_size=4)


def stack_of(groups: list[list[Kind]], protected: tuple[str, ...] = (), sizes: tuple[int, ...] = ()) -> Stack:
    """Groups of files `group/place`; exact ones have the keeper's digest."""
    paths, digests, made = list[str](), list[int](), list[Group]()
    for number, kinds in enumerate(groups, start=1):
        size = sizes[number - 1] if sizes else 100
        members = []
        for place, kind in enumerate([Kind.EXACT, *kinds]):
            members.append(Member(len(paths), kind, 1.0, size, 0, 0, (), f"{kind} words" if place else ""))
            paths.append(f"f{number:03}/{place}")
            digests.append(number * 16 + (0 if kind is Kind.EXACT else place))
        made.append(Group(number, members[0], tuple(members[1:])))
    count = len(paths)
    raw = np.zeros((count, 32), np.uint8)
    raw[:, 0], raw[:, 1] = np.array(digests) % 256, np.array(digests) // 256
    none = np.full(count, -1, np.int32)
    summary = {"folder": "/watched", "protected_folders": list(protected)}
    return Stack(
        Index(
            "20261120T120000.000000Z", Path(), summary, paths, raw, none, none, np.zeros(count, np.float32),
            np.zeros(count, np.float32), np.full(count, 100), np.zeros(count, np.uint8), none, none, tuple(made),
        )
    )  # fmt: skip


class Table:
    """A journal in memory, and what is left of a report."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.lines, self.time = stack, list[Decision | Undoing](), 0.0
        self.queue = make_queue(stack, UNDECIDED)

    @property
    def decided(self) -> Decided:
        return decide(self.lines)

    def choose(self, choice: Choice, number: int, place: int) -> None:
        case = self.case(number)
        right = case.files[1 + place % (len(case.files) - 1)]
        self.time += 1
        for kind, files in decisions_of(choice, case, right):
            self.lines.append(Decision(len(self.lines) + 1, self.time, kind, files))
        self.look()

    def back(self) -> None:
        step = last_step(self.decided)
        assert step
        self.time += 1
        for number in step.numbers:
            self.lines.append(Undoing(len(self.lines) + 1, self.time, number))
        self.look()

    def look(self) -> None:
        self.queue = make_queue(self.stack, self.decided, (), self.queue)

    def case(self, number: int) -> Case:
        found = self.queue.case(number)
        assert found
        return found

    @property
    def fates(self) -> list[tuple[str, Fate]]:
        return [(one.path, one.fate) for case in self.queue.cases for one in case.files]


@given(KINDS, st.lists(st.tuples(st.sampled_from(CHOICES), st.integers(0, 9)), max_size=7))
def test_what_the_page_says_is_what_apply_does(kinds: list[Kind], said: list[tuple[Choice, int]]) -> None:
    table = Table(stack_of([kinds, [Kind.NEAR]]))
    steps = [sorted(table.fates)]
    for choice, place in said:
        known = len(table.lines)
        table.choose(choice, 1, place)
        if len(table.lines) > known:
            steps.append(sorted(table.fates))
        fresh = make_queue(table.stack, table.decided)
        assert fresh.cases == table.queue.cases  # what was worked out before is not worked out wrongly
        if choice in (Choice.LEFT, Choice.RIGHT, Choice.ALL) and len(table.lines) > known:
            assert table.case(1).open == ()
        case = table.case(1)
        reported = [one for place in range(2) for one in duplicates_of(table.stack.untouched[place])]
        plan = make_plan(reported, Request(Action.TRASH, decided=True), FolderRules(), decided=table.decided)
        assert sorted(one.path for one in plan.chosen) == sorted(
            one.path for one in case.files if one.fate is Fate.GOING
        )
        assert case.keeper.path not in {one.path for one in plan.chosen}
    for before in reversed(steps[:-1]):
        table.back()
        assert sorted(table.fates) == before


def test_the_latest_choice_about_each_file_counts() -> None:
    table = Table(stack_of([[Kind.NEAR, Kind.EXACT, Kind.NEAR]]))
    table.choose(Choice.DIFFERENT, 1, 0)
    assert [one.fate for one in table.case(1).files] == [Fate.KEEPER, Fate.APART, Fate.OPEN, Fate.OPEN]
    table.choose(Choice.BOTH, 1, 1)
    table.choose(Choice.TRASH_RIGHT, 1, 2)
    assert [one.fate for one in table.case(1).files] == [Fate.KEEPER, Fate.APART, Fate.KEPT, Fate.GOING]
    assert list(table.queue.open) == []


def test_the_same_bytes_are_no_different_pictures() -> None:
    for kind, said in ((Kind.EXACT, "keep"), (Kind.IDENTICAL, "keep"), (Kind.NEAR, "different")):
        table = Table(stack_of([[kind]]))
        table.choose(Choice.DIFFERENT, 1, 0)
        assert [str(one.kind) for one in table.decided.standing.values()] == [said]
        assert list(table.queue.open) == []


def test_the_largest_saving_comes_first_and_filters_choose() -> None:
    stack = stack_of([[Kind.NEAR], [Kind.EXACT, Kind.NEAR], [Kind.IDENTICAL]], sizes=(10, 30, 20))
    queue = make_queue(stack, UNDECIDED)

    def numbers(**chosen: object) -> list[int]:
        return [case.number for case in queue.waiting(Filter(**chosen))]  # type: ignore[arg-type]

    assert numbers() == [2, 3, 1]
    assert numbers(kind="near") == [2, 1]
    assert numbers(folder="f003") == [3]
    assert numbers(reason="IDENTICAL") == [3]
    assert numbers(least=21) == [2]
    waiting = queue.waiting(Filter())
    behind = [queue.after(number, waiting) for number in (2, 3, 1)]
    assert [case and case.number for case in behind] == [3, 1, 2]


def test_nothing_of_a_protected_folder_waits_or_goes() -> None:
    table = Table(stack_of([[Kind.EXACT], [Kind.EXACT]], protected=("f001",)))
    assert [case.number for case in table.queue.waiting(Filter())] == [2]
    assert table.case(1).files[1].fate is Fate.PROTECTED


def test_many_at_once_are_one_step() -> None:
    table = Table(stack_of([[Kind.EXACT], [Kind.EXACT, Kind.NEAR], [Kind.NEAR]]))
    chosen = bulk_files(table.queue, "", Kind.EXACT)
    assert [one.path for _, one in chosen] == ["f002/1", "f001/1"]
    for kind, files in bulk_decisions(table.queue.cases, chosen):
        table.lines.append(Decision(len(table.lines) + 1, 1.0, kind, files))
    table.look()
    assert [case.number for case in table.queue.waiting(Filter())] == [2, 3]
    step = last_step(table.decided)
    assert step
    assert (step.numbers, step.words) == ((1, 2), "2 files of 2 groups may go")
    assert bulk_files(make_queue(stack_of([[Kind.EXACT]]), UNDECIDED), "elsewhere", Kind.EXACT) == []


def test_variants_are_pairs_to_look_at_and_in_no_count() -> None:
    plain = stack_of([[Kind.NEAR], [Kind.EXACT]])
    place = "differs in 12 % at the lower left"
    variants = Variant(2, 0, 0.9, 0.125, place), Variant(3, 1, 0.8, 0.5, "covered at the top")
    table = Table(Stack(replace(plain.index, variants=variants)))
    asked = Filter(kind="variant")

    def numbers(chosen: Filter) -> list[int]:
        return [case.number for case in table.queue.waiting(chosen)]

    groups, pairs = queue_of(table.queue, Filter(), 1), queue_of(table.queue, asked, 1)
    assert groups == queue_of(Table(plain).queue, Filter(), 1)  # nothing of them is among the duplicates
    assert (pairs.left, pairs.total, pairs.saving) == (2, 2, "")
    [first, _] = pairs.groups.items
    assert (first.title, first.facts, first.reason) == ("0 and 0", "12.5% of the picture differs", place)
    assert [(one.words, one.is_keeper) for one in first.files] == [("picture", False), ("variant", False)]
    assert numbers(Filter(kind="variant", reason="COVERED", least=10**9)) == [4]
    assert numbers(Filter(kind="variant", folder="f001")) == [3, 4]
    case = table.case(3)
    assert [button.choice for button in buttons_of(case, *case.files)] == [Choice.DIFFERENT]
    for choice in CHOICES:  # whatever a request asks for
        if choice is not Choice.DIFFERENT:
            table.choose(choice, 3, 0)
    assert table.lines == []
    table.choose(Choice.DIFFERENT, 3, 0)
    [said] = table.decided.standing.values()
    assert (said.kind, [one.path for one in said.files]) == (DecisionKind.DIFFERENT, ["f001/0", "f002/0"])
    assert (numbers(asked), table.queue.progress(asked), numbers(Filter())) == ([4], (1, 2), [1, 2])
    assert table.queue.about(said.files) == table.case(3)
    assert going_of(table.queue, 1).total == 0
    following = table.queue.after(3, table.queue.waiting(asked))
    assert following
    assert following.number == 4
    table.back()
    assert numbers(asked) == [3, 4]
    away = make_queue(table.stack, table.decided, ["f002/1"])
    assert [case.number for case in away.waiting(asked)] == [3]


def test_what_a_run_took_away_waits_for_nothing_until_it_is_back() -> None:
    stack = stack_of([[Kind.EXACT], [Kind.EXACT]])
    step = Step(1, "f001/1", "exact", "", 1, 0, 0, 0, 0, 0, 0, 0, "f001/0", "")

    def away(phase: Phase, name: str = "20261121T000000.000000Z") -> frozenset[str]:
        run = Run(RunHeader(name, Action.TRASH, "/watched"), {1: Entry(step, phase)})
        return away_of([run], "/watched", stack.index.generation)

    assert away(Phase.DONE) == {"f001/1"}
    assert away(Phase.RESTORED) == away(Phase.DONE, "20261119T000000.000000Z") == frozenset()
    assert [case.number for case in make_queue(stack, UNDECIDED, away(Phase.DONE)).waiting(Filter())] == [2]


def test_several_decisions_are_taken_back_together_or_not_at_all(tmp_path: Path) -> None:
    journal = DecisionJournal(tmp_path / "decisions", time.time)
    stack = stack_of([[Kind.NEAR], [Kind.NEAR]])
    queue = make_queue(stack, UNDECIDED)
    said = [one for case in queue.cases for one in decisions_of(Choice.LEFT, case, case.files[1])]
    journal.add_all(said)
    with pytest.raises(Exception, match="no decision 9"):
        journal.undo_all([1, 9])
    assert set(journal.read().standing) == {1, 2}
    journal.undo_all([2, 1])
    again = DecisionJournal(tmp_path / "decisions", time.time)
    assert again.read().standing == journal.read().standing == {}
    journal.add(DecisionKind.KEEP, said[0][1])
    assert again.read() == journal.read() == DecisionJournal(tmp_path / "decisions", time.time).read()


def test_the_better_value_is_marked() -> None:
    case = make_queue(stack_of([[Kind.NEAR]]), UNDECIDED).case(1)
    assert case
    files = case.files[0], replace(case.files[1], size=50)
    records = [
        Record(1, 2 * 10**18, State.READY, width=80, height=60),
        Record(1, 10**18, State.READY, width=90, height=70),
    ]
    told = [{"format": "JPEG", "camera": "X", "taken": ""}, {"format": "camera raw", "camera": "", "taken": "2019"}]
    rows = {row.name: row.better for row in rows_of(files, records, told)}
    assert rows["Pixels"] == rows["Format"] == rows["Taken"] == rows["Changed"] == "right"
    assert rows["Bytes"] == rows["Camera"] == "left"
    assert rows["Folder"] == rows["Name"] == ""
    unknown = {row.name: row for row in rows_of(files, [None, None], [{}, {}])}
    assert [row.better for name, row in unknown.items() if name != "Bytes"] == [""] * (len(unknown) - 1)
    assert (unknown["Pixels"].left, unknown["Pixels"].same) == ("–", True)


def test_of_two_with_the_same_pixels_more_bytes_are_not_better() -> None:
    case = make_queue(stack_of([[Kind.IDENTICAL]]), UNDECIDED).case(1)
    assert case
    files = case.files[0], replace(case.files[1], size=5000)
    rows = {row.name: row.better for row in rows_of(files, [None, None], [{"format": "JPEG"}, {"format": "PNG"}])}
    assert rows["Bytes"] == rows["Format"] == ""


def test_why_the_keeper_stays_is_said() -> None:
    plain = stack_of([[Kind.NEAR]])
    [group] = plain.index.groups
    table = Table(Stack(replace(plain.index, groups=(replace(group, rule="pixels"),))))
    assert queue_of(table.queue, Filter(), 1).groups.items[0].facts.endswith("stays: most pixels")
    table.choose(Choice.TRASH_RIGHT, 1, 0)
    assert table.case(1).rule == "most pixels"
    table.choose(Choice.RIGHT, 1, 0)
    assert table.case(1).rule == "you chose it"
    table.back()
    table.back()
    assert table.case(1).rule == "most pixels"


def test_what_acting_says_is_shown_newest_first() -> None:
    acted = {"event": "acted", "path": "a", "keeper": "k", "lost": ["its date"], "companions": [], "to": "", "bytes": 3}
    events = [acted, {"event": "skipped", "path": "b\n", "reason": "it changed"}, {"event": "end", "run": "r"}]
    assert lines_of(events) == [
        ("left alone", "b\\n", "it changed"), ("done", "a", "its keeper k stays; not in its keeper: its date"),
    ]  # fmt: skip
