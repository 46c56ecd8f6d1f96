"""What a process does every few seconds beside its tasks, in a thread of its own that nothing ends."""

import logging
import threading
import time
from collections.abc import Callable
from typing import NoReturn

from shared.errors import Unavailable

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0


def repeat(step: Callable[[], None], seconds: float, name: str) -> None:
    """Do `step` again and again, with a growing pause while it fails; a failure is said once until it works again."""
    threading.Thread(target=_repeat, args=(step, seconds), name=name, daemon=True).start()


def _repeat(step: Callable[[], None], seconds: float) -> NoReturn:
    pause, said = seconds, ""
    while True:
        time.sleep(pause)
        try:
            step()
        except Unavailable as error:
            pause, failed = min(2 * pause, LONGEST_PAUSE), str(error)
            if failed != said:
                logger.warning("%s", error)
        except Exception as error:  # the thread must outlive whatever one look at the disk may raise
            pause, failed = min(2 * pause, LONGEST_PAUSE), repr(error)
            if failed != said:
                logger.exception("trying again in %.0f s", pause)
        else:
            pause, failed = seconds, ""
        said = failed
