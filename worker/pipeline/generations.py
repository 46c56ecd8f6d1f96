"""Folders of generations: complete before they are seen, `latest` flipped in one step, old ones removed."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from shared.reports import LATEST


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
    link = reports / f".{LATEST}-{generation}"
    link.unlink(missing_ok=True)
    link.symlink_to(generation, target_is_directory=True)
    link.replace(reports / LATEST)
    return folder


def remove_folders(reports: Path, keep: int, current: str) -> None:
    """Remove all generations but the newest `keep` and `current`, and drafts and links that a killed run left."""
    if not reports.is_dir():
        return
    found = [path for path in reports.iterdir() if path.name != LATEST]
    folders = [path.name for path in found if path.is_dir() and not path.name.startswith(".")]
    kept = {*sorted(folders, reverse=True)[:keep], current}
    for path in found:
        if path.is_symlink():
            path.unlink()
        elif path.is_dir() and path.name not in kept:
            shutil.rmtree(path)
