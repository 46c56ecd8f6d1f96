"""Which duplicates are acted on, by what the report and the rules say alone."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import Action, Entry, Phase, Run, RunHeader, Step
from shared.acting.selection import Selection, read_paths
from shared.decisions import Decision, DecisionKind, Subject, decide
from shared.errors import PermanentError
from shared.records import Kind
from worker.engine.groups.keepers import NO_RULES, FolderRules
from worker.pipeline.acting.plan import Request, make_plan, needed_paths

EXACT = ReportedDuplicate(1, "a/copy.jpg", "d", 10, Kind.EXACT, 1.0, "a/keeper.jpg", "d")
IDENTICAL = ReportedDuplicate(1, "a/same.png", "e", 10, Kind.IDENTICAL, 1.0, "a/keeper.jpg", "d")
NEAR = ReportedDuplicate(2, "b/near.jpg", "f", 10, Kind.NEAR, 0.9, "b/keeper.jpg", "g")
ALL = [EXACT, IDENTICAL, NEAR]


def planned(request: Request, rules: FolderRules = NO_RULES, needed: tuple[str, ...] = ()) -> tuple[object, ...]:
    plan = make_plan(ALL, request, rules, needed)
    return [one.path for one in plan.chosen], {one.duplicate.path: one.reason for one in plan.skipped}


def test_near_ones_only_when_they_are_asked_for_by_name() -> None:
    assert planned(Request(Action.MOVE)) == (["a/copy.jpg", "a/same.png"], {})
    assert planned(Request(Action.TRASH, ("near",))) == (["b/near.jpg"], {})
    assert planned(Request(Action.MOVE, ("exact", "near"))) == (["a/copy.jpg", "b/near.jpg"], {})
    assert planned(Request(Action.MOVE, ("exact", "near"), Selection(("b",)))) == (["b/near.jpg"], {})


def test_what_was_not_asked_for_is_counted_and_how_to_ask_for_it() -> None:
    def not_asked(request: Request) -> list[tuple[str, int, str]]:
        return [(one.which, one.files, one.way) for one in make_plan(ALL, request, NO_RULES).not_asked]

    elsewhere = "without --folder they are asked for, too"
    assert not_asked(Request(Action.MOVE)) == [("near", 1, "--kind near takes them")]
    assert not_asked(Request(Action.MOVE, ("near",))) == [
        ("exact", 1, "--kind exact takes them"),
        ("identical", 1, "--kind identical takes them"),
    ]
    assert not_asked(Request(Action.HARDLINK)) == [("near", 1, "only the same bytes give way to a hardlink")]
    assert not_asked(Request(Action.TRASH, (), Selection(("a",)))) == [("in other folders", 1, elsewhere)]
    assert not_asked(Request(Action.TRASH, ("exact",), Selection(("b",)))) == [
        ("near", 1, "--kind near takes them"),
        ("in other folders", 2, elsewhere),
    ]
    assert not_asked(Request(Action.MOVE, ("exact", "identical", "near"))) == []


def test_a_variant_goes_only_by_name_and_never_from_under_another_file() -> None:
    def variant(path: str, of: str) -> ReportedDuplicate:
        return ReportedDuplicate(0, path, path, 10, Kind.VARIANT, 0.9, of, of)

    free, keeper, first = variant("v", "b/keeper.jpg"), variant("a/keeper.jpg", "v"), variant("w", "x")
    report = [*ALL, free, keeper, first, variant("y", "w")]
    plan = make_plan(report, Request(Action.MOVE, (Kind.VARIANT,)), NO_RULES)
    assert [one.path for one in plan.chosen] == ["y"]
    assert {one.duplicate.path for one in plan.skipped} == {"v", "a/keeper.jpg", "w"}
    assert {one.reason for one in plan.skipped} == {
        "it is the keeper of a group itself, or another file is a variant of it"
    }
    assert [one.kind for one in make_plan(report, Request(Action.MOVE), NO_RULES).chosen] == ["exact", "identical"]
    linked = make_plan([free], Request(Action.HARDLINK, (Kind.VARIANT,)), NO_RULES)
    assert "only the same bytes can be replaced" in linked.skipped[0].reason


@pytest.mark.parametrize("action", [Action.HARDLINK, Action.SYMLINK])
def test_only_the_same_bytes_give_way_to_a_link(action: Action) -> None:
    chosen, skipped = planned(Request(action, ("exact", "identical", "near")))
    assert chosen == ["a/copy.jpg"]
    assert list(skipped) == ["a/same.png", "b/near.jpg"]


def test_a_protected_file_and_what_an_earlier_link_leads_to_stay() -> None:
    assert "protected folder 'a'" in planned(Request(Action.MOVE), FolderRules(protect=("a",)))[1]["a/copy.jpg"]
    assert "symbolic link" in planned(Request(Action.MOVE), needed=("a/same.png",))[1]["a/same.png"]


def test_a_keeper_is_never_acted_on_whatever_else_the_report_says() -> None:
    odd = dataclasses.replace(NEAR, path="a/keeper.jpg", kind="exact", digest="d", keeper_digest="d")
    plan = make_plan([EXACT, odd, EXACT], Request(Action.MOVE), FolderRules())
    assert [one.path for one in plan.chosen] == ["a/copy.jpg"]  # once
    assert [(one.duplicate.path, one.reason) for one in plan.skipped] == [
        ("a/keeper.jpg", "it is the keeper of a group itself")
    ]


def test_the_files_that_links_need_are_known_from_the_journals() -> None:
    def run(action: Action, phase: Phase, root: str = "/w") -> Run:
        step = Step(1, "a", "exact", "d", 1, 0, 0, 0, 0, 0, 0, 0, f"keeper {action} {phase}", "d")
        return Run(RunHeader("r", action, root), {1: Entry(step, phase)})

    runs = [run(Action.SYMLINK, phase) for phase in Phase] + [run(Action.MOVE, Phase.DONE)]
    runs.append(run(Action.SYMLINK, Phase.DONE, "/elsewhere"))
    assert needed_paths(runs, "/w") == {
        f"keeper symlink {phase}" for phase in ("begun", "done", "missing", "restoring")
    }


def test_what_is_meant_is_told_by_group_name_list_or_place() -> None:
    everything = Kind.EXACT, Kind.IDENTICAL, Kind.NEAR

    def chosen(**more: Any) -> Any:
        return planned(Request(Action.MOVE, everything, Selection(**more)))[0]

    assert chosen() == ["a/copy.jpg", "a/same.png", "b/near.jpg"]
    assert chosen(patterns=("*.jpg",)) == ["a/copy.jpg", "b/near.jpg"]
    assert chosen(patterns=("/a/", "!*.png")) == ["a/copy.jpg"]
    assert chosen(paths=frozenset({"b/near.jpg", "nowhere"})) == ["b/near.jpg"]
    assert chosen(paths=frozenset()) == []
    for group in (1, 2):
        assert chosen(groups=(group,)) == [one.path for one in ALL if one.group == group]
    sides = [chosen(across=side) for side in (True, False)]
    assert sorted(sides[0] + sides[1]) == chosen()
    assert all(one.path.split("/")[:-1] != one.keeper.split("/")[:-1] for one in ALL if one.path in sides[0])


def test_lists_of_files_are_read_as_tables_or_lines_and_refused_in_words(tmp_path: Path) -> None:
    table, lines, wrong = tmp_path / "a.csv", tmp_path / "b.jsonl", tmp_path / "c.csv"
    table.write_text('group,path,role\n1,keeps.jpg,keeper\n1,"./=a,b.jpg",duplicate\n')
    lines.write_text('{"path": "x/y.jpg"}\n\n{"path": "z.jpg", "group": 3}\n')
    assert (read_paths(table), read_paths(lines)) == ({"=a,b.jpg"}, {"x/y.jpg", "z.jpg"})
    for content, word in (
        ("name\na.jpg\n", "no list of files"),
        ('{"path": \n', "no list"),
        ("path\n", "no duplicate"),
    ):
        wrong.write_text(content)
        with pytest.raises(PermanentError, match=word):
            read_paths(wrong)
    with pytest.raises(PermanentError, match="cannot be read"):
        read_paths(tmp_path / "none")


def test_what_was_decided_goes_for_the_keeper_that_was_chosen_before_a_run_has_seen_it() -> None:
    def one(path: str, kind: Kind, digest: str = "") -> ReportedDuplicate:
        return ReportedDuplicate(1, path, digest or path, 5, kind, 1.0, "old", "old", keeper_bytes=9)

    report = [one("new", Kind.NEAR), one("copy of old", Kind.EXACT, "old"), one("left", Kind.NEAR)]
    files = tuple(Subject(digest, path) for digest, path in (("new", "new"), ("old", "old"), ("old", "copy of old")))
    decided = decide([Decision(7, 0.0, DecisionKind.KEEPER, files)])
    plan = make_plan(report, Request(Action.TRASH, decided=True), NO_RULES, decided=decided)
    assert [(one.path, one.keeper, one.kind, one.bytes) for one in plan.chosen] == [
        ("old", "new", "near", 9), ("copy of old", "new", "near", 5),
    ]  # fmt: skip
    assert Kind.NEAR in plan.named
    assert make_plan(report, Request(Action.TRASH, decided=True), NO_RULES).chosen == ()
