"""docs/containers.md and docker-compose.yml together: what was moved, and the way back, outlive every command there."""

import re
from pathlib import Path

from tests.unit.test_compose import ACTING, COMPOSE, block

ROOT = Path(__file__).parents[2]
PAGES = {name: (ROOT / "docs" / name).read_text() for name in ("containers.md", "acting.md", "monitoring.md")}
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEPT = {"redis": "/data", "recluster": "/state", "act": "/moved"}  # who sees what cannot, or need not, be made again


def blocks() -> list[str]:
    return [text for page in PAGES.values() for text in SHELL.findall(page) if "docker compose" in text]


def test_what_was_moved_lies_in_a_folder_of_the_host_and_in_no_volume() -> None:
    assert "    - moved" not in block("volumes")
    assert not re.search(r"^  moved:", block("volumes"), re.MULTILINE)
    source = re.search(r"^  source: (.*)$", block("x-moved"), re.MULTILINE)
    assert source
    assert source[1] == "${MOVED:-./moved}"
    assert re.findall(r"^.*/moved$", COMPOSE, re.MULTILINE) == ["  target: /moved", "      IMAGESIEVE_MOVE_TO: /moved"]
    for name in ACTING:
        assert re.search(r"^    volumes: \[.*\*moved\]$", block(name, indent=2), re.MULTILINE)


def test_no_command_forgets_the_journals_before_all_is_brought_back() -> None:
    forgetting = [text for text in blocks() if re.search(r"--volumes|volume (rm|prune)", text)]
    assert forgetting
    for text in forgetting:
        assert text.index("duplicates restore --all") < text.index("--volumes")
    for page in PAGES.values():
        prose = SHELL.sub("", page)
        assert not re.search(r"down --volumes|remov\w+ the volume", prose)


def test_the_backup_holds_all_that_cannot_be_made_again_and_goes_back_where_it_was() -> None:
    [backup] = [text for text in blocks() if "tar -c" in text]
    [back] = [text for text in blocks() if "tar -x" in text]
    saved = re.findall(r"--no-deps (\w+) tar -c -C (\S+) \. > (\S+)", backup)
    assert {service: folder for service, folder, _ in saved} == KEPT
    assert re.findall(r"--no-deps (\w+) tar -x -C (\S+) .*?< (\S+)", back) == saved
    assert backup.index("docker compose stop") < backup.index("tar")


def test_what_is_built_anew_is_built_anew_also_for_those_that_act() -> None:
    """`up --build` builds only what it starts, and `run` takes the image that is there."""
    anew = [text for text in blocks() if re.search(r"^(git pull|docker run .* chown)", text, re.MULTILINE)]
    assert len(anew) == 2
    for text in anew:
        assert "docker compose --profile act --profile move build\n" in text
