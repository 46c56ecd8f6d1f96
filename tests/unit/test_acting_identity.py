"""What a file is, is its device and inode: whatever leads to it, and whoever comes in between, no content is lost."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from shared import mount_table
from shared.acting.runs import Action, Phase, read_runs
from shared.errors import ActionsBusy, LeftAlone, SettingsError
from shared.folders import check_target
from tests.mounts import bind, in_own_mounts, memory, overlay
from tests.unit.test_acting import Desk, png
from worker.pipeline.acting.apply import Acted, Acting
from worker.pipeline.acting.contents import is_part_of
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.lease import Lease, holds_lease, take_lease
from worker.pipeline.acting.locks import acting_alone
from worker.pipeline.acting.place import Place
from worker.pipeline.acting.plan import Skipped, needed_paths
from worker.pipeline.acting.target_names import numbered_names
from worker.pipeline.acting.trash_folder import home_trash


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def contents(*folders: Path) -> set[bytes]:
    return {path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def test_restore_refuses_when_path_and_target_lead_to_one_file_by_a_link(desk: Desk) -> None:
    """Pictures were migrated to where the duplicates lay, and a link put in their place."""
    desk.act(Action.MOVE)
    shutil.copytree(desk.root, desk.target, dirs_exist_ok=True)
    shutil.rmtree(desk.root)
    desk.root.symlink_to(desk.target)
    reasons = desk.restore()
    assert "must not lie in each other" in reasons["sub/copy.png"]
    assert (desk.target / "sub" / "copy.png").read_bytes() == png("red")
    assert desk.phases() == [Phase.DONE]


def test_restore_refuses_when_path_and_target_lead_to_one_file_by_a_mount(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which the kernel does not tell, as it does not of a network disk that is reached by two names."""
    monkeypatch.setattr(mount_table, "MOUNTS", Path("/dev/null"))

    def body() -> None:
        desk.act(Action.MOVE)
        shutil.copytree(desk.root, desk.target, dirs_exist_ok=True)
        bind(desk.target / "sub", desk.root / "sub")  # deeper than any look at the two folders
        reasons = desk.restore()
        assert "are one file" in reasons["sub/copy.png"]
        assert (desk.target / "sub" / "copy.png").read_bytes() == png("red")

    in_own_mounts(body)


def test_putting_in_order_never_removes_one_file_by_its_other_path(desk: Desk) -> None:
    """A run was killed before its rename, and the target is a mount of the watched folder by now."""

    def body() -> None:
        desk.calls["rename"] = killed
        with pytest.raises(Killed):
            desk.act(Action.MOVE)
        bind(desk.root, desk.target)
        desk.restore_all()
        assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")
        assert desk.phases() == [Phase.UNDONE]

    in_own_mounts(body)


def killed() -> None:
    raise Killed


def test_a_folder_seen_twice_by_an_overlay_keeps_every_picture(desk: Desk) -> None:
    """Its device number differs, so the two paths look like two files."""

    def body() -> None:
        camera = desk.root / "camera"
        camera.mkdir()
        (camera / "only.png").write_bytes(png("blue"))
        overlay(camera, desk.root / "view", desk.base / "over")
        one, other = (
            desk.duplicate("view/only.png", "camera/only.png"),
            desk.duplicate("camera/only.png", "view/only.png"),
        )
        for action in (Action.MOVE, Action.TRASH, Action.SYMLINK):
            desk.act(action, one, other)
            assert png("blue") in contents(desk.root, desk.target, desk.trash)
            found = [path for path in (camera / "only.png", desk.root / "view" / "only.png") if path.is_file()]
            assert found, action

    in_own_mounts(body)


@pytest.mark.parametrize("action", [Action.MOVE, Action.TRASH, Action.SYMLINK, Action.HARDLINK])
def test_the_keeper_is_looked_at_again_after_its_duplicate_has_left_its_path(desk: Desk, action: Action) -> None:
    """Somebody else, with other keepers, takes it in that very instant."""
    before = desk.tree()
    last = {Action.MOVE: "rename", Action.TRASH: "rename"}.get(action, "exchange")
    keeper, away = desk.root / "keeper.png", desk.base / "away.png"
    desk.calls[last] = lambda: keeper.rename(away) and None
    [found] = desk.act(action)
    assert isinstance(found, Skipped)
    away.rename(keeper)
    assert desk.tree() == before
    assert desk.phases() == [Phase.UNDONE]
    assert not list(desk.trash.rglob("*.png*"))


