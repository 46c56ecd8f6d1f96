"""The broker: one Celery app without tasks, which senders, workers and watchers build from the same settings."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from celery import Celery
from celery.result import AsyncResult
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shared import names
from shared.absence import Server, unavailable
from shared.broker.lanes import Lane
from shared.broker.loader import Loader
from shared.broker.wording import describe_paths
from shared.records import Owner, Reference
from shared.settings import Settings
from shared.store import keys
from shared.store import owner as owners

RESULT_SECONDS: Final = 3600
# Paths in one message to the verdict writer, by lane: an arrival waits for the message in hand, whatever is in line.
_PATHS_AT_ONCE: Final = {Lane.ARRIVAL: 500, Lane.BACKLOG: 8}
# For questions that somebody waits for: kombu would try a broker that is away for 6 s.
_BRIEFLY: Final = {"connect_retries_timeout": 1, "interval_start": 0.2, "interval_step": 0.2}
_PATHS_TO_PROPOSE: Final = 16  # in one message: several proposers share what a feature worker has finished
UNACKNOWLEDGED: Final = "unacked"  # kombu's hash of messages that were fetched and not acknowledged yet


def make_app(settings: Settings) -> Celery:
    """The Celery app, without tasks. Connects to nothing yet."""
    address = settings.broker
    app = Celery("imagesieve", loader=Loader, broker=address, backend=address, set_as_current=False)
    transport = {
        # The shortest timeout of all apps on one broker wins, so every process takes it from here.
        "visibility_timeout": settings.visibility_timeout,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 30,
        # kombu looks for messages of workers that vanished every 10 s, and by default heeds every tenth look only.
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": 30,  # its lock outlives a worker killed while it looked, by five minutes by default
        "priority_steps": [lane.value for lane in Lane],
    }
    app.conf.update(
        broker_use_ssl=_tls_options(settings.broker),
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        event_serializer="json",
        broker_transport_options=transport,
        result_backend_transport_options={"visibility_timeout": settings.visibility_timeout},
        visibility_timeout=settings.visibility_timeout,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,  # a broker whose disk is full answers every command with an error
        task_queues=[Queue(name) for name in names.QUEUES],
        task_default_queue=names.QUEUE_FEATURES,
        task_create_missing_queues=False,
        task_routes={
            names.TASK_EXTRACT: {"queue": names.QUEUE_FEATURES},
            names.TASK_RECLUSTER: {"queue": names.QUEUE_RECLUSTER},
            names.TASK_PROPOSE: {"queue": names.QUEUE_PROPOSALS},
            names.TASK_JUDGE: {"queue": names.QUEUE_VERDICTS},
        },
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=True,
        task_track_started=True,
        task_send_sent_event=True,
        task_ignore_result=True,
        result_expires=RESULT_SECONDS,
        worker_prefetch_multiplier=1,
        worker_send_task_events=True,
        worker_pool_start_method="spawn",  # TensorFlow loaded before a fork deadlocks in the child
        # A spawned child imports before it answers. By default it is killed after 4 s, which a busy machine needs.
        worker_proc_alive_timeout=60.0,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        timezone="UTC",
        beat_schedule={
            "recluster": {
                "task": names.TASK_RECLUSTER,
                "schedule": settings.recluster_every,
                "kwargs": {"patient": True},
                # A look that was not taken before the next one is due is worth nothing.
                "options": {
                    "expires": settings.recluster_every,
                    "queue": names.QUEUE_RECLUSTER,
                    "ignore_result": True,
                },
            }
        },
    )
    return app


def _tls_options(url: str) -> dict[str, str] | None:
    """What a URL says of TLS. Celery reads it there; Flower's page of queues reads it here alone."""
    parts = urlsplit(url)
    if parts.scheme != "rediss":
        return None
    return {name: value for name, value in parse_qsl(parts.query) if name.startswith("ssl_")}


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except (OperationalError, RedisError, OSError) as error:
        raise unavailable(Server.BROKER, error) from error


def _send(app: Celery, task: str, argument: list[Any], paths: Sequence[str], lane: Lane = Lane.ARRIVAL) -> None:
    """Send a message and ignore its result: Celery would subscribe to it, and keep half a KiB of it for ever.

    paths: that it is about, which Flower shows.
    """
    about = describe_paths(paths)
    app.send_task(task, args=[argument], retry=False, ignore_result=True, priority=lane.value, argsrepr=about)


def send_references(app: Celery, references: Sequence[Reference], lane: Lane = Lane.ARRIVAL) -> None:
    """Send one batch to the feature workers. Raises Unavailable at once when the broker is away."""
    with _speaking():
        wire = [reference.to_wire() for reference in references]
        _send(app, names.TASK_EXTRACT, wire, [reference.path for reference in references], lane)


