"""Folders of generations: complete before they are seen, `latest` flipped in one step, old ones removed."""

import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from shared.reports import LATEST
from shared.state_folder import OWN_PREFIX

_DRAFT: Final = f"{OWN_PREFIX}draft-"
_GENERATION: Final = re.compile(r"\d{8}T\d{6}\.\d{6}Z\+*")  # see worker.pipeline.reclustering.recluster


def publish_folder(reports: Path, generation: str, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a new folder, give it its name, point `latest` at it; the folder.

    A failed `write` leaves nothing behind and `latest` as it was.
    """
    reports.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=reports))
    try:
        write(draft)
        draft.chmod(0o755)
        folder = draft.rename(reports / generation)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    for part in (*folder.rglob("*"), folder):
        _sync(part)  # else a power cut may leave `latest` pointing at empty files
    latest, link = reports / LATEST, reports / f".{LATEST}-{generation}"
    if os.path.lexists(latest) and not latest.is_symlink():
        raise FileExistsError(errno.EEXIST, f"{latest} is not imagesieve's, and is not replaced")
    link.unlink(missing_ok=True)
    link.symlink_to(generation, target_is_directory=True)
    link.replace(latest)
    _sync(reports)
    return folder


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_folders(reports: Path, keep: int, current: str) -> None:
    """Remove all generations but the newest `keep` and `current`, and drafts and links that a killed run left.

    Only what a run makes, by its name and by what is in it: whatever else lies there is a user's, and stays.
    """
    if not reports.is_dir():
        return
    found = list(reports.iterdir())
    folders = [path.name for path in found if _is_generation(path)]
    kept = {*sorted(folders, reverse=True)[:keep], current}
    for path in found:
        if _is_pointer_left_behind(path):
            path.unlink()
        elif path.name not in kept and (path.name in folders or _is_draft(path)):
            shutil.rmtree(path)


def _is_generation(path: Path) -> bool:
    if path.is_symlink() or not _GENERATION.fullmatch(path.name):
        return False
    try:
        summary = json.loads((path / "summary.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and summary.get("generation") == path.name


def _is_draft(path: Path) -> bool:
    return path.name.startswith(_DRAFT) and path.is_dir() and not path.is_symlink()


def _is_pointer_left_behind(path: Path) -> bool:
    """Whether it is the link that was to become `latest`."""
    generation = path.name.removeprefix(f".{LATEST}-")
    named = generation != path.name and _GENERATION.fullmatch(generation)
    return bool(named and path.is_symlink() and str(path.readlink()) == generation)
