"""Holding a lease: taken, renewed in the background, given back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from shared.errors import LeaseTaken, Unavailable
from shared.store.port import Leases


def renew(store: Leases, name: str, holder: str, seconds: float, ended: threading.Event) -> bool:
    """Keep a lease that was taken until `ended` is set: True. False as soon as somebody else has taken it."""
    while not ended.wait(seconds / 3):
        with suppress(Unavailable):  # the next third of the lease tries again
            if not store.keep_lease(name, holder, seconds):
                return False
    return True


@contextmanager
def hold_lease(store: Leases, name: str, seconds: float) -> Iterator[str]:
    """Hold the lease `name` within a with block, under the name that this gives. Raises LeaseTaken if it is held."""
    holder = uuid4().hex
    if not store.take_lease(name, holder, seconds):
        raise LeaseTaken(f"another process holds the lease {name!r}; it ends by itself within {seconds:.0f} s")
    ended = threading.Event()
    keeper = threading.Thread(
        target=renew, args=(store, name, holder, seconds, ended), name=f"lease-{name}", daemon=True
    )
    keeper.start()
    try:
        yield holder
    finally:
        ended.set()
        keeper.join()
        with suppress(Unavailable):  # it runs out
            store.end_lease(name, holder)
