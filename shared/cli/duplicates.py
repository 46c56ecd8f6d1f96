"""Commands that show duplicates, act on them, and bring them back."""

import json as json_
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shared.acting.duplicates import read_duplicates
from shared.acting.runs import Action, Phase, Run, read_runs
from shared.cli.collection_settings import settings_of_report
from shared.cli.decisions import decide
from shared.cli.duplicates_text import fell_short, list_lines, next_command, run_lines, sentences, sum_up, warn_of_empty
from shared.cli.place import Commands, named_by
from shared.cli.terminal import emit, print_lines, say
from shared.errors import SettingsError
from shared.paths import below_root, is_in_folder
from shared.records import Kind
from shared.reports import latest_report
from shared.settings import Settings, load_settings

app = Commands(
    help="Show duplicates, decide on them, act on them, and bring them back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command()(decide)


Kinds = Annotated[list[Kind] | None, typer.Option("--kind", help=f"{', '.join(Kind)}; may be repeated")]
Folders = Annotated[
    list[Path] | None, typer.Option("--folder", help="only files in this folder of the watched one; may be repeated")
]
Json = Annotated[bool, typer.Option("--json", help="as JSON, for programs")]


@app.command("list")
def list_duplicates(kind: Kinds = None, folder: Folders = None, json: Json = False) -> None:
    """List the duplicates of the newest report, below the keeper that stays; variants by --kind variant.

    Example:

      imagesieve duplicates list --kind exact --folder 2024
    """
    settings = settings_of_report()
    places = _places(folder, settings)
    duplicates = read_duplicates(latest_report(settings).folder, kind or ())
    found = [
        one
        for one in duplicates
        if (not kind or one.kind in kind) and (not places or any(is_in_folder(one.path, place) for place in places))
    ]
    if json:
        rows = [{name: getattr(one, name) for name in one.__slots__} for one in found]
        emit(
            {
                "duplicates": [row for row in rows if row["kind"].is_duplicate],
                "count": sum(one.kind.is_duplicate for one in found),
                "bytes": sum(one.frees for one in found),
                "bytes_to_prove": sum(one.may_free for one in found),
                "variants": [row for row in rows if not row["kind"].is_duplicate],
            }
        )
    else:
        console = Console()
        for line in list_lines(found, console.width if console.is_terminal else None):
            print(line)
    warn_of_empty(places, duplicates, settings.watch_dir)
    for sentence in settings.folder_warnings():
        say(f"warning: {sentence}")
    for run in read_runs(settings.actions_dir):
        if run.in_hand:
            say(f"run {run.header.id} was cut off; the next `duplicates apply --yes` or `restore` puts it in order")
    if command := next_command(found, kind or (), places):
        say(f"next, a dry run: {' '.join([command, *map(shlex.quote, named_by.get())])}")


@app.command()
def apply(
    action: Annotated[Action, typer.Option(help="what to do with them")],
    to: Annotated[Path | None, typer.Option(help="for move: the folder; else IMAGESIEVE_MOVE_TO")] = None,
    kind: Kinds = None,
    folder: Folders = None,
    group: Annotated[
        list[int] | None, typer.Option("--group", help="only this group of the report; may be repeated")
    ] = None,
    path: Annotated[
        list[str] | None, typer.Option("--path", help="only paths that match, in gitignore's syntax; may be repeated")
    ] = None,
    from_: Annotated[
        Path | None, typer.Option("--from", help="only files of a list: CSV with a column path, or JSON lines")
    ] = None,
    across: Annotated[
        bool | None,
        typer.Option("--across/--within", help="only where the keeper lies in another folder, or in the same"),
    ] = None,
    decided: Annotated[bool, typer.Option("--decided", help="only what you decided may go, of any kind")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do it; without this option, only say what would be done")] = False,
    json: Json = False,
) -> None:
    """Act on the duplicates of the newest report: exact and identical ones, and near ones where --kind near is given.

    Variants are no duplicates, and go only by --kind variant. An identical one is taken only if it holds nothing that
    its keeper lacks, unless --kind identical is given. Keeper and duplicate are checked again right before the action;
    a file that has changed is skipped, with the reason. Each run writes a journal, by which `imagesieve duplicates
    restore` brings back what it took. Exit status 1 where anything failed, or nothing could be done. Examples:

      imagesieve duplicates apply --action move --to ~/duplicates

      imagesieve duplicates apply --action hardlink --kind exact --yes
    """
    settings = settings_of_report()
    places = _places(folder, settings)
    words = ["apply", "--action", action, *(["--yes"] if yes else [])]
    words += [f"--to={to.expanduser().absolute()}"] if to else []
    words += [f"--kind={one}" for one in kind or ()] + [f"--folder={one}" for one in places]
    words += [f"--group={one}" for one in group or ()] + [f"--path={one}" for one in path or ()]
    words += [f"--from={from_.expanduser().absolute()}"] if from_ else []
    words += [] if across is None else ["--across" if across else "--within"]
    words += ["--decided"] if decided else []
    listed = read_duplicates(latest_report(settings).folder, kind or ()) if places else ()
    warn_of_empty(places, listed, settings.watch_dir)
    _run(words, settings, json, "would be done" if not yes else "done")
    if not yes:
        say("a dry run: nothing was changed; --yes does it")


@app.command()
def restore(
    run: Annotated[str, typer.Argument(help="name of a run; the newest that is not restored, if not given")] = "",
    everything: Annotated[bool, typer.Option("--all", help="all runs, the newest first")] = False,
    list_runs: Annotated[bool, typer.Option("--list", help="list the runs instead")] = False,
    json: Json = False,
) -> None:
    """Bring back what a run of `apply`, or the policy, took away, byte for byte, with modes and times.

    One run, or all with --all. Also says what other runs still hold. Nothing is overwritten. Examples:

      imagesieve duplicates restore

      imagesieve duplicates restore --all
    """
    settings = load_settings(prefer_folders="", protect_folders="")
    if list_runs:
        _show_runs(read_runs(settings.actions_dir), json)
        return
    if run and everything:
        raise SettingsError("name a run, or --all runs, not both")
    words = ["restore", *(["--all"] if everything else []), *(["--", run] if run else [])]
    _run(words, settings, json, "restored")


def _places(folders: list[Path] | None, settings: Settings) -> list[str]:
    try:
        return [below_root(str(one), settings.watch_dir) for one in folders or ()]
    except ValueError as error:
        raise SettingsError(f"--folder cannot be used: {error} ({settings.watch_dir})") from error


def _run(words: list[str], settings: Settings, json: bool, done: str) -> None:
    """Let `worker.commands.act` do it, and print its events. Exit status 1 where it falls short."""
    process = subprocess.Popen(
        [sys.executable, "-m", "worker.commands.act", *words],
        env={**os.environ, **settings.environment()},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout  # noqa: S101 - it is a pipe
    events = []
    for line in process.stdout:
        event = json_.loads(line)
        events.append(event)
        if not json:
            for sentence in sentences(event):
                print(sentence, flush=True)
    status = process.wait()
    if json:
        emit(events)
    elif events or not status:
        sum_up(events, done)
    if status:
        raise typer.Exit(status if status in (1, 2) else 1)
    if fell_short(events):
        raise typer.Exit(1)


def _show_runs(runs: list[Run], json: bool) -> None:
    rows = [
        {
            "run": run.header.id,
            "action": run.header.action,
            "policy": run.header.policy,
            "folder": run.header.root,
            "to": run.header.target,
            "done": len(run.in_phase(Phase.DONE)),
            "missing": len(run.in_phase(Phase.MISSING)),
            "restored": len(run.in_phase(Phase.RESTORED)),
            "cut off": len(run.in_hand),
        }
        for run in runs
    ]
    if json:
        emit(rows)
    elif rows:
        print_lines(run_lines(rows))
    else:
        say("no run has acted on any file yet")
