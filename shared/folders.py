"""Folders that settings name: beside each other, and whether they are there."""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from shared.errors import SettingsError
from shared.ignored import ignores


def check_apart(watched: Path, state: Path) -> None:
    """Raise SettingsError where what is written into the state folder would be found in the watched one."""
    below = _names_below(state, watched)
    if below is not None and not ignores("/".join((*below, "elbow.png"))):
        # The plots of every report would be new images, and lead to the next report, for ever.
        raise SettingsError(
            f"IMAGESIEVE_STATE_DIR is {state}, inside the watched folder {watched}: "
            "move it out, or give it a name that starts with a dot"
        )
    if _names_below(watched, state) is not None:
        raise SettingsError(
            f"the watched folder {watched} lies inside the state folder {state}: name another folder in "
            "IMAGESIEVE_STATE_DIR, outside your pictures"
        )


def _names_below(inner: Path, outer: Path) -> tuple[str, ...] | None:
    """The names on the way from `outer` to `inner`, by the folders themselves; None where it does not lie in there.

    Neither need exist. Whatever links and mounts lead to them.
    """
    wanted, place = _status(outer), inner.resolve()
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
    """A sentence for each of `folders`, relative to the watched one, that is none: a rule that matches nothing."""
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
