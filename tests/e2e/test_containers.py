"""docs/containers.md as it stands, with a real Docker engine: what was moved comes back, whatever is lost meanwhile."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.demo import make_demo_folder

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "containers.md").read_text()
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 1800.0  # the first build installs TensorFlow
SOURCES = ("docker-compose.yml", "Dockerfile", ".dockerignore", "LICENSE", "README.md", "pyproject.toml",
           "requirements", "shared", "watcher", "worker", "monitoring")  # fmt: skip


def answers(*command: str) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0


class Machine:
    """A user's shell in a checkout called imagesieve, with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.checkout = home / "imagesieve"
        self.compose = "docker compose" if answers("docker", "compose", "version") else "docker-compose"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("IMAGESIEVE_", "COMPOSE_"))}
        self.environment = {**clean, "HOME": str(home), "IMAGESIEVE_WEIGHTS": "random", "IMAGESIEVE_FLOWER_PORT": "0"}

    def run(self, text: str) -> str:
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", text.replace("docker compose", self.compose)],
            cwd=self.checkout, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def recipe(self, part: str) -> str:
        """Run the one example of the page that holds `part`."""
        [text] = [text for text in SHELL.findall(PAGE) if part in text]
        return self.run(text)

    def act(self, words: str) -> str:
        return self.run(f"docker compose run --rm -T act imagesieve duplicates {words}")

    def wait(self, command: str, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while not answers("bash", "-c", f"cd {self.checkout} && {self.compose} {command}"):
            assert time.monotonic() < deadline, self.run("docker compose logs --tail=20")
            time.sleep(2)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def machine() -> Iterator[Machine]:
    if not answers("docker", "info"):
        pytest.skip("no Docker engine answers here")
    home = Path(tempfile.mkdtemp(prefix="sieve"))
    machine = Machine(home)
    machine.checkout.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, machine.checkout / name)
    make_demo_folder(home / "Pictures" / "incoming")
    (home / "Pictures" / "duplicates").mkdir()
    machine.run("chown -R 1000:1000 ~/Pictures")
    try:
        yield machine
    finally:
        machine.run("docker compose --profile act down --volumes --timeout 20")
        shutil.rmtree(home)


@pytest.mark.timeout(3600)
def test_the_page_loses_nothing(machine: Machine) -> None:
    """Start, act, save, lose every volume and what was moved, and bring all of it back."""
    watched, moved = machine.home / "Pictures" / "incoming", machine.home / "Pictures" / "duplicates"
    before = files(watched)
    machine.recipe("cat > .env")
    # Well before beat's first request, IMAGESIEVE_RECLUSTER_EVERY after the start.
    machine.wait("exec -T recluster test -e /state/reports/latest/report.html", 240)

    machine.act("apply --action move --yes")
    assert files(moved)
    assert files(watched) | files(moved) == before
    assert files(watched) != before

    machine.recipe("tar -c")
    machine.run("docker compose down --volumes")
    shutil.rmtree(moved)
    moved.mkdir()
    os.chown(moved, 1000, 1000)
    machine.recipe("tar -x")
    machine.act("restore --all")
    assert files(watched) == before
    assert files(moved) == {}

    # An earlier version's volume, another user's number, and the end.
    machine.act("apply --action move --yes")
    gone = files(moved)
    machine.run("docker run --rm -v imagesieve_moved:/to -v ~/Pictures/duplicates:/from redis:7-bookworm "
                "sh -c 'cp -a /from/. /to/ && rm -r /from/*'")  # fmt: skip
    assert files(moved) == {}
    machine.recipe("imagesieve_moved:/before")
    assert files(moved) == gone
    machine.recipe("chown -R")
    machine.run("docker run --rm -v imagesieve_state:/state redis:7-bookworm chown -R 1000 /state")
    machine.recipe("restore --all")
    assert files(watched) == before
