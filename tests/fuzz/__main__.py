"""`python -m tests.fuzz [--examples N] [--seed N] [--keep FOLDER]`: decode mutated files; status 1 if one must not be.

Looks for crashes, hangs, errors other than a refusal with a reason, and memory beyond the limits of tests/fuzz/decoder.
"""

import argparse
import hashlib
import secrets
import sys
import time
from pathlib import Path

from tests.fuzz.run import Tally, fuzz


def main() -> int:
    """Run, report, and keep what was found."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__, allow_abbrev=False)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), help="folder for files that must not be")
    given = parser.parse_args()
    started = printed = time.monotonic()
    kept: list[Path] = []

    def progress(tally: Tally) -> None:
        nonlocal printed
        while len(kept) < len(tally.bad):  # at once: a run may be ended
            kind = list(tally.bad)[len(kept)]
            data, look = tally.bad[kind]
            given.keep.mkdir(exist_ok=True)
            kept.append(given.keep / hashlib.sha256(data).hexdigest()[:16])
            kept[-1].write_bytes(data)
            print(f"{kind}\nkept as {kept[-1]}\n{look.detail}\n", flush=True)
        if time.monotonic() - printed > 30:
            printed = time.monotonic()
            print(f"{printed - started:.0f} s: {tally}", file=sys.stderr, flush=True)

    tally = fuzz(given.examples, given.seed, progress)
    print(f"{given.examples} files, seed {given.seed}, {time.monotonic() - started:.0f} s: {tally}")
    never = sorted(name for name, count in tally.read.items() if not count)
    print(f"read at least once: {len(tally.read) - len(never)} of {len(tally.read)} kinds of file; never: {never}")
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
