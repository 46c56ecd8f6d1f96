"""What the property test of acting found, one by one: somebody comes between two system calls, and loses nothing."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.acting.runs import Action, Phase
from shared.cli.duplicates_text import fell_short, sum_up
from shared.errors import Unavailable
from shared.settings import Settings, load_settings
from tests.unit.test_acting import Desk, png
from tests.unit.test_acting_identity import Distant, Killed, contents, killed
from worker.commands.act import apply, bring_back
from worker.pipeline.acting import disk as disk_module
from worker.pipeline.acting.apply import Acted
from worker.pipeline.acting.plan import Request, Skipped

LINKS = [Action.HARDLINK, Action.SYMLINK]
NEW = b"a newcomer"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that can neither exchange names nor rename without overwriting."""

    def unknown(*_: object) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(disk_module, "_renameat2", unknown)


def save_over(path: Path) -> Callable[[], None]:
    """As editors save."""

    def save() -> None:
        new = path.with_name("saving.tmp")
        new.write_bytes(NEW)
        new.rename(path)

    return save


def hidden_below(desk: Desk) -> list[Path]:
    return [path for folder in (desk.root, desk.target) for path in folder.rglob(".imagesieve-*")]


@pytest.mark.parametrize("action", LINKS)
def test_who_waits_to_write_into_a_file_gets_it_back_from_a_link(desk: Desk, action: Action) -> None:
    """He asked for it before the link took its place, and would write into a file that has no name any more."""
    path = desk.root / "sub" / "copy.png"
    inode = path.stat().st_ino

    def ask() -> None:
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)

    desk.calls["exchange"] = ask
    [found] = desk.act(action)
    assert isinstance(found, Skipped)
    assert "open for writing" in found.reason
    assert path.lstat().st_ino == inode
    assert hidden_below(desk) == []


@pytest.mark.parametrize("action", LINKS)
def test_what_comes_while_a_link_goes_again_keeps_its_name(desk: Desk, action: Action) -> None:
    path = desk.root / "sub" / "copy.png"

    def ask() -> None:
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        desk.calls["exchange"] = save_over(path)

    desk.calls["exchange"] = ask
    [found] = desk.act(action)
    assert isinstance(found, Skipped)
    assert path.read_bytes() == NEW


def test_what_comes_while_a_file_goes_again_keeps_its_name(desk: Desk) -> None:
    """Its owner put the same bytes at the path, and has those open for writing."""
    path, moved = desk.root / "sub" / "copy.png", desk.target / "sub" / "copy.png"
    desk.act(Action.MOVE)
    shutil.copyfile(moved, path)
    with path.open("r+b"):
        desk.calls["exchange"] = lambda: desk.calls.update(exchange=save_over(path))
        assert "at the last moment" in desk.restore()["sub/copy.png"]
    assert (path.read_bytes(), moved.read_bytes()) == (NEW, png("red"))
    assert hidden_below(desk) == []


def test_a_hard_link_that_is_open_for_writing_stays_where_its_keeper_is_no_more(desk: Desk) -> None:
    """A copy takes its place, and gives it back: nobody may say that it is left alone and have exchanged it."""
    path = desk.root / "sub" / "copy.png"
    desk.act(Action.HARDLINK)
    (desk.root / "keeper.png").rename(desk.root / "renamed.png")
    before = desk.tree()
    with path.open("r+b"):
        assert "open for writing" in desk.restore()["sub/copy.png"]
        assert desk.tree() == before
        assert path.samefile(desk.root / "renamed.png")
    assert desk.restore() == {}
    assert path.stat().st_nlink == 1


def test_what_was_changed_at_the_target_after_a_kill_stays_there(desk: Desk) -> None:
    """The copy has two names then, and its bytes are no longer those of the step."""
    desk.disk, desk.calls["unlink"] = Distant, killed
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    (desk.target / "sub" / "copy.png").write_bytes(NEW)
    desk.restore_all()
    assert desk.phases() == [Phase.UNDONE]
    assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")
    assert (desk.target / "sub" / "copy.png").read_bytes() == NEW
    assert hidden_below(desk) == []


