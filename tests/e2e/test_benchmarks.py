"""Each benchmark still runs: its smallest sizes, as a command, and what its tables say of them.

Those that take more than some ten seconds of processor time run with BENCHMARKS=all alone (`make quick`). The ones of
benchmarks.describing and benchmarks.gpu have tests of their own.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.__main__ import SUITE
from benchmarks.pictures import make_pictures
from tests.e2e.quick_tables import CHECKS

ROOT = Path(__file__).parents[2]
ELSEWHERE = {"describing", "gpu"}
NONE = {"__main__", "stubbed"}  # commands that measure nothing themselves
DEAR = {"check", "extract", "lanes", "million", "soak"}  # the network thrice; whole stacks; long streams
FOLDERS = {"keypoints": "photos", "matching": "photos", "quality": "photos", "scenes": "photos", "semantics": "colours"}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of photos, and one of three colours, which the names say."""
    folder = tmp_path_factory.mktemp("pictures")
    make_pictures(folder / "photos", 3, (320, 240))
    (folder / "colours").mkdir()
    chance = np.random.default_rng(0)
    for name, colour in (("red", (200, 40, 40)), ("green", (40, 200, 40)), ("blue", (40, 40, 200))):
        for copy in range(8):
            pixels = np.clip(chance.normal(colour, 25, (96, 96, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "colours" / f"{name}-{copy}.png")
    return folder


@pytest.mark.parametrize("name", CHECKS)
def test_a_quick_run_prints_its_tables(name: str, pictures: Path) -> None:
    if name in DEAR and os.environ.get("BENCHMARKS") != "all":
        pytest.skip("more than ten seconds of processor time: BENCHMARKS=all runs it")
    folder = [str(pictures / FOLDERS[name])] if name in FOLDERS else []
    command = [sys.executable, "-m", f"benchmarks.{name}", *folder, "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=280)
    assert done.returncode == 0, done.stderr[-4000:]
    CHECKS[name](done.stdout)


def test_no_benchmark_is_left_out() -> None:
    commands = {
        path.stem for path in (ROOT / "benchmarks").glob("*.py") if 'if __name__ == "__main__"' in path.read_text()
    }
    assert commands - NONE == CHECKS.keys() | ELSEWHERE
    assert {words[0].removeprefix("benchmarks.") for _, words in SUITE.values()} <= commands
