"""`python -m watcher [--once]`: watch the folder IMAGESIEVE_WATCH_DIR and send what settles to the feature workers."""

import argparse
import logging
import signal
import sys
import warnings
from collections.abc import Sequence

from celery import Celery

from shared.broker import make_app, outstanding
from shared.collection import remember
from shared.errors import SettingsError
from shared.folders import check_state_apart
from shared.logs import configure_logging
from shared.metrics import UNMETERED, Meter
from shared.ownership import claim_databases
from shared.settings import Settings, load_settings
from shared.state_folder import open_state_folder, unusable
from shared.store import RedisStore, Store
from watcher.queue import CeleryQueue
from watcher.service import HEARTBEAT_NAME, Service
from watcher.storage import FolderAway
from watcher.timing import Clock, Stop

_log = logging.getLogger("watcher")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the watcher; the exit status: 0 done or asked to stop, 1 `--once` did not come to its end, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog="python -m watcher",
        description="Watch a folder and send references of settled image files to the feature workers. "
        "Settings are IMAGESIEVE_* environment variables.",
    )
    parser.add_argument(
        "--once", action="store_true", help="work through what is there, wait for the end of it, and stop"
    )
    once = parser.parse_args(arguments).once
    try:
        settings = load_settings()
        check_folders(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    configure_logging(settings.log_level)
    # watchdog meets a folder twice when it is made while its parent is being watched; once is enough, and it is so.
    warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.request)
    store, app = RedisStore.connect(settings.store), make_app(settings)
    service = Service(settings, store, CeleryQueue(app), stop, Clock(), open_meter(settings, store, app))
    try:
        claimed = service.begin(lambda: claim_databases(store, app, settings.state_dir, settings.watch_dir))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    return _run(service, settings, once) if claimed else int(once)


def _run(service: Service, settings: Settings, once: bool) -> int:
    _log.info("watching %s", settings.watch_dir)
    try:
        if once:
            return 0 if service.run_once() else 1
        service.run()
    except FolderAway as error:
        _log.error("%s", error)
        return 1
    return 0


def open_meter(settings: Settings, store: Store, app: Celery) -> Meter:
    """The watcher's meter, served on IMAGESIEVE_METRICS_PORT together with the collection's numbers."""
    if not settings.metrics_port:
        return UNMETERED
    from shared.metrics import exposition
    from watcher.collection import CollectionMetrics
    from watcher.metrics import METRICS

    collection = CollectionMetrics(store, lambda: outstanding(app))
    return exposition.open_meter(METRICS, settings.metrics_address, settings.metrics_port, collection)


def check_folders(settings: Settings) -> None:
    """Raise SettingsError where the watched folder is not a folder, or the state folder cannot be used with it."""
    watched, state = settings.watch_dir, settings.state_dir
    if not watched.is_dir():
        raise SettingsError(f"IMAGESIEVE_WATCH_DIR is {watched}, which is not a folder: create it, or name another one")
    check_state_apart(watched, state)
    open_state_folder(state)
    remember(state, watched)
    try:
        (state / HEARTBEAT_NAME).touch()
    except OSError as error:
        raise unusable(state, error) from error


if __name__ == "__main__":
    sys.exit(main())