def test_who_waits_to_write_into_a_copy_at_the_target_after_a_kill_gets_it_back(desk: Desk) -> None:
    moved = desk.target / "sub" / "copy.png"
    desk.disk, desk.calls["unlink"] = Distant, killed
    with pytest.raises(Killed):
        desk.act(Action.MOVE)

    def ask() -> None:
        with pytest.raises(BlockingIOError):
            os.open(moved, os.O_WRONLY | os.O_NONBLOCK)

    desk.calls["unlink"] = ask
    desk.restore_all()
    assert "unlink" not in desk.calls
    assert desk.phases() == [Phase.UNDONE]
    assert moved.read_bytes() == (desk.root / "sub" / "copy.png").read_bytes() == png("red")
    assert hidden_below(desk) == []


def test_a_copy_at_the_target_that_is_open_for_writing_after_a_kill_stays_there(desk: Desk) -> None:
    """What is written into it then is found under the name by which it was opened."""
    moved = desk.target / "sub" / "copy.png"
    desk.disk, desk.calls["unlink"] = Distant, killed
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    with moved.open("r+b") as file:
        desk.restore_all()
        file.write(NEW)
    assert desk.phases() == [Phase.UNDONE]
    assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")
    assert moved.read_bytes().startswith(NEW)
    assert hidden_below(desk) == []


def test_what_takes_the_name_of_the_copy_at_the_target_in_the_last_instant_stays(desk: Desk) -> None:
    """The run was cut off before its file went, and so the copy goes again."""
    desk.disk, desk.calls["unlink"] = Distant, killed
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    desk.calls["unlink"] = save_over(desk.target / "sub" / "copy.png")
    desk.restore_all()
    assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")
    assert (desk.target / "sub" / "copy.png").read_bytes() == NEW
    assert hidden_below(desk) == []


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("action", [Action.MOVE, Action.TRASH])
def test_without_a_rename_that_keeps_from_overwriting_a_newcomer_keeps_its_name(desk: Desk, action: Action) -> None:
    path = desk.root / "sub" / "copy.png"
    desk.calls["unlink"] = save_over(path)
    [found] = desk.act(action)
    assert isinstance(found, Acted)
    assert Path(found.to).read_bytes() == png("red")
    assert path.read_bytes() == NEW


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("action", LINKS)
@pytest.mark.parametrize("which", ["keeper.png", "sub/copy.png"])
def test_without_an_exchange_a_link_replaces_only_what_was_seen(desk: Desk, action: Action, which: str) -> None:
    desk.calls["replace"] = save_over(desk.root / which)
    [found] = desk.act(action)
    assert isinstance(found, Skipped)
    assert (desk.root / which).read_bytes() == NEW
    assert png("red") in contents(desk.root)
    assert hidden_below(desk) == []


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("action", LINKS)
def test_without_an_exchange_a_restore_replaces_only_the_link(desk: Desk, action: Action) -> None:
    path = desk.root / "sub" / "copy.png"
    desk.act(action)
    desk.calls["replace"] = save_over(path)
    assert "at the last moment" in desk.restore()["sub/copy.png"]
    assert path.read_bytes() == NEW
    assert hidden_below(desk) == []


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("action", [Action.MOVE, Action.TRASH])
def test_a_rename_by_way_of_a_link_may_be_cut_off_twice(desk: Desk, action: Action) -> None:
    """The file has three names then: its own, where it was to go, and the hidden one by which that was to go again."""
    for _ in range(2):
        desk.calls["unlink"] = killed
        with pytest.raises(Killed):
            desk.act(action)
    assert desk.restore_all() == {}
    assert desk.phases() == [Phase.UNDONE]
    assert (desk.root / "sub" / "copy.png").stat().st_nlink == 1


