"""`python -m tests.acting --examples 5000`: the property of tests/integration/test_acting.py, for as long as wanted."""

import argparse
import random
import tempfile
import time
from pathlib import Path

from tests.acting.places import make_mounts_possible
from tests.acting.scenario import IN_MEMORY, Scenario


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.acting")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first example; the others follow")
    words = parser.parse_args()
    mounts = make_mounts_possible()
    started, kills, acted = time.monotonic(), 0, 0
    for seed in range(words.seed, words.seed + words.examples):
        with tempfile.TemporaryDirectory(prefix="sieve", dir=IN_MEMORY, ignore_cleanup_errors=True) as base:
            scenario = Scenario(Path(base), random.Random(seed), mounts)
            try:
                scenario.run()
            except BaseException:
                print(f"example {seed} failed: {'; '.join(scenario.history)}")
                raise
            kills += scenario.kills
            acted += scenario.acted
    seconds = time.monotonic() - started
    where = "real mounts among them" if mounts else "no mounts, which this user may not make"
    print(f"{words.examples} examples ({where}), {acted} steps, {kills} kills, {seconds:.0f} s: no content was lost")


if __name__ == "__main__":
    main()
