"""`imagesieve up` while what it stands on fails: Redis full, a full disk, its own end."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from shared.cli.demo import make_demo_folder
from shared.state_folder import open_state_folder
from tests.e2e.conftest import Imagesieve, wait_until
from tests.e2e.test_stream import Terminal, assigned


@contextmanager
def running(sieve: Imagesieve, **settings: str) -> Iterator[Terminal]:
    process = sieve.start("up", str(sieve.watched), **settings)
    terminal = Terminal(process)
    wait_until(lambda: terminal.said("Ctrl-C stops"), "up has started everything")
    yield terminal
    sieve.stop(process, signal.SIGTERM)
    assert process.returncode == 0


def lives(pid: int) -> bool:
    """Whether there is such a process, and it is more than an exit status that nobody has asked for."""
    file = Path(f"/proc/{pid}/cmdline")
    return file.exists() and file.read_bytes() != b""


def photos_of(sieve: Imagesieve) -> list[Path]:
    folder = sieve.base / "photos"
    make_demo_folder(folder)
    return sorted(folder.glob("*.jpg"))


def test_a_full_redis_pauses_the_intake_until_there_is_room(sieve: Imagesieve) -> None:
    first, *others = photos_of(sieve)
    with running(sieve) as terminal:
        shutil.copyfile(first, sieve.watched / first.name)
        wait_until(lambda: assigned(sieve).keys() == {first.name}, "the first photo is in the report")
        with redis.Redis(unix_socket_path=str(sieve.state / "redis" / "redis.sock"), db=1) as admin:
            admin.config_set("maxmemory", 1)
            for photo in others:
                shutil.copyfile(photo, sieve.watched / photo.name)
            wait_until(lambda: terminal.said("takes no writes"), "it is said")
            assert terminal.said("raise its maxmemory")
            time.sleep(5)
            assert admin.hlen("imagesieve:records") == 1
            admin.config_set("maxmemory", 0)
        wait_until(lambda: terminal.said("takes writes again"), "that is said, too")
        wait_until(lambda: assigned(sieve).keys() == {photo.name for photo in (first, *others)}, "all are in")
        assert not terminal.said("it starts again"), "nobody died over it"


@pytest.fixture
def small_disk(sieve: Imagesieve) -> Iterator[Path]:
    """The folder of the reports on a file system of its own, of a megabyte."""
    folder = sieve.state / "reports"
    open_state_folder(sieve.state)
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1024k", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_on_a_full_disk_reports_fail_alone_and_come_back(sieve: Imagesieve, small_disk: Path) -> None:
    photos = photos_of(sieve)
    filler = small_disk / ".filler"
    with running(sieve) as terminal:
        filler.write_bytes(bytes(1012 * 1024))
        for photo in photos[:3]:
            shutil.copyfile(photo, sieve.watched / photo.name)
        log = sieve.state / "logs" / "recluster.log"
        wait_until(lambda: "report could not be written" in log.read_text(), "the run says why there is no report")
        status = sieve.run("status").stdout
        assert "could not be written" in " ".join(status.split())
        shutil.copyfile(photos[0], sieve.watched / "copy.jpg")
        wait_until(lambda: sieve.verdicts().get("copy.jpg") == "exact", "the stream goes on")
        assert not (small_disk / "latest").exists()
        assert not list(small_disk.glob(".imagesieve-*"))
        filler.unlink()
        wait_until(lambda: "copy.jpg" in assigned(sieve), "the next run writes its report")
        assert not terminal.said("it starts again"), "nobody died over it"


def test_the_stack_ends_with_up_however_that_ends_and_starts_who_was_killed(sieve: Imagesieve) -> None:
    [photo, *_] = photos_of(sieve)
    process = sieve.start("up", str(sieve.watched))
    terminal = Terminal(process)
    wait_until(lambda: terminal.said("Ctrl-C stops"), "up has started everything")
    wait_until(lambda: (sieve.state / "watcher.alive").exists(), "the watcher works")
    [watcher] = [pid for pid, words in sieve.commands().items() if words[1:] == ["-m", "watcher"]]
    os.kill(watcher, signal.SIGKILL)
    wait_until(lambda: terminal.said("watcher ended (terminated by SIGKILL); it starts again"), "it is said")
    shutil.copyfile(photo, sieve.watched / "a.jpg")
    wait_until(lambda: assigned(sieve).keys() == {"a.jpg"}, "another watcher saw the file")
    process.kill()
    process.communicate()
    wait_until(lambda: not sieve.processes(), "all of the stack ends")


def test_nothing_goes_on_alone_when_supervisord_is_killed(sieve: Imagesieve) -> None:
    process = sieve.start("up", str(sieve.watched))
    terminal = Terminal(process)
    wait_until(lambda: terminal.said("Ctrl-C stops"), "up has started everything")
    process.send_signal(signal.SIGSTOP)  # it cannot tidy up: as if it was killed at the same moment
    os.kill(int((sieve.state / "supervisord.pid").read_text()), signal.SIGKILL)
    process.kill()
    process.communicate()
    assert sieve.processes()
    socket = sieve.state / "redis" / "redis.sock"
    with redis.Redis(unix_socket_path=str(socket)) as client:
        old = client.info("server")["process_id"]
    process = sieve.start("up", str(sieve.watched))
    again = Terminal(process)
    wait_until(lambda: again.said("Ctrl-C stops"), "up has started everything anew")
    assert again.said("of an earlier run whose supervisord was killed")
    with redis.Redis(unix_socket_path=str(socket)) as client:
        new = client.info("server")["process_id"]
    assert not lives(old)
    os.kill(int((sieve.state / "supervisord.pid").read_text()), signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == 1
    assert sieve.processes() == []
    assert not lives(new)
