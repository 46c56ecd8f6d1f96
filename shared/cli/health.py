"""What imagesieve needs of the machine it runs on, and what to do where it is missing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.cli.collection_settings import take_weights, watched_folder
from shared.errors import ImagesieveError, SettingsError, Unavailable
from shared.records import Extractor
from shared.settings import Settings
from shared.stack.redis_server import find_redis_server
from shared.state_folder import check_state_folder, writer_of
from shared.store import RedisStore
from shared.wording import size_of

WATCHES_WANTED: Final = 65_536
FREE_WANTED: Final = 2 << 30
INOTIFY: Final = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True)
class Finding:
    """What was found of one thing. remedy: what to do when it is not ok."""

    name: str
    ok: bool
    found: str
    remedy: str


def check_health(settings: Settings) -> list[Finding]:
    """Look at everything. Starts one Python process that loads TensorFlow: several seconds."""
    of_settings = (_keras, _redis, _disk, _state, _folder)
    return [*_python(), *_inotify(), *(finding for look in of_settings for finding in look(settings))]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", (3, 11) <= sys.version_info < (3, 13), version, "install Python 3.11 or 3.12")


def _keras(settings: Settings) -> Iterator[Finding]:
    """Keras and the weights, asked in a process of their own: this one stays light."""
    unnamed, extractor = "", _extractor(settings)
    try:
        chosen = take_weights(settings, extractor)
        left_open, settings = chosen is not settings, chosen
    except SettingsError as error:
        unnamed, left_open = str(error), True
        # Random ones need no network. No finding mentions them.
        settings = settings.model_copy(update={"weights": "random"})
    command = [sys.executable, "-m", "worker.commands.prepare", "--check"]
    ended = subprocess.run(
        command, env={**os.environ, **settings.environment()}, check=False, capture_output=True, text=True
    )
    remedy = "install imagesieve again; the end of its complaint: " + ended.stderr.strip()[-300:]
    try:
        found = json.loads(ended.stdout)
    except ValueError:
        yield Finding("TensorFlow", False, "does not load", remedy)
        return
    yield Finding("Keras", True, found["keras"], "")
    yield Finding("devices", True, found["devices"], "")
    wrong = unnamed or found["error"]
    if left_open and extractor and extractor.warning != found["warning"]:  # random, and nobody had asked for that
        wrong = wrong or extractor.warning
    yield Finding("weights", not wrong, "not named" if unnamed else found["weights"] or settings.weights, wrong)


def _extractor(settings: Settings) -> Extractor | None:
    """Whose features the collection has; None without a collection, and where Redis does not answer."""
    if not settings.store_url and not settings.redis_socket.exists():
        return None
    try:
        return RedisStore.connect(settings.store).extractor()
    except ImagesieveError:
        return None  # `_redis` tells of it


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.embedded_redis:
        try:
            yield Finding("redis-server", True, str(find_redis_server()), "")
        except ImagesieveError as error:
            yield Finding("redis-server", False, "none", str(error))
        if not settings.redis_socket.exists():
            yield Finding("Redis", True, "not started: `imagesieve up` does that", "")
            return
    try:
        used = RedisStore.connect(settings.store).memory()
        yield Finding("Redis", True, f"answers, {size_of(used)} used", "")
    except Unavailable as error:
        remedy = error.remedy or "start it, or check IMAGESIEVE_STORE_URL"
        yield Finding("Redis", settings.embedded_redis, error.why, remedy)


def _inotify() -> Iterator[Finding]:
    for name, wanted in (
        ("max_user_watches", WATCHES_WANTED),
        ("max_user_instances", 64),
        ("max_queued_events", 16_384),
    ):
        file = INOTIFY / name
        value = int(file.read_text()) if file.exists() else 0
        remedy = f"sysctl fs.inotify.{name}={wanted}, or set IMAGESIEVE_OBSERVER=polling"
        yield Finding(f"inotify {name}", value >= wanted, str(value), remedy)


def _disk(settings: Settings) -> Iterator[Finding]:
    there = next(folder for folder in (settings.state_dir, *settings.state_dir.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    found = f"{size_of(free)} free at {there}"
    yield Finding("disk", free >= FREE_WANTED, found, "free some space, or name a folder on another disk with --state")


def _state(settings: Settings) -> Iterator[Finding]:
    try:
        check_state_folder(settings.state_dir)
        wrong = ""
    except SettingsError as error:
        wrong = str(error)
    writer = writer_of(settings.state_dir)
    found = f"{settings.state_dir}, used last by imagesieve {writer}" if writer else str(settings.state_dir)
    yield Finding("state folder", not wrong, found, wrong)


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = watched_folder(settings)
    if folder is None:
        return  # nobody has said yet which one it is to be
    for sentence in settings.model_copy(update={"watch_dir": folder}).folder_warnings():
        yield Finding("rule of a folder", False, "matches nothing", sentence)
    ok = folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
    yield Finding("watched folder", ok, str(folder), "mount it, or set IMAGESIEVE_WATCH_DIR to a folder you may read")
