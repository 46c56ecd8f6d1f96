"""The command that says what a folder will take, before anything is computed of it."""

import json as json_
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from shared.cli.estimate_text import estimate_lines
from shared.cli.terminal import emit, print_lines
from shared.errors import ImagesieveError, PermanentError, SettingsError
from shared.settings import Settings, load_settings
from shared.stack.programs import usual_proposers
from shared.store import RedisStore

MEMORY: Final = Path("/proc/meminfo")


def estimate(
    folder: Annotated[Path, typer.Argument(help="the folder that is to be watched, with its subfolders")],
    rate: Annotated[bool, typer.Option("--rate/--no-rate", help="measure this machine, for half a minute")] = True,
    json: Annotated[bool, typer.Option("--json", help="as JSON, for programs")] = False,
) -> None:
    """Say what a folder holds, what of it will be refused, and what the rest will take in hours, memory and disk.

    Looks at the first bytes of each file, then describes some of them to measure this machine. Needs no Redis, and
    changes nothing. Examples:

      imagesieve estimate ~/Pictures

      imagesieve estimate --no-rate --json ~/Pictures
    """
    settings = load_settings(watch_dir=folder)
    if not settings.watch_dir.is_dir():
        raise SettingsError(f"{settings.watch_dir} is not a folder; name the folder to watch")
    found = _count(settings, rate)
    found["machine"] = _machine(settings)
    if json:
        emit(found)
    else:
        print_lines(estimate_lines(found))


def _count(settings: Settings, rate: bool) -> dict[str, Any]:
    """One process walks through the folder as the watcher does, one reads as the worker does. Raises PermanentError."""
    environment = {**os.environ, **settings.environment()}
    proposers = settings.proposers if "proposers" in settings.model_fields_set else usual_proposers(os.cpu_count() or 1)
    command = [sys.executable, "-m", "worker.commands.estimate", "--proposers", str(proposers)]
    walk = subprocess.Popen([sys.executable, "-m", "watcher.survey"], env=environment, stdout=subprocess.PIPE)
    try:
        ended = subprocess.run(
            [*command, *([] if rate else ["--no-rate"])],
            env=environment, stdin=walk.stdout, stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        if walk.stdout:
            walk.stdout.close()
        walk.terminate()
        walk.wait()
    if ended.returncode == 1:
        raise typer.Exit(1)  # it said why
    if ended.returncode:
        raise PermanentError(f"the estimate ended with status {ended.returncode}; nothing was changed")
    found: dict[str, Any] = json_.loads(ended.stdout)
    return found


def _machine(settings: Settings) -> dict[str, Any]:
    """Bytes that are free for what it will take; None where that is not known. redis_limit: 0 for none of its own."""
    there = next(folder for folder in (settings.state_dir, *settings.state_dir.parents) if folder.exists())
    used, limit = _redis(settings) if settings.store_url or settings.redis_socket.exists() else (0, 0)
    return {
        "memory_available": _available(MEMORY),
        "redis_elsewhere": bool(settings.store_url),
        "redis_used": used,
        "redis_limit": limit,
        "disk_free": shutil.disk_usage(there).free,
        "disk": str(there),
    }


def _redis(settings: Settings) -> tuple[int | None, int | None]:
    """Bytes that a Redis which runs uses, and may use; None where it does not answer."""
    try:
        store = RedisStore.connect(settings.store)
        return store.memory(), store.memory_limit()
    except ImagesieveError:
        return None, None


def _available(file: Path) -> int | None:
    """Bytes of memory that programs may still take, by Linux's account."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), None)
