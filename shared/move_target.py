"""The folder that duplicates move to: outside the watched one, not around it, and where things last."""

import os
from pathlib import Path

from shared.errors import SettingsError
from shared.filesystems import vanishing
from shared.mount_table import read_table, shown_within


def check_target(root: Path, target: str) -> None:
    """Raise SettingsError where `target` cannot be the target folder for files of `root`. It need not exist yet."""
    if not target:
        raise SettingsError("there is no folder to move to: name one outside the watched folder, by --to FOLDER or in "
                            "IMAGESIEVE_MOVE_TO")  # fmt: skip
    check_apart(root, target)
    kind = vanishing(Path(target), root)
    if kind:
        raise SettingsError(
            f"{target} cannot be moved to: it lies on {kind}, which is memory or a container's own layer, and what is "
            "there goes with the machine or the container; name a folder on a disk (in containers /moved, which is "
            "the folder MOVED of the host)"
        )


def check_apart(root: Path, target: str) -> None:
    """Raise SettingsError where watched folder and target folder are one, or one lies in the other, by whatever way."""
    for inner, outer in ((Path(target), root), (root, Path(target))):
        if _is_within(inner, outer):
            raise SettingsError(
                f"{target} cannot be moved to: it and the watched folder {root} must not lie in each other, or what "
                "was moved would be watched; name a folder elsewhere"
            )
    _check_mounts(root, target)


def _check_mounts(root: Path, target: str) -> None:
    """Raise SettingsError where bind mounts or overlays show one in the other, at whatever depth."""
    table = read_table()
    watched, moved = (table.views(os.path.realpath(folder)) for folder in (root, target))
    if places := shown_within(moved, watched) or shown_within(watched, moved):
        raise SettingsError(
            f"{target} cannot be moved to: it and the watched folder {root} must not lie in each other, and by a mount "
            f"{places[0]} and {places[1]} are one folder; name a folder elsewhere (in containers, by MOVED one outside "
            "of WATCH), or unmount one of the two"
        )


def _is_within(inner: Path, outer: Path) -> bool:
    """By the folders themselves, whatever links and mounts lead to them."""
    try:
        wanted = outer.stat()
    except OSError:
        return False
    folder = Path(os.path.realpath(inner))
    for place in (folder, *folder.parents):
        try:
            if os.path.samestat(place.stat(), wanted):
                return True
        except OSError:
            continue  # it is not there yet
    return False
