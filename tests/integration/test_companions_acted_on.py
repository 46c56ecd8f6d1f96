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

from shared.acting.runs import Action, Phase, read_runs, run_files
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

    def __init__(self, base: Path, seed: int, kind_of_disk: str, pictures: int = 0) -> None:
        """pictures: at random; 0 for the whole folder."""
        self.world = World(base)
        self.phone = Phone(self.world.root, random.Random(seed))
        if pictures:
            self.phone.fill_at_random(pictures)
        else:
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


def check_shared(stage: Stage, outcome: Outcome) -> None:
    """What two pictures share is left, and said, by a run that took one of them."""
    acted = {one["path"]: one for one in outcome.events if one["event"] == "acted"}
    for name, owners in stage.phone.shared.items():
        here = [f"{COPY}/{owner}" for owner in owners]
        staying = [path for path in here if (stage.world.root / path).exists()]
        for path in here if len(staying) == 1 else ():
            assert (
                path in staying or path not in acted or f"{COPY}/{name}" in [it["path"] for it in acted[path]["stays"]]
            )


@pytest.mark.parametrize(
    ("seed", "action", "spoilt"), [(15, Action.MOVE, 0), (14, Action.TRASH, 1), (3, Action.MOVE, 1)]
)
def test_a_kill_at_each_step_loses_nothing_and_tears_nothing_apart(seed: int, action: Action, spoilt: int) -> None:
    """Gone on with after each kill, or brought back."""
    with tempfile.TemporaryDirectory(prefix="sieve", dir=IN_MEMORY) as base:
        stage = Stage(Path(base), seed, "near", pictures=3)
        [owners, *_] = stage.phone.shared.values()
        for name in owners[:spoilt]:  # it stays, with what it shares
            stage.phone.spoil(name, PHONE)
        stage.ledger.begin()
        before = stage.world.tree()
        stage.report()
        for kill in range(1, 1000):
            if not stage.apply(action, kill_at=kill, torn=kill % 2 == 0).killed:
                break
            if kill % 3:
                stage.command(["restore", "no such run"])
                assert stage.phone.torn() == []
            if kill % 3 == 1:
                check_shared(stage, stage.apply(action))
                assert stage.phone.torn() == []
            if stage.command(["restore", "--all"], kill_at=kill % 17).killed:
                stage.command(["restore", "no such run"])
                assert stage.phone.torn() == []
                stage.command(["restore", "--all"])
            assert stage.world.tree() == before
            for journal in run_files(stage.party.journals):
                journal.unlink()  # each would be read by all that follow
            for name in stage.world.base.glob("data/Trash/*/*"):
                assert name.read_bytes() == b""  # reserved by one that was killed then, and without a mark
                name.unlink()
        assert kill > 15
        assert stage.phone.torn() == []
        assert stage.phone.gone() == stage.phone.units.keys() - owners[:spoilt]


@settings(max_examples=EXAMPLES, deadline=None, phases=[Hypothesis.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_is_torn_apart_at_any_kill(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory(prefix="sieve", dir=IN_MEMORY) as base:
        action = data.draw(st.sampled_from([Action.MOVE, Action.TRASH]))
        disks = ["near", "distant", "plain"] if action is Action.MOVE else ["near", "plain"]
        disk = data.draw(st.sampled_from(disks))
        calls = 900 if disk == "distant" else 250  # that one run makes
        pictures = data.draw(st.integers(0, 12))
        stage = Stage(Path(base), data.draw(st.integers(0, 1000)), disk, pictures)
        calls = min(calls, 40 * pictures or calls)
        names = sorted(name for names in stage.phone.units.values() for name in names)
        names += stage.phone.units.keys() if pictures else []
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
        outcome = stage.apply(action)
        assert outcome.status in (0, 1)
        check_shared(stage, outcome)
        assert stage.phone.torn() == []
        assert len(stage.phone.gone()) >= len(stage.phone.units) - 4  # what was spoilt may stay
        stage.command(["restore", "--all"])
        assert stage.world.tree() == before
        assert stage.phases() <= {Phase.RESTORED, Phase.UNDONE}
