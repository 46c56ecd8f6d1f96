"""The watched folder and the state folder beside each other."""

from pathlib import Path

from shared.errors import SettingsError
from shared.ignored import ignores


def check_apart(watched: Path, state: Path) -> None:
    """Raise SettingsError where what is written into the state folder would be found in the watched one."""
    folder, place = watched.resolve(), state.resolve()
    if place.is_relative_to(folder) and not ignores(str(place.relative_to(folder) / "elbow.png")):
        # The plots of every report would be new images, and lead to the next report, for ever.
        raise SettingsError(
            f"IMAGESIEVE_STATE_DIR is {state}, inside the watched folder {watched}: "
            "move it out, or give it a name that starts with a dot"
        )
