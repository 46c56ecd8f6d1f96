"""Only one process acts at a time: locks on journals and on folders themselves, by whatever path they are reached.

Nothing is written into a watched folder, and no lock outlives its process. A process that acts on a watched folder
has it alone, and shares the folders above it with those that act elsewhere in them. So two never act on folders of
which one lies in the other.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from shared.errors import ActionsBusy, JournalFailed
from shared.permission import why_not
from shared.state_folder import sync_folder


@contextmanager
def acting_alone(folder: Path, *roots: Path) -> Iterator[None]:
    """Hold the lock of all journals in `folder`, which is made, and that of each watched folder in `roots`.

    A watched folder may have two state folders, and two runs with other keepers would take each other's away. Its lock
    is one on the folder itself. Raises ActionsBusy, JournalFailed.
    """
    with ExitStack() as locks:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            sync_folder(folder.parent)
            descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            locks.callback(os.close, descriptor)
            lock(descriptor, str(folder))
        except OSError as error:
            raise JournalFailed(f"no journal can be kept in {folder}: {why_not(error)}; nothing was done") from error
        locks.enter_context(locked_folders(*roots))
        yield


@contextmanager
def locked_folders(*roots: Path) -> Iterator[None]:
    """Hold the locks that acting on these watched folders takes. Raises ActionsBusy.

    One that is not there is passed over, and so are file systems that lock no folders, as NFS, and folders above that
    this user may not read.
    """
    alone = [Path(os.path.realpath(root)) for root in roots]
    wanted = [(folder, True) for folder in alone] + [(folder, False) for root in alone for folder in root.parents]
    held = set()
    with ExitStack() as locks:
        for folder, exclusive in wanted:
            try:
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except OSError:
                continue  # it is away, and whoever wants to act there is told so
            locks.callback(os.close, descriptor)
            status = os.fstat(descriptor)
            if (status.st_dev, status.st_ino) not in held:
                held.add((status.st_dev, status.st_ino))
                with suppress(OSError):
                    lock(descriptor, f"{folder}, or a folder in it" if exclusive else str(folder), exclusive)
        yield


def lock(descriptor: int, name: str, exclusive: bool = True) -> None:
    """Lock an open file or folder until it is closed. name: for people. Raises ActionsBusy, OSError."""
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ActionsBusy(
            f"another process is acting on duplicates or restoring them ({name}); wait until it has ended"
        ) from error
