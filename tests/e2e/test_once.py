"""`imagesieve up --once`: one clean-up, from a folder to a report."""

import contextlib
import csv
import fcntl
import json
import os
import shutil
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest
from rich.cells import cell_len

from shared.cli.demo import make_demo_folder
from tests import hostile
from tests.e2e.conftest import Imagesieve

REPORT_FILES = {
    "assignments.csv",
    "duplicates.csv",
    "variants.csv",
    "outliers.csv",
    "changes.csv",
    "failures.csv",
    "passed-over.csv",
    "summary.json",
    "summary.txt",
    "summary-narrow.txt",
    "elbow.png",
    "silhouette.png",
    "report.html",
}


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", errors="surrogateescape") as lines:
        return list(csv.DictReader(lines))


def test_a_folder_becomes_a_complete_report_and_moved_elsewhere_it_costs_nothing_again(sieve: Imagesieve) -> None:
    made = len(make_demo_folder(sieve.watched))
    (sieve.watched / "sub").mkdir()
    shutil.copyfile(sieve.watched / "china.jpg", sieve.watched / "sub" / "line\nbreak 🙂.jpg")
    hostile.make_what_is_no_file(sieve.watched).close()
    film = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 9000
    for name, data in (("film.mp4", film), ("sub/copy of film.mov", film), ("other.mp4", film[:-1])):
        (sieve.watched / name).write_bytes(data)
    (sieve.watched / ".hidden.jpg").write_bytes(b"never seen")
    (sieve.watched / "download.jpg.part").write_bytes(b"never seen")
    first = sieve.run("up", str(sieve.watched), "--once", "--json")
    assert first.returncode == 0, first.stderr
    assert {file.name for file in sieve.latest.iterdir()} >= REPORT_FILES
    assert json.loads(first.stdout) == json.loads((sieve.latest / "summary.json").read_text())

    assigned, failed = rows(sieve.latest / "assignments.csv"), rows(sieve.latest / "failures.csv")
    on_disk = {str(p.relative_to(sieve.watched)) for p in sieve.watched.rglob("*") if p.is_file()}
    passed = {row["path"]: row for row in rows(sieve.latest / "passed-over.csv")}
    reported = [row["path"] for row in assigned] + [row["path"] for row in failed]
    assert sorted([*reported, *(on_disk & passed.keys())]) == sorted(on_disk), "each file stands in one table"
    assert {path: row["suffix"] for path, row in passed.items() if path in on_disk} == {
        "notes.txt": ".txt",
        ".hidden.jpg": ".jpg",
        "download.jpg.part": ".part",
    }
    assert passed["download.jpg.part"]["bytes"] == "10"
    assert len(reported) == made + 3
    films = {row["path"]: (row["verdict"], row["duplicate_of"], row["cluster"]) for row in assigned}
    assert films["film.mp4"] == films["other.mp4"] == ("unique", "", "")
    assert films["sub/copy of film.mov"] == ("exact", "film.mp4", "")
    about = json.loads(first.stdout)["by_bytes"]
    assert about == {"files": 3, "duplicates": 1, "bytes": 3 * len(film) - 1}
    reasons = {row["path"]: row["reason"] for row in failed}
    assert set(reasons) == {
        "unreadable/empty.jpg",
        "unreadable/really a page.jpg",
        "unreadable/truncated.jpg",
    }
    assert "empty" in reasons["unreadable/empty.jpg"]
    duplicates = {row["path"]: row for row in rows(sieve.latest / "duplicates.csv")}
    copy = duplicates["sub/line\nbreak 🙂.jpg"]
    assert {copy["role"], duplicates["china.jpg"]["role"]} == {"keeper", "duplicate"}
    assert duplicates["copies/copy of china.jpg"]["group"] == copy["group"]

    computed = computed_in(first.stderr)
    assert computed == len({row["digest"] for row in assigned if row["cluster"]})

    moved = sieve.base / "moved"
    sieve.watched.rename(moved)
    refused = sieve.run("up", str(moved), "--once")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"belongs to the watched folder {sieve.watched}" in refused.stderr
    (sieve.state / "watched").unlink()  # the way out that it names
    second = sieve.run("up", str(moved), "--once", "--full")
    assert second.returncode == 0, second.stderr
    assert computed_in(second.stderr) == 0  # what is known of the pictures was kept
    assert "if one image per cluster were kept" in second.stdout


def computed_in(stderr: str) -> int:
    lines = [line for line in stderr.splitlines() if line.endswith(" computed")]
    return int(lines[-1].split(", ")[-1].removesuffix(" computed"))


def test_an_empty_folder_is_done_at_once(sieve: Imagesieve) -> None:
    ended, drawn = run_on_terminal(sieve, "up", str(sieve.watched), "--once", "--json")
    assert ended.returncode == 0, drawn
    assert json.loads(ended.stdout)["counts"]["images"] == 0  # although a bar is drawn on standard error


def run_on_terminal(
    sieve: Imagesieve, *words: str, columns: int = 200
) -> tuple[subprocess.CompletedProcess[bytes], bytes]:
    """Standard output into a file, standard error on a terminal; and what was written there."""
    master, slave = os.openpty()
    drawn = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # EIO: nobody has the other end any more
            while chunk := os.read(master, 4096):
                drawn.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    environment = {**sieve.environment, "TERM": "xterm", "COLUMNS": str(columns)}
    with (sieve.base / "out").open("wb") as out:
        ended = subprocess.run(
            [sys.executable, "-m", "shared.cli", *words], env=environment, stdout=out, stderr=slave, check=False
        )
    os.close(slave)
    reader.join()
    os.close(master)
    return subprocess.CompletedProcess(words, ended.returncode, (sieve.base / "out").read_bytes()), bytes(drawn)


