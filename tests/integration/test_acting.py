"""Whatever is done to duplicates, and wherever it is cut off: nothing is lost, and all that is said is true.

`python -m tests.acting --examples 5000 --seed 1` goes on for longer, and with other examples.
"""

import subprocess
import sys
from pathlib import Path

EXAMPLES = 250


def test_no_content_is_ever_lost_and_what_is_said_is_true() -> None:
    """In a process of its own, which has mounts of its own and forks."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.acting", "--examples", str(EXAMPLES)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{EXAMPLES} examples" in ended.stdout
