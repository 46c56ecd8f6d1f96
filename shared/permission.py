"""Why a file or folder cannot be used, in words that name who was refused."""

import errno
import os
from collections.abc import Mapping
from typing import Final

_USER: Final = "IMAGESIEVE_UID"  # the image was built with it, and has it in its environment


def in_our_image(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this runs in a container of our image."""
    return _USER in environment


def why_not(error: OSError, environment: Mapping[str, str] = os.environ) -> str:
    """The system's words; where rights are missing also the number of this process's user, and what sets it."""
    why = error.strerror or str(error)
    if error.errno != errno.EACCES:
        return why
    user = f"{why} for user number {os.geteuid()}"
    if not in_our_image(environment):
        return user
    return f"{user}; in containers set {_USER} to the number of the owner, and build the image again"
