"""The client that the parts of the Redis store share, and how its absence is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    BusyLoadingError,
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TimeoutError,
)
from redis.retry import Retry

from shared.errors import Unavailable

CHUNK: Final = 1000  # values in one round trip: 8 MiB of features


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
    except (ConnectionError, TimeoutError, BusyLoadingError) as error:
        raise Unavailable(f"Redis (store) does not answer: {error}") from error
    except ResponseError as error:
        # It answers, and refuses every write for a while: full, a disk that is full, a replica.
        if isinstance(error, OutOfMemoryError | ReadOnlyError) or str(error).startswith("MISCONF"):
            raise Unavailable(f"Redis (store) takes no writes: {error}") from error
        raise


class RedisPart:
    """A part of the store over one client."""

    # redis-py types every reply as bytes or str, which nobody can use: hence Any.
    def __init__(self, client: Any) -> None:
        self._redis = client
