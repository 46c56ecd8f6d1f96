"""What is proved in the instant before a name goes, and what a step that was cut off is said to have come to."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.acting.runs import Action, Phase, read_runs
from tests.mounts import in_own_mounts, memory, mount, overlay
from tests.unit.test_acting import Desk, png
from tests.unit.test_acting_identity import Distant, Killed, contents, killed
from worker.pipeline.acting import disk as disk_module
from worker.pipeline.acting import inspection, removal, transfer
from worker.pipeline.acting.apply import Acted, Acting
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.lease import Lease
from worker.pipeline.acting.locks import acting_alone
from worker.pipeline.acting.plan import Skipped
from worker.pipeline.acting.restore import restore
from worker.pipeline.acting.settling import settle_runs

EDIT = b"written by another program"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def no_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for files of other users, and on NFS and FUSE."""
    for module in (inspection, removal, transfer):
        monkeypatch.setattr(module, "take_lease", lambda _: Lease.REFUSED)


def writer(file: Path) -> tuple[threading.Thread, Callable[[], None]]:
    """Another program that writes into the file, and what starts it: returns when it waits for the lease to end."""

    def write() -> None:
        with file.open("r+b") as opened:
            opened.write(EDIT)

    thread = threading.Thread(target=write)

    def begin() -> None:
        leased = f":{file.stat().st_ino} "
        thread.start()
        while not any("BREAKING" in line and leased in line for line in Path("/proc/locks").read_text().splitlines()):
            assert thread.is_alive(), "no lease held it up"

    return thread, begin