@pytest.mark.parametrize("call", ["write", "attributes", "link", "unlink"])
def test_a_keeper_that_goes_while_its_duplicate_is_copied_keeps_the_duplicate(desk: Desk, call: str) -> None:
    keeper = desk.root / "keeper.png"
    desk.disk = Distant
    desk.calls[call] = keeper.unlink
    desk.act(Action.MOVE)
    desk.restore_all()
    if call == "unlink":  # all had been looked at
        assert desk.phases() in ([Phase.DONE], [Phase.RESTORED], [Phase.UNDONE])
    else:
        assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")
    assert png("red") in contents(desk.root, desk.target)


class Distant(Disk):
    """As if every folder were a file system of its own."""

    def rename(self, source: Place, target: Place) -> None:
        if os.fstat(source.folder).st_ino != os.fstat(target.folder).st_ino:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        super().rename(source, target)


def test_two_state_folders_do_not_act_on_one_watched_folder_at_once(desk: Desk, tmp_path: Path) -> None:
    alias = tmp_path / "alias"
    alias.symlink_to(desk.root)
    with (
        acting_alone(tmp_path / "one", desk.root),
        pytest.raises(ActionsBusy, match="another process is acting on duplicates"),
        acting_alone(tmp_path / "two", alias),
    ):
        pass
    with acting_alone(tmp_path / "two", desk.root, alias, tmp_path / "not there"):
        pass


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("which", ["keeper.png", "sub/copy.png"])
def test_what_another_program_has_open_for_writing_is_left_alone(desk: Desk, action: Action, which: str) -> None:
    with (desk.root / which).open("r+b"):
        assert "open for writing" in desk.why_not(action, desk.duplicate())
    with (desk.root / which).open("rb"):
        [found] = desk.act(action)
    assert isinstance(found, Acted)


def test_a_program_that_opens_the_file_for_writing_meanwhile_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"a")
    descriptor = os.open(file, os.O_RDONLY)
    assert take_lease(descriptor) is Lease.HELD
    assert holds_lease(descriptor)
    with pytest.raises(BlockingIOError):
        os.open(file, os.O_WRONLY | os.O_NONBLOCK)
    assert not holds_lease(descriptor)
    os.close(descriptor)


def test_a_change_that_keeps_size_and_time_is_noticed(desk: Desk) -> None:
    """exiftool -P, in the instant before the file goes."""
    file = desk.root / "sub" / "copy.png"
    before = file.stat()

    def edit() -> None:
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        replaced = os.open(file, os.O_RDONLY)
        os.close(replaced)
        # By another descriptor than one for writing, which the lease would hold up: as a server's client may do it.
        twin = file.with_name("twin")
        twin.write_bytes(data)
        os.utime(twin, ns=(before.st_atime_ns, before.st_mtime_ns))
        twin.replace(file)

    desk.calls["journal"] = edit
    [found] = desk.act(Action.MOVE)
    assert isinstance(found, Skipped)
    assert file.read_bytes() != png("red")


def test_a_hidden_file_that_holds_an_edit_is_never_removed(desk: Desk) -> None:
    """Moved to another disk and killed; edited, and another file put at the path; then restored, twice."""
    hidden = None
    desk.disk = Distant
    file = desk.root / "sub" / "copy.png"
    desk.act(Action.MOVE)
    [run] = read_runs(desk.base / "actions")
    hidden = file.with_name(f".imagesieve-{run.header.id}-1")
    hidden.write_bytes(b"an edit of the user")
    file.write_bytes(b"another file")
    for _ in range(2):
        assert desk.restore_all()
        assert hidden.read_bytes() == b"an edit of the user"
        assert file.read_bytes() == b"another file"
        assert (desk.target / "sub" / "copy.png").read_bytes() == png("red")


@pytest.mark.parametrize("action", [Action.SYMLINK, Action.HARDLINK])
def test_a_restored_copy_is_put_in_place_when_its_keeper_has_gone_meanwhile(desk: Desk, action: Action) -> None:
    """The restore was killed with its copy made, the only one with those bytes by now."""
    before = desk.tree()["sub/copy.png"]
    desk.act(action)
    desk.calls["exchange"] = killed
    with pytest.raises(Killed):
        desk.restore_all()
    (desk.root / "keeper.png").write_bytes(b"edited")
    (desk.root / "keeper.png").unlink()
    if action is Action.HARDLINK:
        (desk.root / "sub" / "copy.png").unlink()
    assert desk.restore_all() == {}
    assert desk.tree() == {"sub/copy.png": before}


@pytest.mark.parametrize("disk", [Disk, Distant])
def test_where_the_same_bytes_are_at_the_path_the_moved_file_takes_their_place(desk: Desk, disk: type[Disk]) -> None:
    """With its mode, its times and its attributes; nothing else had them."""
    desk.disk = disk
    file = desk.root / "sub" / "copy.png"
    before = desk.tree()
    desk.act(Action.MOVE)
    file.write_bytes(png("red"))
    assert desk.restore_all() == {}
    assert desk.tree() == before
    assert contents(desk.target) == set()


