"""The watched folder and the state folder beside each other."""

import os
from pathlib import Path

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
