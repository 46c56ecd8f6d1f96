"""Our packages have common names: whoever starts other processes makes sure that those find ours."""

import os
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

import shared
from shared.errors import SettingsError

PACKAGES: Final = ("shared", "watcher", "worker")


def find_own_modules() -> None:
    """Keep the working directory out of the places where processes of ours look for modules, from now on.

    Raises SettingsError where another package of one of these names is found before ours, by PYTHONPATH or because
    something else was installed over it.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    root = Path(*shared.__path__).parent
    for name in PACKAGES:
        spec = PathFinder.find_spec(name, [str(root)])
        found = PathFinder.find_spec(name)
        if spec is None or (found is not None and found.origin != spec.origin):
            place = found.origin if found else root
            raise SettingsError(
                f"another package called `{name}` is in the way: {place}; take its folder out of PYTHONPATH, or "
                "install imagesieve into an environment of its own (`uv tool install`, `pipx install`)"
            )
