"""A folder full of what somebody made on purpose: everything is read or refused with its reason, and nothing hangs."""

import csv
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.settings import load_settings
from shared.store import RedisStore, keys
from tests import hostile
from tests.e2e.conftest import Imagesieve, wait_until
from tests.e2e.test_stream import Terminal

ROOM = 512 << 20  # bytes that the feature worker's process may need for these files, beside network and libraries
MAX_PIXELS = 20_000_000


@contextmanager
def growing(file: Path) -> Iterator[None]:
    """A file that never comes to rest, within the block."""
    ended = threading.Event()

    def grow() -> None:
        with file.open("ab") as out:
            out.write(hostile.photo("JPEG"))
            while not ended.wait(0.05):
                out.write(bytes(1000))
                out.flush()

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def peak_of_decoding(sieve: Imagesieve) -> int:
    """The most memory that the child of the feature worker ever had resident."""
    wanted = f"IMAGESIEVE_STATE_DIR={sieve.state}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (
                wanted not in (folder / "environ").read_bytes()
                or b"spawn_main" not in (folder / "cmdline").read_bytes()
            ):
                continue
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
            if b"features" in Path(f"/proc/{int(status['PPid'])}/cmdline").read_bytes():
                return int(status["VmHWM"].split()[0]) << 10
        except OSError:
            continue
    raise AssertionError("the feature worker has no child")


def verdicts(store: RedisStore) -> dict[str, tuple[str, str]]:
    return {event.path: (event.verdict, event.reason) for _, event in store.events("0", wait=0.0)}


def test_hostile_files_beside_good_ones(sieve: Imagesieve) -> None:
    process = sieve.start("up", str(sieve.watched), max_pixels=str(MAX_PIXELS))
    terminal = Terminal(process)
    wait_until(lambda: terminal.said("Ctrl-C stops"), "up has started everything")
    store = RedisStore.connect(load_settings(state_dir=sieve.state).store)
    (sieve.watched / "first.jpg").write_bytes(hostile.photo("JPEG"))
    wait_until(lambda: verdicts(store).keys() == {"first.jpg"}, "an ordinary photo has its verdict")
    before = peak_of_decoding(sieve)

    scratch = sieve.base / "scratch"
    scratch.mkdir()
    hostile.make_files(scratch)
    listening = hostile.make_what_is_no_file(sieve.watched)
    with growing(sieve.watched / "growing.jpg"):
        for file in scratch.iterdir():
            shutil.copyfile(file, sieve.watched / file.name)
        wait_until(lambda: verdicts(store).keys() >= hostile.FILES.keys(), "every file has its verdict")
        assert "growing.jpg" not in verdicts(store)
    listening.close()
    wait_until(lambda: "growing.jpg" in verdicts(store), "the file that grew has come to rest")

    given = verdicts(store)
    assert given.keys() == {"first.jpg", "growing.jpg", *hostile.FILES}  # what is no file is passed over
    for name, (_, word) in hostile.FILES.items():
        verdict, reason = given[name]
        assert (verdict == "failed") is bool(word), (name, verdict, reason)
        assert word in reason, (name, reason)
    assert peak_of_decoding(sieve) < before + ROOM
    assert (store.counts().pending, store.add(keys.Counter.REFUSED, 0)) == (0, 0)

    refused = {name for name, (_, word) in hostile.FILES.items() if word}
    wait_until(lambda: failures(sieve).keys() == refused, "the report names what was refused")
    assert all(failures(sieve).values())
    sieve.stop(process)
    assert process.returncode == 0


def failures(sieve: Imagesieve) -> dict[str, str]:
    try:
        with (sieve.latest / "failures.csv").open(newline="") as rows:
            return {row["path"]: row["reason"] for row in csv.DictReader(rows)}
    except FileNotFoundError:
        return {}
