"""Why nothing can be acted on from this page, said before somebody presses a button: it would fail for every file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.permission import in_our_image, why_not

_ELSEWHERE: Final = "imagesieve duplicates apply --decided --action trash --yes"
_IN_IMAGE: Final = "docker compose run --rm act imagesieve duplicates apply --decided --action move --yes"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """cause: a sentence. command: what does it all the same, where it is to be run. remedy: how the page could."""

    cause: str
    command: str
    where: str
    remedy: str


def find_obstacle(root: Path, journals: Path, environment: Mapping[str, str] = os.environ) -> Obstacle | None:
    """What stands in the way of every action; None where nothing does. A few system calls.

    root: the watched folder. journals: where runs are written down, which need not exist. A folder below that may not
    be written, or that is another mount, is no obstacle: of each file it is said when it is looked at.
    """
    cause = _cause(root, journals)
    if not cause:
        return None
    if in_our_image(environment):
        return Obstacle(
            cause, _IN_IMAGE, "beside docker-compose.yml",
            "mount the folder, and the volume of the state, so that the service web may write them: docs/containers.md "
            "says how, under \"Act from the page\"",
        )  # fmt: skip
    where = "as a user, and on a machine, that may write the folder"
    return Obstacle(cause, _ELSEWHERE, where, "give the user of `imagesieve serve` the right to write there")


def _cause(root: Path, journals: Path) -> str:
    try:
        if os.statvfs(root).f_flag & os.ST_RDONLY:
            return f"the watched folder {root} is mounted read-only where this page runs"
    except OSError as error:
        return f"the watched folder {root} cannot be looked at where this page runs: {why_not(error)}"
    there = next(folder for folder in (journals, *journals.parents) if folder.exists())
    steps = f"{journals}, where each step is written down before it is done,"
    if os.statvfs(there).f_flag & os.ST_RDONLY:
        return f"{steps} is mounted read-only where this page runs"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{steps} may not be written by this page's user"
    return ""
