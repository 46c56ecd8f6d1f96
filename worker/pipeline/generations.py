"""Folders of generations: complete before they are seen, `latest` flipped in one step, old ones removed."""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from shared.reports import LATEST

_GENERATION: Final = re.compile(r"\d{8}T\d{6}\.\d{6}Z\+*")
_DRAFT: Final = re.compile(r"\.draft-[a-z0-9_]{8}")
_LINK: Final = re.compile(rf"\.{LATEST}-{_GENERATION.pattern}")


def publish_folder(reports: Path, generation: str, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a new folder, give it its name, point `latest` at it; the folder.

    A failed `write` leaves nothing behind and `latest` as it was.
    """
    reports.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=reports))
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

    What has no name of ours is somebody's, and stays.
    """
    if not reports.is_dir():
        return
    found = list(reports.iterdir())
    folders = [path.name for path in found if path.is_dir() and _GENERATION.fullmatch(path.name)]
    kept = {*sorted(folders, reverse=True)[:keep], current}
    for path in found:
        if path.is_symlink():
            if _LINK.fullmatch(path.name):
                path.unlink()
        elif path.is_dir() and path.name not in kept and (path.name in folders or _DRAFT.fullmatch(path.name)):
            shutil.rmtree(path)