@pytest.mark.parametrize("call", ["rename", "exchange", "unlink"])
@pytest.mark.parametrize("disk", [Disk, Distant])
def test_the_same_when_it_is_killed_on_the_way(desk: Desk, disk: type[Disk], call: str) -> None:
    desk.disk = disk
    before = desk.tree()
    desk.act(Action.MOVE)
    (desk.root / "sub" / "copy.png").write_bytes(png("red"))
    desk.calls[call] = killed
    with pytest.raises(Killed):
        desk.restore_all()
    assert desk.restore_all() == {}
    assert desk.tree() == before
    assert contents(desk.target) == set()


def test_a_user_s_own_equal_file_at_the_target_stays(desk: Desk) -> None:
    """Put there between the look and the rename, or after a kill."""
    goal = desk.target / "sub" / "copy.png"

    def put() -> None:
        goal.write_bytes(png("red"))
        raise Killed

    desk.disk = Distant
    desk.calls["link"] = put
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    desk.restore_all()
    assert goal.read_bytes() == png("red")
    assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")
    assert desk.phases() == [Phase.UNDONE]


def test_a_target_whose_folder_is_a_file_skips_what_never_moved(desk: Desk) -> None:
    desk.target.mkdir()
    (desk.target / "sub").symlink_to("elsewhere")
    [found] = desk.act(Action.MOVE)
    assert isinstance(found, Skipped)
    assert Phase.DONE not in desk.phases()
    (desk.target / "sub").unlink()
    desk.calls["mkdir"] = lambda: (desk.target / "sub").write_bytes(b"a file of its name") and None
    [found] = desk.act(Action.MOVE)
    assert isinstance(found, Skipped)
    assert set(desk.phases()) == {Phase.UNDONE}
    assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")


def test_a_name_is_numbered_within_what_file_systems_take() -> None:
    name = "x" * 248 + ".png"
    names = numbered_names(name)
    assert next(names) == name
    assert all(len(os.fsencode(next(names))) <= 255 for _ in range(50))
    assert list(numbered_names("a.png"))[:3] == ["a.png", "a (2).png", "a (3).png"]


def test_the_longest_name_with_a_taken_place_is_moved_and_comes_back(desk: Desk) -> None:
    path = "x" * 251 + ".png"
    desk.put(path, png("red"))
    desk.target.mkdir()
    (desk.target / path).write_bytes(b"taken")
    before = desk.tree()
    [found] = desk.act(Action.MOVE, desk.duplicate(path))
    assert isinstance(found, Acted)
    assert desk.restore_all() == {}
    assert desk.tree() == before


def test_a_file_that_is_nowhere_is_missing_and_restored_when_it_is_back(desk: Desk) -> None:
    desk.disk = Distant
    desk.act(Action.MOVE)
    moved = desk.target / "sub" / "copy.png"
    moved.rename(desk.base / "drive.png")
    assert "perhaps a drive is missing" in desk.restore_all()["sub/copy.png"]
    (desk.base / "drive.png").rename(moved)
    assert desk.restore_all() == {}
    assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")


@pytest.mark.parametrize("disk", [Disk, Distant])
def test_folders_keep_their_modes_there_and_back(desk: Desk, disk: type[Disk]) -> None:
    desk.disk = disk
    (desk.root / "sub").chmod(0o700)
    desk.act(Action.MOVE)
    assert (desk.target / "sub").stat().st_mode & 0o777 == 0o700
    (desk.root / "sub").rmdir()
    assert desk.restore_all() == {}
    assert (desk.root / "sub").stat().st_mode & 0o777 == 0o700


def test_holes_stay_holes_on_another_disk(desk: Desk) -> None:
    data = bytes(1 << 22) + b"end"
    for path in ("keeper.png", "sub/copy.png"):
        with (desk.root / path).open("wb") as file:
            file.truncate(1 << 22)
            file.seek(1 << 22)
            file.write(b"end")
    desk.disk = Distant
    [found] = desk.act(Action.MOVE)
    assert isinstance(found, Acted)
    moved = desk.target / "sub" / "copy.png"
    assert moved.read_bytes() == data
    assert moved.stat().st_blocks * 512 < 1 << 20


