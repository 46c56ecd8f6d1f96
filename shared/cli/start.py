"""Commands that start processes."""

import contextlib
import os
import shlex
import sys
import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from shared import names
from shared.cli.demo import claim_demo_folder, make_demo_folder, others
from shared.cli.look import print_report
from shared.cli.terminal import emit, progress_view, say, shown
from shared.cli.weights import choose_weights
from shared.collection import gone_collections
from shared.errors import SettingsError, StackFailed
from shared.reports import LATEST, latest_report
from shared.settings import PREFIX, Settings, load_settings
from shared.stack import programs
from shared.stack.answering import wait_for_answer
from shared.stack.state_dir import FLOWER_AUTH, flower_auth
from shared.stack.up import (
    RunningStack,
    StopRequested,
    prepare_weights,
    running_stack,
    stop_on_signals,
    watch_over,
    work_through,
)
from shared.state_folder import open_state_folder
from shared.wording import number_of

PAGE_SECONDS = 60.0  # for the page to begin on a machine that is busy


class QueueName(StrEnum):
    """Queues a worker can serve."""

    FEATURES = names.QUEUE_FEATURES
    PROPOSALS = names.QUEUE_PROPOSALS
    RECLUSTER = names.QUEUE_RECLUSTER
    VERDICTS = names.QUEUE_VERDICTS


def up(
    folder: Annotated[Path, typer.Argument(help="the folder to watch, with its subfolders")],
    once: Annotated[bool, typer.Option("--once", help="work through what is there, recluster, report, stop")] = False,
    full: Annotated[bool, typer.Option("--full", help="with --once: all tables, not the report in brief")] = False,
    json: Annotated[bool, typer.Option("--json", help="with --once: summary.json, for programs")] = False,
) -> None:
    """Run everything on this machine: Redis, watcher, workers, beat and Flower.

    Ctrl-C stops it in order. Examples:

      imagesieve up ~/Pictures/incoming

      imagesieve up --once --full ~/Pictures > duplicates.txt
    """
    settings = load_settings(watch_dir=folder)
    if not settings.state_dir.exists():
        _tell_of_gone(shown(str(folder)))
    _up(choose_weights(settings, "auto"), once, full, json)


def _tell_of_gone(folder: str) -> None:
    """A new collection may be an old one whose folder has another name by now."""
    for gone in gone_collections():
        name = shown(gone.name)
        say(
            f"warning: the folder {shown(str(gone.folder))} of the collection {name} is not there; if {folder} is that "
            f"folder under a new name, stop, and start with --collection {name}"
        )


def _up(settings: Settings, once: bool, full: bool = False, json: bool = False) -> None:
    settings.check_policy()
    with contextlib.suppress(StopRequested), stop_on_signals():
        # The bar ends first: while it is drawn, what is printed goes to its terminal, wherever standard output leads.
        with progress_view() as view, running_stack(settings, once, view) as stack:
            if not any(settings.watch_dir.iterdir()):
                view.say(f"{settings.watch_dir} is empty: there is nothing to read yet")
            if once:
                unwritten = work_through(stack, view).get("report_error")
                if unwritten:
                    raise StackFailed(f"all files have been worked through; {unwritten}")
            else:
                _say_where(settings, stack, view.say)
                watch_over(stack, view)
        _show_report(settings, full, json)
        return
    if once:
        say("stopped before the work was done; the next start goes on from here")
        raise typer.Exit(1)
    say("stopped")


def _show_report(settings: Settings, full: bool, json: bool) -> None:
    report = latest_report(settings)
    if json:
        emit(report.summary())
    else:
        print_report(report, full, warn=False)  # the start did
    if json or not sys.stdout.isatty():
        say(f"report: {report.page}")


def _say_where(settings: Settings, stack: RunningStack, say: Callable[[str], None]) -> None:
    say(f"watching {settings.watch_dir}")
    secret = f"(user and password: {settings.state_dir / 'flower.auth'})"
    say(f"Flower: {stack.flower_url} {secret}")
    if settings.metrics_port:
        address = f"http://{settings.metrics_address}"
        say(f"metrics: {address}:{settings.metrics_port}/metrics, {address}:{settings.metrics_port + 1}/metrics")
    say(f"report: {settings.reports_dir / LATEST / 'report.html'} (as soon as the files there are worked through)")
    if stack.web_url:  # whoever opens it at once would be told that nobody is there
        late = "" if wait_for_answer(stack.web_url, PAGE_SECONDS) else "; it does not answer yet"
        say(f"page: {stack.web_url} {secret}{late}")
    say("Ctrl-C stops")


