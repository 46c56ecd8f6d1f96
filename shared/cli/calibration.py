"""The command that measures the collection and sets the thresholds."""

import json as json_
import os
import subprocess
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shared.cli.collection_settings import settings_of_collection
from shared.cli.terminal import emit, say, shown
from shared.errors import PermanentError

PICTURES = 20


def calibrate(
    sample: Annotated[int, typer.Option(min=1, help="pictures of the collection to make edited copies of")] = PICTURES,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="measure and print, store nothing")] = False,
    json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Measure how well duplicates are found in your collection, and store the thresholds that suit it.

    Makes edited copies of some pictures, in memory, and compares them with their originals and with other pictures.
    Your files are only read. Needs Redis, so `imagesieve up` has to run. Example:

      imagesieve calibrate --dry-run
    """
    settings = settings_of_collection()
    command = [
        sys.executable,
        "-m",
        "worker.commands.calibrate",
        "--sample",
        str(sample),
        *(["--dry-run"] if dry_run else []),
    ]
    ended = subprocess.run(
        command, env={**os.environ, **settings.environment()}, stdout=subprocess.PIPE, text=True, check=False
    )
    if ended.returncode == 1:
        raise typer.Exit(1)  # it said why
    if ended.returncode:
        raise PermanentError(f"the calibration ended with status {ended.returncode}; nothing was stored")
    found = json_.loads(ended.stdout)
    if json:
        emit(found)
    else:
        show(found)


def show(found: dict[str, Any]) -> None:
    """What `worker.commands.calibrate` found, for people."""
    console = Console()
    table = Table(title=f"{found['images']} pictures, {found['all']['copies']} copies")
    table.add_column("edit")
    for name in ("copies", "candidates", "verification", "both"):
        table.add_column(name, justify="right")
    for row in found["edits"]:
        table.add_row(row["edit"], *_shares(row))
    table.add_section()
    table.add_row("all edits", *_shares(found["all"]))
    console.print(table)
    for line in (*_choice(found), "", *_alarms(found), *_skipped(found)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if found["stored"]:
        say("stored; verdicts follow from now on, and the next recluster run drops known pairs that no longer pass")
        say("a lower threshold reaches only images that are judged from now on")
    else:
        say("a dry run: nothing was stored")


def _shares(row: dict[str, Any]) -> list[str]:
    return [str(row["copies"]), *(f"{row[name]:.3f}" for name in ("candidates", "verification", "both"))]


def _choice(found: dict[str, Any]) -> list[str]:
    before, after = found["before"]["similarity"], found["thresholds"]["similarity"]
    return [
        f"similarity: {before:.2f} until now, {after:.2f} fits ({found['reason']})",
        f"copies found: {found['all_before']['both']:.1%} until now, {found['all']['both']:.1%} with it",
    ]


def _alarms(found: dict[str, Any]) -> list[str]:
    unrelated = found["unrelated"]
    lines = [
        f"unrelated pairs: {unrelated['pairs']:,} pairs of pictures in {unrelated['comparisons']:,} comparisons, the "
        f"most promising ones among them; {unrelated['left_out']:,} left out, which the collection itself connects",
        f"false alarms: {unrelated['accepted']:,}, so below {100 * unrelated['upper_bound']:.2g}% of such pairs "
        f"({unrelated['confidence']:.0%} confidence); {unrelated['accepted_before']:,} until now",
    ]
    if found["worst"]:
        lines += ["", "look at these: each is accepted or nearly so, a false alarm or a duplicate not noticed yet"]
    for one in found["worst"]:
        other = shown(one["other"]) + (f" ({one['other_edit']})" if one["other_edit"] else "")
        verdict = "accepted" if one["accepted"] else "refused"
        lines.append(f"  {one['similarity']:.2f} {verdict}: {shown(one['path'])} ({one['edit']}) and {other}")
    return lines


def _skipped(found: dict[str, Any]) -> list[str]:
    return [f"left out: {shown(path)}: {reason}" for path, reason in found["skipped"].items()]
