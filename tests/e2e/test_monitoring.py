"""`imagesieve up` with metrics on, and `status --watch` in a real terminal beside it."""

import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.cli.demo import make_demo_folder
from tests.e2e.conftest import Imagesieve, wait_until
from tests.e2e.test_stream import Terminal, answers, assigned
from tests.integration.test_exposition import a_free_port, scrape
from tests.unit.test_monitoring import FLOWERS, METRICS

PATIENCE = 60.0


class Screen:
    """`imagesieve status --watch` in a pseudo-terminal of its own, as a person has it."""

    def __init__(self, sieve: Imagesieve, lines: int, columns: int) -> None:
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.modes = termios.tcgetattr(self._slave)
        self.written = ""
        # Whoever runs the tests may say how wide its own terminal is.
        environment = {name: value for name, value in sieve.environment.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shared.cli", "status", "--watch"],
            env={**environment, "TERM": "xterm-256color"},
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C reaches it
        )

    def shows(self, words: str) -> None:
        """Wait until `words` were drawn."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.written:
            assert time.monotonic() < deadline, f"{words!r} was not drawn, but {self.written[-3000:]}"
            self._read(0.2)

    def leave(self) -> int:
        """Ctrl-C; the exit status."""
        os.write(self._master, b"\x03")
        deadline = time.monotonic() + 10
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it does not leave"
            self._read(0.1)
        self._read(0.1)
        return self.process.returncode

    def modes_now(self) -> list[object]:
        return termios.tcgetattr(self._slave)

    def _read(self, seconds: float) -> None:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if ready:
            self.written += os.read(self._master, 1 << 16).decode(errors="replace")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)
        os.close(self._slave)


@contextmanager
def watching(sieve: Imagesieve, lines: int = 40, columns: int = 120) -> Iterator[Screen]:
    screen = Screen(sieve, lines, columns)
    try:
        yield screen
    finally:
        screen.close()


def test_the_numbers_are_right_in_the_terminal_for_prometheus_and_in_the_first_report(sieve: Imagesieve) -> None:
    photos = sieve.base / "photos"
    make_demo_folder(photos)
    port, flower = a_free_pair(), a_free_port()
    quiet = {"recluster_every": "3600"}  # the first report waits for no period
    process = sieve.start("up", str(sieve.watched), metrics_port=str(port), flower_port=str(flower), **quiet)
    terminal = Terminal(process)
    wait_until(lambda: terminal.said("Ctrl-C stops"), "up has started everything")
    assert terminal.said(f"metrics: http://127.0.0.1:{port}/metrics, http://127.0.0.1:{port + 1}/metrics")
    wait_until(lambda: answers(f"http://127.0.0.1:{port + 1}/metrics"), "the verdict writer's metrics, before any file")
    with watching(sieve) as screen:
        screen.shows("0, all done")
        for name in ("china.jpg", "flower.jpg"):
            shutil.copyfile(photos / name, sieve.watched / name)
        wait_until(lambda: judged(port) == 2, "the first two verdicts")
        shutil.copyfile(photos / "china.jpg", sieve.watched / "copy.jpg")
        shutil.copyfile(photos / "edited" / "china, half size.jpg", sieve.watched / "half.jpg")
        (sieve.watched / "page.jpg").write_text("<html>no picture</html>")
        (sieve.watched / ".hidden.jpg").write_text("passed over")
        wait_until(lambda: judged(port) == 5, "all verdicts")
        screen.shows("unique 2, exact 1, identical 0, near 1, failed 1")
        screen.shows("5, all done")
        screen.shows("copy.jpg")
        screen.shows("= china.jpg")
        screen.shows("half size")
        screen.shows("verdicts@")
        screen.shows("random weights")
        assert screen.leave() == 0
        assert screen.modes_now() == screen.modes
        assert screen.written.endswith("\x1b[?1049l")  # back from the page, the cursor shown
        assert "\x1b[?25h" in screen.written[-40:]
        assert "Traceback" not in screen.written

    wait_until(lambda: terminal.said("report: 2 of 4 images are duplicates"), "the first report is announced")
    assert terminal.said(f"can be freed: {(sieve.latest / 'report.html').as_uri()}")
    assert assigned(sieve).keys() == {"china.jpg", "flower.jpg", "copy.jpg", "half.jpg"}
    writer = scrape(port + 1)
    given = {v: writer[f"imagesieve_verdicts_given_total verdict={v}"] for v in ("unique", "exact", "near", "failed")}
    assert given == {"unique": 2, "exact": 1, "near": 1, "failed": 1}
    assert writer["imagesieve_verdicts_failures_total reason=no image"] == 1
    assert writer["imagesieve_verdicts_judge_seconds_count"] == 4
    assert writer["imagesieve_verdicts_wait_seconds_count"] == 4
    assert 0 < writer["imagesieve_verdicts_wait_seconds_sum"] < 4 * 30
    assert writer["imagesieve_verdicts_comparisons_total match=near"] == 1
    assert writer["imagesieve_verdicts_known_files"] == 4
    assert writer["imagesieve_verdicts_lease_held"] == 1
    watcher = scrape(port)
    assert watcher["imagesieve_watcher_files_enqueued_total"] == watcher["imagesieve_watcher_files_settled_total"] == 5
    assert watcher["imagesieve_watcher_files_ignored_total reason=name"] >= 1
    assert watcher["imagesieve_watcher_files_settling"] == 0
    assert watcher["imagesieve_watcher_scans_total"] >= 1
    assert abs(watcher["imagesieve_watcher_last_scan_timestamp_seconds"] - time.time()) < 300
    assert watcher["imagesieve_watcher_redis_failures_total"] == 0
    assert watcher["imagesieve_collection_computed_total"] == 3  # a copy and a page cost none
    assert watcher["imagesieve_collection_files state=unique"] == 2
    assert exposed(watcher) | exposed(writer) == METRICS.keys()
    assert not [series for series in (*watcher, *writer) if ".jpg" in series]
    wait_until(lambda: exposed_by_flower(flower) >= FLOWERS, "Flower's metrics are those that the page names")
    status = json.loads(sieve.run("status", "--json").stdout)
    assert status["verdicts"] == {"failed": 1, "unjudged": 0, "unique": 2, "exact": 1, "identical": 0, "near": 1}

    # The process in which the writer lives is replaced: the next one serves, and judges.
    for child in children_of_the_writer(sieve):
        os.kill(child, signal.SIGKILL)
    wait_until(lambda: uniques(port) == 0, "the next one serves")
    (sieve.watched / "copy.jpg").unlink()
    shutil.copyfile(photos / "coffee.png", sieve.watched / "coffee.png")
    wait_until(lambda: uniques(port) == 1, "the next one judges")
    wait_until(lambda: judged(port) == 5, "one file came, another one went")
    assert scrape(port)["imagesieve_watcher_files_forgotten_total"] == 1
    sieve.stop(process, signal.SIGINT)
    assert process.returncode == 0


def test_without_redis_the_terminal_says_so_and_goes_on(sieve: Imagesieve) -> None:
    with watching(sieve, lines=12, columns=50) as screen:
        screen.shows("Waiting for it")
        assert screen.process.poll() is None
        assert screen.leave() == 0
        assert screen.modes_now() == screen.modes
    with watching(sieve) as screen:
        screen.shows("Waiting for it")
        screen.process.send_signal(signal.SIGTERM)
        screen.process.wait(10)
        assert screen.process.returncode == 0
        assert screen.modes_now() == screen.modes


def test_without_a_terminal_it_says_what_to_do_instead(sieve: Imagesieve) -> None:
    ended = sieve.run("status", "--watch")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "imagesieve status --json" in ended.stderr
    began = time.monotonic()
    assert sieve.run("status").returncode == 1
    assert time.monotonic() - began < 6, "a Redis that is not there is told at once"


def a_free_pair() -> int:
    """A port that is free with the next one."""
    while True:
        port = a_free_port()
        if not answers(f"http://127.0.0.1:{port + 1}/"):
            return port


def judged(port: int) -> float:
    """Files on record that have a verdict, as the watcher tells Prometheus."""
    found = scrape_or_nothing(port)
    kinds = ("unique", "exact", "identical", "near", "failed")
    return sum(found.get(f"imagesieve_collection_files state={kind}", 0) for kind in kinds)


def uniques(port: int) -> float:
    """Verdicts that this process of the writer gave."""
    return scrape_or_nothing(port + 1).get("imagesieve_verdicts_given_total verdict=unique", -1)


def scrape_or_nothing(port: int) -> dict[str, float]:
    try:
        return scrape(port)
    except OSError:
        return {}


def exposed(series: dict[str, float]) -> set[str]:
    """Names of metrics, of ours."""
    names = {name.partition(" ")[0] for name in series if name.startswith("imagesieve_")}
    return {name if name in METRICS else name.rpartition("_")[0] for name in names}


def exposed_by_flower(port: int) -> set[str]:
    names = {series.partition(" ")[0] for series in scrape_or_nothing(port)}
    return names | {name.removesuffix("_count") for name in names}


def children_of_the_writer(sieve: Imagesieve) -> list[int]:
    """Process numbers of the spawned child of the verdict worker."""
    found = []
    for pid, words in sieve.commands().items():
        if any("spawn_main" in word for word in words):
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if b"verdicts" in Path(f"/proc/{parent}/cmdline").read_bytes():
                found.append(pid)
    assert found
    return found
