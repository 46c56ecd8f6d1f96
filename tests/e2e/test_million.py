"""benchmarks.million still runs, finds the copies it made, and says what everything held."""

import subprocess
import sys
from pathlib import Path

from benchmarks.__main__ import tables


def test_a_short_run_tells_rates_memory_recluster_and_copies() -> None:
    command = [sys.executable, "-m", "benchmarks.million", "--quick"]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[2], timeout=400
    )
    rates, memory, recluster = tables(done.stdout)
    assert [row["images"] for row in rates] == ["260", "360", "400"]
    assert min(float(row["verdicts/s"]) for row in rates) > 0
    assert [row["MiB after images"] for row in memory] == ["160", "260", "360", "400"]
    assert {"watcher", "feature worker, child", "verdict worker, child", "Redis"} <= memory[0].keys()
    assert sum(float(row["seconds"]) for row in recluster[:-1]) > 0
    assert next(iter(recluster[0])) == "the recluster run: published"
    assert "Copies made: 4; in the report 4 are near, 0 variants; missed: none." in done.stdout
    assert "False pairs: 0; false variants: 0." in done.stdout
