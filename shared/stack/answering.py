"""Whether a program that was started takes connections by now."""

import socket
import time
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

LOOK_SECONDS: Final = 0.1
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - who listens everywhere listens here


def wait_for_answer(url: str, seconds: float) -> bool:
    """Wait until something listens at the host and port of `url`; False where nothing does after so many seconds."""
    parts = urlsplit(url)
    host = _ANYWHERE.get(parts.hostname or "", parts.hostname or "")
    deadline = time.monotonic() + seconds
    while True:
        with suppress(OSError), socket.create_connection((host, parts.port or 80), timeout=1.0):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
