"""What goes with a duplicate, and what keeps it: what its keeper lacks, shared ones, taken names, late changes."""

from pathlib import Path

import pytest

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import COMPANION, Action, Phase, read_runs, run_files
from shared.acting.stranded import moved_files
from shared.records import Kind
from tests.unit.test_acting import Desk, png
from worker.engine.groups.keepers import FolderRules
from worker.pipeline.acting.apply import Acted, Acting, act_on
from worker.pipeline.acting.locks import acting_alone
from worker.pipeline.acting.plan import Plan, Request, Skipped, make_plan
from worker.pipeline.acting.settling import settle_runs

MOVE, TRASH = Action.MOVE, Action.TRASH


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A keeper and a copy, each with a video and a sidecar."""
    desk = Desk(tmp_path)
    for folder in ("", "sub/"):
        desk.put(f"{folder}IMG_1.png", png("blue"))
        desk.put(f"{folder}IMG_1.MOV", b"a video")
        desk.put(f"{folder}IMG_1.xmp", b"stars")
    return desk


def copy(desk: Desk, name: str = "IMG_1.png", keeper: str = "IMG_1.png", kind: str = "exact") -> ReportedDuplicate:
    return desk.duplicate(f"sub/{name}", keeper, kind)


def names(desk: Desk) -> set[str]:
    return {path.name for path in (desk.root / "sub").iterdir()} - {"copy.png"}


def apply(
    desk: Desk, action: Action, *duplicates: ReportedDuplicate, named: tuple[Kind, ...] = ()
) -> list[Acted | Skipped]:
    """As the command does it: what a dry run says comes true."""
    plan = make_plan(duplicates, Request(action, named), FolderRules())

    def run(dry: bool) -> list[Acted | Skipped]:
        acting = Acting(desk.collaborators, action, desk.root, str(desk.target), named=named)
        with acting_alone(desk.base / "actions", desk.root):
            found = list(act_on(acting, plan, dry))
        acting.close()
        return found

    before = desk.tree()
    would = run(dry=True)
    assert desk.tree() == before
    done = run(dry=False)
    assert list(map(told, done)) == list(map(told, would))
    return [*plan.skipped, *done]


def told(found: Acted | Skipped) -> object:
    if isinstance(found, Skipped):
        return found.duplicate.path, found.reason
    return found.duplicate.path, found.lost, [(one.path, one.bytes) for one in found.companions], found.stays


def why(found: list[Acted | Skipped]) -> str:
    [one] = found
    assert isinstance(one, Skipped), one
    return one.reason


@pytest.mark.parametrize("action", [MOVE, TRASH])
def test_they_go_with_it_and_come_back_with_it(desk: Desk, action: Action) -> None:
    before = desk.tree()
    [found] = apply(desk, action, copy(desk))
    assert isinstance(found, Acted)
    assert [one.path for one in found.companions] == ["sub/IMG_1.MOV", "sub/IMG_1.xmp"]
    assert [one.bytes for one in found.companions] == [7, 5]
    assert all(Path(one.to).exists() for one in found.companions)
    assert names(desk) == set()
    [run] = read_runs(desk.base / "actions")
    assert [entry.step.kind for entry in run.entries.values()] == [COMPANION, COMPANION, "exact"]
    assert {entry.step.unit for entry in run.entries.values()} == {3}
    assert [moved.path for moved in moved_files([run], desk.root)] == ["sub/IMG_1.png"]
    assert desk.restore() == {}
    assert desk.tree() == before


@pytest.mark.parametrize("action", [Action.HARDLINK, Action.SYMLINK])
def test_they_stay_beside_a_link_that_takes_its_place(desk: Desk, action: Action) -> None:
    [found] = apply(desk, action, copy(desk))
    assert isinstance(found, Acted)
    assert found.companions == ()
    assert names(desk) == {"IMG_1.png", "IMG_1.MOV", "IMG_1.xmp"}


@pytest.mark.parametrize("name", ["IMG_1.MOV", "IMG_1.CR2"])
@pytest.mark.parametrize("named", [(), (Kind.EXACT,)])
def test_a_video_or_a_raw_that_its_keeper_lacks_keeps_it(desk: Desk, name: str, named: tuple[Kind, ...]) -> None:
    desk.put(f"sub/{name}", b"another")
    before = desk.tree()
    assert why(apply(desk, MOVE, copy(desk), named=named)) == f"not beside its keeper: '{name}'"
    assert desk.tree() == before


def test_what_a_sidecar_says_goes_where_it_is_asked_for_by_name(desk: Desk) -> None:
    desk.put("sub/IMG_1.xmp", b"other")
    desk.put("sub/IMG_1.png.json", b"{}")
    reason = "not beside its keeper: 'IMG_1.png.json', 'IMG_1.xmp'; --kind exact takes it all the same"
    assert why(apply(desk, MOVE, copy(desk))) == reason
    before = desk.tree()
    [found] = apply(desk, MOVE, copy(desk), named=(Kind.EXACT,))
    assert isinstance(found, Acted)
    assert found.lost == ("'IMG_1.png.json' beside it", "'IMG_1.xmp' beside it")
    assert names(desk) == set()
    assert desk.restore() == {}
    assert desk.tree() == before


def test_one_that_two_pictures_share_stays_until_the_other_goes(desk: Desk) -> None:
    for folder in ("", "sub/"):
        desk.put(f"{folder}IMG_1.jpg", b"no picture, but a name")
    [found] = apply(desk, MOVE, copy(desk))
    assert isinstance(found, Acted)
    assert found.companions == ()
    assert [(one.path, one.reason) for one in found.stays] == [
        ("sub/IMG_1.MOV", "it belongs to 'IMG_1.jpg', too"), ("sub/IMG_1.xmp", "it belongs to 'IMG_1.jpg', too")
    ]  # fmt: skip
    assert names(desk) == {"IMG_1.jpg", "IMG_1.MOV", "IMG_1.xmp"}
    [found] = apply(desk, MOVE, copy(desk, "IMG_1.jpg", "IMG_1.jpg"))
    assert isinstance(found, Acted)
    assert len(found.companions) == 2
    assert names(desk) == set()


def test_two_that_share_one_and_go_in_one_run_take_it(desk: Desk) -> None:
    for folder in ("", "sub/"):
        desk.put(f"{folder}IMG_1.jpg", b"no picture, but a name")
    apply(desk, TRASH, copy(desk), copy(desk, "IMG_1.jpg", "IMG_1.jpg"))
    assert names(desk) == set()


def test_an_edited_picture_goes_with_its_original_and_not_before_it(desk: Desk) -> None:
    for folder in ("", "sub/"):
        desk.put(f"{folder}IMG_1-edited.png", png("green"))
    edited = copy(desk, "IMG_1-edited.png", "IMG_1-edited.png")
    assert why(apply(desk, MOVE, edited)) == "it belongs to 'IMG_1.png', which stays"
    [found] = apply(desk, MOVE, edited, copy(desk))
    assert isinstance(found, Acted)
    assert found.duplicate.path == "sub/IMG_1.png"
    assert names(desk) == set()
    [run] = read_runs(desk.base / "actions")
    kinds = {entry.step.path: entry.step.kind for entry in run.entries.values()}
    assert kinds["sub/IMG_1-edited.png"] == "exact"


def test_an_edited_copy_may_go_for_its_own_original(desk: Desk) -> None:
    desk.put("IMG_1-edited.png", png("#0000fd"))
    [found] = apply(desk, MOVE, desk.duplicate("IMG_1-edited.png", "IMG_1.png", "near"), named=(Kind.NEAR,))
    assert isinstance(found, Acted)
    assert found.companions == found.stays == ()


def test_an_original_goes_for_its_edited_copy_and_takes_what_is_its_own(desk: Desk) -> None:
    desk.put("IMG_1-edited.png", png("#0000fd"))
    desk.put("IMG_1-edited.MOV", b"a video")
    desk.put("IMG_1-edited.xmp", b"stars")
    [found] = apply(desk, MOVE, desk.duplicate("IMG_1.png", "IMG_1-edited.png", "near"), named=(Kind.NEAR,))
    assert isinstance(found, Acted)
    assert [one.path for one in found.companions] == ["IMG_1.MOV", "IMG_1.xmp"]
    assert (desk.root / "IMG_1-edited.MOV").exists()


def test_a_raw_is_never_a_duplicate_of_its_picture(desk: Desk) -> None:
    desk.put("IMG_1.NEF", png("blue"))
    for one in (desk.duplicate("IMG_1.NEF", "IMG_1.png"), desk.duplicate("IMG_1.png", "IMG_1.NEF")):
        assert why(apply(desk, MOVE, one)) == (
            "it and its keeper belong together: a raw, and the picture that was made of it"
        )


def test_a_video_that_is_a_duplicate_itself_is_not_parted_from_its_picture(desk: Desk) -> None:
    video = copy(desk, "IMG_1.MOV", "IMG_1.MOV")
    assert why(apply(desk, MOVE, video)) == "it belongs to 'IMG_1.png', which stays"
    [found] = apply(desk, MOVE, video, copy(desk))
    assert isinstance(found, Acted)
    assert names(desk) == set()


def test_what_must_stay_keeps_its_picture(desk: Desk) -> None:
    for folder in ("", "sub/"):
        desk.put(f"{folder}IMG_1-edited.png", png("green"))
    desk.put("third.png", png("green"))
    third = desk.duplicate("third.png", "sub/IMG_1-edited.png")
    found = apply(desk, MOVE, copy(desk), third)
    assert told(found[0]) == (
        "sub/IMG_1.png",
        "'IMG_1-edited.png' belongs to it, and must stay: it is a keeper itself, or a link leads to it",
    )


def test_a_name_that_is_taken_at_the_target_keeps_all_of_them(desk: Desk) -> None:
    taken = desk.target / "sub" / "IMG_1.MOV"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"somebody's")
    before = desk.tree()
    reason = why(apply(desk, MOVE, copy(desk)))
    assert reason == f"'sub/IMG_1.MOV' is in {desk.target} already, and what belongs together keeps its names"
    assert desk.tree() == before
    assert taken.read_bytes() == b"somebody's"


@pytest.mark.parametrize("action", [MOVE, TRASH])
@pytest.mark.parametrize("late", ["IMG_1.MOV", "IMG_1.xmp", "IMG_1.png"])
@pytest.mark.parametrize("call", ["journal", "rename"])
def test_one_that_changes_at_the_last_moment_keeps_all_of_them(
    desk: Desk, action: Action, late: str, call: str
) -> None:
    def replace() -> None:
        (desk.root / "new").write_bytes(b"new")
        (desk.root / "new").replace(desk.root / "sub" / late)

    one, before = copy(desk), desk.tree()
    desk.calls[call] = replace
    [found] = desk.act(action, one)
    assert isinstance(found, Skipped)
    after = desk.tree()
    assert after.pop(f"sub/{late}")[0] == b"new"
    assert before.keys() - after.keys() == {f"sub/{late}"}
    assert all(before[path] == seen for path, seen in after.items())
    [run] = read_runs(desk.base / "actions")
    phases = {entry.step.path: entry.phase for entry in run.entries.values()}
    assert phases.pop(f"sub/{late}", Phase.UNDONE) in (Phase.UNDONE, Phase.MISSING)  # nobody has its bytes any more
    assert set(phases.values()) <= {Phase.UNDONE, Phase.RESTORED}
    assert [path.name for path in desk.root.rglob(".*")] == []


def test_a_link_that_leads_to_one_keeps_all_of_them(desk: Desk) -> None:
    (desk.root / "link.mov").symlink_to("sub/IMG_1.MOV")
    reason = why(apply(desk, MOVE, copy(desk)))
    assert reason == "'IMG_1.MOV' belongs to it: the symbolic link 'link.mov' leads to it, and would lead nowhere"


def test_a_link_beside_it_is_nobodys_companion(desk: Desk) -> None:
    (desk.root / "sub" / "IMG_1.AAE").symlink_to("IMG_1.xmp")
    [found] = apply(desk, MOVE, copy(desk))
    assert isinstance(found, Skipped)  # the link would lead nowhere
    (desk.root / "sub" / "IMG_1.AAE").unlink()
    (desk.root / "sub" / "IMG_1.AAE").mkdir()
    [found] = apply(desk, MOVE, copy(desk))
    assert isinstance(found, Acted)
    assert names(desk) == {"IMG_1.AAE"}


def test_what_cannot_come_back_is_said_and_the_rest_comes(desk: Desk) -> None:
    before = desk.tree()
    apply(desk, MOVE, copy(desk))
    desk.put("sub/IMG_1.MOV", b"newer")
    assert list(desk.restore()) == ["sub/IMG_1.MOV"]
    assert names(desk) == {"IMG_1.png", "IMG_1.MOV", "IMG_1.xmp"}
    (desk.root / "sub" / "IMG_1.MOV").unlink()
    assert desk.restore() == {}
    assert desk.tree() == before


def test_a_part_of_a_run_that_is_restored_brings_companions_with_it(desk: Desk) -> None:
    from worker.pipeline.acting.restore import restore

    before = desk.tree()
    apply(desk, MOVE, desk.duplicate(), copy(desk))
    with acting_alone(desk.base / "actions", desk.root):
        [run] = read_runs(desk.base / "actions")
        picture = next(entry.step for entry in run.entries.values() if entry.step.path == "sub/IMG_1.png")
        found = list(restore(desk.collaborators, run, {picture.number}))
    assert found[0].path == "sub/IMG_1.png"  # the first answer is about what was asked for
    assert len(found) == 3
    assert before.keys() - desk.tree().keys() == {"sub/copy.png"}


@pytest.mark.parametrize("action", [MOVE, TRASH])
def test_a_journal_that_lost_the_end_of_what_was_written_at_once_tears_nothing_apart(
    desk: Desk, action: Action
) -> None:
    """By a loss of power: some lines of a unit are on the disk, others are not."""
    before, one = desk.tree(), copy(desk)
    apply(desk, action, one)
    [file] = run_files(desk.base / "actions")
    header, *lines = file.read_bytes().splitlines(keepends=True)
    steps, done = lines[:3], lines[3:]
    restoring = [line.replace(b'"done"', b'"restoring"') for line in done]
    for count in range(4):
        file.write_bytes(b"".join([header, *steps, *done[:count]]))
        settle_runs(desk.collaborators)
        assert names(desk) == set()
        assert desk.phases() == [Phase.DONE] * 3
    for count in range(1, 4):
        file.write_bytes(b"".join([header, *steps, *done, *restoring[:count]]))
        settle_runs(desk.collaborators)
        assert desk.tree() == before
        assert desk.phases() == [Phase.RESTORED] * 3
        file.unlink()
        apply(desk, action, one)
        [file] = run_files(desk.base / "actions")
        header, *lines = file.read_bytes().splitlines(keepends=True)
        steps, done = lines[:3], lines[3:]
        restoring = [line.replace(b'"done"', b'"restoring"') for line in done]
    desk.restore()
    for count in range(4):
        file.write_bytes(b"".join([header, *steps[:count]]))
        settle_runs(desk.collaborators)
        assert desk.tree() == before


def test_the_plan_puts_owners_first(desk: Desk) -> None:
    for name in ("IMG_1-edited.png", "IMG_1.png", "IMG_2.png"):
        desk.put(f"sub/{name}", png("blue"))
    asked = [desk.duplicate(f"sub/{name}", "IMG_1.png") for name in ("IMG_1-edited.png", "IMG_2.png", "IMG_1.png")]
    plan = make_plan(asked, Request(MOVE), FolderRules())
    assert isinstance(plan, Plan)
    assert [one.path for one in plan.chosen] == ["sub/IMG_2.png", "sub/IMG_1.png", "sub/IMG_1-edited.png"]
