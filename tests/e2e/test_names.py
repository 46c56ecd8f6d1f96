"""Names, times and folders as people have them, through the whole stack: each file gets its verdict and its row."""

import os
import time
from pathlib import Path

import numpy as np
from PIL import Image

from tests.e2e.conftest import Imagesieve, wait_until
from tests.e2e.test_once import rows
from tests.e2e.test_stream import Terminal, last_verdicts

DAY = 86400.0
# Name -> days from now to its mtime.
FILES = {
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


def make_files(folder: Path) -> None:
    """Pictures of which none is like another."""
    for seed, (name, days) in enumerate(FILES.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((160, 120)).save(path, "JPEG")
        os.utime(path, (time.time(), time.time() + days * DAY))


def test_every_name_and_time_that_the_file_system_allows_gets_a_verdict_and_a_row(sieve: Imagesieve) -> None:
    outside = sieve.base / "outside"
    make_files(outside)
    process = sieve.start("up", str(sieve.watched))
    terminal = Terminal(process)
    wait_until(lambda: terminal.said("Ctrl-C stops"), "up has started everything")
    for path in outside.iterdir():  # the folders whole, with all that is in them
        path.rename(sieve.watched / path.name)
    table = sieve.latest / "assignments.csv"
    wait_until(
        lambda: table.exists() and {row["path"] for row in rows(table)} == FILES.keys(), "every file is in the report"
    )
    assert last_verdicts(sieve) == dict.fromkeys(FILES, "unique")
    assert {row["verdict"] for row in rows(table)} == {"unique"}
    assert rows(sieve.latest / "failures.csv") == []
    for words in (("events",), ("status",), ("report",)):
        ended = sieve.run(*words)
        assert ended.returncode == 0, ended.stderr
        assert "Traceback" not in ended.stderr
    sieve.stop(process)
    assert process.returncode == 0
