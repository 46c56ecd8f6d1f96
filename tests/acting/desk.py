"""What an act of the owner is about: a file at random, more often one that a step is in the middle of."""

import os
import random
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.acting.ledger import counts
from tests.acting.world import Seen, World, is_ours
from tests.acting.writers import Writers

NEAR = 0.7  # of the acts are about a file of a step in hand, where there is one

Act = Callable[["Desk", random.Random], str]  # what was done, in words; "" where there was nothing to do it with


@dataclass(frozen=True)
class Desk:
    """All that the owner may lay his hands on."""

    world: World
    writers: Writers

    def files(self) -> dict[Path, Seen]:
        """What he sees: no hidden names of ours."""
        return {path: seen for path, seen in self.world.look().items() if not is_ours(path)}

    def contents(self) -> dict[Path, Seen]:
        """Regular files with something in them."""
        return {path: seen for path, seen in self.files().items() if counts(path, seen)}

    def choose(self, chance: random.Random, links: bool = False) -> Path | None:
        """A file; with `links` perhaps a link."""
        files = [
            path
            for path, seen in self.files().items()
            if counts(path, seen) or (links and stat.S_ISLNK(seen.mode) and path != self.world.root)
        ]
        near = {one for hand in self.world.in_hand() for one in (hand.path, hand.keeper, hand.target) if one}
        wanted = [path for path in files if path in near]
        if wanted and chance.random() < NEAR:
            return chance.choice(wanted)
        return chance.choice(files) if files else None

    def free_name(self, chance: random.Random) -> Path | None:
        """A new name in the watched folder."""
        path = chance.choice([self.world.root, *self.folders()]) / f"new{chance.randrange(10**6)}.png"
        return path if path.parent.is_dir() and not os.path.lexists(path) else None

    def folders(self) -> list[Path]:
        """Those below the watched folder."""
        return [path for path in sorted(self.world.root.rglob("*")) if path.is_dir() and not path.is_symlink()]

    def name(self, *paths: Path) -> str:
        """Paths as the history shows them."""
        return " ".join(repr(os.path.relpath(path, self.world.base)) for path in paths)
