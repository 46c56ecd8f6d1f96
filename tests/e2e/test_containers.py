"""docs/containers.md as it stands, with a real Docker engine: what was moved comes back, whatever is lost meanwhile."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from shared.cli.demo import make_demo_folder

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "containers.md").read_text()
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BUILD = 1800.0  # the first build installs TensorFlow
PATIENCE = 600.0  # for anything else; a machine may be busy with more than this
SOURCES = ("docker-compose.yml", "Dockerfile", ".dockerignore", "LICENSE", "README.md", "pyproject.toml",
           "requirements", "shared", "watcher", "worker", "monitoring")  # fmt: skip
USER, ANOTHER = 1000, 1001  # whose the folders are, by the page; and the number that they are given to later
# What no log of a start that went well holds; the last three are of Celery's banners.
NOISE = re.compile(r"cuInit|faiss|Traceback|ERROR|LocalTime|\[tasks\]|Registered tasks")


def answers(*command: str) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0


class Machine:
    """A user's shell in a checkout, with a home of its own; the checkout's name is the project's, as on the page."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = home.name.replace("_", "0")  # two of them in a row would be no name for an image
        self.checkout = home / self.project
        self.images: set[str] = set()
        self.compose = "docker compose" if answers("docker", "compose", "version") else "docker-compose"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("IMAGESIEVE_", "COMPOSE_"))}
        self.environment = {
            **clean,
            "HOME": str(home),
            "DOCKER_CONFIG": os.environ.get("DOCKER_CONFIG", str(Path.home() / ".docker")),  # Compose may lie in it
            "IMAGESIEVE_WEIGHTS": "random",
            "IMAGESIEVE_FLOWER_PORT": "0",
            "IMAGESIEVE_WEB_PORT": "0",
            "IMAGESIEVE_RECLUSTER_EVERY": "86400",  # a report that is there within the day did not wait for that
        }

    def run(self, text: str, seconds: float = PATIENCE, status: int = 0) -> str:
        """What a shell prints that runs `text`, standard error included; it has to end with `status`, and in time."""
        own = text.replace("docker compose", self.compose).replace("imagesieve_", f"{self.project}_")
        with subprocess.Popen(
            ["bash", "-eo", "pipefail", "-c", own], cwd=self.checkout, env=self.environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ) as shell:  # fmt: skip
            try:
                said, _ = shell.communicate(timeout=seconds)
            finally:
                if shell.poll() is None:
                    os.killpg(shell.pid, signal.SIGKILL)  # the shell's children, too: they have its pipe
        assert shell.returncode == status, f"{text}\n{said}"
        return said

    def recipe(self, part: str, seconds: float = PATIENCE) -> str:
        """Run the one example of the page that holds `part`."""
        [text] = [text for text in SHELL.findall(PAGE) if part in text]
        self.images |= self.named()  # of those that are built anew the name is lost
        return self.run(text.replace("$(id -u)", str(ANOTHER)), seconds)

    def act(self, words: str, status: int = 0) -> str:
        return self.run(f"docker compose run --rm -T act imagesieve duplicates {words}", status=status)

    def page(self, place: str, method: str = "GET", **headers: str) -> str:
        """What the page answers, to a browser on this machine that knows the password."""
        address = self.run("docker compose port web 5558").strip()
        [auth] = re.findall(r"^IMAGESIEVE_FLOWER_AUTH=(.*)$", (self.checkout / ".env").read_text(), re.MULTILINE)
        asked = Request(f"http://{address}{place}", method=method, headers=headers)
        asked.add_header("Authorization", f"Basic {b64encode(auth.encode()).decode()}")
        with urlopen(asked, timeout=60) as answer:
            said: str = answer.read().decode()
        return said

    def wait_for_page(self) -> None:
        """Until Docker calls it healthy."""
        deadline = time.monotonic() + PATIENCE
        wanted = "docker inspect --format '{{.State.Health.Status}}' $(docker compose ps --quiet web)"
        while self.run(wanted).strip() != "healthy":
            assert time.monotonic() < deadline, self.run("docker compose logs --tail=20 web")
            time.sleep(2)

    def own(self, user: int) -> None:
        """Give the pictures to that user, as root of a container, which the one who runs this test need not be."""
        self.run(f"docker run --rm --user root --volume ~/Pictures:/p redis:7-bookworm chown -R {user} /p")

    def wait_for_report(self) -> None:
        """Until there is one."""
        deadline = time.monotonic() + PATIENCE
        wanted = "docker compose exec -T recluster test -e /state/reports/latest/report.html && echo yes || echo no"
        while not self.run(wanted).endswith("yes\n"):
            assert time.monotonic() < deadline, self.run("docker compose logs --tail=20")
            time.sleep(2)

    def named(self) -> set[str]:
        """The images of this project, by number."""
        return set(self.run(f"docker image ls --quiet --no-trunc --filter reference='{self.project}*'").split())

    def nameless(self) -> set[str]:
        """The images that were of this project, and nobody's since."""
        return self.images & set(self.run("docker image ls --quiet --no-trunc --filter dangling=true").split())

    def left(self) -> list[str]:
        """What Docker still has of this project."""
        kinds = ("container ls --all", "volume ls", "network ls", "image ls")
        every = [self.run(f"docker {kind} --format '{{{{json .}}}}'").splitlines() for kind in kinds]
        return [line for lines in every for line in lines if self.project in line] + sorted(self.nameless())

    def clear(self) -> None:
        """Forget the project, and everything that was made for it."""
        self.images |= self.named()
        self.run("docker compose --profile act --profile move down --volumes --rmi local --remove-orphans --timeout 20")
        self.run(f"docker volume ls --quiet --filter name={self.project} | xargs --no-run-if-empty docker volume rm")
        for image in self.nameless():
            self.run(f"docker image rm {image}")
        self.own(os.getuid())
        assert self.left() == []


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def machine() -> Iterator[Machine]:
    if not answers("docker", "info"):
        pytest.skip("no Docker engine answers here")
    if not answers("docker", "compose", "version") and not shutil.which("docker-compose"):
        pytest.skip("there is no Docker Compose here")
    home = Path(tempfile.mkdtemp(prefix="imagesieve-test-"))
    machine = Machine(home)
    machine.checkout.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, machine.checkout / name)
    make_demo_folder(home / "Pictures" / "incoming")
    shutil.rmtree(home / "Pictures" / "incoming" / "edited")  # a third of the work, and nothing here acts on them
    (home / "Pictures" / "duplicates").mkdir()
    try:
        machine.own(USER)
        yield machine
    finally:
        try:
            machine.clear()
        finally:
            shutil.rmtree(home)


