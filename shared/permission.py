"""Why a file or folder cannot be used, in words that name who was refused."""

import errno
import os
from pathlib import Path
from typing import Final

# Docker's and Podman's own signs, at the root of every container.
_CONTAINER: Final = (Path("/.dockerenv"), Path("/run/.containerenv"))


def why_not(error: OSError, signs: tuple[Path, ...] = _CONTAINER) -> str:
    """The system's words; where rights are missing also the number of this process's user, and what to do about it.

    signs: files by which a container is known.
    """
    why = error.strerror or str(error)
    if error.errno not in (errno.EACCES, errno.EPERM):
        return why
    user = f"{why} for user number {os.geteuid()}"
    if not any(sign.exists() for sign in signs):
        return user
    return f"{user} (in this container: set IMAGESIEVE_UID to the number of its owner, and build the image again)"