def request_verdicts(app: Celery, paths: Sequence[str], lane: Lane = Lane.ARRIVAL) -> None:
    """Ask the verdict writer to look at these paths: finished, failed or gone. Raises Unavailable."""
    size = _PATHS_AT_ONCE[lane]
    for start in range(0, len(paths), size):
        with _speaking():
            part = list(paths[start : start + size])
            _send(app, names.TASK_JUDGE, part, part, lane)


def request_proposals(app: Celery, paths: Sequence[str], lane: Lane = Lane.ARRIVAL) -> None:
    """Ask the proposers to look at these paths first; they pass them on to the verdict writer. Raises Unavailable."""
    size = min(_PATHS_TO_PROPOSE, _PATHS_AT_ONCE[lane])
    for start in range(0, len(paths), size):
        with _speaking():
            part = list(paths[start : start + size])
            _send(app, names.TASK_PROPOSE, part, part, lane)


def pass_on_proposals(app: Celery, paths: Sequence[str], proposals: Sequence[object], lane: Lane) -> None:
    """Ask for verdicts as `request_verdicts` does, with what was found out about the paths. Raises Unavailable."""
    with _speaking():
        app.send_task(
            names.TASK_JUDGE, args=[list(paths)], kwargs={"proposals": list(proposals)},
            retry=False, ignore_result=True, priority=lane.value, argsrepr=describe_paths(paths),
            kwargsrepr=f"with {len(proposals):,} proposals",
        )  # fmt: skip


def wake_writer(app: Celery) -> None:
    """Let the verdict writer look at what waits, although nothing new has happened. Raises Unavailable."""
    with _speaking():
        _send(app, names.TASK_JUDGE, [], [])


def wake_feature_worker(app: Celery) -> None:
    """Let a feature worker look at what waits beside its messages. Raises Unavailable."""
    with _speaking():
        _send(app, names.TASK_EXTRACT, [], [])


def ask_for_recluster(app: Celery, force: bool, k: int | None = None) -> None:
    """Ask for a recluster run that nobody waits for; with `force` also when nothing has changed. Raises Unavailable.

    k: the number of clusters from now on, 0 for that of the settings; None leaves it as it is.
    """
    with _speaking():
        app.send_task(names.TASK_RECLUSTER, kwargs=_wanted(force, k), ignore_result=True, retry=False)


def request_recluster(app: Celery, force: bool, k: int | None = None) -> "AsyncResult[Any]":
    """Ask for a recluster run whose outcome is waited for; see `ask_for_recluster`. Raises Unavailable."""
    ping(app)  # a broker that is away while the result is subscribed to would be Celery's RuntimeError, after 20 tries
    with _speaking():
        return app.send_task(names.TASK_RECLUSTER, kwargs=_wanted(force, k), ignore_result=False, retry=False)


def _wanted(force: bool, k: int | None) -> dict[str, int]:
    return {"force": force} if k is None else {"force": force, "k": k}


def ping(app: Celery) -> None:
    """Return when the broker answers and takes writes. Raises Unavailable."""
    with _speaking(), app.connection_for_write(transport_options=_BRIEFLY) as connection:
        channel: Any = connection.default_channel
        channel.client.set(keys.KEY_PING, "")


def claim(app: Celery, owner: Owner) -> Owner:
    """Whose messages the broker holds: `owner`'s from now on, unless somebody claimed it before. Raises Unavailable."""
    with _speaking(), app.connection_for_write(transport_options=_BRIEFLY) as connection:
        channel: Any = connection.default_channel
        return owners.claim(channel.client, owner)


def workers(app: Celery, seconds: float) -> list[str]:
    """Names of the workers that answer within `seconds`, such as `features@host`. Raises Unavailable."""
    with _speaking(), app.connection_for_write(transport_options=_BRIEFLY) as connection:
        replies = app.control.ping(timeout=seconds, connection=connection)
        return sorted(name for reply in replies for name in reply)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Messages not finished: waiting per queue, and fetched by a worker that has not acknowledged them.

    backlog: of those that wait, the ones in the backlog's lane, per queue.
    """

    queued: dict[str, int]
    unacknowledged: int
    backlog: dict[str, int] = field(default_factory=dict)


def outstanding(app: Celery) -> Outstanding:
    """The messages that the broker still holds. Raises Unavailable. One short connection."""
    with _speaking(), app.connection_for_read(transport_options=_BRIEFLY) as connection:
        channel: Any = connection.default_channel
        with channel.client.pipeline(transaction=True) as pipe:
            pipe.hlen(UNACKNOWLEDGED)
            for name in names.QUEUES:
                pipe.llen(name)
                pipe.llen(f"{name}{channel.sep}{Lane.BACKLOG.value}")  # as kombu names it
            unacknowledged, *lengths = map(int, pipe.execute())
        backlog = dict(zip(names.QUEUES, lengths[1::2], strict=True))
        queued = {name: first + backlog[name] for name, first in zip(names.QUEUES, lengths[::2], strict=True)}
        return Outstanding(queued, unacknowledged, backlog)
