"""Commands that look: status, report, doctor, and the health check of the containers."""

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shared import names
from shared.acting.runs import read_runs
from shared.acting.stranded import Moved, find_stranded, held_digests, moved_files
from shared.broker import make_app, outstanding, workers
from shared.cli.brief import brief_lines, is_brief_possible
from shared.cli.collection_settings import watched_folder
from shared.cli.health import Finding, check_health
from shared.cli.live import watch_status
from shared.cli.network import read_layers, show_model
from shared.cli.terminal import columns, emit, print_lines, shown
from shared.errors import PermanentError, SettingsError
from shared.live.attention import warnings_of
from shared.live.waiting import Waiting, read_waiting
from shared.live.words import NO_WORKERS, verdicts_in_words
from shared.records.passed_over import PassedOver
from shared.reports import ReportFolder, latest_report
from shared.settings import Settings, load_settings
from shared.store import Files, RedisStore, keys
from shared.wording import number_of, size_of

EMPTY = "none yet: the watched folder is empty, or has not been looked at"
TOP_REASONS = 10
TOP_KINDS = 10  # of what is passed over


def status(
    json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="update a full page once a second, until Ctrl-C")] = False,
) -> None:
    """Show images by state and verdict, queues, workers, memory, the last generation, and what failed and why.

    Examples:

      imagesieve status --json

      imagesieve status --watch
    """
    if watch and json:
        raise SettingsError("--watch draws a page for people; programs follow `imagesieve events --follow --json`")
    if watch:
        watch_status(load_settings())
        return
    found = _status(load_settings())
    if json:
        emit(found)
    else:
        _print_status(found)


def _status(settings: Settings) -> dict[str, Any]:
    store, app = RedisStore.connect(settings.store), make_app(settings)
    counts = store.counts()
    extractor, summary, waiting = store.extractor(), store.summary(), outstanding(app)
    reasons = Counter(record.reason for _, record in store.failures())
    folder = watched_folder(settings)
    return {
        "collection": {"folder": folder and str(folder), "state": str(settings.state_dir)},
        "images": {"total": counts.total, "ready": counts.ready, "pending": counts.pending, "failed": counts.failed},
        "backlog": asdict(read_waiting(store)),
        "verdicts": store.verdict_counts(),
        "passed_over": _passed_over(store.passed_over()),
        "failures": [{"reason": reason, "files": files} for reason, files in reasons.most_common()],
        "queues": waiting.queued,
        "unacknowledged": waiting.unacknowledged,
        "workers": workers(app, 1.0),
        "computed": store.add(keys.Counter.COMPUTED, 0),
        "refused": store.add(keys.Counter.REFUSED, 0),
        "redis_bytes": store.memory(),
        "extractor": asdict(extractor) if extractor else None,
        "generation": summary,
        "stranded": [{**asdict(one), "sentence": one.sentence} for one in _stranded(settings, store)],
    }


def _passed_over(found: PassedOver | None) -> dict[str, Any]:
    found = found or PassedOver()
    kinds = [{"kind": kind, **amount._asdict()} for kind, amount in found.ranked]
    return {**found.total._asdict(), "kinds": kinds}


def passed_in_words(passed: Mapping[str, Any]) -> str:
    """What was passed over, most files first, in one line."""
    kinds = [f"{shown(one['kind'])} {one['files']:,}" for one in passed["kinds"][:TOP_KINDS]]
    more = ", ..." if len(passed["kinds"]) > TOP_KINDS else ""
    return f"{number_of(passed['files'], 'file')}, {size_of(passed['bytes'])}: {', '.join(kinds)}{more}"


def _stranded(settings: Settings, files: Files) -> list[Moved]:
    """Moved files of which the collection holds nothing any more. Costs a look at the journals."""
    moved = moved_files(read_runs(settings.actions_dir), None)
    return find_stranded(moved, held_digests(files, moved), os.path.lexists) if moved else []


