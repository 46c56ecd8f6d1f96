"""A file is read again because somebody asks for it, as if it had just come."""

from collections.abc import Callable, Sequence
from typing import Protocol

from shared.errors import PermanentError
from shared.records import Reference
from shared.store import Attempts, Changes, Files
from worker.pipeline.storage import ReadableStorage


class AgainStore(Files, Changes, Attempts, Protocol):
    """The records of files, and how often each was begun."""


def send_again(
    store: AgainStore,
    storage: ReadableStorage,
    path: str,
    now: float,
    send: Callable[[Sequence[Reference]], None],
) -> None:
    """Make the file at `path` pending, as it is now, and send it to the feature workers. A few round trips.

    Attempts that were begun and not finished are forgotten: a file that took workers down gets all its tries again.
    now: seconds since the epoch. Raises PermanentError where it is on no record, UnreadableImage where it is gone or
    may not be read, RefusedReference where it is not below the folder, Unavailable.
    """
    [known] = store.records([path])
    if known is None:
        raise PermanentError(f"{path} is not in the collection (any more)")
    with storage.open(path) as file:
        state = file.state()
    reference = Reference(path, state.size, state.mtime_ns, state.ctime_ns, known.inode)
    store.finish([path])
    # First the mark: a worker completes only what is marked. Where the message is lost, the watcher's scan repairs it.
    store.mark_pending([reference], now)
    send([reference])
