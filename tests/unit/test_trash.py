"""The trash: which one is used, what other programs do in it meanwhile, full disks, and a loss of power."""

import dataclasses
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shared.acting.runs import Action, Phase, run_files
from tests.mounts import bind, in_own_mounts, memory
from tests.unit.test_acting import Desk, png
from worker.pipeline.acting.apply import Acted
from worker.pipeline.acting.plan import Skipped
from worker.pipeline.acting.trash_folder import home_trash

USER = os.getuid()
SOMEBODY = 4321  # a user that is not this one
COPY = "stick/copy.png"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def stick(desk: Desk) -> Path:
    """Another disk in the watched folder, with a duplicate."""
    memory(desk.root / "stick")
    desk.put(COPY, png("red"))
    return desk.root / "stick"


def trash_for_all(top: Path) -> Path:
    (top / ".Trash").mkdir()
    (top / ".Trash").chmod(0o1777)
    return top / ".Trash"


def moved(desk: Desk, *paths: str) -> list[Path]:
    """Where in the trash they are now."""
    found = desk.act(Action.TRASH, *map(desk.duplicate, paths))
    assert all(isinstance(one, Acted) for one in found), found
    return [Path(one.to) for one in found if isinstance(one, Acted)]


def infos(trash: Path) -> list[str]:
    return sorted(path.name for path in (trash / "info").glob("*"))


def test_at_the_top_of_another_disk_the_trash_for_all_is_used_first(desk: Desk) -> None:
    def body() -> None:
        shared = trash_for_all(stick(desk))
        before = desk.tree()
        [file] = moved(desk, COPY)
        assert file == shared / str(USER) / "files" / "copy.png"
        assert b"\nPath=copy.png\n" in (shared / str(USER) / "info" / "copy.png.trashinfo").read_bytes()
        assert stat.S_IMODE((shared / str(USER)).stat().st_mode) == 0o700
        assert desk.restore() == {}
        assert desk.tree() == before

    in_own_mounts(body)


def lead_elsewhere(top: Path) -> None:
    (top / "elsewhere").mkdir()
    (top / "elsewhere").chmod(0o1777)
    (top / ".Trash").symlink_to("elsewhere")


def let_anybody_remove(top: Path) -> None:
    trash_for_all(top).chmod(0o777)


def give_away(top: Path) -> None:
    os.chown(trash_for_all(top), SOMEBODY, SOMEBODY)


def link_within(top: Path) -> None:
    (top / "elsewhere").mkdir()
    (trash_for_all(top) / str(USER)).symlink_to("../elsewhere")


def open_within(top: Path) -> None:
    (trash_for_all(top) / str(USER)).mkdir()
    (top / ".Trash" / str(USER)).chmod(0o777)


@pytest.mark.parametrize(
    "spoil", [lead_elsewhere, let_anybody_remove, give_away, link_within, open_within], ids=lambda one: one.__name__
)
def test_a_trash_for_all_that_is_not_safe_is_passed_over(desk: Desk, spoil: Callable[[Path], None]) -> None:
    def body() -> None:
        top = stick(desk)
        spoil(top)
        [file] = moved(desk, COPY)
        assert file == top / f".Trash-{USER}" / "files" / "copy.png"
        assert desk.restore() == {}
        assert (desk.root / COPY).read_bytes() == png("red")

    in_own_mounts(body)