def _print_status(found: dict[str, Any]) -> None:
    images, generation, extractor = found["images"], found["generation"], found["extractor"]
    table = Table(show_header=False, box=None)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    collection = found["collection"]
    table.add_row("collection", shown(f"{collection['folder'] or 'unknown folder'}, state in {collection['state']}"))
    due = (found["verdicts"] or {}).get("unjudged", 0)
    stages = f"{images['ready']:,} ready, {images['pending']:,} pending, {images['failed']:,} failed"
    stages = f"{stages}; {number_of(due, 'verdict')} due" if due else stages
    table.add_row("images", stages if images["total"] or found["passed_over"]["files"] else EMPTY)
    waiting = Waiting(**found["backlog"])
    if waiting.files or waiting.paused:
        table.add_row("backlog", waiting.sentence)
    table.add_row("verdicts", verdicts_in_words(found["verdicts"]))
    table.add_row("queues", ", ".join(f"{name} {depth}" for name, depth in found["queues"].items()))
    table.add_row("in hand", number_of(found["unacknowledged"], "message"))
    table.add_row("workers", ", ".join(found["workers"]) or NO_WORKERS)
    table.add_row("Redis", size_of(found["redis_bytes"]))
    table.add_row("features", extractor["label"] if extractor else "no feature worker has started yet")
    for one in found["stranded"]:
        table.add_row("warning", f"{shown(one['path'])}: {shown(one['sentence'])}")
    if generation:
        counts = generation["counts"]
        last = f"{generation['generation']}: {number_of(counts['images'], 'image')}, k = {generation['k']}"
        table.add_row("generation", f"{last}, {number_of(counts['duplicates'], 'duplicate')}")
    else:
        table.add_row("generation", "none yet")
    for sentence in warnings_of(extractor["warning"] if extractor else "", generation):
        table.add_row("warning", shown(sentence))
    if found["passed_over"]["files"]:
        table.add_row("passed over", passed_in_words(found["passed_over"]))
    for failure in found["failures"][:TOP_REASONS]:
        table.add_row("failed", f"{failure['files']} x {failure['reason']}")
    Console().print(table, markup=False)


def report(
    full: Annotated[bool, typer.Option("--full", help="all tables: totals, groups, k, clusters, failures")] = False,
    json: Annotated[bool, typer.Option("--json", help="summary.json, for programs")] = False,
) -> None:
    """Print the newest report in brief: what can go, what to look at, the largest groups, and where its page is.

    Examples:

      imagesieve report

      imagesieve report --full
    """
    newest = latest_report(load_settings())
    if json:
        emit(newest.summary())
    else:
        print_report(newest, full)


def print_report(newest: ReportFolder, full: bool, warn: bool = True) -> None:
    """The report in brief, or all its tables. warn: see `brief_lines`."""
    summary, page = newest.summary(), newest.page.as_uri()
    if full or not is_brief_possible(summary):
        print(newest.text(columns()))
        print(f"page: {page}")
    else:
        print("\n".join(brief_lines(summary, page, columns(), warn)))


def doctor(
    json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
    model: Annotated[bool, typer.Option("--model", help="the network's layers, shapes and parameters instead")] = False,
) -> None:
    """Check what imagesieve needs on this machine, each with what to do about it. Exit status 1 if something is wrong.

    Examples:

      imagesieve doctor

      imagesieve doctor --model
    """
    if model:
        show_model(read_layers(), json)
        return
    findings = check_health(load_settings())
    if json:
        emit([asdict(finding) for finding in findings])
    else:
        print_lines(_words_of(findings))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _words_of(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{'ok' if finding.ok else 'WRONG':<6} {finding.name}: {finding.found}"
        if not finding.ok:
            yield f"       to do: {finding.remedy}"


def alive(
    part: Annotated[str, typer.Argument(help="watcher, beat, or the queue of a worker")],
) -> None:
    """Health check of a container: exit status 0 while the part works."""
    settings = load_settings()
    if part in names.QUEUES:
        host = f"{part}@{os.uname().nodename}"
        # Also while it is busy: the pool's main process answers.
        if host not in workers(make_app(settings), 5.0):
            raise PermanentError(f"the worker {host} does not answer")
        return
    file = settings.state_dir / f"{part}.alive"
    if not file.exists() or time.time() - file.stat().st_mtime > 60:
        raise PermanentError(f"{part} gave no sign of life for a minute")
