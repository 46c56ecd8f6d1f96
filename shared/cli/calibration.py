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
from shared.cli.terminal import emit, print_lines, say, shown
from shared.errors import PermanentError
from shared.wording import number_of

PICTURES = 20
PAIRS_NAMED = 10  # of those that were decided on, and that the thresholds see otherwise
COLUMNS = {  # of the table: its head, and the name of the value
    "copies": "copies",
    "candidates": "candidates",
    "found": "found",
    "right": "right",  # as what it is
}


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
    copies = number_of(found["all"]["copies"], "copy", "copies")
    title = f"{number_of(found['images'], 'picture')}, {copies}"
    # Fits 60 columns.
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("edit", no_wrap=True)
    table.add_column("makes")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for row in found["edits"]:
        table.add_row(row["edit"], row["relation"], *_shares(row))
    table.add_section()
    for name in ("near", "variant"):
        table.add_row("all edits", name, *_shares(found[f"all_{name}"]))
    table.add_row("all edits", "either", *_shares(found["all"]))
    console.print(table)
    print_lines([*_choice(found), "", *_alarms(found), "", *_hard(found), *_decisions(found), *_skipped(found)])
    if found["stored"]:
        say("stored; verdicts follow from now on, and the next recluster run drops known pairs that no longer pass")
        say("a lower threshold reaches only images that are judged from now on")
    else:
        say("a dry run: nothing was stored")


def _shares(row: dict[str, Any]) -> list[str]:
    shares = (row[name] for name in COLUMNS.values() if name != "copies")
    return [str(row["copies"]), *("" if share is None else f"{share:.3f}" for share in shares)]


def _choice(found: dict[str, Any]) -> list[str]:
    before, after = found["before"]["similarity"], found["thresholds"]["similarity"]
    return [
        f"similarity: {before:.2f} until now, {after:.2f} fits ({found['reason']})",
        *(
            f"{words}: {found['all_before'][name]:.1%} until now, {found['all'][name]:.1%} with it"
            for words, name in (("copies found", "found"), ("found as what they are", "right"))
        ),
    ]


def _alarms(found: dict[str, Any]) -> list[str]:
    unrelated = found["unrelated"]
    return [
        f"unrelated pairs: {number_of(unrelated['pairs'], 'pair')} of pictures in "
        f"{number_of(unrelated['comparisons'], 'comparison')}, the "
        f"most promising ones among them; {unrelated['left_out']:,} left out, which the collection itself connects",
        *(
            f"wrongly {name}: {wrong['accepted']:,}, so below {100 * wrong['upper_bound']:.2g}% of such pairs "
            f"({unrelated['confidence']:.0%} confidence); {wrong['accepted_before']:,} until now"
            for name, wrong in ((name, unrelated[name]) for name in ("near", "variant"))
        ),
    ]


def _hard(found: dict[str, Any]) -> list[str]:
    """What the pairs that look most alike would be, under either setting of what is near."""
    hard = found["hard"]
    lines = [
        f"hard pairs: {hard['pairs']:,} of them look alike at first sight; "
        + "; ".join(
            f"with IMAGESIEVE_NEAR={name}{' (in force)' if name == found['near'] else ''} {_are_near(hard[name])}"
            for name in ("usual", "strict")
        )
    ]
    if found["worst"]:
        lines.append("look at these: what is near or a variant is a false alarm, or was not noticed yet")
    for one in found["worst"]:
        sides = f"{_side(one['path'], one['edit'])} and {_side(one['other'], one['other_edit'])}"
        strict = f"{one['similarity']:.2f} (strict: {one['strict'] or 'different'})"
        lines.append(f"  {one['usual']} {strict}: {sides}" if one["usual"] else f"  different: {sides}")
    return lines


def _decisions(found: dict[str, Any]) -> list[str]:
    """How the thresholds do on the pairs that the user decided on."""
    different, same = found["decisions"]["different"], found["decisions"]["same"]
    if not different["pairs"] and not same["pairs"]:
        return []
    together, lost = different["found_together"], same["not_found"]
    return [
        "",
        f"your decisions: of {number_of(different['pairs'], 'pair')} that you called different {_look(together)} like "
        f"one picture to it; of {number_of(same['pairs'], 'pair')} of which you chose one {_look(lost)} different",
        *(f"  like one picture: {shown(one)} and {shown(other)}" for one, other in together[:PAIRS_NAMED]),
        *(f"  different: {shown(one)} and {shown(other)}" for one, other in lost[:PAIRS_NAMED]),
    ]


def _are_near(found: dict[str, int]) -> str:
    verb = "is" if found["near"] == 1 else "are"
    return f"{found['near']:,} {verb} near, {number_of(found['variant'], 'variant')}"


def _look(pairs: list[Any]) -> str:
    return f"{len(pairs):,} look{'s' if len(pairs) == 1 else ''}"


def _side(path: str, edit: str) -> str:
    return shown(path) + (f" ({edit})" if edit else "")


def _skipped(found: dict[str, Any]) -> list[str]:
    return [f"left out: {shown(path)}: {reason}" for path, reason in found["skipped"].items()]
