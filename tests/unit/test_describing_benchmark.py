"""The benchmark of describing still runs, and its steps are those of a feature worker."""

import subprocess
import sys
from pathlib import Path

from benchmarks.__main__ import SUITE, tables


def test_it_prints_the_steps_and_the_whole() -> None:
    command = [sys.executable, "-m", *SUITE["describing"][1], "--quick"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2], timeout=120
    )
    [rows] = tables(done.stdout)
    spent = {row["step"]: float(row["1024 x 768"]) for row in rows}
    steps = [value for step, value in spent.items() if not step.startswith("of it ") and step != "all together"]
    assert min(spent.values()) >= 0
    assert len(steps) > 5
    assert min(spent["all together"], sum(steps)) > 0  # how they compare is another thing on a busy machine