@pytest.mark.parametrize("at_home", [True, False])
@pytest.mark.parametrize("part", ["", "info", "files"])
def test_a_trash_of_one_s_own_that_others_have_a_hand_in_is_refused(desk: Desk, part: str, at_home: bool) -> None:
    """In the dry run, too. Others are whoever may write into it, whoever owns it, and wherever a link leads."""

    def body() -> None:
        top = stick(desk)
        path = "sub/copy.png" if at_home else COPY
        trash = desk.trash if at_home else top / f".Trash-{USER}"
        folder = trash / part
        folder.mkdir(parents=True)
        for mode in (0o770, 0o707):
            folder.chmod(mode)
            reason = desk.why_not(Action.TRASH, desk.duplicate(path))
            assert "others may write into the trash" in reason
            assert "chmod go-w" in reason
        folder.chmod(0o700)
        os.chown(folder, SOMEBODY, -1)
        assert "not this user's" in desk.why_not(Action.TRASH, desk.duplicate(path))
        folder.rmdir()
        elsewhere = desk.base / "elsewhere" if at_home else top / ".elsewhere"
        elsewhere.mkdir()
        folder.symlink_to(elsewhere)
        assert "is a link" in desk.why_not(Action.TRASH, desk.duplicate(path))
        assert list(elsewhere.iterdir()) == []

    in_own_mounts(body)


def test_a_trash_that_a_mount_shows_in_the_watched_folder_is_refused(desk: Desk) -> None:
    def body() -> None:
        desk.trash.parent.mkdir()
        bind(desk.trash.parent, desk.root / ".hidden")
        [file] = moved(desk, "sub/copy.png")
        assert file.is_relative_to(desk.trash)
        assert desk.restore() == {}
        bind(desk.trash.parent, desk.root / "shown")
        assert "would be watched" in desk.why_not(Action.TRASH, desk.duplicate())

    in_own_mounts(body)


def test_who_may_make_no_trash_is_told_so_by_the_dry_run(tmp_path: Path) -> None:
    def body() -> None:
        desk = desk_of_somebody()
        mine, disk = desk.root / "disk" / "mine", desk.root / "disk"
        memory(disk)
        disk.chmod(0o755)
        desk.put("disk/mine/copy.png", png("red"))
        os.chown(mine, SOMEBODY, SOMEBODY)
        os.chown(mine / "copy.png", SOMEBODY, SOMEBODY)
        one = desk.duplicate("disk/mine/copy.png")
        become_somebody()
        reason = desk.why_not(Action.TRASH, one)
        assert "cannot be made" in reason
        assert "may not be written by this user" in reason

    in_own_mounts(body)


def desk_of_somebody() -> Desk:
    """Where another user than root gets to."""
    memory(Path("/mnt"), "8m")
    desk = Desk(Path("/mnt"))
    subprocess.run(["chown", "-R", f"{SOMEBODY}:{SOMEBODY}", "/mnt"], check=True)
    return desk


def become_somebody() -> None:
    os.setgroups([])
    os.setresgid(SOMEBODY, SOMEBODY, SOMEBODY)
    os.setresuid(SOMEBODY, SOMEBODY, SOMEBODY)


def test_a_write_protected_file_goes_to_the_trash_and_comes_back_so() -> None:
    """Of a user whom the protection stops, which root is not."""

    def body() -> None:
        desk = desk_of_somebody()
        become_somebody()
        (desk.root / "sub" / "copy.png").chmod(0o444)
        with pytest.raises(PermissionError):
            (desk.root / "sub" / "copy.png").open("r+b")
        before = desk.tree()
        [file] = moved(desk, "sub/copy.png")
        assert stat.S_IMODE(file.stat().st_mode) == 0o444
        assert desk.restore() == {}
        assert desk.tree() == before

    in_own_mounts(body)


@pytest.mark.parametrize(("call", "folder", "suffix"), [("create", "info", ".trashinfo"), ("rename", "files", "")])
def test_a_name_that_another_program_takes_in_between_is_passed_over(
    desk: Desk, call: str, folder: str, suffix: str
) -> None:
    taken = desk.trash / folder / f"copy.png{suffix}"
    desk.calls[call] = lambda: taken.write_bytes(b"of another program") and None
    [file] = moved(desk, "sub/copy.png")
    assert file == desk.trash / "files" / "copy 2.png"
    assert file.read_bytes() == png("red")
    assert taken.read_bytes() == b"of another program"
    kept = ["copy.png.trashinfo"] if folder == "info" else []
    assert infos(desk.trash) == [*(["copy 2.png.trashinfo"]), *kept]
    assert desk.restore() == {}
    assert infos(desk.trash) == kept
    assert taken.read_bytes() == b"of another program"