@pytest.mark.usefixtures("plain")
def test_no_hidden_name_stays_in_the_trash(desk: Desk) -> None:
    """The run was cut off, and so was putting that in order, when the name in the trash was gone already."""
    desk.calls["unlink"] = killed
    with pytest.raises(Killed):
        desk.act(Action.TRASH)
    desk.calls["unlink"] = lambda: desk.calls.update(unlink=killed)
    with pytest.raises(Killed):
        desk.restore_all()
    assert len(list((desk.trash / "files").iterdir())) == 1
    assert desk.restore_all() == {}
    assert list((desk.trash / "files").iterdir()) == []
    assert (desk.root / "sub" / "copy.png").stat().st_nlink == 1


@pytest.mark.usefixtures("plain")
def test_a_file_that_has_its_name_back_is_no_other_one(desk: Desk) -> None:
    """Its keeper went, the file got its name back by way of a link, the run ended there, and the copy was edited."""
    desk.disk = Distant
    path, moved = desk.root / "sub" / "copy.png", desk.target / "sub" / "copy.png"

    def lose_keeper() -> None:
        (desk.root / "keeper.png").unlink()
        desk.calls["unlink"] = killed

    desk.calls["unlink"] = lose_keeper
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    assert path.stat().st_nlink == 2
    moved.write_bytes(NEW)
    assert desk.restore_all() == {}
    assert desk.phases() == [Phase.UNDONE]
    assert hidden_below(desk) == []
    assert (path.read_bytes(), moved.read_bytes()) == (png("red"), NEW)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("action", LINKS)
def test_a_copy_that_has_its_place_already_is_no_other_one(desk: Desk, action: Action) -> None:
    """Its owner removed the link, the copy got the name by way of a link, the run ended there, and it was edited."""
    path = desk.root / "sub" / "copy.png"
    desk.act(action)
    path.unlink()
    desk.calls["unlink"] = killed
    with pytest.raises(Killed):
        desk.restore()
    assert path.stat().st_nlink == 2
    path.write_bytes(NEW)
    assert "something else is at its path" in desk.restore_all()["sub/copy.png"]
    assert path.read_bytes() == NEW
    assert hidden_below(desk) == []


@pytest.mark.parametrize("action", LINKS)
def test_putting_a_link_in_order_removes_only_the_link(desk: Desk, action: Action) -> None:
    path = desk.root / "sub" / "copy.png"
    desk.calls["unlink"] = killed
    with pytest.raises(Killed):
        desk.act(action)
    desk.calls["exchange"] = save_over(path)
    desk.restore_all()
    assert path.read_bytes() == NEW
    assert png("red") in contents(desk.root)


@pytest.mark.parametrize("action", LINKS)
def test_a_link_that_is_removed_while_its_file_is_brought_back_leaves_no_hidden_name(
    desk: Desk, action: Action
) -> None:
    path = desk.root / "sub" / "copy.png"
    desk.act(action)
    desk.calls["exchange"] = path.unlink
    assert desk.restore() == {}
    assert path.read_bytes() == png("red")
    assert hidden_below(desk) == []


@pytest.mark.parametrize("equal", [False, True])
def test_what_is_open_for_writing_at_the_target_is_not_copied_back(desk: Desk, equal: bool) -> None:
    """It would be removed there, and what is written into it lost. equal: the same bytes are at the path."""
    desk.disk = Distant
    desk.act(Action.MOVE)
    moved = desk.target / "sub" / "copy.png"
    if equal:
        shutil.copyfile(moved, desk.root / "sub" / "copy.png")
    with moved.open("r+b"):
        assert "open for writing" in desk.restore()["sub/copy.png"]
        assert moved.read_bytes() == png("red")
    assert desk.restore() == {}
    assert not moved.exists()


