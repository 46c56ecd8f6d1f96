"""What `imagesieve flower` tells Flower, as Flower understands it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
from shared.cli import start
start._become = lambda *_: None
start.flower()
from flower.command import apply_env_options, apply_options
from flower.options import options
apply_env_options()
apply_options("flower", [])
from types import SimpleNamespace
task = SimpleNamespace(name="imagesieve.judge", args="1 file: a.png", result="{'verdicts': 32, 'duplicates': 3}")
print(options.max_tasks, options.basic_auth, options.tasks_columns, options.format_task(task).result)
"""


@pytest.mark.parametrize(("said", "tasks"), [({}, 2000), ({"FLOWER_MAX_TASKS": "50"}, 50)])
def test_it_remembers_what_it_has_room_for_and_says_what_tasks_did(said: dict[str, str], tasks: int) -> None:
    environment = {**os.environ, "IMAGESIEVE_FLOWER_AUTH": "me:secret", **said}
    command = [sys.executable, "-c", CODE]
    out = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    assert out == f"{tasks} ['me:secret'] name,args,result,state,received,runtime,worker 32 verdicts, 3 duplicates\n"
