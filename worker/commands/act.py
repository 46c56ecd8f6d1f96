"""`python -m worker.commands.act apply|restore ...`: acts on the duplicates of the newest report, and brings them back.

Prints a line of JSON for each file, as it happens, and one at the end. Needs no worker and no Redis.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.acting.duplicates import ReportedDuplicate, read_duplicates
from shared.acting.events import ActingEvent
from shared.acting.runs import AWAY, Action, read_runs, run_files
from shared.acting.selection import Selection, check_patterns, read_paths
from shared.decisions import DecisionJournal
from shared.errors import ImagesieveError, SettingsError
from shared.folders import check_target
from shared.records import Kind
from shared.reports import latest_report
from shared.settings import Settings, load_settings
from shared.wording import size_of
from worker.engine.groups.keepers import FolderRules
from worker.libraries import prepare_libraries
from worker.pipeline.acting.apply import Acted, Acting, act_on
from worker.pipeline.acting.collaborators import Collaborators
from worker.pipeline.acting.locks import acting_alone
from worker.pipeline.acting.plan import Request, Skipped, make_plan, needed_paths
from worker.pipeline.acting.restore import choose_run, restore
from worker.pipeline.acting.settling import Settled, settle_runs
from worker.pipeline.acting.trash_folder import home_trash

if TYPE_CHECKING:
    from worker.engine.proof.sameness import Proof


def make_collaborators(settings: Settings) -> Collaborators:
    """The collaborators; OpenCV is loaded when two pictures are first compared."""

    def compare(keeper: bytes, duplicate: bytes) -> "Proof":
        from worker.engine.proof.sameness import compare_files

        return compare_files(keeper, duplicate, settings.max_pixels)

    return Collaborators(settings.actions_dir, compare, time.time, partial(home_trash, os.environ))


def apply(settings: Settings, request: Request, target: str, dry: bool) -> Iterator[dict[str, Any]]:
    """What becomes of each duplicate that was asked for."""
    collaborators, root = make_collaborators(settings), settings.watch_dir
    if request.action is Action.MOVE:
        check_target(root, target)
    if not dry:
        settings.check_protected()
    report = latest_report(settings)
    duplicates, summary = read_duplicates(report.folder, request.kinds), report.summary()
    protect = {*settings.protect_folders, *summary.get("protected_folders", ())}
    rules = FolderRules(protect=tuple(sorted(protect)))

    def act() -> Iterator[dict[str, Any]]:
        for sentence in settings.folder_warnings():
            yield {"event": ActingEvent.WARNING, "text": sentence}
        runs = read_runs(collaborators.journals)
        decided = DecisionJournal(settings.decisions_folder, time.time).read()
        plan = make_plan(duplicates, request, rules, needed_paths(runs, str(root)), decided)
        for skipped in plan.skipped:
            yield _event_of(skipped, dry)
        if dry and request.action is Action.MOVE:
            yield from _no_room(root, target, plan.chosen)
        acting = Acting(collaborators, request.action, root, target, named=plan.named)
        try:
            for found in act_on(acting, plan, dry):
                yield _event_of(found, dry)
        finally:
            acting.close()
        for left in plan.not_asked:
            yield {"event": ActingEvent.NOT_ASKED_FOR, "which": left.which, "files": left.files, "way": left.way}
        yield {"event": ActingEvent.END, "run": acting.run}

    if dry:
        yield from (
            {"event": ActingEvent.CUT_OFF, "run": run.header.id}
            for run in read_runs(collaborators.journals)
            if run.in_hand
        )
        yield from act()
        return
    with acting_alone(collaborators.journals, root):
        yield from map(_settled, settle_runs(collaborators))
        yield from act()
        yield from _in_hand(collaborators)


def _no_room(root: Path, target: str, chosen: Sequence[ReportedDuplicate]) -> Iterator[dict[str, Any]]:
    """A warning where the files would go to another disk that has not that much room."""
    there = next(folder for folder in (Path(target), *Path(target).parents) if folder.exists())
    needed, free = sum(_bytes(root, one) for one in chosen), shutil.disk_usage(there).free
    with suppress(FileNotFoundError):  # the watched folder is away, as the first file will say
        if root.stat().st_dev == there.stat().st_dev:
            return
    if free < needed:
        text = f"{size_of(needed)} are to move, and {there} has room for {size_of(free)}"
        yield {"event": ActingEvent.WARNING, "text": text}


def _bytes(root: Path, one: ReportedDuplicate) -> int:
    """Of a file, and of what the report says goes with it."""
    size = one.bytes
    for name in one.companions:
        with suppress(OSError):
            size += (root / one.path).with_name(name).stat().st_size
    return size


def bring_back(settings: Settings, name: str, everything: bool) -> Iterator[dict[str, Any]]:
    """What becomes of each file of the runs that are restored, and what others still hold. everything: all runs."""
    collaborators = make_collaborators(settings)
    if not run_files(collaborators.journals):  # nothing was ever done: not even a lock is made for that
        choose_run(collaborators, name, ())
        yield {"event": ActingEvent.END, "run": ""}
        return
    roots = {Path(run.header.root) for run in read_runs(collaborators.journals)}
    with acting_alone(collaborators.journals, *sorted(roots)):
        yield from map(_settled, settle_runs(collaborators))
        runs = read_runs(collaborators.journals)
        chosen = [*reversed(runs)] if everything else [run for run in [choose_run(collaborators, name, runs)] if run]
        for run in chosen:
            for found in restore(collaborators, run):
                yield {
                    "event": ActingEvent.LEFT if found.reason else ActingEvent.RESTORED,
                    "path": found.path,
                    "reason": found.reason,
                }
        yield {"event": ActingEvent.END, "run": chosen[0].header.id if chosen and not everything else ""}
        yield from _still_away(collaborators)
        yield from _in_hand(collaborators)


def _still_away(collaborators: Collaborators) -> Iterator[dict[str, Any]]:
    """What each run has not given back."""
    for run in read_runs(collaborators.journals):
        if away := run.in_phase(*AWAY):
            place = run.header.target or {Action.TRASH: "the trash"}.get(run.header.action, "links")
            yield {"event": ActingEvent.STILL_AWAY, "run": run.header.id, "files": len(away), "to": place}


def _in_hand(collaborators: Collaborators) -> Iterator[dict[str, Any]]:
    """What could not be put in order: a drive is away, or a disk broken."""
    for run in read_runs(collaborators.journals):
        if run.in_hand:
            away = run.header.target if not Path(run.header.target).is_dir() else ""
            yield {"event": ActingEvent.IN_HAND, "run": run.header.id, "files": len(run.in_hand), "to": away}


def _event_of(found: Acted | Skipped, dry: bool) -> dict[str, Any]:
    one = found.duplicate
    about = {"path": one.path, "kind": one.kind, "bytes": one.bytes, "keeper": one.keeper}
    if isinstance(found, Skipped):
        return {"event": ActingEvent.SKIPPED, **about, "reason": found.reason, "failed": found.failed}
    return {
        "event": ActingEvent.WOULD if dry else ActingEvent.ACTED,
        **about,
        "to": found.to,
        "lost": list(found.lost),
        "companions": [asdict(companion) for companion in found.companions],
        "stays": [asdict(stays) for stays in found.stays],
    }


def _settled(found: Settled) -> dict[str, Any]:
    entry = found.entry
    return {
        "event": ActingEvent.SETTLED,
        "run": found.run,
        "path": entry.step.path,
        "phase": entry.phase,
        "detail": entry.detail,
    }


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m worker.commands.act")
    commands = parser.add_subparsers(dest="command", required=True)
    applying = commands.add_parser("apply")
    applying.add_argument("--action", type=Action, choices=list(Action), required=True)
    applying.add_argument("--to", default="")
    applying.add_argument("--kind", action="append", choices=[*Kind], type=Kind, default=[])
    applying.add_argument("--folder", action="append", default=[])
    applying.add_argument("--group", action="append", type=int, default=[])
    applying.add_argument("--path", action="append", default=[])
    applying.add_argument("--from", dest="list", type=Path)
    applying.add_argument("--across", action="store_true", default=None)
    applying.add_argument("--within", dest="across", action="store_false")
    applying.add_argument("--decided", action="store_true")
    applying.add_argument("--yes", action="store_true")
    restoring = commands.add_parser("restore")
    restoring.add_argument("run", nargs="?", default="")
    restoring.add_argument("--all", action="store_true")
    return parser.parse_args(arguments)


def _selection(words: argparse.Namespace) -> Selection:
    paths = None if words.list is None else read_paths(words.list)
    return Selection(tuple(words.folder), tuple(words.group), check_patterns(words.path), paths, words.across)


def main(arguments: list[str]) -> int:
    """Exit status 1 with a sentence when it cannot be done, 2 when it was asked for wrongly."""
    words = _parse(arguments)
    try:
        settings = load_settings()
        prepare_libraries(settings.max_pixels)
        if words.command == "apply":
            request = Request(words.action, tuple(words.kind), _selection(words), words.decided)
            events = apply(settings, request, words.to or settings.move_to, dry=not words.yes)
        else:
            events = bring_back(settings, words.run, words.all)
        for line in events:
            print(json.dumps(line), flush=True)
    except ImagesieveError as error:
        print(f"imagesieve: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    except KeyboardInterrupt:
        print("imagesieve: stopped; what was done is in the journal, and the next run goes on from it", file=sys.stderr)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read this has left
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