@pytest.mark.parametrize("action", [Action.MOVE, Action.TRASH])
def test_a_file_that_its_owner_put_back_himself_gets_its_mode_and_times(desk: Desk, action: Action) -> None:
    path, before = desk.root / "sub" / "copy.png", desk.tree()
    [found] = desk.act(action)
    assert isinstance(found, Acted)
    shutil.copyfile(found.to, path)
    Path(found.to).unlink()
    assert desk.restore() == {}
    assert desk.tree() == before


@pytest.mark.parametrize("action", [Action.MOVE, Action.TRASH, Action.SYMLINK])
def test_mode_and_times_of_other_names_stay(desk: Desk, action: Action) -> None:
    """A hard link to a file of the owner's own stands at the path."""
    path, own = desk.root / "sub" / "copy.png", desk.put("own.png", png("red"), 0o600, 77)
    [found] = desk.act(action)
    path.unlink(missing_ok=True)
    if isinstance(found, Acted) and action is not Action.SYMLINK:
        Path(found.to).unlink()
    path.hardlink_to(own)
    desk.restore()
    assert (own.stat().st_mode & 0o777, own.stat().st_mtime_ns) == (0o600, 77)


def test_a_restore_that_a_broken_disk_cut_off_half_way_stays_in_hand(desk: Desk) -> None:
    """Not `done`: part of it has a hidden name, and the next run goes on with it."""
    before = desk.tree()
    desk.disk = Distant
    desk.act(Action.MOVE)

    def refuse() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    desk.calls["unlink"] = refuse
    assert "refused" in desk.restore()["sub/copy.png"]
    assert hidden_below(desk)
    assert desk.phases() == [Phase.RESTORING]
    desk.restore_all()
    assert desk.phases() == [Phase.RESTORED]
    assert desk.tree() == before
    assert hidden_below(desk) == []


def settings_of(desk: Desk) -> Settings:
    return load_settings(watch_dir=desk.root, state_dir=desk.base / "state")


def write_report(settings: Settings, row: str = "") -> None:
    report = settings.reports_dir / "latest"
    report.mkdir(parents=True)
    (report / "summary.json").write_text("{}")
    (report / "duplicates.csv").write_text(f"group,path,role,kind,similarity,bytes\n{row}")
    (report / "assignments.csv").write_text("path,digest\nkeeper.png,0\nsub/copy.png,0\n")


def test_a_dry_run_says_that_the_watched_folder_is_away(desk: Desk) -> None:
    settings = settings_of(desk)
    write_report(settings, "1,keeper.png,keeper,,1,0\n1,sub/copy.png,duplicate,exact,1,9\n")
    desk.root.rename(desk.base / "unplugged")
    with pytest.raises(Unavailable, match="is away"):
        list(apply(settings, Request(Action.MOVE), str(desk.target), dry=True))


def test_all_runs_are_none_where_a_journal_was_cut_off_before_its_first_line(desk: Desk) -> None:
    settings = settings_of(desk)
    settings.actions_dir.mkdir(parents=True)
    (settings.actions_dir / "20260101T000000.000000Z.jsonl").touch()
    assert list(bring_back(settings, "", everything=True)) == [{"event": "end", "run": ""}]


@pytest.mark.parametrize("away", [False, True])
def test_what_an_apply_could_not_put_in_order_is_said_and_is_a_failure(
    desk: Desk, away: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(desk)
    (desk.base / "state").mkdir()
    (desk.base / "actions").symlink_to(settings.actions_dir)
    settings.actions_dir.mkdir()
    desk.calls["rename"] = killed
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    (desk.root / "new.png").write_bytes(NEW)  # one that was edited in place never moved, and nothing is missing
    (desk.root / "new.png").replace(desk.root / "sub" / "copy.png")
    if away:
        desk.target.rename(desk.base / "unplugged")
    write_report(settings)
    events = list(apply(settings, Request(Action.HARDLINK), "", dry=False))
    assert fell_short(events)
    sum_up(events, "done")
    assert (f"its target {desk.target} is away" in capsys.readouterr().err) is away
