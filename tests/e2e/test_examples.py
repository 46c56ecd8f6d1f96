"""Every example of the README and of docs/ runs as it stands, in the order in which a new user meets them.

Above each block of shell commands stands, unseen by the reader, what becomes of it here: `<!-- example: run -->`,
`<!-- example: background until "words" -->` or `<!-- example: not run: why -->`.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.cli.demo import make_demo_folder

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(
    r"^(?:<!-- example: (?P<mode>[^\n]*) -->\n)?```(?:sh|bash|console|shell)\n(?P<text>.*?)^```$", re.M | re.S
)
LINK = re.compile(r"^\| \[.*?\]\((docs/[\w-]+\.md)\)", re.M)
BACKGROUND = re.compile(r'background until "(.+)"')
PATIENCE = 120.0
PICTURES = ("china", "coffee", "astronaut")  # words in the names of those that the examples are run on


@dataclass(frozen=True)
class Example:
    page: str
    text: str
    mode: str


def pages() -> list[Path]:
    """The README, the pages it leads through in its order, and whatever else there is."""
    readme = ROOT / "README.md"
    named = [ROOT / link for link in LINK.findall(readme.read_text())]
    return list(dict.fromkeys([readme, *named, *sorted((ROOT / "docs").glob("*.md"))]))


def examples() -> list[Example]:
    return [
        Example(page.name, found["text"], found["mode"] or "")
        for page in pages()
        for found in BLOCK.finditer(page.read_text())
    ]


class Session:
    """One bash, as a user has it open, with a home of its own."""

    def __init__(self, home: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("IMAGESIEVE_", "XDG_"))}
        environment = {**clean, "HOME": str(home), "IMAGESIEVE_WEIGHTS": "random", "COLUMNS": "120"}
        # Where `uv tool install` puts the command, as far as a shell is concerned.
        environment["PATH"] = f"{Path(sys.prefix) / 'bin'}:{environment['PATH']}"
        self._home = home
        self._background: list[subprocess.Popen[bytes]] = []
        self._shell = subprocess.Popen(
            ["bash", "--norc", "-eo", "pipefail"],
            cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip
        self._environment = environment

    def run(self, example: Example) -> str:
        """What the block printed. Fails where one of its commands does."""
        assert self._shell.stdin
        assert self._shell.stdout
        script = self._home / "example.sh"
        script.write_text(example.text)
        self._shell.stdin.write(f"source {script} < /dev/null; echo; echo done: {script}\n")
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line == f"done: {script}\n":
                return "".join(lines)
            lines.append(line)
        pytest.fail(f"{example.page}: this example failed:\n{example.text}\n{''.join(lines)}")

    def begin(self, example: Example, words: str) -> None:
        """Start what does not end by itself; return when it has said these words."""
        log = self._home / f"background{len(self._background)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-ec", example.text],
                cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        self._background.append(process)
        deadline = time.monotonic() + PATIENCE
        while words not in log.read_text():
            assert process.poll() is None, f"{example.page}: it ended: {log.read_text()}"
            assert time.monotonic() < deadline, f"{example.page}: it did not say {words!r}: {log.read_text()}"
            time.sleep(0.2)

    def end(self) -> list[str]:
        """Ctrl-C for what runs; all that each has said."""
        for process in self._background:
            os.killpg(process.pid, signal.SIGINT)
        self._shell.communicate("exit\n", timeout=PATIENCE)
        for process in self._background:
            process.wait(PATIENCE)
        return [log.read_text() for log in sorted(self._home.glob("background*.log"))]


@pytest.fixture
def home() -> Iterator[Path]:
    # pytest's own folders are too deep for a socket's path.
    folder = Path(tempfile.mkdtemp(prefix="sieve"))
    for name in ("incoming", "archive"):  # the examples on a few pictures; `imagesieve demo` works through all of them
        for file in make_demo_folder(folder / "Pictures" / name):
            if not any(word in file.name for word in PICTURES):
                file.unlink()
    yield folder
    shutil.rmtree(folder)


def test_of_every_example_it_is_said_whether_it_runs() -> None:
    mode = re.compile(r'run|background until ".+"|not run: .+')
    assert [example for example in examples() if not mode.fullmatch(example.mode)] == []


@pytest.mark.timeout(900)
def test_the_examples_run_as_they_stand(home: Path) -> None:
    if Path(sys.prefix) != ROOT / ".venv":
        # What `make setup` makes is what the examples are of.
        assert "CI" not in os.environ, "the tests of continuous integration run in .venv"
        pytest.skip("the examples need the environment that `make setup` makes, and the tests to run in it")
    session, ran = Session(home), 0
    try:
        for example in examples():
            background = BACKGROUND.fullmatch(example.mode)
            if background:
                session.begin(example, background[1])
            elif example.mode == "run":
                session.run(example)
            else:
                continue
            ran += 1
    finally:
        said = session.end()
    assert ran >= 10
    assert said
    assert all("imagesieve: stopped\n" in log for log in said), said
