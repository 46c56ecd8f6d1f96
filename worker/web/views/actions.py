"""What was decided may go, what is being done with it, and what was done before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from shared.acting.events import ActingEvent
from shared.acting.runs import AWAY, Phase, Run
from worker.engine.report.wording import number_of, show, size_of
from worker.web.paging import Part, mapped, part_of
from worker.web.queue import Queue

LISTED: Final = 100
RUNS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class GoingView:
    """Files that may go, largest groups first, a page of them."""

    files: "Part[Mapping[str, Any]]"
    total: int
    bytes: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run. words: what it did. away: files that it did not give back."""

    id: str
    at: str
    words: str
    away: int
    note: str


def going_of(queue: Queue, page: int) -> GoingView:
    """Page `page` of what may go."""
    found = queue.going
    part = mapped(
        part_of(found, page, LISTED),
        lambda pair: {
            "path": pair[1].path, "name": show(pair[1].path), "kind": str(pair[1].kind), "group": pair[0].number,
            "row": pair[1].row, "size": size_of(pair[1].size), "keeper": show(pair[0].keeper.path),
            "keeper_path": pair[0].keeper.path, "number": pair[1].number,
        },
    )  # fmt: skip
    return GoingView(part, len(found), size_of(sum(one.size for _, one in found)))  # type: ignore[arg-type]


def runs_of(runs: Sequence[Run]) -> list[RunView]:
    """The newest runs, newest first."""
    return [_run(run) for run in list(runs)[: -RUNS_SHOWN - 1 : -1]]


def _run(run: Run) -> RunView:
    away, restored = len(run.in_phase(*AWAY)), len(run.in_phase(Phase.RESTORED))
    moved = sum(entry.step.size for entry in run.in_phase(*AWAY))
    where = {"move": f"moved to {show(run.header.target)}", "trash": "put in the trash"}.get(
        run.header.action, f"replaced by a {run.header.action}"
    )
    words = f"{number_of(away + restored, 'file')} {where}{', by the policy' if run.header.policy else ''}"
    note = f"{restored:,} brought back" if restored else ""
    if run.in_hand:
        note = f"{number_of(len(run.in_hand), 'step')} cut off; the next action puts it in order"
    words += f", {size_of(moved)}" if moved else ""
    return RunView(run.header.id, _moment(run.header.id), words, away, note)


def _moment(name: str) -> str:
    try:
        return f"{datetime.strptime(name[:15], '%Y%m%dT%H%M%S').replace(tzinfo=UTC):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return show(name, 40)


def lines_of(events: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """What each event says: a word, a path, and more; newest first."""
    return [line for event in reversed(events) if (line := _line(event))]


def _line(event: Mapping[str, Any]) -> tuple[str, str, str] | None:
    path, reason = show(event.get("path", "")), show(event.get("reason", ""), 600)
    match event["event"]:
        case ActingEvent.WOULD | ActingEvent.ACTED:
            lost = f"; not in its keeper: {', '.join(event['lost'])}" if event["lost"] else ""
            word = "would go" if event["event"] == ActingEvent.WOULD else "done"
            with_it = f", with {number_of(len(event['companions']), 'companion')}" if event["companions"] else ""
            return word, path, show(f"its keeper {event['keeper']} stays{with_it}{lost}", 600)
        case ActingEvent.SKIPPED:
            return "left alone", path, reason
        case ActingEvent.RESTORED:
            return "brought back", path, ""
        case ActingEvent.LEFT:
            return "not brought back", path, reason
        case ActingEvent.SETTLED:
            return "put in order", path, show(f"of run {event['run']}: {event['phase']}")
        case ActingEvent.WARNING:
            return "warning", "", show(event["text"], 600)
        case ActingEvent.IN_HAND:
            return "cut off", "", f"run {event['run']} has {number_of(event['files'], 'file')} in hand"
        case ActingEvent.STILL_AWAY:
            return "still away", "", f"{number_of(event['files'], 'file')} of run {event['run']}"
    return None
