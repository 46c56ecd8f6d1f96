"""The client that the parts of the Redis store share, and how its absence is reported."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

import redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,
    NoPermissionError,
    ResponseError,
    TimeoutError,
)
from redis.retry import Retry

from shared.absence import Server, takes_no_writes, unavailable
from shared.errors import Unavailable
from shared.store.foreign import drop_foreign, is_foreign

_Found = TypeVar("_Found")

CHUNK: Final = 1000  # values in one round trip: 8 MiB of features
SCRIPT_CHUNK: Final = 500  # paths in one call of a script, which holds up everybody else


def connect(url: str) -> Any:
    """A client that connects on first use, and retries a broken connection three times within a second."""
    return redis.Redis.from_url(
        url,
        socket_timeout=30,
        socket_connect_timeout=5,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
    )


@contextmanager
def speaking() -> Iterator[None]:
    """Turn the ways in which Redis can be away into Unavailable."""
    try:
        yield
    except (ConnectionError, TimeoutError, BusyLoadingError, NoPermissionError) as error:
        raise unavailable(Server.STORE, error) from error
    except ResponseError as error:
        if not takes_no_writes(error):
            raise
        raise unavailable(Server.STORE, error) from error


class RedisPart:
    """A part of the store over one client."""

    # redis-py types every reply as bytes or str, which nobody can use: hence Any.
    def __init__(self, client: Any) -> None:
        self._redis = client

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """`speaking`, and drop what stands in the way because imagesieve never wrote it; then Unavailable, once."""
        try:
            with speaking():
                yield
        except ResponseError as error:
            if not is_foreign(error):
                raise
            with speaking():
                dropped = drop_foreign(self._redis)
            why, remedy = f"held what imagesieve never wrote: {error}", f"dropped, to be made anew: {dropped}"
            raise Unavailable(Server.STORE, why, remedy) from error

    def _in_parts(self, found: Iterator[_Found], size: int = CHUNK) -> Iterator[list[_Found]]:
        """What one of redis-py's iterators finds, up to `size` at a time. Raises Unavailable, midway too.

        The iterator asks Redis only while a part is put together, so what the caller does with one is not `speaking`.
        """
        while True:
            with self._speaking():
                part = list(islice(found, size))
            if not part:
                return
            yield part
