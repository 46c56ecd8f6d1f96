"""`python -m tests.acting --examples 5000`: the property of tests/integration/test_acting.py, for as long as wanted."""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.acting import mounts
from tests.acting.scenario import IN_MEMORY, Scenario


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.acting")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first example; the others follow")
    parser.add_argument("--go-on", action="store_true", help="after an example that failed")
    parser.add_argument("--quiet", action="store_true", help="no history of examples that failed")
    words = parser.parse_args()
    started, kills, steps = time.monotonic(), 0, 0
    failed: Counter[str] = Counter()
    for seed in range(words.seed, words.seed + words.examples):
        with tempfile.TemporaryDirectory(prefix="sieve", dir=IN_MEMORY) as base:
            scenario = Scenario(Path(base), random.Random(seed))
            try:
                scenario.run()
            except Exception as error:
                reason = str(error).replace(base, "") or repr(error)
                print(
                    f"example {seed} ({scenario.kind_of_disk} disk, mounts: {scenario.kind_of_mounts}) failed: {reason}"
                )
                failed[reason.partition(":")[0]] += 1
                if not words.quiet:
                    print("\n".join(scenario.ledger.history))
                    traceback.print_exc(file=sys.stdout)
                if not words.go_on:
                    return 1
            finally:
                scenario.close()
            kills += scenario.kills
            steps += scenario.steps
    if not mounts.available():
        print("no mounts: this process may not make any, so drives, bind mounts and overlays were left out")
    seconds = time.monotonic() - started
    print(f"{words.examples} examples, {steps} steps, {kills} kills, {seconds:.0f} s: {sum(failed.values())} failed")
    for reason, count in failed.most_common():
        print(f"{count:6} {reason}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
