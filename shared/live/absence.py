"""What a person is told when Redis does not answer."""

import errno
from collections.abc import Iterator
from typing import Final

from shared.absence import Server
from shared.errors import Unavailable
from shared.settings import Settings

_NOBODY: Final = (errno.ENOENT, errno.ECONNREFUSED)  # of connecting to a socket in the file system


def explain_absence(error: Unavailable, settings: Settings) -> str:
    """The text of `error`; where the embedded Redis does not run, the way out instead (pure)."""
    embedded: dict[str, bool] = {Server.STORE: not settings.store_url, Server.BROKER: not settings.broker_url}
    if embedded.get(error.who) and _nobody_listens(error):
        why = f"does not answer: nothing runs with the state folder {settings.state_dir}"
        error = Unavailable(
            error.who, why, 'start "imagesieve up FOLDER", or name another one with --collection or --state'
        )
    return str(error)


def _nobody_listens(error: Unavailable) -> bool:
    """Known by the system's error number, which is in the causes of what the clients of Redis and Celery raise."""
    return any(isinstance(one, OSError) and one.errno in _NOBODY for one in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__
