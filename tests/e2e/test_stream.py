"""`imagesieve up`: files come, move and go while it runs."""

import base64
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import urllib.error
import urllib.request

import pytest

from shared.cli.demo import make_demo_folder
from tests.e2e.conftest import Imagesieve, wait_until


class Terminal:
    """Collects what a process says on standard error while it runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.lines: list[str] = []
        self._process = process
        assert process.stderr
        own = os.dup(process.stderr.fileno())  # communicate() closes the process's, even while a line is read
        threading.Thread(target=self._read, args=(own,), daemon=True).start()

    def _read(self, descriptor: int) -> None:
        with open(descriptor, encoding="utf-8") as stream:
            self.lines.extend(stream)

    def said(self, word: str) -> bool:
        if self._process.poll() is not None:
            raise AssertionError(f"imagesieve ended: {''.join(self.lines)}")
        return any(word in line for line in list(self.lines))


def test_drop_move_delete_report_flower_stop(sieve: Imagesieve) -> None:
    photos = sieve.base / "photos"
    make_demo_folder(photos)
    shutil.copyfile(photos / "china.jpg", sieve.watched / "before.jpg")
    process = sieve.start("up", str(sieve.watched), web="decide")
    terminal = Terminal(process)
    wait_until(lambda: terminal.said("Ctrl-C stops"), "up has started everything")
    wait_until(lambda: assigned(sieve).keys() == {"before.jpg"}, "the file that was there is in the report")

    shutil.copyfile(photos / "china.jpg", sieve.watched / "copy.jpg")
    shutil.copyfile(photos / "flower.jpg", sieve.watched / "flower.jpg")
    (sieve.watched / "page.jpg").write_text("no picture")
    wait_until(lambda: assigned(sieve).keys() == {"before.jpg", "copy.jpg", "flower.jpg"}, "dropped files are in")
    assert assigned(sieve)["copy.jpg"]["digest"] == assigned(sieve)["before.jpg"]["digest"]
    status = json.loads(sieve.run("status", "--json").stdout)
    assert status["images"] == {"total": 4, "ready": 3, "pending": 0, "failed": 1}
    assert status["computed"] == 2
    working = [name.split("@")[0] for name in status["workers"]]
    assert [name for name in working if name != "proposals"] == ["features", "recluster", "verdicts"]
    assert status["failures"][0]["files"] == 1

    verdicts = {event["path"]: event for event in lines(sieve.run("events", "--json").stdout)}
    given = {path: (event["verdict"], event["duplicate_of"]) for path, event in verdicts.items()}
    assert given == {
        "before.jpg": ("unique", ""),
        "copy.jpg": ("exact", "before.jpg"),
        "flower.jpg": ("unique", ""),
        "page.jpg": ("failed", ""),
    }
    edited = photos / "edited" / "china, half size.jpg"
    sieve.leave_open("weights", "watch_dir")  # the collection says both
    nowhere = sieve.base / "nowhere.jpg"
    checked = sieve.run("check", str(edited), str(nowhere), "--json")
    [near, failed] = lines(checked.stdout)
    assert (near["verdict"], near["duplicate_of"]) == ("near", "before.jpg")
    assert "half size" in near["reason"]
    assert failed["verdict"] == "failed"
    assert (checked.returncode, checked.stderr.splitlines()) == (
        1,
        ["imagesieve: loading the network", f"imagesieve: {nowhere} cannot be read: No such file or directory"],
    )
    (sieve.base / "same bytes.jpg").write_bytes((sieve.watched / "copy.jpg").read_bytes())
    held = lines(sieve.run("check", str(sieve.base / "same bytes.jpg"), "--json").stdout)[0]
    assert (held["verdict"], held["duplicate_of"]) == ("exact", "before.jpg")
    large = sieve.run("check", str(edited), max_bytes="1000")
    assert "IMAGESIEVE_MAX_BYTES" in large.stderr
    copy = sieve.run("check", str(photos / "china.jpg"), str(sieve.watched / "page.jpg"))
    assert (copy.returncode, copy.stderr) == (0, "")  # the same bytes need no network
    assert json.loads(sieve.run("status", "--json").stdout)["images"]["total"] == 4  # it was not added

    (sieve.watched / "sub").mkdir()
    (sieve.watched / "flower.jpg").rename(sieve.watched / "sub" / "rose.jpg")
    (sieve.watched / "before.jpg").unlink()
    (sieve.watched / "page.jpg").write_bytes((photos / "coffee.png").read_bytes())  # its bytes change: tried again
    wait_until(lambda: assigned(sieve).keys() == {"copy.jpg", "sub/rose.jpg", "page.jpg"}, "moved, deleted, mended")
    assert json.loads(sieve.run("status", "--json").stdout)["computed"] == 3  # a moved file keeps its features
    alone = {"copy.jpg": "unique", "sub/rose.jpg": "unique", "page.jpg": "unique"}  # the copy stays for its original
    wait_until(lambda: sieve.verdicts().items() >= alone.items(), "verdicts of moved, left and mended files")
    (sieve.watched / "page.jpg").write_bytes(edited.read_bytes())  # replaced by another picture
    wait_until(lambda: sieve.verdicts()["page.jpg"] == "near", "the verdict of a replaced file")

    check_flower(sieve, "".join(terminal.lines))
    check_page(sieve, "".join(terminal.lines))
    other = sieve.run("up", str(sieve.watched))
    assert other.returncode == 1
    assert "in use by another imagesieve" in other.stderr
    text = sieve.run("report")
    assert text.returncode == 0
    assert "report.html" in text.stdout
    assert sieve.run("recluster", "--wait", "--force").returncode == 0

    sieve.stop(process, signal.SIGINT)
    assert process.returncode == 0
    assert sieve.processes() == []


def lines(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]


def assigned(sieve: Imagesieve) -> dict[str, dict[str, str]]:
    try:
        with (sieve.latest / "assignments.csv").open(newline="") as lines:
            return {row["path"]: row for row in csv.DictReader(lines)}
    except FileNotFoundError:
        return {}


def check_flower(sieve: Imagesieve, said: str) -> None:
    found = re.search(r"Flower: (http://127\.0\.0\.1:\d+)", said)
    assert found
    url = found[1]
    wait_until(lambda: answers(url + "/healthcheck"), "Flower answers")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(url + "/workers", timeout=10)
    word = base64.b64encode((sieve.state / "flower.auth").read_bytes()).decode()
    request = urllib.request.Request(url + "/workers", headers={"Authorization": f"Basic {word}"})
    page = urllib.request.urlopen(request, timeout=20).read().decode()
    assert "features@" in page
    assert "recluster@" in page
    metrics = urllib.request.urlopen(url + "/metrics", timeout=20).read().decode()
    assert "flower_events_total" in metrics


def check_page(sieve: Imagesieve, said: str) -> None:
    found = re.search(r"page: (http://127\.0\.0\.1:\d+)", said)
    assert found
    url = found[1]
    wait_until(lambda: answers(url + "/healthcheck"), "the page answers")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(url, timeout=10)
    word = base64.b64encode((sieve.state / "flower.auth").read_bytes()).decode()

    def read(place: str) -> bytes:
        request = urllib.request.Request(url + place, headers={"Authorization": f"Basic {word}"})
        return urllib.request.urlopen(request, timeout=20).read()

    assert b"Last verdicts" in read("/")
    image = read("/image?path=copy.jpg").decode()
    preview = re.search(r"/preview/1600/[^\"]+", image)
    assert preview
    assert read(preview[0])[8:12] == b"WEBP"


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5)
    except OSError:
        return False
    return True