def test_a_disk_that_does_not_give_back_what_was_written_keeps_the_source(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick of false capacity: the bytes are there as long as the kernel remembers them."""
    let_go = os.posix_fadvise

    def forget(descriptor: int, *words: int) -> None:
        let_go(descriptor, *words)
        os.pwrite(descriptor, b"\0", 5)

    monkeypatch.setattr(os, "posix_fadvise", forget)
    desk.disk = Distant
    [found] = desk.act(Action.MOVE)
    assert isinstance(found, Skipped)
    assert "does not give back" in found.reason or "refused" in found.reason
    assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")
    assert contents(desk.target) == set()


def test_a_run_s_symbolic_links_count_by_whatever_path_the_folder_was_named(desk: Desk, tmp_path: Path) -> None:
    alias = tmp_path / "alias"
    alias.symlink_to(desk.root)
    acting = Acting(desk.collaborators, Action.SYMLINK, alias, "")
    with acting_alone(desk.base / "actions", desk.root):
        assert isinstance(acting.act(desk.duplicate()), Acted)
    acting.close()
    assert needed_paths(read_runs(desk.base / "actions"), str(desk.root)) == {"keeper.png"}


def test_a_target_in_memory_is_refused_unless_the_pictures_are_there_too(tmp_path: Path) -> None:
    def body() -> None:
        root = tmp_path / "watched"
        root.mkdir()
        memory(tmp_path / "ram")
        with pytest.raises(SettingsError, match="it lies on tmpfs"):
            check_target(root, str(tmp_path / "ram" / "not" / "there yet"))
        (tmp_path / "ram" / "pictures").mkdir()
        check_target(tmp_path / "ram" / "pictures", str(tmp_path / "ram" / "moved"))
        check_target(tmp_path / "ram" / "pictures", str(tmp_path / "disk"))

    in_own_mounts(body)


def test_the_home_trash_follows_the_base_directory_specification() -> None:
    assert home_trash({"XDG_DATA_HOME": "/data", "HOME": "/home/me"}) == Path("/data/Trash")
    for unset in ("", "relative/data"):
        assert home_trash({"XDG_DATA_HOME": unset, "HOME": "/home/me"}) == Path("/home/me/.local/share/Trash")
    for home in ({}, {"HOME": ""}, {"HOME": "me"}):
        with pytest.raises(LeftAlone, match="names no folder"):
            home_trash(home)


def test_nothing_in_the_trash_is_overwritten_whoever_trashes_by_that_name(desk: Desk) -> None:
    """Another program takes the name between the look and the rename, of the info and of the file."""
    for call, folder, suffix in (("create", "info", ".trashinfo"), ("rename", "files", "")):
        taken = desk.trash / folder / f"copy.png{suffix}"

        def take(taken: Path = taken) -> None:
            taken.write_bytes(b"of another program")

        desk.calls[call] = take
        desk.act(Action.TRASH)
        assert taken.read_bytes() == b"of another program"
        desk.restore_all()
        assert (desk.root / "sub" / "copy.png").read_bytes() == png("red")
        taken.unlink()


def test_a_trash_in_the_watched_folder_is_not_used(desk: Desk) -> None:
    desk.trash = desk.root / "data" / "Trash"
    assert "would be watched" in desk.why_not(Action.TRASH, desk.duplicate())


def test_a_trash_that_leads_to_another_disk_is_not_used(desk: Desk) -> None:
    def body() -> None:
        memory(desk.root / "stick")
        (desk.root / "stick" / "copy.png").write_bytes(png("red"))
        (desk.root / "stick" / f".Trash-{os.getuid()}").symlink_to(desk.base)
        [found] = desk.act(Action.TRASH, desk.duplicate("stick/copy.png"))
        assert isinstance(found, Skipped)
        assert "is a link" in found.reason
        (desk.root / "stick" / f".Trash-{os.getuid()}").unlink()
        [found] = desk.act(Action.TRASH, desk.duplicate("stick/copy.png"))
        assert isinstance(found, Acted)
        assert found.to.startswith(str(desk.root / "stick" / ".Trash-"))
        assert desk.restore_all() == {}
        assert (desk.root / "stick" / "copy.png").exists()

    in_own_mounts(body)


def test_the_trash_is_on_the_disk_before_the_folder_forgets_the_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    desk.act(Action.TRASH)
    order = [name for name in synced if not name.endswith(".jsonl")]
    assert [name for name in order if name in ("copy.png.trashinfo", "info", "files", "sub")] == [
        "copy.png.trashinfo", "info", "files", "sub",
    ]  # fmt: skip


def test_a_copy_that_was_cut_off_by_the_power_is_recognised_and_nothing_else(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    whole = b"abc" * 5000
    (tmp_path / "whole").write_bytes(whole)
    cases: dict[bytes, bool] = {
        b"": True, whole[:7000]: True, whole: True, bytes(4096) + whole[4096:8192]: True,
        whole[:4096] + b"edited": False, whole + b"more": False,
    }  # fmt: skip
    for data, expected in cases.items():
        (tmp_path / "part").write_bytes(data)
        assert is_part_of(Place(folder, "part"), Place(folder, "whole")) is expected
    os.close(folder)
