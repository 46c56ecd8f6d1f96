"""Reading what a message names: inside the root only, once, whole."""

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.errors import FileChanging, RefusedReference, Unavailable, UnreadableImage
from shared.failures import FailureKind
from shared.records import Reference
from worker.pipeline.files import READ_BYTES, read_file
from worker.pipeline.local_folder import LocalFolder

LIMIT = 1 << 20


def reference(root: Path, path: str) -> Reference:
    found = (root / path).lstat()
    return Reference(path, found.st_size, found.st_mtime_ns)


def test_bytes_and_digest(tmp_path: Path) -> None:
    data = os.urandom(70_000)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jpg").write_bytes(data)
    contents = read_file(LocalFolder(tmp_path), reference(tmp_path, "sub/a.jpg"), LIMIT)
    assert contents.data == data
    assert contents.digest == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("path", ["../outside.jpg", "sub/../../outside.jpg", "/etc/passwd", "..", "sub/..", "."])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "outside.jpg").write_bytes(b"secret")
    with pytest.raises(RefusedReference):
        read_file(LocalFolder(root), Reference(path, 6, 0), LIMIT)


def test_links_are_never_followed_whether_file_or_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.jpg").write_bytes(b"secret")
    (root / "link.jpg").symlink_to(tmp_path / "secret" / "a.jpg")
    (root / "folder").symlink_to(tmp_path / "secret")
    (root / "loop.jpg").symlink_to(root / "loop.jpg")
    for path in ("link.jpg", "folder/a.jpg", "loop.jpg"):
        with pytest.raises(RefusedReference, match="symbolic link"):
            read_file(LocalFolder(root), Reference(path, 6, 0), LIMIT)


def test_gone_folders_in_the_way_and_a_root_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UnreadableImage, match="gone"):
        read_file(LocalFolder(tmp_path), Reference("never.jpg", 1, 1), LIMIT)
    with pytest.raises(UnreadableImage, match="gone"):
        read_file(LocalFolder(tmp_path), Reference("file/inner.jpg", 1, 1), LIMIT)
    with pytest.raises(Unavailable, match="away"):
        read_file(LocalFolder(tmp_path / "unmounted"), Reference("a.jpg", 1, 1), LIMIT)


def test_what_is_no_regular_file_is_not_read_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "folder.jpg").mkdir()
    for path in ("fifo.jpg", "folder.jpg"):
        with pytest.raises(UnreadableImage, match="not a regular file"):
            read_file(LocalFolder(tmp_path), reference(tmp_path, path), LIMIT)


def test_a_file_other_than_the_reference_says_is_changing(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"new bytes")
    with pytest.raises(FileChanging):
        read_file(LocalFolder(tmp_path), Reference("a.jpg", 3, 0), LIMIT)


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "big.jpg").open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(UnreadableImage, match="IMAGESIEVE_MAX_BYTES"):
        read_file(LocalFolder(tmp_path), reference(tmp_path, "big.jpg"), LIMIT)


def test_a_file_that_may_not_be_read_says_so() -> None:
    # Not under tmp_path, whose parents only its owner may pass; root reads everything, so the test becomes nobody.
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "a.jpg").write_bytes(b"x")
        wanted = reference(root, "a.jpg")
        (root / "a.jpg").chmod(0)
        before = os.geteuid()
        if before == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(UnreadableImage, match="not permitted"):
                read_file(LocalFolder(root), wanted, LIMIT)
        finally:
            os.seteuid(before)


@contextmanager
def meanwhile(step: Callable[[int], None]) -> Iterator[None]:
    """`step(number)` over and over in another thread, at least once before the block begins."""
    ended, begun = threading.Event(), threading.Event()

    def run() -> None:
        number = 0
        while not ended.is_set():
            step(number)
            begun.set()
            number += 1

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait(10)
    try:
        yield
    finally:
        ended.set()
        thread.join()


def read_often(root: Path) -> tuple[list[bytes], int]:
    """What was read of a.jpg in many tries, each with its right digest, and how many tries saw it change."""
    read, changing = [], 0
    for _ in range(300):
        try:
            contents = read_file(LocalFolder(root), reference(root, "a.jpg"), 1 << 20)
        except FileChanging:
            changing += 1
            continue
        assert contents.digest == hashlib.sha256(contents.data).hexdigest()
        read.append(contents.data)
    return read, changing


def test_a_file_that_is_replaced_meanwhile_is_one_or_the_other(tmp_path: Path) -> None:
    versions = [os.urandom(200_000), os.urandom(100_000)]

    def replace(number: int) -> None:
        (tmp_path / "next").write_bytes(versions[number % 2])
        (tmp_path / "next").replace(tmp_path / "a.jpg")

    with meanwhile(replace):
        read, _ = read_often(tmp_path)
    assert set(read) <= set(versions)


def test_digest_and_picture_are_of_the_same_bytes_even_if_size_and_time_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(bytes(200_000))

    def overwrite(number: int) -> None:
        with file.open("r+b") as out:
            out.write(bytes([number % 256]) * 200_000)
        os.utime(file, ns=(1, 1))  # neither size nor mtime tells

    with meanwhile(overwrite):
        read, changing = read_often(tmp_path)
    assert changing or len(set(read)) > 1, "nobody wrote while it was read"


def test_a_file_that_grows_for_ever_is_left_alone(tmp_path: Path) -> None:
    def grow(_: int) -> None:
        with (tmp_path / "a.jpg").open("ab") as out:
            out.write(bytes(5000))
        if (tmp_path / "a.jpg").stat().st_size > 600_000:
            os.truncate(tmp_path / "a.jpg", 100_000)

    with meanwhile(grow):
        _, changing = read_often(tmp_path)
    assert changing > 0


def test_a_large_file_that_is_no_picture_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.blob").write_bytes(b"%PDF" + bytes(3 * READ_BYTES))
    (tmp_path / "b.blob").write_bytes(b"%PDF" + bytes(READ_BYTES - 4))
    given: list[int] = []

    def refuse(first: bytes) -> None:
        given.append(len(first))
        raise UnreadableImage(FailureKind.NO_IMAGE, "a document")

    with pytest.raises(UnreadableImage, match="a document"):
        read_file(LocalFolder(tmp_path), reference(tmp_path, "a.blob"), 4 * READ_BYTES, refuse)
    assert given == [READ_BYTES]
    read_file(LocalFolder(tmp_path), reference(tmp_path, "b.blob"), 4 * READ_BYTES, refuse)
    assert given == [READ_BYTES], "what is read at once is looked at later"
