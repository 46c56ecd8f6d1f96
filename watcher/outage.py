"""Waiting for a Redis that went away."""

from collections.abc import Callable
from typing import Final

from tenacity import Retrying, retry_if_exception_type, wait_exponential

from shared.errors import Unavailable
from watcher.timing import Stop

PAUSES: Final = wait_exponential(multiplier=0.25, max=10.0)


def await_redis(ping: Callable[[], None], stop: Stop, pause: Callable[[float], None]) -> bool:
    """Return when `ping` no longer raises Unavailable, True, or when asked to stop, False. The pauses grow.

    What else it raises is passed on.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=PAUSES,
        stop=lambda _: stop.requested,
        sleep=pause,
        reraise=True,
    )
    try:
        retrying(ping)
    except Unavailable:
        return False
    return True
