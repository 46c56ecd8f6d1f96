"""The long run, by hand: `python -m tests.chaos --images 1000 --kills 20 --seed 1`. About a quarter of an hour.

Everything that `imagesieve up` starts runs, with default settings but random weights and a recluster run every 20
seconds. Pictures are written, copied, overwritten, renamed and deleted while processes are killed, Redis too, and
connections cut. Then nobody helps; the store, the report and the folder must come to agree within 300 seconds, and
the report must be that of `imagesieve up --once` over the same folder. Exit status 1, and the folder stays, if not.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from tabulate import tabulate

from tests.chaos.attack import Strike
from tests.chaos.plan import (
    BEAT,
    CONNECTIONS,
    FEATURES,
    PROPOSALS,
    RECLUSTER,
    REDIS,
    VERDICTS,
    WATCHER,
    Content,
    Edit,
    make_plan,
)
from tests.chaos.run import Outcome, run_chaos

NAMES = {
    FEATURES: "feature worker killed",
    PROPOSALS: "proposer killed",
    VERDICTS: "verdict writer killed",
    RECLUSTER: "recluster worker killed",
    WATCHER: "watcher killed",
    BEAT: "beat killed",
    REDIS: "Redis killed, started with its append-only file",
    CONNECTIONS: "all connections to Redis cut",
}


def faults_table(strikes: list[Strike]) -> str:
    """A row per kind of fault, as Markdown."""
    rows = []
    for target, name in NAMES.items():
        for child in (False, True):
            some = [strike for strike in strikes if strike.target == target and strike.fault.child is child]
            seconds = [strike.seconds for strike in some if strike.seconds is not None]
            if some:
                rows.append([f"{name}{', its child' * child}", len(some), *_spread(seconds)])
    return tabulate(rows, ["fault", "times", "there again after, median", "longest"], "github")


def _spread(seconds: list[float]) -> tuple[str, str]:
    return (f"{statistics.median(seconds):.1f} s", f"{max(seconds):.1f} s") if seconds else ("", "")


def result_table(outcome: Outcome) -> str:
    """What there was, and what became of it, as Markdown."""
    plan, report = outcome.plan, outcome.report
    grouped = {frozenset({keeper, *(path for path, _ in others)}) for keeper, others in report.groups}
    known = groups_of(plan.files)
    rows = [
        *plan.done.items(),
        ("files in the end", len(plan.files)),
        ("of them with a record and a verdict", len(report.verdicts) + len(report.failures)),
        ("pictures that several files show", len(known)),
        ("of them exactly one group", len(known & grouped)),
        ("connections cut", sum(strike.connections for strike in outcome.strikes)),
        ("seconds from the last step until all was consistent", f"{outcome.seconds:.0f}"),
        ("left in TMPDIR by killed processes", len(outcome.litter)),
        ("lost, left or different from the undisturbed run", len(outcome.lost)),
    ]
    return tabulate(rows, ["", ""], "github")


def groups_of(files: dict[str, Content]) -> set[frozenset[str]]:
    """Paths that show the same picture, where there are several: what a perfect eye would group."""
    shown: dict[int, set[str]] = {}
    for path, content in files.items():
        if content.edit is not Edit.BROKEN:
            shown.setdefault(content.picture, set()).add(path)
    return {frozenset(paths) for paths in shown.values() if len(paths) > 1}


def main(
    images: Annotated[int, typer.Option(help="files that appear, copies among them")] = 1000,
    kills: Annotated[int, typer.Option(help="of each program")] = 20,
    seed: Annotated[int, typer.Option(help="the same plan for the same seed")] = 1,
    within: Annotated[float, typer.Option(help="seconds after the last step until all is consistent")] = 300,
) -> None:
    """Run, and print Markdown tables."""
    base = Path(tempfile.mkdtemp(prefix="chaos"))
    started = time.monotonic()

    def say(sentence: str) -> None:
        print(f"{time.monotonic() - started:5.0f} s  {sentence}", file=sys.stderr, flush=True)

    say(f"in {base}")
    outcome = run_chaos(base, make_plan(seed, images, kills), within, say, recluster_every=20)
    print(f"{faults_table(outcome.strikes)}\n\n{result_table(outcome)}")
    print(f"\n{images} images, {kills} kills of each, seed {seed}; {time.monotonic() - started:.0f} s in all")
    if outcome.lost:
        print("\n".join(["", *outcome.lost]))
        say(f"the folder stays: {base}")
        raise typer.Exit(1)
    shutil.rmtree(base)


if __name__ == "__main__":
    typer.run(main)
