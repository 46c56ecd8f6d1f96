"""The weights that `imagesieve weights` chose for a collection: remembered in its state folder, and read in one place.

A setting that is given elsewhere, and is not `auto`, counts before it.
"""

import os
from pathlib import Path
from typing import Final

from shared.errors import SettingsError
from shared.state_folder import open_state_folder, unusable, write_whole

FILE: Final = "weights"  # in the state folder: a value of IMAGESIEVE_WEIGHTS, as bytes of a path


def remember_weights(state_dir: Path, weights: str) -> None:
    """Take these weights for the collection from its next start on; `auto` forgets what was chosen before.

    weights: a value of IMAGESIEVE_WEIGHTS, a file by its absolute path. Raises SettingsError where the state folder
    cannot be used.
    """
    open_state_folder(state_dir)
    try:
        write_whole(state_dir / FILE, os.fsencode(weights))
    except OSError as error:
        raise unusable(state_dir, error) from error


def remembered_weights(state_dir: Path) -> str:
    """What was remembered; "" for nothing. Raises SettingsError where that cannot be read."""
    try:
        return os.fsdecode((state_dir / FILE).read_bytes()).strip("\n")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise SettingsError(f"the weights chosen in {state_dir / FILE} cannot be read: {error.strerror}") from error
