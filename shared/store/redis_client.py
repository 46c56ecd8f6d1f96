"""The client that the parts of the Redis store share, and how its absence is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

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

from shared.errors import Unavailable
from shared.store.foreign import drop_foreign, is_foreign

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
    except (ConnectionError, TimeoutError, BusyLoadingError, NoPermissionError) as error:
        raise Unavailable(f"Redis (store) {describe_absence(error)}") from error
    except ResponseError as error:
        remedy = remedy_of(error)
        if remedy is None:
            raise
        raise Unavailable(f"Redis (store) takes no writes: {error}; {remedy}") from error


def remedy_of(error: Exception) -> str | None:
    """What to do about a Redis that answers and refuses every write for a while; None where that is not the matter.

    By its words: what a script was refused comes as a plain error of the script.
    """
    said = str(error)
    if "used memory > 'maxmemory'" in said:
        return "raise its maxmemory, or make room with IMAGESIEVE_FEATURE_ENCODING=int8 and fewer files"
    if "read only replica" in said:
        return "it is a replica: name the primary in IMAGESIEVE_STORE_URL and IMAGESIEVE_BROKER_URL"
    if "MISCONF" in said:
        return "the disk of its append-only file is full or broken: make room there"
    return None


def describe_absence(error: Exception) -> str:
    """Why a Redis cannot be spoken to, and what to do about it where it is there and does not let us in."""
    said = str(error)
    remedies = {
        "check user and password in its URL": ("username-password", "invalid password", "Authentication required"),
        "its user has too few rights: docs/security.md lists them": ("no permissions",),
        "name who signed it, at the end of its URL: ?ssl_ca_certs=/path/to/ca.pem; spell the host as it does": (
            "certificate verify failed",
        ),
    }
    for remedy, words in remedies.items():
        if any(word in said for word in words):
            return f"does not let us in: {said}; {remedy}"
    return f"does not answer: {said}"


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
            said = f"keys of imagesieve held what it never wrote ({error}); dropped, to be made anew: {dropped}"
            raise Unavailable(f"Redis (store): {said}") from error
