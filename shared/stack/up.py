"""The flow of `imagesieve up`: start in order, watch over, stop in order."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from celery import Celery
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from shared.broker import make_app, outstanding, request_recluster
from shared.collection import remember
from shared.errors import SettingsError, StackFailed, Unavailable
from shared.folders import check_state_apart
from shared.ownership import claim_databases
from shared.settings import Settings
from shared.stack import programs, state_dir
from shared.stack.attention import RedisWatch, ReportWatch
from shared.stack.leftovers import SUPERVISED, end_leftovers, mark_of
from shared.stack.progress import Progress, Standing
from shared.stack.redis_server import check_socket, find_redis_server, redis_command
from shared.stack.supervisor import Supervisor
from shared.state_folder import check_state_folder
from shared.store import RedisStore
from shared.wording import number_of

LOOK_SECONDS: Final = 0.5
REDIS_SECONDS: Final = 600  # loading a long append-only file takes its time


class StopRequested(Exception):
    """SIGINT or SIGTERM arrived."""


@dataclass(frozen=True)
class View:
    """What `up` tells while it runs; the command line draws it."""

    say: Callable[[str], None]
    progress: Callable[[Standing], None]


@dataclass(frozen=True)
class RunningStack:
    """A started stack."""

    settings: Settings
    supervisor: Supervisor
    store: RedisStore
    progress: Progress
    flower_url: str
    web_url: str  # "" where it is not served


@contextmanager
def running_stack(settings: Settings, once: bool, view: View) -> Iterator[RunningStack]:
    """Start every process, give the stack, stop every process. Raises PermanentError when it cannot be kept up."""
    redis = _check(settings)
    folder = settings.state_dir
    lock = state_dir.take(folder)
    try:
        if not settings.store_url:  # else its records are not in there
            state_dir.check_owner(folder, settings.watch_dir)
        remember(folder, settings.watch_dir)
        if left := end_leftovers(folder):
            view.say(f"ended {number_of(left, 'process', 'processes')} of an earlier run whose supervisord was killed")
        chosen: dict[str, Any] = {
            "flower_auth": settings.flower_auth or state_dir.flower_auth(folder),
            "flower_port": _free_port(settings.flower_address, settings.flower_port, "FLOWER"),
        }
        if settings.web != "off" and not once:
            taken = int(chosen["flower_port"])  # Flower does not listen there yet
            chosen["web_port"] = _free_port(settings.web_address, settings.web_port, "WEB", taken)
        if "proposers" not in settings.model_fields_set:
            chosen["proposers"] = programs.usual_proposers(os.cpu_count() or 1)
        settings = settings.model_copy(update=chosen)
        if redis:
            settings.redis_socket.parent.mkdir(exist_ok=True, mode=0o700)
        parts = programs.stack(settings, redis, once)
        with state_dir.temporary_folder(folder) as temporary:
            environment = {
                **settings.environment(),
                **programs.flower_environment(settings.flower_auth),
                SUPERVISED: mark_of(folder),
                "TMPDIR": str(temporary),
            }
            supervisor = Supervisor(parts, folder, environment, lock, view.say)
            try:
                yield _start(settings, supervisor, parts, view, once)
            finally:
                view.say("stopping")
                supervisor.stop()
    finally:
        os.close(lock)


def _check(settings: Settings) -> list[str]:
    """The command line of the embedded Redis, [] for none. Raises SettingsError before anything is made."""
    if not settings.watch_dir.is_dir():
        raise SettingsError(f"{settings.watch_dir} is not a folder; name the folder to watch")
    check_state_apart(settings.watch_dir, settings.state_dir)
    check_state_folder(settings.state_dir)
    check_socket(settings.redis_socket)  # supervisord's socket lies beside it
    return redis_command(find_redis_server(), settings.redis_socket) if settings.embedded_redis else []


def _start(
    settings: Settings, supervisor: Supervisor, parts: list[programs.Program], view: View, once: bool
) -> RunningStack:
    for sentence in settings.folder_warnings():
        view.say(f"warning: {sentence}")
    store = RedisStore.connect(settings.store)
    if settings.embedded_redis:
        supervisor.start(programs.REDIS)
    app = make_app(settings)
    _do_when_redis_answers(lambda: claim_databases(store, app, settings.state_dir, settings.watch_dir), supervisor)
    prepare_weights(settings)
    extractor = store.extractor()
    if extractor:  # one line: the warning says which they are
        view.say(f"warning: {extractor.warning}" if extractor.warning else f"features: {extractor.label}")
    if not settings.store_url:  # not before: a start that failed would have taken the folder for nothing
        state_dir.claim(settings.state_dir, settings.watch_dir)
    progress = Progress(store)  # before anybody works
    for part in parts:
        if part.name != programs.REDIS:
            supervisor.start(part.name)
    flower_url = "" if once else f"http://{settings.flower_address}:{settings.flower_port}"
    web_url = "" if once or settings.web == "off" else f"http://{settings.web_address}:{settings.web_port}"
    return RunningStack(settings, supervisor, store, progress, flower_url, web_url)


def prepare_weights(settings: Settings) -> str:
    """Make sure of the weights, and publish whose features count, before any image is taken. Raises StackFailed.

    Returns which they are, for the worker that loads them (names.WEIGHTS_FOUND).
    """
    command = [sys.executable, "-m", "worker.commands.prepare"]
    ended = subprocess.run(command, env={**os.environ, **settings.environment()}, stdout=subprocess.PIPE, check=False)
    if ended.returncode:
        raise StackFailed("the weights could not be prepared; the reason stands above")
    return ended.stdout.decode("ascii").strip()


def _do_when_redis_answers(act: Callable[[], None], supervisor: Supervisor) -> None:
    attempts = Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_exponential(0.02, max=2),
        stop=stop_after_delay(REDIS_SECONDS),
        reraise=True,
    )
    for attempt in attempts:
        with attempt:
            supervisor.check()
            act()


def _free_port(address: str, wanted: int, who: str, taken: int = 0) -> int:
    """`wanted` if it is free, else any free port: a second stack on one machine gets a Flower and a page, too.

    taken: not this one, though nobody listens there.
    """
    for port in (wanted, 0, 0, 0):  # one that is taken may be given once, hardly three times
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if found != taken:
            return found
    raise StackFailed(f"no port of {address} is free; check IMAGESIEVE_{who}_ADDRESS")


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Raise StopRequested in the main thread at the first SIGINT, SIGTERM or SIGHUP; later ones wait their turn."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if not asked.is_set():
            asked.set()
            raise StopRequested

    caught = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, ask) for number in caught]
    try:
        yield
    finally:
        for number, handler in zip(caught, before, strict=True):
            signal.signal(number, handler)


def watch_over(stack: RunningStack, view: View) -> None:
    """Show progress and tell of reports until a program is given up (StackFailed) or it is stopped (StopRequested)."""
    redis = RedisWatch(stack.store, view.say)
    report = ReportWatch(stack.store, stack.settings.reports_dir, view.say)
    while True:
        stack.supervisor.check()
        redis.look(time.monotonic())
        report.look(time.monotonic())
        _show(stack, view)
        time.sleep(LOOK_SECONDS)


def work_through(stack: RunningStack, view: View) -> dict[str, Any]:
    """Wait until the watcher has seen every file finished, then recluster; the outcome of that run."""
    while True:
        state = stack.supervisor.states()[programs.WATCHER]
        stack.supervisor.check()
        _show(stack, view)
        if state.state == "EXITED":
            break
        time.sleep(LOOK_SECONDS)
    if state.exit_status:
        raise StackFailed(
            f"the watcher ended with status {state.exit_status}:\n{stack.supervisor.tail(programs.WATCHER)}"
        )
    app = make_app(stack.settings)
    while _holds_messages(app):
        stack.supervisor.check()
        _show(stack, view)
        time.sleep(LOOK_SECONDS)
    _show(stack, view)  # the last messages may have been done since
    view.say("reclustering")
    return recluster_and_wait(stack.settings, force=False, check=stack.supervisor.check)


def _holds_messages(app: Celery) -> bool:
    try:
        waiting = outstanding(app)
    except Unavailable:
        return True  # supervisord's Redis starts again; check() speaks up when it cannot
    return any(waiting.queued.values()) or waiting.unacknowledged > 0


def recluster_and_wait(
    settings: Settings, force: bool, k: int | None = None, check: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Ask for a recluster run and wait for its end. k: see `ask_for_recluster`. `check` may raise while it waits."""
    result = request_recluster(make_app(settings), force, k)
    while not result.ready():
        check()
        time.sleep(0.2)
    if result.failed():
        raise StackFailed(f"the recluster run failed: {result.result}; the last complete generation still stands")
    outcome: dict[str, Any] = result.get()
    return outcome


def _show(stack: RunningStack, view: View) -> None:
    try:
        view.progress(stack.progress.look())
    except Unavailable:
        return  # supervisord starts Redis again; check() speaks up when it cannot
