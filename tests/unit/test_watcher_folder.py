import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.admission import Why
from shared.records import Reference
from shared.records.passed_over import Passed
from watcher.folder import CHUNK, WatchedFolder
from watcher.storage import Absence, FolderAway

NOBODY = 65534


def make(tmp_path: Path) -> tuple[WatchedFolder, Path]:
    root = tmp_path / "root"
    root.mkdir()
    folder = WatchedFolder(root)
    assert folder.pin()
    return folder, root


def walked(folder: WatchedFolder, under: str = "") -> set[str]:
    return {file.path for chunk in folder.walk(under) for file in chunk}


def test_a_look_gives_size_and_mtime_or_why_there_is_no_file(tmp_path: Path) -> None:
    folder, root = make(tmp_path)
    (root / "a").mkdir()
    (root / "a" / "b.jpg").write_bytes(b"123")
    os.utime(root / "a" / "b.jpg", ns=(5, 7_000_000_001))
    (root / "link.jpg").symlink_to(root / "a" / "b.jpg")
    os.mkfifo(root / "fifo.jpg")
    status = (root / "a" / "b.jpg").stat()
    seen = folder.look("a/b.jpg")
    assert seen == Reference("a/b.jpg", 3, 7_000_000_001, status.st_ctime_ns)
    assert isinstance(seen, Reference)
    assert seen.inode == status.st_ino
    assert [folder.look(path) for path in ("a", "link.jpg", "fifo.jpg")] == [Absence.OTHER] * 3
    assert [folder.look(path) for path in ("none.jpg", "none/b.jpg", "a/b.jpg/c.jpg")] == [Absence.GONE] * 3
    assert [folder.look(path) for path in ("x" * 300, "nul\0")] == [Absence.UNKNOWN] * 2


def test_what_lies_behind_a_link_is_not_in_the_folder(tmp_path: Path) -> None:
    folder, root = make(tmp_path)
    outside = tmp_path / "outside"
    (outside / "deeper").mkdir(parents=True)
    (outside / "a.jpg").write_bytes(b"1")
    (root / "link").symlink_to(outside)
    assert folder.look("link/a.jpg") is Absence.GONE
    assert not folder.leads_to("link")
    assert not folder.leads_to("link/deeper")
    assert folder.leads_to("")
    assert walked(folder) == set()


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.jpg").write_bytes(b"1")
    (tmp_path / "root").symlink_to("real")
    folder = WatchedFolder(tmp_path / "root")
    assert folder.pin()
    assert walked(folder) == {"a.jpg"}
    assert isinstance(folder.look("a.jpg"), Reference)


def test_a_walk_finds_every_regular_file_and_nothing_else(tmp_path: Path) -> None:
    folder, root = make(tmp_path)
    strange = [os.fsdecode(b"\xff\xfe.jpg"), "a\nb.jpg", "😀.png", "3f786850", " .jpg", "\\.jpg"]
    for name in strange:
        (root / "deep" / "er").mkdir(parents=True, exist_ok=True)
        (root / "deep" / "er" / name).write_bytes(b"1")
    for ignored in (".hidden/a.jpg", "@eaDir/a.jpg", "a.jpg.part", "a.jpg.download/a.jpg"):
        (root / ignored).parent.mkdir(exist_ok=True)
        (root / ignored).write_bytes(b"1")
    os.mkfifo(root / "fifo.jpg")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "s"))
        assert walked(folder) == {f"deep/er/{name}" for name in strange}
    assert walked(folder, "deep/er") == walked(folder)


def test_a_walk_gives_chunks_even_where_all_is_passed_over(tmp_path: Path) -> None:
    folder, root = make(tmp_path)
    for number in range(CHUNK):
        (root / f".{number}").touch()
    (root / "a.jpg").touch()
    chunks = list(folder.walk())
    assert len(chunks) == 2
    assert sum(map(len, chunks)) == 1


def test_a_walk_survives_folders_that_vanish_and_says_so_only_of_the_root(tmp_path: Path) -> None:
    folder, root = make(tmp_path)
    for number in range(CHUNK):
        (root / f"{number}.jpg").touch()
    (root / "deep").mkdir()
    (root / "deep" / "a.jpg").touch()
    walk = folder.walk()
    next(walk)
    shutil.rmtree(root)
    assert not any(walk)
    with pytest.raises(FolderAway, match=r"root cannot be read: No such file"):
        list(folder.walk())
    root.write_bytes(b"a file")
    with pytest.raises(FolderAway, match="Not a directory"):
        list(folder.walk())
    assert not folder.pin()