def test_two_who_trash_by_the_same_names_at_once_overwrite_nothing(tmp_path: Path) -> None:
    desks, files = [], 60
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        desk = Desk(tmp_path / name)
        desk.trash = tmp_path / "Trash"
        desk.put("keeper.png", png("blue"))
        for number in range(files):
            desk.put(f"{number}/copy.png", png(shade(name, number)))
        desks.append(desk)
    children = [os.fork() or trash_all(desk, files) for desk in desks]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    found = {file.read_bytes() for file in (tmp_path / "Trash" / "files").iterdir()}
    assert found == {png(shade(name, number)) for name in ("one", "two") for number in range(files)}
    assert len(infos(tmp_path / "Trash")) == 2 * files
    for desk in desks:
        assert desk.restore() == {}
    assert infos(tmp_path / "Trash") == []


def shade(name: str, number: int) -> str:
    return f"#{number:02x}{len(name):02x}{ord(name[0]):02x}"


def trash_all(desk: Desk, files: int) -> int:
    """In a child, which ends here."""
    code = 1
    try:
        ones = [desk.duplicate(f"{number}/copy.png", kind="near") for number in range(files)]
        code = 0 if all(isinstance(one, Acted) for one in desk.act(Action.TRASH, *ones, named=("near",))) else 2
    finally:
        os._exit(code)


def test_a_full_disk_leaves_no_empty_trashinfo_and_the_file_at_its_path(tmp_path: Path) -> None:
    def body() -> None:
        memory(tmp_path / "disk", "200k")
        desk = Desk(tmp_path / "disk")
        (tmp_path / "journals").mkdir()
        (desk.base / "actions").symlink_to(tmp_path / "journals")
        [file] = moved(desk, "sub/copy.png")  # the trash is there, and has a file
        assert desk.restore() == {}
        assert not file.exists()
        before = desk.tree()
        fill(desk.base / "large")
        [found] = desk.act(Action.TRASH)
        assert isinstance(found, Skipped)
        assert "No space left" in found.reason
        assert infos(desk.trash) == []
        assert desk.tree() == before
        assert desk.phases()[-1] is Phase.UNDONE

    in_own_mounts(body)


def fill(file: Path) -> None:
    """Take all the room that its disk has."""
    with suppress(OSError), file.open("wb", buffering=0) as large:
        while True:
            large.write(bytes(4096))


def cut_off(desk: Desk) -> None:
    """As if the last line had not reached the disk of the journals."""
    [file] = run_files(desk.base / "actions")
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    assert desk.phases() == [Phase.BEGUN]


@pytest.mark.parametrize("noted", [True, False])
@pytest.mark.parametrize("lost", ["empty", "missing"])
def test_after_a_loss_of_power_a_file_is_restored_without_its_trashinfo(desk: Desk, lost: str, noted: bool) -> None:
    before = desk.tree()
    [file] = moved(desk, "sub/copy.png")
    info = desk.trash / "info" / "copy.png.trashinfo"
    info.write_bytes(b"")
    if lost == "missing":
        info.unlink()
    if not noted:
        cut_off(desk)
    (desk.trash / "files" / "other.png").write_bytes(bytes(file.stat().st_size))
    assert desk.restore() == {}
    assert desk.tree() == before
    assert infos(desk.trash) == []
    assert [path.name for path in (desk.trash / "files").iterdir()] == ["other.png"]


