"""One file is acted on: what is checked right before, what becomes of newcomers at the last moment, the way back."""

import errno
import hashlib
import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import Action, Phase, read_runs
from shared.errors import SettingsError, Unavailable
from shared.folders import check_target
from shared.records import Kind
from worker.engine.proof.sameness import compare_files
from worker.pipeline.acting.apply import Acted, Acting, act_on
from worker.pipeline.acting.collaborators import Collaborators
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.locks import acting_alone
from worker.pipeline.acting.plan import Plan, Skipped
from worker.pipeline.acting.restore import choose_run, restore
from worker.pipeline.acting.settling import settle_runs

ACTIONS = list(Action)


def png(colour: str, name: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", (9, 7), colour)
    image.putpixel((0, 0), (1, 2, 3))  # of one colour alone nothing is proved
    image.save(out, name, **options)
    return out.getvalue()


class Desk:
    """A watched folder, a target folder, a trash and journals."""

    def __init__(self, base: Path) -> None:
        self.root, self.target, self.base = base / "watched", base / "target", base
        self.trash = base / "data" / "Trash"
        self.root.mkdir()
        self.calls: dict[str, Callable[[], None]] = {}
        self.disk: type[Disk] = Disk
        self.put("keeper.png", png("red"))
        self.put("sub/copy.png", png("red"), 0o640, 123456789)

    def put(self, path: str, data: bytes, mode: int = 0o644, mtime_ns: int = 10**18) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(mode)
        os.utime(file, ns=(5, mtime_ns))
        return file

    def duplicate(
        self, path: str = "sub/copy.png", keeper: str = "keeper.png", kind: str = "exact"
    ) -> ReportedDuplicate:
        held = [(self.root / one).read_bytes() for one in (path, keeper)]
        digests = [hashlib.sha256(data).hexdigest() for data in held]
        return ReportedDuplicate(1, path, digests[0], len(held[0]), Kind(kind), 1.0, keeper, digests[1])

    @property
    def collaborators(self) -> Collaborators:
        def before(what: str) -> None:
            self.calls.pop(what, lambda: None)()

        disk = self.disk(before)
        return Collaborators(
            self.base / "actions",
            lambda *files: compare_files(*files, max_pixels=1000),
            time.time,
            lambda: self.trash,
            disk,
        )

    def act(self, action: Action, *duplicates: ReportedDuplicate, named: tuple[str, ...] = ()) -> list[Acted | Skipped]:
        acting = Acting(self.collaborators, action, self.root, str(self.target), named=named)
        with acting_alone(self.base / "actions", self.root):
            settle_runs(self.collaborators)
            found = [acting.act(one) for one in duplicates or [self.duplicate()]]
        acting.close()
        return found

    def why_not(self, action: Action, one: ReportedDuplicate, named: tuple[str, ...] = ()) -> str:
        """The reason why a file is left alone, in a dry run, too; the folder is as it was."""
        acting = Acting(self.collaborators, action, self.root, str(self.target), named=named)
        before, dry = self.tree(), acting.look(one)
        [found] = self.act(action, one, named=named)
        assert isinstance(found, Skipped)
        assert dry == found
        assert self.tree() == before
        return found.reason

    def restore(self) -> dict[str, str]:
        """Why each file of the newest run that is not back is not."""
        with acting_alone(self.base / "actions", self.root):
            settle_runs(self.collaborators)
            run = choose_run(self.collaborators, "", read_runs(self.base / "actions"))
            assert run
            return {one.path: one.reason for one in restore(self.collaborators, run) if one.reason}

    def restore_all(self) -> dict[str, str]:
        """The same of all runs, none among them."""
        with acting_alone(self.base / "actions", self.root):
            settle_runs(self.collaborators)
            runs = reversed(read_runs(self.base / "actions"))
            return {one.path: one.reason for run in runs for one in restore(self.collaborators, run) if one.reason}

    def tree(self) -> dict[str, tuple[object, ...]]:
        found: dict[str, tuple[object, ...]] = {}
        for file in self.root.rglob("*"):
            if not file.is_dir():
                status = file.lstat()
                data = str(file.readlink()) if file.is_symlink() else file.read_bytes()
                found[str(file.relative_to(self.root))] = (data, status.st_mode, status.st_mtime_ns)
        return found

    def phases(self) -> list[Phase]:
        return [entry.phase for run in read_runs(self.base / "actions") for entry in run.entries.values()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("action", ACTIONS)
def test_there_and_back(desk: Desk, action: Action) -> None:
    before = desk.tree()
    one = desk.duplicate()
    [found] = desk.act(action)
    assert isinstance(found, Acted)
    copy = desk.root / "sub" / "copy.png"
    if action is Action.MOVE:
        assert (desk.target / "sub" / "copy.png").stat().st_mtime_ns == 123456789
    if action is Action.HARDLINK:
        assert copy.samefile(desk.root / "keeper.png")
    if action is Action.SYMLINK:
        assert str(copy.readlink()) == "../keeper.png"
    if action is Action.TRASH:
        assert [file.name for file in (desk.trash / "info").iterdir()] == ["copy.png.trashinfo"]
    if action in (Action.MOVE, Action.TRASH):
        assert not copy.exists()
        (desk.root / "sub").rmdir()  # the way back makes it again
    assert (desk.root / "keeper.png").read_bytes() == before["keeper.png"][0]
    assert desk.restore() == {}
    assert desk.tree() == before
    assert desk.phases() == [Phase.RESTORED]
    assert not list(desk.target.rglob("*.png")) + list(desk.trash.rglob("*.*"))
    assert isinstance(desk.act(action, one)[0], Acted)  # and again


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_not_as_the_report_says_is_left_alone(desk: Desk, action: Action) -> None:
    one = desk.duplicate()
    (desk.root / "sub" / "copy.png").write_bytes(png("red") + b"more")
    assert "it has changed since" in desk.why_not(action, one)
    desk.put("sub/copy.png", png("red"))
    (desk.root / "keeper.png").write_bytes(png("blue"))
    assert "its keeper has changed since" in desk.why_not(action, one)
    (desk.root / "keeper.png").unlink()
    assert "its keeper is gone" in desk.why_not(action, one)
    (desk.root / "keeper.png").symlink_to("sub/copy.png")
    assert "its keeper is a link now" in desk.why_not(action, one)
    (desk.root / "keeper.png").unlink()
    (desk.root / "keeper.png").hardlink_to(desk.root / "sub" / "copy.png")
    assert "one file already" in desk.why_not(action, one)
    (desk.root / "keeper.png").unlink()
    desk.put("keeper.png", png("red"))
    (desk.root / "sub").rename(desk.base / "outside")
    (desk.root / "sub").symlink_to(desk.base / "outside")
    assert "symbolic link" in desk.why_not(action, one)
    assert (desk.base / "outside" / "copy.png").read_bytes() == png("red")
    (desk.root / "sub").unlink()
    assert "gone" in desk.why_not(action, one)
    assert desk.phases() == []
    desk.root.rename(desk.base / "unmounted")
    with pytest.raises(Unavailable):
        desk.act(action, one)


def test_what_the_keeper_does_not_say_goes_only_when_it_is_asked_for_by_name(desk: Desk) -> None:
    said = PngInfo()
    said.add_text("Title", "Anna")
    desk.put("said.png", png("red", pnginfo=said))
    one = desk.duplicate("said.png", kind="identical")
    reason = desk.why_not(Action.MOVE, one)
    assert reason == "not in its keeper: its text 'Title'; --kind identical takes it all the same"
    dry = Acting(desk.collaborators, Action.MOVE, desk.root, str(desk.target), named=("identical",)).look(one)
    [found] = desk.act(Action.MOVE, one, named=("identical",))
    assert isinstance(found, Acted)
    assert isinstance(dry, Acted)
    assert found.lost == dry.lost == ("its text 'Title'",)


def test_what_holds_more_than_its_picture_never_goes_for_one_that_looks_like_it(desk: Desk) -> None:
    """By name or not: a motion photo for its still."""
    still = png("red", "JPEG")
    desk.put("still.jpg", still)
    desk.put("motion.jpg", still + b"\0\0\0\x18ftypmp42 and a video")
    [found] = desk.act(Action.MOVE, desk.duplicate("motion.jpg", "still.jpg", "identical"), named=("identical",))
    assert isinstance(found, Skipped)
    assert "it holds what its keeper does not: a video (" in found.reason


def test_nor_does_it_for_an_edited_copy_asked_for_by_name(desk: Desk) -> None:
    desk.put("still.jpg", png("#fd0000", "JPEG"))
    desk.put("motion.jpg", png("red", "JPEG") + b"\0\0\0\x18ftypmp42 and a video")
    reason = desk.why_not(Action.MOVE, desk.duplicate("motion.jpg", "still.jpg", "near"), named=("near",))
    assert reason == "it holds more than its keeper: a video (24 B behind its picture)"
    [found] = desk.act(Action.MOVE, desk.duplicate("still.jpg", "motion.jpg", "near"), named=("near",))
    assert isinstance(found, Acted)


def test_an_edited_copy_goes_by_name_and_it_is_said_what_goes_with_it(desk: Desk) -> None:
    said = PngInfo()
    said.add_text("Title", "Anna")
    desk.put("edited.png", png("#fd0000", pnginfo=said))
    [found] = desk.act(Action.MOVE, desk.duplicate("edited.png", kind="near"), named=("near",))
    assert isinstance(found, Acted)
    assert found.lost == ("its text 'Title'",)


def test_transparency_never_goes_for_an_opaque_copy(desk: Desk) -> None:
    clear = Image.new("RGBA", (9, 7), (253, 0, 0, 200))
    clear.putpixel((0, 0), (1, 2, 3, 255))
    out = io.BytesIO()
    clear.save(out, "PNG")
    desk.put("edited.png", out.getvalue())
    reason = desk.why_not(Action.MOVE, desk.duplicate("edited.png", kind="near"), named=("near",))
    assert reason == "it holds more than its keeper: its transparency"


def test_the_dry_run_names_the_profile_of_an_edited_copy(desk: Desk) -> None:
    out = io.BytesIO()
    Image.new("RGB", (9, 7), (253, 0, 0)).save(out, "PNG", icc_profile=bytes(36) + b"acsp")
    file = desk.put("edited.png", out.getvalue())
    acting = Acting(desk.collaborators, Action.MOVE, desk.root, str(desk.target), named=("near",))
    [found] = act_on(acting, Plan((desk.duplicate("edited.png", kind="near"),)), dry=True)
    acting.close()
    assert isinstance(found, Acted)
    assert found.lost == ("its colour profile",)
    assert file.exists()


def test_identical_ones_are_compared_in_full_right_before(desk: Desk) -> None:
    desk.put("same.bmp", png("red", "BMP"))
    desk.put("other.bmp", png("#fe0000", "BMP"))
    desk.put("page.bmp", b"no picture")
    same, other, page = (desk.duplicate(path, kind="identical") for path in ("same.bmp", "other.bmp", "page.bmp"))
    assert "full size" in desk.why_not(Action.MOVE, other)
    assert "could not be compared" in desk.why_not(Action.TRASH, page)
    assert isinstance(desk.act(Action.MOVE, same)[0], Acted)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("call", ["journal", "rename", "link", "symlink", "exchange", "create", "info"])
def test_a_file_that_comes_at_the_last_moment_is_not_taken_for_the_one_that_was_looked_at(
    desk: Desk, action: Action, call: str
) -> None:
    """Whenever somebody replaces the duplicate, the new file is at its path in the end."""

    def replace() -> None:
        (desk.root / "new").write_bytes(b"new")
        (desk.root / "new").replace(desk.root / "sub" / "copy.png")

    desk.calls[call] = replace
    [found] = desk.act(action)
    if call in desk.calls:
        return  # this action makes no such call
    assert isinstance(found, Skipped)
    assert (desk.root / "sub" / "copy.png").read_bytes() == b"new"
    assert [file.name for file in desk.root.rglob(".*")] == []


@pytest.mark.parametrize("action", [Action.HARDLINK, Action.SYMLINK])
@pytest.mark.parametrize("call", ["link", "symlink", "exchange", "unlink"])
def test_a_keeper_that_is_replaced_at_the_last_moment_is_none(desk: Desk, action: Action, call: str) -> None:
    before = desk.tree()

    def replace() -> None:
        (desk.root / "new").write_bytes(b"new")
        (desk.root / "new").replace(desk.root / "keeper.png")

    desk.calls[call] = replace
    [found] = desk.act(action)
    if call in desk.calls:
        return  # this action makes no such call
    if call == "unlink":  # the step was as good as done
        assert isinstance(found, Acted)
        return
    assert isinstance(found, Skipped)
    assert desk.tree()["sub/copy.png"] == before["sub/copy.png"]
    assert [file.name for file in desk.root.rglob(".*")] == []
    assert desk.phases() == [Phase.UNDONE]


def test_a_name_that_is_taken_in_the_target_folder_is_numbered(desk: Desk) -> None:
    taken = desk.target / "sub" / "copy.png"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"somebody's")
    [found] = desk.act(Action.MOVE)
    assert isinstance(found, Acted)
    assert found.to == str(desk.target / "sub" / "copy (2).png")
    assert desk.restore() == {}
    assert taken.read_bytes() == b"somebody's"
    desk.calls["rename"] = lambda: (desk.target / "sub" / "copy (2).png").write_bytes(b"just now") and None
    taken.touch()
    [found] = desk.act(Action.MOVE)
    assert isinstance(found, Skipped)
    assert (desk.target / "sub" / "copy (2).png").read_bytes() == b"just now"
    assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_there_now_is_not_overwritten_by_the_way_back(desk: Desk, action: Action) -> None:
    desk.act(action)
    path = desk.root / "sub" / "copy.png"
    path.unlink(missing_ok=True)
    path.write_bytes(b"newer")
    assert list(desk.restore()) == ["sub/copy.png"]
    assert path.read_bytes() == b"newer"
    path.unlink()
    assert desk.restore() == {}
    assert path.read_bytes() == png("red")
    assert path.stat().st_mtime_ns == 123456789


@pytest.mark.parametrize("action", [Action.HARDLINK, Action.SYMLINK])
def test_a_link_whose_keeper_changed_cannot_be_brought_back_and_says_so(desk: Desk, action: Action) -> None:
    desk.act(action)
    (desk.root / "keeper.png").write_bytes(b"changed in place")
    [reason] = desk.restore().values()
    assert "keeper" in reason or "something else" in reason
    assert desk.phases() == [Phase.DONE]


def test_a_file_that_was_acted_on_twice_comes_back_last_step_first(desk: Desk) -> None:
    before = desk.tree()
    desk.act(Action.HARDLINK)
    desk.put("other.png", png("red"))
    assert isinstance(desk.act(Action.MOVE, desk.duplicate(keeper="other.png"))[0], Acted)  # the link goes
    (desk.root / "other.png").unlink()
    with acting_alone(desk.base / "actions"):
        first, second = read_runs(desk.base / "actions")
        [refused] = restore(desk.collaborators, first)
        assert second.header.id in refused.reason
        assert [one.reason for run in (second, first) for one in restore(desk.collaborators, run)] == ["", ""]
    assert desk.tree() == before
    assert not list(desk.target.rglob("*.png"))


def test_mode_and_times_come_back_also_where_they_were_changed_meanwhile(desk: Desk) -> None:
    before = desk.tree()
    desk.act(Action.MOVE)
    (desk.target / "sub" / "copy.png").chmod(0o600)
    os.utime(desk.target / "sub" / "copy.png")
    assert desk.restore() == {}
    assert desk.tree() == before


def test_a_hard_link_outlives_its_keeper(desk: Desk) -> None:
    before = desk.tree()
    desk.act(Action.HARDLINK)
    (desk.root / "keeper.png").unlink()
    desk.put("other.png", b"other")
    assert desk.restore() == {}
    assert desk.tree()["sub/copy.png"] == before["sub/copy.png"]


def test_what_was_thrown_out_of_the_trash_or_the_target_is_said(desk: Desk) -> None:
    for action, top in ((Action.MOVE, desk.target), (Action.TRASH, desk.trash)):
        desk.put("sub/copy.png", png("red"))
        desk.act(action)
        for file in [*top.rglob("*.png"), *top.rglob("*.trashinfo")]:
            file.unlink()
        assert list(desk.restore()) == ["sub/copy.png"]


def test_an_empty_watched_folder_is_taken_for_one_that_is_not_mounted(desk: Desk) -> None:
    desk.act(Action.MOVE)
    desk.root.rename(desk.base / "mounted elsewhere")
    desk.root.mkdir()
    with pytest.raises(Unavailable, match="empty"):
        desk.restore()
    assert list(desk.root.iterdir()) == []


def test_a_full_disk_leaves_everything_as_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(number: int) -> Callable[..., object]:
        def rename(*_: object, **__: object) -> None:
            raise OSError(number, os.strerror(number))

        return rename

    monkeypatch.setattr("worker.pipeline.acting.disk._renameat2", refuse(errno.EXDEV))
    desk.calls["attributes"] = lambda: refuse(errno.ENOSPC)() and None
    before = desk.tree()
    [found] = desk.act(Action.MOVE)
    assert isinstance(found, Skipped)
    assert "No space left" in found.reason
    assert desk.tree() == before
    assert list(desk.target.rglob("*.*")) == []
    assert desk.phases() == [Phase.UNDONE]


def test_extended_attributes_come_back(desk: Desk) -> None:
    copy = desk.root / "sub" / "copy.png"
    try:
        os.setxattr(copy, "user.note", b"\0mine")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    desk.act(Action.HARDLINK)
    assert desk.restore() == {}
    assert os.getxattr(copy, "user.note") == b"\0mine"


def test_target_and_watched_folder_must_not_lie_in_each_other(tmp_path: Path) -> None:
    root = tmp_path / "a" / "watched"
    root.mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)
    for target in (root, root / "deep" / "er", tmp_path / "a", tmp_path, tmp_path / "link" / "x", Path("/")):
        with pytest.raises(SettingsError, match="must not lie in each other"):
            check_target(root, str(target))
    for target in (tmp_path / "b", tmp_path / "a" / "watched2"):
        check_target(root, str(target))
    with pytest.raises(SettingsError, match="IMAGESIEVE_MOVE_TO"):
        check_target(root, "")
