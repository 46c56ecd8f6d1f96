"""Folders of generations: complete before they are seen, `latest` flipped in one step, old ones removed."""

import shutil
import tempfile
from collections.abc import Callable, Collection
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


def remove_folders(reports: Path, keep: Collection[str]) -> None:
    """Remove the folders of generations not in `keep`, and drafts and links that a killed run left."""
    for found in reports.iterdir():
        if found.is_symlink() and found.name != LATEST:
            found.unlink()
        elif found.is_dir() and not found.is_symlink() and found.name not in keep:
            shutil.rmtree(found)