@pytest.mark.timeout(3600)
def test_the_page_loses_nothing(machine: Machine) -> None:
    """Start, act, save, lose every volume and what was moved, and bring all of it back."""
    watched, moved = machine.home / "Pictures" / "incoming", machine.home / "Pictures" / "duplicates"
    before = files(watched)
    machine.recipe("cat > .env", BUILD)
    machine.wait_for_report()
    logs = machine.run("docker compose logs --no-color")
    assert not NOISE.search(logs), logs

    # What goes with a container, or may not be written, is no target, and the refusal says why.
    for vanishing, kind in (("/tmp/x", "tmpfs"), ("/opt/x", "overlay")):
        said = machine.act(f"apply --action move --to {vanishing} --yes", status=2)
        assert f"{vanishing} cannot be moved to: it lies on {kind}" in said
    machine.own(ANOTHER)
    said = machine.act("apply --action move --yes", status=1)
    assert f"for user number {USER}; in containers set IMAGESIEVE_UID" in said
    machine.own(USER)
    assert files(watched) == before

    # The page decides, on loopback alone; it can move nothing, and what it wrote outlives its container.
    machine.wait_for_page()
    assert machine.run("docker compose port web 5558").startswith("127.0.0.1:")
    seen = machine.page("/bulk?kind=exact")
    [headers], [place] = re.findall(r"hx-headers='(.*?)'", seen), re.findall(r'hx-post="(/bulk.*?)"', seen)
    machine.page(unescape(place), "POST", **json.loads(headers))
    machine.run("docker compose up --detach --force-recreate --no-deps web")
    machine.wait_for_page()
    decided = json.loads(
        machine.run("docker compose run --rm -T --no-deps act imagesieve duplicates decide --list --json 2>/dev/null")
    )
    assert decided
    assert "mounted read-only where this page runs" in machine.page("/actions")
    assert files(watched) == before

    machine.act("apply --action move --yes")
    assert files(moved)
    assert files(watched) | files(moved) == before
    assert files(watched) != before

    machine.recipe("tar -c")
    machine.run("docker compose down --volumes")
    gone = files(moved)
    assert files(watched) | gone == before
    shutil.rmtree(moved)
    moved.mkdir()
    machine.own(USER)
    machine.recipe("tar -x")
    assert files(moved) == gone
    machine.act("restore --all")
    assert files(watched) == before
    assert files(moved) == {}

    # An earlier version's volume, another user's number, and the end.
    machine.act("apply --action move --yes")
    assert files(moved) == gone
    machine.run("docker run --rm --user root -v imagesieve_moved:/to -v ~/Pictures/duplicates:/from redis:7-bookworm "
                "sh -c 'cp -a /from/. /to/ && rm -r /from/*'")  # fmt: skip
    assert files(moved) == {}
    machine.recipe("imagesieve_moved:/before")
    assert files(moved) == gone
    machine.own(ANOTHER)
    machine.run(f"echo IMAGESIEVE_UID={ANOTHER} >> .env")
    machine.recipe("chown -R", BUILD)
    machine.recipe("restore --all")
    assert files(watched) == before
