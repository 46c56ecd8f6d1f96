"""What `imagesieve flower` tells Flower, as Flower understands it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
from shared.cli import start
start._become = lambda command: None
start.flower()
from flower.command import apply_env_options
from flower.options import options
apply_env_options()
print(options.max_tasks, options.basic_auth)
"""


@pytest.mark.parametrize(("said", "tasks"), [({}, 2000), ({"FLOWER_MAX_TASKS": "50"}, 50)])
def test_it_remembers_no_more_tasks_than_it_has_room_for(said: dict[str, str], tasks: int) -> None:
    environment = {**os.environ, "IMAGESIEVE_FLOWER_AUTH": "me:secret", **said}
    command = [sys.executable, "-c", CODE]
    out = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert out == f"{tasks} ['me:secret']\n"
