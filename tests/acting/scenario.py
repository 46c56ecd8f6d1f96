"""What happens to a world: runs and restores of two parties, their ends, the owner's acts, and what is asked then."""

import os
import random
from collections.abc import Callable
from pathlib import Path

from shared.acting.runs import AWAY, Action, Phase, read_runs
from tests.acting import mounts
from tests.acting.audit import Audit, look
from tests.acting.desk import Desk
from tests.acting.interruptions import choose, nothing
from tests.acting.ledger import Ledger
from tests.acting.owner import Owner
from tests.acting.party import Outcome, Party
from tests.acting.world import World, is_ours
from tests.acting.writers import Writers

IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where writing to the disk takes no time
MOUNTS = {"none": 76, "target drive": 8, "watched drive": 6, "bind": 5, "overlay": 5}  # how often
ROUNDS = 4  # restores after which nothing more can come back


class Scenario:
    """A world in which things happen; `Audit` after each."""

    def __init__(self, base: Path, chance: random.Random) -> None:
        self.chance = chance
        self.kind_of_disk = chance.choice(("near", "near", "distant", "plain"))
        self.world = World(base)
        self.kind_of_mounts = chance.choices(list(MOUNTS), list(MOUNTS.values()))[0] if mounts.available() else "none"
        self._plug(chance)
        self.world.fill(chance)
        self._show_twice(chance)
        self.ledger = Ledger(self.world)
        self.owner = Owner(Desk(self.world, Writers(self.world, self.ledger)), self.ledger)
        self.meddles = chance.random() < 0.75
        self.kills = 0
        targets = [self.world.target, self.world.desk / "target-b" if chance.random() < 0.5 else self.world.target]
        count = chance.choice((1, 2))
        self.parties = [
            Party(
                "ab"[n],
                self.world,
                self.ledger,
                self.world.states[n],
                targets[n],
                self.kind_of_disk,
                self.world.alias if chance.random() < 0.2 else self.world.root,
            )
            for n in range(count)
        ]

    def _plug(self, chance: random.Random) -> None:
        """Let the target or the watched folder be a drive of its own."""
        world = self.world
        if self.kind_of_mounts in ("target drive", "watched drive"):
            place = world.target if self.kind_of_mounts == "target drive" else world.root
            drive = world.base / "drive"
            mounts.make_drive(drive, chance.choice((16, 64, 1024) if place == world.target else (160, 1024)))
            mounts.bind(drive, place)
            world.drives = {place: drive}

    def _show_twice(self, chance: random.Random) -> None:
        """Let a folder be seen twice below the watched one."""
        world = self.world
        folders = [path for path in sorted(world.root.iterdir()) if path.is_dir() and path.name.isascii()]
        if self.kind_of_mounts in ("bind", "overlay") and folders:
            world.note_views()
            twice = world.root / chance.choice(("0twice", "twice"))
            if self.kind_of_mounts == "bind":
                mounts.bind(chance.choice(folders), twice)
            else:
                mounts.overlay(chance.choice(folders), world.base / "layers", twice)

    def close(self) -> None:
        """Nothing of the example stays."""
        self.owner.desk.writers.close()
        if mounts.available():
            mounts.detach_all(self.world.base)

    @property
    def steps(self) -> int:
        """Files acted on and brought back, and acts of the owner."""
        journals = [file for party in self.parties for file in party.journals.glob("*.jsonl")]
        return self.ledger.acts + sum(
            file.read_bytes().count(b'"step"') + file.read_bytes().count(b"restoring") for file in journals
        )

    def run(self) -> None:
        """A few things happen, then everything is restored."""
        self.ledger.begin()
        before = self.world.tree()
        for _ in range(self.chance.randint(2, 6)):
            happens = self.chance.choice((self._apply, self._apply, self._restore, self._meddle))
            happens(self.chance.choice(self.parties))
            if self.world.in_hand() and self.chance.random() < 0.5:
                self._meddle(self.parties[0])
        self._end(before)

    def _end(self, before: dict[Path, tuple[str, int, int]]) -> None:
        self.owner.leave()
        if self.world.root.is_dir() and not any(self.world.root.iterdir()):
            (self.world.root / "last").touch()  # an empty watched folder is taken for a drive that is not mounted
        for _ in range(ROUNDS):  # a file may be waited for by another, whose run is the other party's
            for party in self.parties:
                self._command(party, ["restore", "--all"], alone=True)
            if all(hand.entry.phase in (Phase.RESTORED, Phase.UNDONE) for hand in self.world.steps()):
                break
        assert [hand.path for hand in self.world.in_hand()] == [], "still in hand"
        self._nothing_hidden_is_left()
        if not self.ledger.acts:
            assert [hand.path for hand in self.world.steps() if hand.entry.phase in AWAY] == [], "not restored"
            after = self.world.tree()
            assert after.keys() == before.keys(), f"the folder is not as it was: {after.keys() ^ before.keys()}"
            # Of two who acted on the same files nobody knows what the other one found.
            length = 1 if len(self.parties) > 1 or self.world.views else 3
            changed = [path for path, was in before.items() if after[path][:length] != was[:length]]
            assert not changed, f"the folder is not as it was: {changed}"

    def _nothing_hidden_is_left(self) -> None:
        """No name of ours, but those that were told. What its owner copied to another folder is his."""
        if self.ledger.has_shifted:
            return
        history = "\n".join(self.ledger.history)
        left = [str(path) for path in self.world.look() if is_ours(path) and path.name not in history]
        assert not left, f"hidden names are left, and nobody said so: {left}"

    def _apply(self, party: Party) -> None:
        chance = self.chance
        if chance.random() < 0.8 or not (party.state / "reports").exists():
            party.report(self.world.duplicates(chance))
        action = chance.choice(list(Action))
        kinds = chance.choice(((), (), ("exact",), ("exact", "identical", "near")))
        words = ["apply", "--action", str(action), *([f"--to={party.target}"] if action is Action.MOVE else [])]
        words += [f"--kind={kind}" for kind in kinds] + ["--yes"] * (chance.random() < 0.95)
        self._command(party, words)

    def _restore(self, party: Party) -> None:
        names = [run.header.id for run in read_runs(party.journals)]
        name = self.chance.choice(["", *names])
        self._command(party, ["restore", *self.chance.choice([["--all"], ["--", name] if name else []])])

    def _meddle(self, _: Party) -> None:
        if self.meddles:
            before = look(self.world, self.ledger)
            self.owner.act(self.chance)
            Audit(self.world, self.ledger, before).nothing_is_lost()

    def _command(self, party: Party, *commands: list[str], alone: bool = False) -> Outcome:
        before, chance = look(self.world, self.ledger), random.Random(self.chance.getrandbits(64))
        others = [other for other in self.parties if other is not party]
        meanwhile = self._meanwhile(others[0], chance) if others else None

        def interrupt() -> "object":
            if alone:
                return nothing(self.ledger, party.journals)
            return choose(chance, self.ledger, party.journals, self.owner if self.meddles else None, meanwhile)

        outcome = party.command(interrupt, *commands)  # type: ignore[arg-type]
        self.kills += outcome.killed
        Audit(self.world, self.ledger, before).ask(outcome, read_runs(party.journals))
        return outcome

    def _meanwhile(self, other: Party, chance: random.Random) -> Callable[[], None]:
        """A run of the other party between two system calls of the first one's."""

        def run() -> None:
            before = look(self.world, self.ledger)
            action = chance.choice(list(Action))
            words = ["apply", "--action", str(action), f"--to={other.target}", "--yes"]
            if chance.random() < 0.3:
                words = ["restore"]
            else:
                other.report(self.world.duplicates(chance))
            other.command(lambda: choose(chance, self.ledger, other.journals, None, None), words)
            after = self.world.look()
            changed = {str(path) for path in before.seen.keys() | after if before.seen.get(path) != after.get(path)}
            self.ledger.write("  so far the other one", changed)

        return run