def test_a_tree_deeper_than_a_path_can_say_is_left_out_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, root = make(tmp_path)
    (root / "a.jpg").touch()
    inner = os.open(root, os.O_RDONLY)
    for _ in range(17):  # 4,267 bytes; Linux takes 4,096 in one call
        os.mkdir("d" * 250, dir_fd=inner)
        outer, inner = inner, os.open("d" * 250, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    os.close(os.open("b.jpg", os.O_CREAT, dir_fd=inner))
    os.close(inner)
    assert walked(folder) == {"a.jpg"}
    assert isinstance(folder.look("/".join(["d" * 250] * 17 + ["b.jpg"])), Absence)
    assert "is left out, it cannot be read: File name too long" in caplog.text
    assert caplog.text.count("is left out") == 1
    passed: list[Passed] = []
    assert {file.path for chunk in folder.walk(note=passed.append) for file in chunk} == {"a.jpg"}
    assert [(one.path[-3:], one.why) for one in passed] == [("dd/", Why.TOO_LONG)]
    assert caplog.text.count("is left out") == 1, "it is named once"
    shutil.rmtree(root)


def test_a_file_whose_path_alone_is_too_long_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder, root = make(tmp_path)
    inner, length = os.open(root, os.O_RDONLY), len(str(root))
    while length < 3850:
        name = "d" * min(250, 3900 - length)
        os.mkdir(name, dir_fd=inner)
        outer, inner = inner, os.open(name, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
        length += len(name) + 1
    for name in ("short.jpg", "l" * 246 + ".jpg"):
        os.close(os.open(name, os.O_CREAT, dir_fd=inner))
    os.close(inner)
    passed: list[Passed] = []
    for _ in range(2):
        assert [file.path[-9:] for chunk in folder.walk(note=passed.append) for file in chunk] == ["short.jpg"]
    assert [(one.path[-5:], one.bytes, one.why) for one in passed] == [("l.jpg", 0, Why.TOO_LONG)] * 2
    assert caplog.text.count("is left out") == 1, "it is named once"
    shutil.rmtree(root)


def test_a_folder_that_cannot_be_read_stands_in_the_list(plain_user: Path) -> None:
    (plain_user / "shut").mkdir(0)
    folder, passed = WatchedFolder(plain_user), list[Passed]()
    list(folder.walk(note=passed.append))
    assert passed == [Passed("shut/", 0, Why.UNREADABLE)]


@pytest.fixture
def plain_user() -> Iterator[Path]:
    """A folder of a user without root's rights, whose rights this process has meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        root = os.geteuid() == 0
        if root:
            os.chown(name, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)


def test_a_folder_without_permission_is_named_once_and_its_files_are_not_called_gone(
    plain_user: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, root = make(plain_user)
    (root / "closed").mkdir()
    (root / "closed" / "a.jpg").touch()
    (root / "b.jpg").touch()
    (root / "closed").chmod(0)
    try:
        assert walked(folder) == walked(folder) == {"b.jpg"}
        assert folder.look("closed/a.jpg") is Absence.UNKNOWN
    finally:
        (root / "closed").chmod(0o700)
    assert caplog.text.count("'closed' is left out") == 1


def test_absence_is_believed_in_a_folder_that_holds_something(tmp_path: Path) -> None:
    folder, root = make(tmp_path)
    assert not folder.believes_absence(), "empty: perhaps not mounted"
    (root / "a.jpg").touch()
    assert folder.believes_absence()
    (root / "a.jpg").unlink()
    assert not folder.believes_absence(), "empty after it was full: perhaps unmounted"


def test_an_empty_folder_is_believed_where_the_user_says_so(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    folder = WatchedFolder(root, believes_empty=True)
    assert not folder.believes_absence(), "not pinned"
    assert folder.pin()
    assert folder.believes_absence()
    root.rename(tmp_path / "away")
    assert not folder.believes_absence()


def test_another_folder_in_its_place_is_not_believed_until_it_is_pinned_and_holds_something(tmp_path: Path) -> None:
    folder, root = make(tmp_path)
    (root / "a.jpg").touch()
    assert folder.believes_absence()
    root.rename(tmp_path / "was")
    assert not folder.believes_absence()
    assert not folder.is_pinned()
    root.mkdir()
    (root / "b.jpg").touch()
    assert not folder.believes_absence()
    assert folder.pin()
    assert folder.believes_absence()
    root.rename(tmp_path / "was too")
    root.mkdir()
    assert folder.pin()
    assert not folder.believes_absence()
