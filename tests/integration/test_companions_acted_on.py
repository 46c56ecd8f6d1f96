"""A folder laid out like a phone's, moved or trashed and restored: every byte comes back, and at no kill is a picture
parted from what belongs to it, once the next command has put in order what was cut off.
"""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Hypothesis
from hypothesis import strategies as st

from shared.acting.runs import Action, Phase, read_runs
from tests.acting.audit import Audit, look
from tests.acting.interruptions import Interruptions
from tests.acting.ledger import Ledger
from tests.acting.party import Outcome, Party
from tests.acting.phone import COPY, PHONE, Phone
from tests.acting.scenario import IN_MEMORY
from tests.acting.world import World

EXAMPLES = 12


class Stage:
    """The phone's folder, and somebody who acts on it."""

    def __init__(self, base: Path, seed: int, kind_of_disk: str) -> None:
        self.world = World(base)
        self.phone = Phone(self.world.root, random.Random(seed))
        self.phone.fill()
        self.ledger = Ledger(self.world)
        self.ledger.begin()
        world, target = self.world, self.world.target
        self.party = Party("a", world, self.ledger, world.states[0], target, kind_of_disk, world.root)

    def report(self) -> None:
        self.party.report(self.phone.duplicates())

    def command(self, words: list[str], kill_at: int = 0, torn: bool = False) -> Outcome:
        before = look(self.world, self.ledger)
        outcome = self.party.command(
            lambda: Interruptions(self.ledger, self.party.journals, kill_at=kill_at, torn=torn), words
        )
        Audit(self.world, self.ledger, before).ask(outcome, read_runs(self.party.journals))
        return outcome

    def apply(self, action: Action, **interruption: int) -> Outcome:
        to = [f"--to={self.party.target}"] if action is Action.MOVE else []
        return self.command(["apply", "--action", str(action), *to, "--yes"], **interruption)

    def phases(self) -> set[Phase]:
        return {entry.phase for run in read_runs(self.party.journals) for entry in run.entries.values()}


@pytest.mark.parametrize(
    ("action", "disk"),
    [(Action.MOVE, "near"), (Action.MOVE, "distant"), (Action.MOVE, "plain"), (Action.TRASH, "near"),
     (Action.TRASH, "plain")],
)  # fmt: skip
def test_there_and_back(tmp_path: Path, action: Action, disk: str) -> None:
    stage = Stage(tmp_path, 2, disk)
    before = stage.world.tree()
    stage.report()
    outcome = stage.apply(action)
    assert outcome.status == 0, outcome.errors
    assert stage.phone.gone() == set(stage.phone.units)
    left = {str(path.relative_to(stage.world.root / COPY)) for path in (stage.world.root / COPY).glob("*.*")}
    assert left == {"VID_0001.MP4", "VID_0001.THM", "notes.txt", "metadata.json", "Catalog Previews.lrdata"}
    assert stage.command(["restore"]).status == 0
    assert stage.world.tree() == before


@settings(max_examples=EXAMPLES, deadline=None, phases=[Hypothesis.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_is_torn_apart_at_any_kill(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory(prefix="sieve", dir=IN_MEMORY) as base:
        action = data.draw(st.sampled_from([Action.MOVE, Action.TRASH]))
        disks = ["near", "distant", "plain"] if action is Action.MOVE else ["near", "plain"]
        disk = data.draw(st.sampled_from(disks))
        calls = 900 if disk == "distant" else 250  # that one run makes
        stage = Stage(Path(base), data.draw(st.integers(0, 1000)), disk)
        names = sorted(name for names in stage.phone.units.values() for name in names)
        for name in data.draw(st.lists(st.sampled_from(names), max_size=4, unique=True)):
            stage.phone.spoil(name, data.draw(st.sampled_from([PHONE, COPY])))
        stage.ledger.begin()
        before = stage.world.tree()
        stage.report()
        for _ in range(data.draw(st.integers(1, 4))):
            kill, torn = data.draw(st.integers(1, calls)), data.draw(st.booleans())
            if data.draw(st.booleans()):
                stage.apply(action, kill_at=kill, torn=torn)
            else:
                stage.command(["restore", "--all"], kill_at=kill, torn=torn)
            stage.command(["restore", "no such run"])  # puts in order what was cut off, and does nothing else
            assert stage.phone.torn() == []
        assert stage.apply(action).status in (0, 1)
        assert stage.phone.torn() == []
        assert len(stage.phone.gone()) >= len(stage.phone.units) - 4  # what was spoilt may stay
        stage.command(["restore", "--all"])
        assert stage.world.tree() == before
        assert stage.phases() <= {Phase.RESTORED, Phase.UNDONE}