def demo(
    folder: Annotated[
        Path | None,
        typer.Option("--folder", help="where to put the pictures and the state; a new temporary folder if not given"),
    ] = None,
) -> None:
    """Show the whole way on a folder of pictures, edited copies and unreadable files that it makes itself.

    Random weights are used where the ImageNet ones cannot be had. Example:

      imagesieve demo
    """
    base = folder.absolute() if folder else Path(tempfile.mkdtemp(prefix="imagesieve-demo-"))
    settings = load_settings(watch_dir=base / "pictures", state_dir=base / "state")
    pictures, state = claim_demo_folder(base)
    made = make_demo_folder(pictures)
    say(f"{number_of(len(made), 'file')} in {pictures}")
    _up(choose_weights(settings, "auto"), once=True)
    say("for pictures of your own: imagesieve up ~/Pictures")
    if left := others(pictures, made):
        some = shown(str(left[0]))
        say(f"{pictures} also holds what the demo did not make, such as {some}: look before you remove it")
    else:
        what = [pictures, state] if folder else [base]  # a folder that was named may hold more
        say(f"to remove what the demo made: rm -r {shlex.join(map(str, what))}")


def watch(
    once: Annotated[bool, typer.Option("--once", help="end when everything there is has been worked through")] = False,
) -> None:
    """Run the watcher on IMAGESIEVE_WATCH_DIR. `up` does this for you on one machine.

    Example:

      IMAGESIEVE_WATCH_DIR=/pictures imagesieve watch
    """
    _become(programs.watcher(once), load_settings())


def work(
    queue: Annotated[QueueName, typer.Option(help="what to work on")] = QueueName.FEATURES,
) -> None:
    """Run a worker. Start as many for `features` as there are machines or GPUs, one each for `verdicts`, `recluster`.

    For `proposals` it has IMAGESIEVE_PROPOSERS processes.

    Example:

      imagesieve work --queue features
    """
    settings = choose_weights(load_settings(), "imagenet")
    if queue is QueueName.FEATURES:
        os.environ[names.WEIGHTS_FOUND] = prepare_weights(settings)
    if queue is QueueName.VERDICTS:
        settings.check_policy()
    if queue is QueueName.RECLUSTER or (queue is QueueName.VERDICTS and settings.on_duplicate == "move"):
        open_state_folder(settings.state_dir)  # these two write there: reports, journals
    children = max(1, settings.proposers) if queue is QueueName.PROPOSALS else 1
    _become(programs.celery_worker(queue, settings.log_level, children), settings)


def beat() -> None:
    """Run beat, which asks for a recluster run after a start and every IMAGESIEVE_RECLUSTER_EVERY seconds. One only."""
    settings = load_settings()
    open_state_folder(settings.state_dir)
    _become(programs.celery_beat(settings.state_dir, settings.log_level), settings)


def flower() -> None:
    """Run Flower on IMAGESIEVE_FLOWER_ADDRESS, behind IMAGESIEVE_FLOWER_AUTH."""
    settings = load_settings()
    if not settings.flower_auth:
        raise SettingsError("IMAGESIEVE_FLOWER_AUTH is empty: Flower can stop tasks, so it needs a user:password")
    os.environ |= programs.flower_environment(settings.flower_auth)
    _become(programs.flower(settings.flower_address, settings.flower_port, settings.log_level), settings)


def serve() -> None:
    """Serve the page in the browser on IMAGESIEVE_WEB_ADDRESS, behind Flower's user and password. `up` does this, too.

    Example:

      imagesieve serve
    """
    settings = load_settings()
    if settings.web == "off":
        raise SettingsError("IMAGESIEVE_WEB is `off`; set it to `read` or `decide`, or leave it unset")
    if not settings.flower_auth:  # made where nobody gave any, as `up` does
        open_state_folder(settings.state_dir)
        flower_auth(settings.state_dir)
        say(f"user and password: {settings.state_dir / FLOWER_AUTH}")
    say(f"page: http://{settings.web_address}:{settings.web_port}")
    _become(programs.web(), settings)


def _become(command: list[str], settings: Settings) -> Any:
    """Replace this process, so that signals and the exit status are the command's own. It has the same state folder."""
    os.environ[f"{PREFIX}STATE_DIR"] = str(settings.state_dir)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
