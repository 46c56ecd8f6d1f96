"""What the commands about duplicates tell people: the list, a sentence for each file, and a sum."""

import re
import shlex
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from rich.cells import cell_len, chop_cells

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.events import ActingEvent
from shared.acting.runs import Phase
from shared.cli.terminal import say, shown
from shared.paths import is_in_folder
from shared.records import Kind
from shared.wording import number_of, show, size_of

NARROWEST: Final = 20  # columns for a path, however narrow the terminal
WHY: Final = "  why"  # before the reason


def list_lines(found: Sequence[ReportedDuplicate], columns: int | None) -> Iterator[str]:
    """A block for each group: its keeper, and the duplicates below it; then one for each picture that has variants.

    columns: of the terminal; None: never folded.
    """
    duplicates = [one for one in found if one.kind.is_duplicate]
    variants = len(found) - len(duplicates)
    if duplicates or not variants:
        yield from _broken(_count_line(duplicates), columns)
    if variants:
        yield f"{number_of(variants, 'variant')}, not counted among duplicates or bytes"
    digits = max((len(size_of(one.bytes)) for one in found), default=0)
    for (group, keeper), block in groupby(found, key=lambda one: (one.group, one.keeper)):
        yield ""
        yield f"group {group}" if group else "variants"
        rows = [("keeper" if group else "of", "", keeper)]
        for one in block:
            rows.append((one.kind, size_of(one.bytes), one.path))
            rows += [(WHY, "", why)] if (why := _why(one)) else []
            rows += [("  with", "", name) for name in one.companions]
            rows += [("  stays", "", f"you decided so (decision {one.kept_by})")] if one.kept_by else []
        for word, size, text in rows:
            head = f"  {word:<9}  {size:>{digits}}  "
            room = columns - len(head) if columns else None
            first, *others = _broken(text, room) if word == WHY else _folded(shown(text), room)
            yield head + first
            yield from (" " * len(head) + part for part in others)


def _count_line(duplicates: Sequence[ReportedDuplicate]) -> str:
    if not duplicates:
        return "no duplicates"
    more = sum(one.may_free for one in duplicates)
    to_prove = " and ".join(kind for kind in Kind if kind.is_to_prove)
    freed = size_of(sum(one.frees for one in duplicates))
    return f"{number_of(len(duplicates), 'duplicate')}; {freed} can be freed" + (
        f", and up to {size_of(more)} more: {to_prove} files go if they are proved to lose nothing" if more else ""
    )


def _why(one: ReportedDuplicate) -> str:
    """The reason, where it says more than the kind does."""
    return "" if one.reason == one.kind.words else show(one.reason)


def _broken(text: str, columns: int | None) -> list[str]:
    """A sentence in lines of at most `columns` columns, broken between words."""
    return textwrap.wrap(text, max(columns, NARROWEST)) if columns else [text]


def _folded(path: str, columns: int | None) -> list[str]:
    """The path in lines of at most `columns` columns, broken behind a `/` where that is possible."""
    if columns is None:
        return [path]
    columns = max(columns, NARROWEST)
    lines = [""]
    for part in re.findall(r"[^/]*/|[^/]+", path):
        if cell_len(lines[-1] + part) <= columns:
            lines[-1] += part
        else:
            lines += chop_cells(part, columns)
    return [line for line in lines if line]


def next_command(found: Sequence[ReportedDuplicate], kinds: Iterable[str], places: Iterable[str]) -> str:
    """The dry run that shows what would become of those that were listed; "" where none was."""
    if not found:
        return ""
    if not kinds and not any(one.kind.is_acted_on for one in found):
        kinds = sorted({one.kind for one in found})  # only what is named goes
    words = ["imagesieve", "duplicates", "apply", "--action", "move", "--to", "FOLDER"]
    words += [word for kind in kinds for word in ("--kind", kind)]
    words += [f"--folder={place}" for place in places]
    return shlex.join(words)


def warn_of_empty(places: Iterable[str], duplicates: Sequence[ReportedDuplicate], root: Path) -> None:
    """Say which of the folders that were asked for hold no duplicate: one may be misspelt."""
    for place in places:
        if not any(is_in_folder(one.path, place) for one in duplicates):
            missing = "" if (root / place).is_dir() else f"; there is no such folder below {shown(str(root))}"
            say(f"no duplicate of the report lies in {shown(place)}{missing}")


