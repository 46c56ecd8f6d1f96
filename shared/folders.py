"""Folders that settings name: whether they lie apart, and whether they are there and last."""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from shared.errors import SettingsError
from shared.filesystems import vanishing
from shared.ignored import ignores
from shared.mount_table import read_table, shown_within


def check_state_apart(watched: Path, state: Path) -> None:
    """Raise SettingsError where what is written into the state folder would be found in the watched one."""
    below = _names_below(state, watched)
    if below is not None and not ignores("/".join((*below, "elbow.png"))):
        # The plots of every report would be new images, and lead to the next report, for ever.
        raise SettingsError(
            f"the state folder is {state}, inside the watched folder {watched}: "
            "move it out, or give it a name that starts with a dot"
        )
    if _names_below(watched, state) is not None:
        raise SettingsError(
            f"the watched folder {watched} lies inside the state folder {state}: name another folder "
            "with --state, outside your pictures"
        )


def check_target(root: Path, target: str) -> None:
    """Raise SettingsError where `target` cannot be the target folder for files of `root`. It need not exist yet."""
    if not target:
        raise SettingsError("there is no folder to move to: name one outside the watched folder, by --to FOLDER or in "
                            "IMAGESIEVE_MOVE_TO")  # fmt: skip
    check_target_apart(root, target)
    kind = vanishing(Path(target), root)
    if kind:
        raise SettingsError(
            f"{target} cannot be moved to: it lies on {kind}, which is memory or a container's own layer, and what is "
            "there goes with the machine or the container; name a folder on a disk (in containers /moved, which is "
            "the folder MOVED of the host)"
        )


def check_target_apart(root: Path, target: str) -> None:
    """Raise SettingsError where watched folder and target folder are one or lie in each other, by any link or mount."""
    for inner, outer in ((Path(target), root), (root, Path(target))):
        if _names_below(inner, outer) is not None:
            raise SettingsError(
                f"{target} cannot be moved to: it and the watched folder {root} must not lie in each other, or what "
                "was moved would be watched; name a folder elsewhere"
            )
    # Bind mounts and overlays may show one in the other, at whatever depth.
    table = read_table()
    watched, moved = (table.views(os.path.realpath(folder)) for folder in (root, target))
    if places := shown_within(moved, watched) or shown_within(watched, moved):
        raise SettingsError(
            f"{target} cannot be moved to: it and the watched folder {root} must not lie in each other, and by a mount "
            f"{places[0]} and {places[1]} are one folder; name a folder elsewhere (in containers, by MOVED one outside "
            "of WATCH), or unmount one of the two"
        )


def _names_below(inner: Path, outer: Path) -> tuple[str, ...] | None:
    """The names on the way from `outer` to `inner`, by the folders themselves; None where it does not lie in there.

    Neither need exist. Links and mounts on the way are followed.
    """
    wanted, place = _status(outer), Path(os.path.realpath(inner))
    for folder in (place, *place.parents):
        status = _status(folder)
        if status and wanted and os.path.samestat(status, wanted):
            return place.relative_to(folder).parts
    return None


def _status(folder: Path) -> os.stat_result | None:
    try:
        return folder.stat()
    except OSError:
        return None  # it is not there, or not to be seen


def missing_folders(root: Path, setting: str, folders: Sequence[str]) -> Iterator[str]:
    """A sentence for each of `folders`, relative to the watched one, that is not there: its rule matches nothing."""
    for folder in folders:
        if root.is_dir() and not (root / folder).is_dir():
            similar = _similar(root, folder)
            meant = f"; did you mean {similar!a}?" if similar else ""
            yield (
                f"{setting} names {folder!a}, and there is no such folder below {root}: it decides nothing{meant} "
                "(folders are separated by `:`; one that holds a `:` is written with `\\:`)"
            )


def _similar(root: Path, folder: str) -> str:
    """A folder that is spelt the same but for case, or for how its accents are stored; "" where there is none."""
    place = root
    for part in PurePosixPath(folder).parts:
        try:
            names = [entry.name for entry in os.scandir(place) if entry.is_dir()]
        except OSError:
            return ""
        alike = [name for name in names if _plain(name) == _plain(part)]
        if not alike:
            return ""
        place /= part if part in alike else alike[0]
    return str(place.relative_to(root))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