def test_an_empty_folder_is_called_empty(sieve: Imagesieve) -> None:
    ended = sieve.run("up", str(sieve.watched), "--once")
    assert ended.returncode == 0, ended.stderr
    assert f"{sieve.watched} is empty: there is nothing to read yet" in ended.stderr
    assert ended.stdout.splitlines()[0] == f"{sieve.watched} is empty"


def test_strangers_of_the_same_names_where_it_is_started_are_not_in_the_way(sieve: Imagesieve) -> None:
    """A user's worker.py was started in place of the children of Celery's workers, and nothing was ever read."""
    here = sieve.base / "here"
    (here / "shared").mkdir(parents=True)
    for name in ("worker.py", "watcher.py", "celery.py", "shared/__init__.py"):
        (here / name).write_text("raise SystemExit('a stranger')")
    shutil.copyfile(_photo(sieve), sieve.watched / "a.jpg")
    root = str(Path(__file__).parents[2])
    ended = subprocess.run(
        # As the script of an installed command: Python puts no working directory before its modules.
        [sys.executable, "-P", "-m", "shared.cli", "up", str(sieve.watched), "--once", "--json"],
        cwd=here, env={**sieve.environment, "PYTHONPATH": root}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["counts"]["images"] == 1


def test_what_is_laid_out_fits_terminals_of_60_80_and_120_columns(sieve: Imagesieve) -> None:
    deep = sieve.watched / ("a folder with a long name/" * 3)
    deep.mkdir(parents=True)
    for file in make_demo_folder(sieve.base / "photos"):
        if any(name in file.name for name in ("china", "flower", "coffee", "rocket")):
            shutil.copyfile(file, deep / file.name)
    (sieve.watched / "page.jpg").write_text("no picture")
    _, drawn = run_on_terminal(sieve, "up", str(sieve.watched), "--once", columns=60)
    assert drawn.count(b"random weights") == 1
    for columns in (60, 80, 120):
        for words in (("report",), ("report", "--full"), ("duplicates", "list"), ("doctor",)):
            lines = shown_on_terminal(sieve, columns, *words)
            assert len(lines) > 5
            wide = [line for line in lines if cell_len(line) > columns and not line.startswith("page: file:///")]
            # A path without blanks is never broken: nobody could copy it.
            assert [line for line in wide if str(sieve.base) not in line] == [], (columns, words)
            assert words != ("report",) or len(lines) <= 20


def shown_on_terminal(sieve: Imagesieve, columns: int, *words: str) -> list[str]:
    """The lines of standard output on a terminal of that width."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    got = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(master, 4096):
                got.extend(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    subprocess.run(
        [sys.executable, "-m", "shared.cli", *words],
        env={**sieve.environment, "TERM": "xterm", "COLUMNS": str(columns)},
        stdout=slave, stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    os.close(slave)
    reader.join()
    os.close(master)
    return got.decode().replace("\r", "").splitlines()


def test_wrong_use_is_told_in_a_sentence_with_status_2(sieve: Imagesieve) -> None:
    ended = sieve.run("up", str(sieve.watched), "--once", k_max="none")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "IMAGESIEVE_K_MAX is 'none'" in ended.stderr
    assert "Traceback" not in ended.stderr
    ended = sieve.run("up", str(sieve.base / "nowhere"))
    assert ended.returncode == 2
    assert "nowhere" in ended.stderr
    ended = sieve.run("up", str(sieve.watched), state_dir=str(sieve.watched / "state"))
    assert ended.returncode == 2
    assert f"the state folder is {sieve.watched}/state, inside the watched folder" in ended.stderr
    assert list(sieve.watched.iterdir()) == []  # nothing was made


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_flower_does_not_start_open(sieve: Imagesieve, address: str) -> None:
    for auth in ("", "nobody", "user:"):
        ended = sieve.run("flower", flower_address=address, flower_auth=auth)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "IMAGESIEVE_FLOWER_AUTH" in ended.stderr
        assert "user:password" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_weights_that_cannot_be_had_name_the_ways_out_before_any_image_is_taken(sieve: Imagesieve) -> None:
    make_demo_folder(sieve.watched)
    sieve.leave_open()
    ended = sieve.run("up", str(sieve.watched), "--once", weights="imagenet")
    assert ended.returncode == 1
    for way_out in ("IMAGESIEVE_WEIGHTS=random", "IMAGESIEVE_WEIGHTS=auto", ".h5"):
        assert way_out in ended.stderr
    assert not sieve.latest.exists()
    assert not (sieve.state / "watched").exists()  # a start that failed claims nothing


def test_auto_falls_back_to_random_with_a_warning_everywhere(sieve: Imagesieve) -> None:
    shutil.copyfile(_photo(sieve), sieve.watched / "a.jpg")
    sieve.leave_open("weights")  # `up` takes `auto` then
    ended = sieve.run("up", str(sieve.watched), "--once")
    assert ended.returncode == 0, ended.stderr
    assert "downloading the ImageNet weights, 550 MB" in ended.stderr
    assert "absl" not in ended.stderr  # nor anything else of what TensorFlow tells of its build
    summary = json.loads((sieve.latest / "summary.json").read_text())
    warning = summary["extractor"]["warning"]
    assert "random" in warning
    assert warning in ended.stderr
    for page in ("summary.txt", "report.html"):
        assert "random" in (sieve.latest / page).read_text()


def _photo(sieve: Imagesieve) -> Path:
    scratch = sieve.base / "photos"
    make_demo_folder(scratch)
    return scratch / "china.jpg"
