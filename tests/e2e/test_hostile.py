"""A folder as hostile as can be: files made on purpose, and names, times and folders as the file system allows them.

Everything is read or refused with its reason, each file gets its verdict and its row, and nothing hangs.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from shared.store import RedisStore, keys
from tests import hostile
from tests.e2e.conftest import Imagesieve, wait_until
from tests.e2e.test_once import rows
from tests.e2e.test_stream import Terminal

ROOM = 512 << 20  # bytes that the feature worker's process may need for these files, beside network and libraries
MAX_PIXELS = 20_000_000
DAY = 86400.0
# Name -> days from now to its mtime.
NAMES = {
    "line\nbreak.jpg": 0.0,
    "tab\tand\rreturn.jpg": 0.0,
    "🙂 👩‍👩‍👧.jpg": 0.0,
    os.fsdecode(b"caf\xe9\xff.jpg"): 0.0,
    "n" * 251 + ".jpg": 0.0,
    "é" * 125 + "n.jpg": 0.0,
    " blanks .jpg": 0.0,
    "3f786850e387550fdab836ed7e6dc881de23001b": 0.0,
    "next year.jpg": 365.0,
    "before 1970.jpg": -80 * 365.0,
    os.fsdecode(b"trip/\xfe day/") + "deep\nfolder/🙂/b.jpg": 0.0,
    "trip/" + "d" * 255 + "/c.jpg": 1.0,
    "trip/a.jpg": -1.0,
}


def make_names(folder: Path) -> None:
    """Pictures of which none is like another."""
    for seed, (name, days) in enumerate(NAMES.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((160, 120)).save(path, "JPEG")
        os.utime(path, (time.time(), time.time() + days * DAY))


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
    store = sieve.store
    (sieve.watched / "first.jpg").write_bytes(hostile.photo("JPEG"))
    wait_until(lambda: verdicts(store).keys() == {"first.jpg"}, "an ordinary photo has its verdict")
    before = peak_of_decoding(sieve)

    scratch = sieve.base / "scratch"
    scratch.mkdir()
    hostile.make_files(scratch)
    outside = sieve.base / "outside"
    make_names(outside)
    listening = hostile.make_what_is_no_file(sieve.watched)
    with growing(sieve.watched / "growing.jpg"):
        for file in scratch.iterdir():
            shutil.copyfile(file, sieve.watched / file.name)
        for path in outside.iterdir():  # the folders whole, with all that is in them
            path.rename(sieve.watched / path.name)
        expected = {*hostile.FILES, *NAMES}
        wait_until(lambda: verdicts(store).keys() >= expected, "every file has its verdict")
        assert "growing.jpg" not in verdicts(store)
    listening.close()
    wait_until(lambda: "growing.jpg" in verdicts(store), "the file that grew has come to rest")

    given = verdicts(store)
    assert given.keys() == {"first.jpg", "growing.jpg", *expected}  # what is no file is passed over
    for name, (_, word) in hostile.FILES.items():
        verdict, reason = given[name]
        assert (verdict == "failed") is bool(word), (name, verdict, reason)
        assert word in reason, (name, reason)
    assert {path: verdict for path, (verdict, _) in given.items() if path in NAMES} == dict.fromkeys(NAMES, "unique")
    assert peak_of_decoding(sieve) < before + ROOM
    assert (store.counts().pending, store.add(keys.Counter.REFUSED, 0)) == (0, 0)

    refused = {name for name, (_, word) in hostile.FILES.items() if word}
    wait_until(lambda: column(sieve, "failures.csv", "reason").keys() == refused, "the report names what was refused")
    assert all(column(sieve, "failures.csv", "reason").values())
    read = given.keys() - refused
    wait_until(lambda: column(sieve, "assignments.csv", "verdict").keys() == read, "and what was read")
    table = column(sieve, "assignments.csv", "verdict")
    assert {table[path] for path in NAMES} == {"unique"}
    for words in (("events",), ("status",), ("report",)):
        ended = sieve.run(*words)
        assert ended.returncode == 0, ended.stderr
        assert "Traceback" not in ended.stderr
    sieve.stop(process)
    assert process.returncode == 0


def column(sieve: Imagesieve, table: str, name: str) -> dict[str, str]:
    """What a table of the latest report says of each path; nothing before the first report."""
    file = sieve.latest / table
    return {row["path"]: row[name] for row in rows(file)} if file.exists() else {}