def edit_keeping_time(file: Path) -> None:
    """As `exiftool -P` does in place."""
    status, data = file.stat(), bytearray(file.read_bytes())
    data[-1] ^= 1
    with file.open("r+b") as opened:
        opened.write(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextmanager
def plain_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A file system without renameat2, with hard links: NFS."""

    def unknown(*_: object) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    with monkeypatch.context() as patch:
        patch.setattr(disk_module, "_renameat2", unknown)
        yield


def settle(desk: Desk) -> list[Phase]:
    with acting_alone(desk.base / "actions", desk.root):
        settle_runs(desk.collaborators)
    return desk.phases()


@pytest.mark.parametrize("action", [Action.HARDLINK, Action.SYMLINK])
def test_what_is_written_in_the_instant_before_a_link_is_not_written_into_a_removed_file(
    desk: Desk, action: Action
) -> None:
    thread, begin = writer(desk.root / "sub" / "copy.png")
    desk.calls["exchange"] = begin
    [found] = desk.act(action)
    thread.join()
    assert isinstance(found, Skipped)
    assert "open for writing" in found.reason
    assert (desk.root / "sub" / "copy.png").read_bytes().startswith(EDIT)
    assert (desk.root / "keeper.png").read_bytes() == png("red")


def test_a_moved_file_that_is_open_for_writing_stays_where_it_was_moved_to(desk: Desk) -> None:
    """It would come back as a copy, and the writer write into a removed file."""
    desk.disk = Distant
    desk.act(Action.MOVE)
    moved = desk.target / "sub" / "copy.png"
    with moved.open("r+b") as opened:
        assert "open for writing" in desk.restore_all()["sub/copy.png"]
        opened.write(EDIT)
    assert moved.read_bytes().startswith(EDIT)


@pytest.mark.usefixtures("no_leases")
@pytest.mark.parametrize("call", ["attributes", "rename", "unlink"])
def test_an_edit_that_keeps_size_and_time_while_it_is_copied_is_not_removed(desk: Desk, call: str) -> None:
    """Where no lease tells of it."""
    desk.disk = Distant
    file = desk.root / "sub" / "copy.png"
    at = {"unlink": file.with_name(f".imagesieve-{'*'}")}.get(call, file)

    def edit() -> None:
        edit_keeping_time(next(file.parent.glob(at.name)))

    desk.calls[call] = edit
    desk.act(Action.MOVE)
    if call == "unlink":  # the last instant is the kernel's
        return
    desk.restore_all()
    assert any(data != png("red") for data in contents(desk.root / "sub", desk.target))


@pytest.mark.usefixtures("no_leases")
@pytest.mark.parametrize("which", ["keeper.png", "sub/copy.png"])
@pytest.mark.parametrize(("action", "call"), [(Action.HARDLINK, "link"), (Action.HARDLINK, "exchange"),
                                              (Action.SYMLINK, "exchange")])  # fmt: skip
def test_an_edit_that_keeps_size_and_time_before_a_link_costs_no_bytes(
    desk: Desk, action: Action, call: str, which: str
) -> None:
    desk.calls[call] = lambda: edit_keeping_time(desk.root / which)
    [found] = desk.act(action)
    assert isinstance(found, Skipped)
    assert png("red") in contents(desk.root)
    assert (desk.root / which).read_bytes() != png("red")
    assert not (desk.root / "sub" / "copy.png").is_symlink()


def test_one_file_by_two_ways_is_told_by_its_links_alone(desk: Desk, tmp_path: Path) -> None:
    """A single file may be a mount: then even its other name stays while the only real one goes."""

    def body() -> None:
        desk.disk = Distant
        desk.act(Action.MOVE)
        moved, path = desk.target / "sub" / "copy.png", desk.root / "sub" / "copy.png"
        path.touch()
        mount("--bind", moved, path)
        assert desk.restore_all()
        assert moved.read_bytes() == png("red")
        assert moved.stat().st_nlink == 1

    in_own_mounts(body)


def test_a_file_seen_by_an_overlay_too_is_told_in_the_dry_run(desk: Desk) -> None:
    def body() -> None:
        camera = desk.root / "camera"
        camera.mkdir()
        (camera / "only.png").write_bytes(png("blue"))
        overlay(camera, desk.root / "view", desk.base / "over")
        for paths in (("camera/only.png", "view/only.png"), ("view/only.png", "camera/only.png")):
            assert "one file" in desk.why_not(Action.MOVE, desk.duplicate(*paths))

    in_own_mounts(body)


def test_a_file_that_was_moved_and_put_back_as_a_copy_counts_as_moved(desk: Desk) -> None:
    """Killed between the rename and the line that it is done; the copy lacks mode and times."""
    before = desk.tree()
    note = [lambda: None, lambda: None, killed]
    desk.calls["journal"] = lambda: note_next(desk, note)
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    (desk.root / "sub" / "copy.png").write_bytes(png("red"))
    assert settle(desk) == [Phase.DONE]
    assert desk.restore_all() == {}
    assert desk.tree() == before
    assert contents(desk.target) == set()


def note_next(desk: Desk, left: list[Callable[[], None]]) -> None:
    now = left.pop(0)
    if left:
        desk.calls["journal"] = lambda: note_next(desk, left)
    now()


@pytest.mark.parametrize(("action", "call"), [(Action.MOVE, "rename"), (Action.TRASH, "create"),
                                              (Action.HARDLINK, "exchange"), (Action.SYMLINK, "exchange")])  # fmt: skip
def test_a_file_that_never_moved_and_was_edited_since_is_not_missing(desk: Desk, action: Action, call: str) -> None:
    desk.calls[call] = killed
    with pytest.raises(Killed):
        desk.act(action)
    (desk.root / "sub" / "copy.png").write_bytes(EDIT)
    assert settle(desk) == [Phase.UNDONE]
    assert (desk.root / "sub" / "copy.png").read_bytes() == EDIT
    assert not list(desk.root.rglob(".imagesieve*"))


def test_a_kill_between_the_two_steps_of_a_rename_leaves_one_name(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a rename is a link and an unlink."""
    with plain_disk(monkeypatch):
        desk.calls["unlink"] = killed
        with pytest.raises(Killed):
            desk.act(Action.MOVE)
        assert (desk.root / "sub" / "copy.png").stat().st_nlink == 2
        assert settle(desk) == [Phase.UNDONE]
    assert (desk.root / "sub" / "copy.png").stat().st_nlink == 1
    assert contents(desk.target) == set()


@pytest.mark.parametrize("action", [Action.MOVE, Action.TRASH])
def test_a_keeper_that_was_renamed_to_the_path_is_not_taken_for_the_file(desk: Desk, action: Action) -> None:
    """Two files are believed, and both are there."""
    desk.act(action)
    keeper, path = desk.root / "keeper.png", desk.root / "sub" / "copy.png"
    desk.put("other.png", png("blue"))
    keeper.rename(path)
    kept = path.stat()
    assert "its keeper" in desk.restore_all()["sub/copy.png"]
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (kept.st_ino, kept.st_mtime_ns)
    assert png("red") in contents(desk.target, desk.trash)
    path.rename(keeper)
    assert desk.restore_all() == {}
    assert (path.stat().st_mtime_ns, keeper.stat().st_ino) == (123456789, kept.st_ino)


def test_a_keeper_that_was_renamed_to_its_link_keeps_its_own_times(desk: Desk) -> None:
    desk.act(Action.SYMLINK)
    keeper, path = desk.root / "keeper.png", desk.root / "sub" / "copy.png"
    kept = keeper.stat()
    keeper.rename(path)
    assert "its keeper" in desk.restore_all()["sub/copy.png"]
    assert (path.stat().st_mtime_ns, path.stat().st_mode) == (kept.st_mtime_ns, kept.st_mode)


@pytest.mark.parametrize("action", list(Action))
def test_a_folder_that_is_made_again_has_the_mode_that_it_had(desk: Desk, action: Action) -> None:
    (desk.root / "sub").chmod(0o700)
    desk.act(action)
    for left in (desk.root / "sub").iterdir():
        left.unlink()
    (desk.root / "sub").rmdir()
    if action is Action.MOVE:
        (desk.target / "sub").chmod(0o755)
    assert desk.restore_all() == {}
    assert (desk.root / "sub").stat().st_mode & 0o777 == 0o700


def test_a_watched_folder_that_is_away_does_not_stop_acting_on_another(desk: Desk, tmp_path: Path) -> None:
    desk.calls["rename"] = killed
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    away = tmp_path / "unplugged"
    desk.root.rename(away)
    with acting_alone(desk.base / "actions", desk.root):
        [settled] = settle_runs(desk.collaborators)
    assert settled.entry.phase is Phase.BEGUN
    assert "is away" in settled.entry.detail
    away.rename(desk.root)
    assert settle(desk) == [Phase.UNDONE]


def test_the_lock_needs_no_writing_in_the_watched_folder(desk: Desk) -> None:
    def body() -> None:
        memory(desk.base / "stick")
        mount("-o", "remount,ro", desk.base / "stick")
        with acting_alone(desk.base / "one", desk.base / "stick"):
            pass

    in_own_mounts(body)


OLD = (
    '{{"version": 1, "run": {{"id": "20261001T120000.000000Z", "action": "move", "root": "{root}", '
    '"target": "{target}", "policy": false}}}}\n'
    '{{"step": {{"number": 1, "path": "sub/copy.png", "kind": "exact", "digest": "{digest}", "size": {size}, '
    '"mode": 33184, "uid": {uid}, "gid": {gid}, "atime_ns": 5, "mtime_ns": 123456789, "device": 1, "inode": 2, '
    '"keeper": "keeper.png", "keeper_digest": "{digest}", "place": "sub/copy.png", "attributes": {{}}}}}}\n'
)
OLD_DONE = '{{"of": 1, "phase": "done", "detail": ""}}\n'


@pytest.mark.parametrize("lines", [OLD + OLD_DONE, OLD], ids=["done", "cut off"])
def test_a_journal_of_the_version_before_is_restored(desk: Desk, lines: str) -> None:
    """Written out by hand, as that version wrote it."""
    before, one, status = desk.tree(), desk.duplicate(), (desk.root / "sub" / "copy.png").stat()
    said = lines.format(
        root=desk.root, target=desk.target, digest=one.digest, size=one.bytes, uid=status.st_uid, gid=status.st_gid
    )
    (desk.base / "actions").mkdir()
    (desk.base / "actions" / "20261001T120000.000000Z.jsonl").write_text(said)
    (desk.target / "sub").mkdir(parents=True)
    (desk.root / "sub" / "copy.png").rename(desk.target / "sub" / "copy.png")
    assert settle(desk) == [Phase.DONE]
    assert desk.restore_all() == {}
    assert desk.tree() == before
    assert [run.header.id for run in read_runs(desk.base / "actions")] == ["20261001T120000.000000Z"]


def test_the_journal_tells_what_was_a_hard_link(desk: Desk) -> None:
    """A copy on another disk, and what is restored from one, is a file of its own."""
    (desk.base / "twin.png").hardlink_to(desk.root / "sub" / "copy.png")
    acting = Acting(desk.collaborators, Action.MOVE, desk.root, str(desk.target))
    with acting_alone(desk.base / "actions", desk.root):
        assert isinstance(acting.act(desk.duplicate()), Acted)
    acting.close()
    [run] = read_runs(desk.base / "actions")
    assert run.entries[1].step.links == 2
    with acting_alone(desk.base / "actions", desk.root):
        assert [one.reason for one in restore(desk.collaborators, run)] == [""]
    assert (desk.root / "sub" / "copy.png").stat().st_nlink == 2  # on one disk it is the file itself that moves


def test_a_name_that_is_held_by_nobody_else_is_not_removed(desk: Desk) -> None:
    """A rename that failed took its own placeholder away, and nobody's file that had come in its place."""
    folder = os.open(desk.root, os.O_RDONLY)
    source, target = disk_module.Place(folder, "not there"), disk_module.Place(folder, "goal")
    seen: list[str] = []

    def before(what: str) -> None:
        seen.append(what)
        if seen.count("rename") == 1 and what == "rename":
            (desk.root / "new").write_bytes(EDIT)
            (desk.root / "new").replace(desk.root / "goal")

    with pytest.raises(FileNotFoundError):
        Disk(before)._rename_over_own(source, target)
    os.close(folder)
    assert (desk.root / "goal").read_bytes() == EDIT


@pytest.mark.usefixtures("no_leases")
@pytest.mark.parametrize("disk", [Disk, Distant])
def test_an_edit_of_the_same_bytes_at_the_path_keeps_its_place(desk: Desk, disk: type[Disk]) -> None:
    """Its owner put them back himself, and edits them while the moved file is about to take their place."""
    desk.disk = disk
    desk.act(Action.MOVE)
    path = desk.root / "sub" / "copy.png"
    path.write_bytes(png("red"))
    desk.calls["exchange"] = lambda: edit_keeping_time(path)
    assert list(desk.restore_all()) == ["sub/copy.png"]
    assert path.read_bytes() != png("red")
    assert (desk.target / "sub" / "copy.png").read_bytes() == png("red")
    assert [file.name for file in path.parent.iterdir()] == ["copy.png"]
    assert desk.phases() == [Phase.DONE]


def test_a_keeper_at_the_path_of_a_file_that_is_gone_keeps_its_times(desk: Desk) -> None:
    desk.act(Action.MOVE)
    keeper, path = desk.root / "keeper.png", desk.root / "sub" / "copy.png"
    kept = keeper.stat().st_mtime_ns
    (desk.target / "sub" / "copy.png").unlink()
    keeper.rename(path)
    assert "its keeper" in desk.restore_all()["sub/copy.png"]
    assert path.stat().st_mtime_ns == kept


@pytest.mark.parametrize("action", [Action.MOVE, Action.TRASH])
def test_what_a_symbolic_link_of_its_owner_leads_to_stays(desk: Desk, action: Action) -> None:
    (desk.root / "best").mkdir()
    (desk.root / "best" / "one.png").symlink_to("../sub/copy.png")
    (desk.root / "nowhere").symlink_to("gone")
    assert "'best/one.png' leads to it" in desk.why_not(action, desk.duplicate())
    (desk.root / "best" / "one.png").unlink()
    assert isinstance(desk.act(action)[0], Acted)


def test_a_target_that_is_made_is_no_more_open_than_the_watched_folder(desk: Desk) -> None:
    desk.root.chmod(0o700)
    desk.act(Action.MOVE)
    assert desk.target.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("action", [Action.MOVE, Action.TRASH])
@pytest.mark.parametrize("times", [1, 2])
def test_a_rename_by_a_link_that_is_refused_halfway_leaves_one_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, action: Action, times: int
) -> None:
    """Refused once it is taken back at once; refused again by the next look, when the disk lets it."""
    refusals = [OSError(errno.EIO, os.strerror(errno.EIO))] * times
    before = desk.tree()

    def refuse() -> None:
        error = refusals.pop()
        if refusals:
            desk.calls["unlink"] = refuse
        raise error

    with plain_disk(monkeypatch):
        desk.calls["unlink"] = refuse
        [found] = desk.act(action)
        assert isinstance(found, Skipped)
        assert settle(desk) == [Phase.UNDONE]
    assert not refusals
    assert desk.tree() == before
    assert (desk.root / "sub" / "copy.png").stat().st_nlink == 1
    assert contents(desk.target, desk.trash) == set()


def test_a_missing_file_that_is_back_is_restored_though_its_target_folder_is_not_there(desk: Desk) -> None:
    """Killed before it moved; somebody else trashed it meanwhile, and has brought it back since."""
    before = desk.tree()
    desk.calls["mkdir"] = killed
    with pytest.raises(Killed):
        desk.act(Action.MOVE)
    (desk.root / "sub" / "copy.png").rename(desk.base / "elsewhere")
    assert settle(desk) == [Phase.MISSING]
    (desk.base / "elsewhere").rename(desk.root / "sub" / "copy.png")
    assert desk.restore_all() == {}
    assert desk.phases() == [Phase.RESTORED]
    assert desk.tree() == before