@pytest.mark.parametrize("noted", [True, False])
def test_an_equal_file_that_was_trashed_from_elsewhere_stays_in_the_trash(desk: Desk, noted: bool) -> None:
    """The trash was emptied since, and the name is that of another file with the same bytes."""
    [file] = moved(desk, "sub/copy.png")
    if not noted:
        cut_off(desk)
    info = desk.trash / "info" / "copy.png.trashinfo"
    (desk.base / "another inode").write_bytes(png("red"))
    (desk.base / "another inode").replace(file)
    info.write_bytes(b"[Trash Info]\nPath=/elsewhere/copy.png\nDeletionDate=2026-01-01T00:00:00\n")
    if noted:
        assert "another file has its name" in desk.restore()["sub/copy.png"]
    else:
        desk.restore_all()
        assert desk.phases() == [Phase.MISSING]
    assert file.read_bytes() == png("red")
    assert infos(desk.trash) == ["copy.png.trashinfo"]


def test_a_file_that_another_program_put_back_and_trashed_again_is_restored(desk: Desk) -> None:
    before = desk.tree()
    [file] = moved(desk, "sub/copy.png")
    path = desk.root / "sub" / "copy.png"
    (desk.trash / "info" / "copy.png.trashinfo").unlink()
    file.rename(desk.trash / "files" / "another name.png")
    (desk.trash / "info" / "another name.png.trashinfo").write_text(f"[Trash Info]\nPath={path}\nDeletionDate=2026\n")
    assert desk.restore() == {}
    assert desk.tree() == before
    assert infos(desk.trash) == []


def test_who_has_no_home_by_now_is_not_told_that_a_file_at_its_path_is_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill() -> None:
        raise KeyboardInterrupt

    desk.calls["rename"] = kill
    with pytest.raises(KeyboardInterrupt):
        desk.act(Action.TRASH)
    homeless = dataclasses.replace(desk.collaborators, home_trash=lambda: home_trash({}))
    monkeypatch.setattr(Desk, "collaborators", homeless)
    desk.restore_all()
    assert desk.phases() == [Phase.UNDONE]
    assert "names no folder that a trash could be in" in desk.why_not(Action.TRASH, desk.duplicate())


def test_the_trashinfo_of_another_program_is_not_removed_while_it_has_no_file_yet(desk: Desk) -> None:
    """It is about to trash the file that a run of ours was cut off in: only what has our mark goes."""

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    desk.calls["rename"] = kill
    with pytest.raises(Killed):
        desk.act(Action.TRASH)
    assert infos(desk.trash) == ["copy.png.trashinfo"]
    theirs = desk.trash / "info" / "copy 2.png.trashinfo"
    theirs.write_text(f"[Trash Info]\nPath={desk.root}/sub/copy.png\nDeletionDate=2026-01-01T00:00:00\n")
    desk.restore_all()
    assert desk.phases() == [Phase.UNDONE]
    assert infos(desk.trash) == [theirs.name]


def test_what_is_opened_for_writing_at_the_last_moment_comes_back_from_the_trash(desk: Desk) -> None:
    before, path = desk.tree(), desk.root / "sub" / "copy.png"

    def ask() -> None:
        with pytest.raises(BlockingIOError):
            os.open(path, os.O_WRONLY | os.O_NONBLOCK)

    desk.calls["rename"] = ask
    [found] = desk.act(Action.TRASH)
    assert isinstance(found, Skipped)
    assert "open for writing" in found.reason
    assert desk.tree() == before
    assert infos(desk.trash) == []


def test_a_trash_that_is_made_is_on_the_disk_before_the_folder_forgets_the_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    desk.act(Action.TRASH)
    trash, data = desk.trash, desk.trash.parent
    expected = [
        data.parent, data, trash, trash, trash / "info" / "copy.png.trashinfo", trash / "info", trash / "files",
        desk.root / "sub",
    ]  # fmt: skip
    assert list(in_order(synced, expected)) == expected


def in_order(found: list[Path], expected: list[Path]) -> Iterator[Path]:
    """Those of `expected` that are in `found`, one behind the other."""
    rest = iter(found)
    return (one for one in expected if one in rest)
