"""The workers' Celery app, with its tasks and what every spawned child begins with.

Celery's command line takes this module's `app`. Nothing is connected or loaded until the first task asks for it, and a
task runs in a spawned child: the model is loaded once per process, never before a fork.
"""

import os

from celery.signals import setup_logging, task_rejected, task_unknown, worker_process_init, worker_process_shutdown

from shared import names
from shared.broker import make_app
from shared.logs import configure_logging
from shared.settings import load_settings
from worker.libraries import prepare_libraries
from worker.repeated import repeat
from worker.tasks import register
from worker.turn import HOLDER, Turn
from worker.workshop import Workshop

ACTING_SECONDS = 2.0  # between two looks at what waits to be moved


def _count_refused(**_: object) -> None:
    """Messages that Celery logs and drops before they become tasks are counted, too."""
    _workshop.refuse(1)


def _serve_metrics(**_: object) -> None:
    """In every new child of a verdict worker, before its first task."""
    if HOLDER in os.environ:
        _workshop.meter  # noqa: B018 - its first use serves it


def _look_after_moved(**_: object) -> None:
    """In every new child of a verdict worker."""
    if HOLDER in os.environ:
        repeat(_workshop.moves.look, ACTING_SECONDS, "acting")


def _save_index(**_: object) -> None:
    """In a child of a verdict worker that ends, after its last task."""
    if HOLDER in os.environ:
        _workshop.save_index()


def _load_network(**_: object) -> None:
    """In every new child of a feature worker, before its first task."""
    if names.WEIGHTS_FOUND in os.environ:
        _workshop.network  # noqa: B018 - its first use loads it


def _log(**_: object) -> None:
    configure_logging(_settings.log_level)


_settings = load_settings()
prepare_libraries(_settings.max_pixels)
setup_logging.connect(_log, weak=False)
app = make_app(_settings)
# A spawned child gets the app without its tasks, and finds them by importing what is named here.
app.conf.imports = ("worker.app",)
app.conf.worker_consumer = "worker.consumer:Consumer"
_workshop = Workshop(_settings)
register(app, _workshop)
worker_process_init.connect(_serve_metrics, weak=False)
worker_process_init.connect(_load_network, weak=False)
worker_process_shutdown.connect(_save_index, weak=False)
worker_process_init.connect(_look_after_moved, weak=False)
task_unknown.connect(_count_refused, weak=False)
task_rejected.connect(_count_refused, weak=False)
_turn = Turn(app, lambda: _workshop.store)  # signals hold their receivers weakly
