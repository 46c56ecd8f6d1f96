"""`--state`, `--collection`, `--version` and `-h`: on each command."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from shared.cli.__main__ import app
from shared.state_folder import open_state_folder
from shared.version import own_version

WITHOUT = {"demo"}  # its state is in the folder that it makes


def commands() -> dict[str, list[str]]:
    """The words of each command, and the options that it takes."""
    found: dict[str, list[str]] = {}
    todo = [((), get_command(app))]
    while todo:
        words, command = todo.pop()
        within = getattr(command, "commands", {})
        todo += [((*words, name), one) for name, one in within.items()]
        if not within:
            found[" ".join(words)] = [option for one in command.params for option in one.opts]
    return found


def test_every_command_takes_the_state_folder_and_the_collection() -> None:
    found = commands()
    assert {"up", "status", "duplicates apply", "duplicates decide", "backlog pause", "alive"} <= set(found)
    lacking = {words for words, options in found.items() if not {"--state", "--collection"} <= set(options)}
    assert lacking == WITHOUT


def test_help_is_short_and_long_everywhere() -> None:
    for words in ([], ["status"], ["duplicates"], ["duplicates", "apply"]):
        short, long = (CliRunner().invoke(app, [*words, option]) for option in ("-h", "--help"))
        assert short.exit_code == 0
        assert short.output == long.output
        assert "Usage:" in short.output


def test_the_version_is_said() -> None:
    said = CliRunner().invoke(app, ["--version"])
    assert (said.exit_code, said.output) == (0, f"imagesieve {own_version()}\n")


@pytest.fixture
def base() -> Iterator[Path]:
    """Two folders with collections; pytest's own folders are too deep for the paths of sockets."""
    folder = Path(os.path.realpath(tempfile.mkdtemp(prefix="sieve")))
    for name in ("Pictures", "archive"):
        state = folder / "xdg" / "imagesieve" / "collections" / name
        open_state_folder(state)
        (folder / name / "2024").mkdir(parents=True)
        (state / "watched").write_text(str(folder / name))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def environment(base: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IMAGESIEVE_")}
    return {**kept, "XDG_STATE_HOME": str(base / "xdg"), "PYTHONPATH": os.pathsep.join(sys.path)}


def ask(environment: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "shared.cli", *words]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def test_a_command_is_of_the_collection_that_is_named_or_of_the_folder(environment: dict[str, str], base: Path) -> None:
    """Each says in which folder it looked for its report."""
    named = {**environment, "imagesieve_state_dir": str(base / "Named")}  # an option goes before it, all the same
    states = base / "xdg" / "imagesieve" / "collections"
    for where, folder, options, state in (
        (environment, "archive/2024", (), states / "archive"),
        (environment, ".", ("--collection", "archive"), states / "archive"),
        (environment, "archive", ("--collection", "Pictures"), states / "Pictures"),
        (environment, ".", ("--state", "own"), base / "own"),
        (named, "archive", (), base / "Named"),
        (named, "archive", ("--state", str(base / "own")), base / "own"),
    ):
        ended = ask(where, base / folder, "report", *options)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert f"there is no report in {state}/reports yet" in ended.stderr


def test_what_is_not_running_is_named_by_the_option(environment: dict[str, str], base: Path) -> None:
    ended = ask(environment, base, "status", "--collection", "archive")
    assert ended.returncode == 1
    assert f"nothing runs with the state folder {base}/xdg/imagesieve/collections/archive;" in ended.stderr


def test_which_one_is_asked_where_it_may_be_any(environment: dict[str, str], base: Path) -> None:
    for words, said in (
        (("status",), "there are several collections"),
        (("status", "--collection", "nobody"), "there is no collection 'nobody'"),
        (("status", "--collection", "archive", "--state", "x"), "--state and --collection both name a state folder"),
        (("up", "archive", "--collection", "a/b"), "a collection cannot be called 'a/b'"),
        (("up", "archive", "--collection", "Pictures"), "belongs to the watched folder"),
    ):
        ended = ask(environment, base, *words)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert said in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


def test_a_new_start_tells_of_a_collection_whose_folder_is_gone(environment: dict[str, str], base: Path) -> None:
    (base / "Pictures").rename(base / "Photos")
    ended = ask({**environment, "PATH": "/nowhere", "IMAGESIEVE_WEIGHTS": "none"}, base, "up", "Photos")
    assert "IMAGESIEVE_WEIGHTS is 'none'" in ended.stderr
    ended = ask({**environment, "IMAGESIEVE_ON_DUPLICATE": "move"}, base, "up", "Photos")
    warning, refusal = ended.stderr.splitlines()
    assert warning.endswith("if Photos is that folder under a new name, stop, and start with --collection Pictures")
    assert "there is no folder to move to" in refusal