def sentences(event: dict[str, Any]) -> Iterator[str]:
    """What one event of `worker.commands.act` says on standard output."""
    path, reason = shown(event.get("path", "")), event.get("reason", "")
    match event["event"]:
        case ActingEvent.WOULD | ActingEvent.ACTED:
            yield f"{event['kind']:<9}  {path}  ->  {shown(event['to'])}  (keeper: {shown(event['keeper'])})"
            if event["lost"]:
                yield f"{'':<9}  not in its keeper: {', '.join(event['lost'])}"
            for one in event["companions"]:
                yield f"{'':<9}  with {shown(one['path'])}  ->  {shown(one['to'])}"
            for one in event["stays"]:
                yield f"{'':<9}  without {shown(one['path'])}: {one['reason']}"
        case ActingEvent.SKIPPED:
            yield f"skipped    {path}: {reason}"
        case ActingEvent.RESTORED:
            yield f"restored   {path}"
        case ActingEvent.LEFT:
            yield f"NOT RESTORED  {path}: {reason}"
        case ActingEvent.SETTLED:
            yield f"cut off    {path}: in run {event['run']}, now {event['phase']} {shown(event['detail'])}".rstrip()
        case ActingEvent.CUT_OFF:
            yield f"run {event['run']} was cut off; --yes first puts in order what it had in hand"


def sum_up(events: Sequence[dict[str, Any]], done: str) -> None:
    """Say how many files were acted on, how many were left alone or not asked for, and how to take it back."""
    acted = _among(events, ActingEvent.WOULD, ActingEvent.ACTED, ActingEvent.RESTORED)
    skipped = _among(events, ActingEvent.SKIPPED, ActingEvent.LEFT)
    companions = [one for event in acted for one in event.get("companions", ())]
    size = sum(one.get("bytes", 0) for one in (*acted, *companions))
    beside = f" and {number_of(len(companions), 'companion')}" if companions else ""
    run = next((event["run"] for event in _among(events, ActingEvent.END)), "")
    freed = f", {size_of(size)}" if size else ""
    say(f"{done}: {number_of(len(acted), 'file')}{beside}{freed}; left alone: {len(skipped):,}")
    for event in events:
        if event["event"] == ActingEvent.NOT_ASKED_FOR:
            say(f"not asked for: {event['files']:,} {shown(event['which'])}; {event['way']}")
        elif event["event"] == ActingEvent.WARNING:
            say(f"warning: {shown(event['text'])}")
    if done == "restored":
        _sum_up_restored(events, run)
        return
    _say_in_hand(events, "do it")
    if run and acted:
        say(f"this is run {run}; `imagesieve duplicates restore {run}` brings it back")


def _say_in_hand(events: Sequence[dict[str, Any]], again: str) -> bool:
    """Say what no command has put in order yet; True where there is any."""
    in_hand = _among(events, ActingEvent.IN_HAND)
    for event in in_hand:
        files = f"run {event['run']} has {number_of(event['files'], 'file')} in hand"
        if event["to"]:
            say(f"{files}, and its target {shown(event['to'])} is away: bring that back, then {again} again")
        else:
            say(f"{files}: mend what the system refused, then {again} again")
    return bool(in_hand)


def _sum_up_restored(events: Sequence[dict[str, Any]], run: str) -> None:
    in_hand = _say_in_hand(events, "restore")
    away = _among(events, ActingEvent.STILL_AWAY)
    for event in away:
        files = f"{number_of(event['files'], 'file')} of run {event['run']} {'is' if event['files'] == 1 else 'are'}"
        say(
            f"{files} still away ({shown(event['to'])}); `imagesieve "
            f"duplicates restore {event['run']}`, or `restore --all`, brings back what can be"
        )
    if run:
        say(f"run {run}")
    elif not in_hand and not away and not _among(events, ActingEvent.RESTORED, ActingEvent.LEFT):
        say("no run has anything to restore")


def run_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Two lines for each run, as `restore --list --json` tells it: what became of its files, and of which folder."""
    for row in rows:
        parts = [f"{row[name]:,} {name}" for name in ("done", "restored", "missing", "cut off") if row[name]]
        yield f"{row['run']}  {row['action']}: {', '.join(parts) or 'nothing done'}"
        yield f"  {shown(row['folder'])}"


def fell_short(events: Sequence[dict[str, Any]]) -> bool:
    """Whether anything that was asked for failed, or nothing of it could be done (pure)."""
    failed = _among(events, ActingEvent.LEFT, ActingEvent.IN_HAND) or any(event.get("failed") for event in events)
    lost = any(event["phase"] == Phase.MISSING for event in _among(events, ActingEvent.SETTLED))
    nothing = _among(events, ActingEvent.SKIPPED) and not _among(events, ActingEvent.ACTED, ActingEvent.WOULD)
    return bool(failed or lost or nothing)


def _among(events: Sequence[dict[str, Any]], *wanted: ActingEvent) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] in wanted]
