"""Programs that have a file open and write into it, now or later, as the kernel lets them.

Who opens a file for writing that another program has a lease on waits until the lease is gone; the file that he gets
then is the one that he asked for, whatever name it has by now. Here he asks again before each system call.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.acting.ledger import ACT, Ledger
from tests.acting.world import World, digest_of


@dataclass
class Writer:
    """One open file. pin: leads to it and opens nothing. waiting: what is written as soon as it can be opened.

    since: the line of the ledger at which it was opened. shared: digest of what was in it then, if another file had
    that, too.
    """

    path: Path
    pin: int
    since: int
    descriptor: int = -1
    waiting: tuple[bytes, bool] | None = None
    shared: str = ""

    @property
    def name_gone(self) -> str:
        """What the ledger says when its owner removed the last name himself."""
        status = Path(_by(self.pin)).stat()
        return f"{status.st_dev}:{status.st_ino}"

    @property
    def others_gone(self) -> str:
        """What the ledger says when its owner removed all other files with what was in it."""
        return f"{self.name_gone} {self.shared}"


class Writers:
    """All open files of one process. What the owner removes meanwhile, he may remove in a process forked from it."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        self._world = world
        self._ledger = ledger
        self._writers: list[Writer] = []

    def open(self, path: Path) -> bool:
        """Open a file and keep it open; False where that has to wait."""
        writer = self._pinned(path)
        self._writers.append(writer)
        digest = digest_of(path.read_bytes())
        writer.shared = digest if self._others(writer, digest) else ""
        return _try_open(writer)

    def overwrite(self, path: Path, data: bytes, keep_times: bool) -> bool:
        """Open a file, write into it and close it; False where that has to wait."""
        writer = self._pinned(path)
        if _try_open(writer):
            _write(writer, data, keep_times)
            _close(writer)
            return True
        writer.waiting = data, keep_times
        self._writers.append(writer)
        return False

    def go_on(self) -> None:
        """Those who waited ask again."""
        for writer in [one for one in self._writers if one.descriptor < 0]:
            try:
                if not _try_open(writer):
                    continue
            except OSError:  # read-only by now
                self._writers.remove(writer)
                continue
            if writer.waiting is None:
                self._ledger.write(f"{ACT}has opened {writer.path.name!r} now")
                continue
            data, keep_times = writer.waiting
            with self._ledger.act_of_owner() as words, self.watched():
                words.append(f"writes after waiting into what was {writer.path.name!r}")
                with suppress(OSError):  # no room
                    _write(writer, data, keep_times)
            self._demand(writer, data)
            self._writers.remove(writer)
            _close(writer)

    def write(self, chance: random.Random) -> Path | None:
        """Write into one of the open files; where it was, None where none is open."""
        writers = [one for one in self._writers if one.descriptor >= 0]
        if not writers:
            return None
        writer, data = chance.choice(writers), chance.randbytes(chance.choice((30, 250)))
        _write(writer, data, keep_times=chance.random() < 0.3)
        self._demand(writer, data)
        return writer.path

    def close(self) -> None:
        """All are closed; who waits gives up."""
        for writer in self._writers:
            _close(writer)
        self._writers = []

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Which files lose their last name, or the last other one with their bytes, by what the owner does inside."""
        named = [one for one in self._writers if _names(one)]
        shared = [one for one in self._writers if one.shared and self._others(one, one.shared)]
        yield
        gone = {one.name_gone for one in named if not _names(one)}
        gone |= {one.others_gone for one in shared if not self._others(one, one.shared)}
        if gone:
            self._ledger.write("    which an open file lost its names or copies by", gone=gone)

    def _demand(self, writer: Writer, data: bytes) -> None:
        """What was written must be somewhere, unless its owner had removed that file himself.

        So must be what was there before, where another file had it when this one was opened.
        """
        self._ledger.read()
        if not _names(writer) and not self._ledger.gone_since(writer.since, writer.name_gone):
            self._ledger.write(f"  {writer.path.name!r} was removed under who had it open",
                               owed=self._ledger.owed | {digest_of(data)})  # fmt: skip
        shared = writer.shared and not self._ledger.gone_since(writer.since, writer.others_gone)
        if shared and writer.shared not in {seen.digest for seen in self._world.look().values()}:
            self._ledger.write(f"  {writer.path.name!r} had another copy when it was opened",
                               owed=self._ledger.owed | {writer.shared})  # fmt: skip

    def _others(self, writer: Writer, digest: str) -> bool:
        status = Path(_by(writer.pin)).stat()
        own = status.st_dev, status.st_ino
        return any(seen.digest == digest and seen.inode != own for seen in self._world.look().values())

    def _pinned(self, path: Path) -> Writer:
        pin = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._ledger.read()
        return Writer(path, pin, len(self._ledger.history))


def _by(pin: int) -> str:
    return f"/proc/self/fd/{pin}"


def _names(writer: Writer) -> int:
    return Path(_by(writer.pin)).stat().st_nlink


def _try_open(writer: Writer) -> bool:
    try:
        writer.descriptor = os.open(_by(writer.pin), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except BlockingIOError:
        return False
    return True


def _write(writer: Writer, data: bytes, keep_times: bool) -> None:
    before = os.fstat(writer.descriptor)
    os.pwrite(writer.descriptor, data, 0)
    os.ftruncate(writer.descriptor, len(data))
    if keep_times:
        os.utime(writer.descriptor, ns=(before.st_atime_ns, before.st_mtime_ns))


def _close(writer: Writer) -> None:
    for descriptor in (writer.pin, writer.descriptor):
        if descriptor >= 0:
            os.close(descriptor)
