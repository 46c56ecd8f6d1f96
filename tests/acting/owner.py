"""The owner of the files and his other programs: what they do between runs and in the middle of a step."""

import os
import random
from dataclasses import dataclass

from tests.acting import mounts
from tests.acting.desk import Act, Desk
from tests.acting.edits import EDITS
from tests.acting.ledger import Ledger
from tests.acting.programs import PROGRAMS
from tests.acting.upheavals import UPHEAVALS, away, migrate, plug, unplug

ACTS = EDITS | PROGRAMS | UPHEAVALS
SHIFTING = (unplug, plug, migrate)  # after these a path leads elsewhere


@dataclass
class Owner:
    """Does one thing after another, each noted in the ledger."""

    desk: Desk
    ledger: Ledger

    def act(self, chance: random.Random) -> None:
        """Do one thing."""
        self._do(chance.choices(list(ACTS), list(ACTS.values()))[0], chance)

    def leave(self) -> None:
        """Put back every drive that was taken away, and close what is open."""
        for place in self.desk.world.drives:
            if os.path.ismount(place):
                mounts.let_write(place, allowed=True)
        while any(away(self.desk.world)):
            self._do(plug, random.Random(0))
        self.desk.writers.close()

    def _do(self, act: Act, chance: random.Random) -> None:
        with self.ledger.act_of_owner(act in SHIFTING) as words, self.desk.writers.watched():
            try:
                words.append(act(self.desk, chance))
            except OSError as error:  # full, read-only
                words.append(f"{act.__name__} is refused, perhaps half-way: {error}")
