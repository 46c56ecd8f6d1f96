"""What comes between two system calls of a run: its end, a fault of the disk, its owner, another run."""

import errno
import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shared.acting.runs import JOURNAL_SUFFIX
from shared.errors import JournalFailed
from tests.acting.ledger import Ledger
from tests.acting.owner import Owner
from tests.acting.writers import Writers

CALLS = (6, 16, 40)  # what comes, comes at one of the first so many system calls that change something
TORN = b'{"of": 1, "phase": "do'
FULL = ("create", "write", "mkdir", "link", "symlink", "journal")  # what needs room
FAULTS = {errno.ENOSPC: FULL, errno.EIO: (), errno.EROFS: ()}


@dataclass
class Fault:
    """The disk refuses one call, or each from then on."""

    number: int
    at: int
    lasts: bool

    def raise_due(self, call: int, what: str) -> None:
        due = call >= self.at if self.lasts else call == self.at
        if due and (what in FAULTS[self.number] or not FAULTS[self.number]):
            if what == "journal":
                raise JournalFailed(f"the journal cannot be written: {os.strerror(self.number)}")
            raise OSError(self.number, os.strerror(self.number))


@dataclass
class Interruptions:
    """Called before each system call of a run that changes something."""

    ledger: Ledger
    journals: Path
    kill_at: int = 0
    torn: bool = False
    fault: Fault | None = None
    acts: dict[int, Callable[[], None]] = field(default_factory=dict)
    writers: Writers | None = None
    calls: int = 0
    busy: bool = False

    def __call__(self, what: str) -> None:
        if self.busy:  # somebody else's call
            return
        self.calls += 1
        self.ledger.instant = what
        if self.writers:
            self.writers.go_on()
        if act := self.acts.get(self.calls):
            self.ledger.write(f"  before call {self.calls}, {what}:")
            self.busy = True
            act()
            self.busy = False
        if self.calls == self.kill_at:
            self._end(what)
        if self.fault:
            self.fault.raise_due(self.calls, what)

    def _end(self, what: str) -> None:
        self.ledger.write(f"  killed before call {self.calls}, {what}")
        if self.torn and what == "journal":
            with max(self.journals.glob(f"*{JOURNAL_SUFFIX}")).open("ab") as file:
                file.write(TORN)
        os.kill(os.getpid(), signal.SIGKILL)


def _call(chance: random.Random) -> int:
    return chance.randint(1, chance.choice(CALLS))


def choose(chance: random.Random, ledger: Ledger, journals: Path, owner: Owner | None,
           other: Callable[[], None] | None) -> Interruptions:  # fmt: skip
    """What comes between the calls of one run. owner, other: who may, if anybody."""
    found = Interruptions(ledger, journals, writers=owner.desk.writers if owner else None)
    if chance.random() < 0.45:
        found.kill_at, found.torn = _call(chance), chance.random() < 0.5
    if chance.random() < 0.15:
        number = chance.choice(list(FAULTS))
        found.fault = Fault(number, _call(chance), chance.random() < 0.5)
    if owner:
        seed = chance.getrandbits(64)
        own = random.Random(seed)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
            found.acts[_call(chance)] = lambda: owner.act(own)
    if other and chance.random() < 0.5:
        found.acts[_call(chance)] = other
    return found


def nothing(ledger: Ledger, journals: Path) -> Interruptions:
    """A run that nobody disturbs."""
    return Interruptions(ledger, journals)
