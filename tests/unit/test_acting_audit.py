"""The property test of acting can fail: what it asks is answered wrongly where something was lost or changed."""

import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shared.acting.runs import Action, Phase, Step
from tests.acting.audit import Audit, look
from tests.acting.desk import Desk
from tests.acting.edits import remove
from tests.acting.ledger import Ledger
from tests.acting.owner import Owner
from tests.acting.world import Hand, World, digest_of
from tests.acting.writers import Writers
from worker.pipeline.acting.journal import Journal


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    (world.root / "one.png").write_bytes(b"one")
    (world.root / "two.png").write_bytes(b"two")
    return world


@pytest.fixture
def ledger(world: World) -> Ledger:
    ledger = Ledger(world)
    ledger.begin()
    return ledger


def step(path: str, data: bytes) -> Step:
    return Step(1, path, "exact", digest_of(data), len(data), 0o100644, 0, 0, 0, 0, 0, 0, "two.png", "", path)


def begin(
    world: World, root: Path, phase: Phase, action: Action = Action.MOVE, path: str = "one.png", state: int = 0
) -> str:
    journals = world.states[state] / "actions"
    journals.mkdir(parents=True)
    journal, header = Journal.begin(journals, action, root, str(world.target), False, 1_700_000_000.0, lambda _: None)
    journal.step(step(path, b"one"))
    if phase is not Phase.BEGUN:
        journal.note(1, phase)
    journal.close()
    return header.id


def test_a_content_that_nobody_removed_is_asked_for(world: World, ledger: Ledger) -> None:
    before = look(world, ledger)
    (world.root / "one.png").unlink()
    with pytest.raises(AssertionError, match="lost: 1"):
        Audit(world, ledger, before).nothing_is_lost()


def test_what_its_owner_removed_is_not(world: World, ledger: Ledger) -> None:
    before = look(world, ledger)
    with ledger.act_of_owner() as words:
        words.append(remove(Desk(world, Writers(world, ledger)), random.Random(1)))
    assert len(world.look()) == 1
    Audit(world, ledger, before).nothing_is_lost()


@pytest.mark.parametrize(("phase", "held"), [(Phase.BEGUN, True), (Phase.DONE, False)])
def test_a_hidden_name_holds_a_content_while_its_step_is_in_hand(
    world: World, ledger: Ledger, phase: Phase, held: bool
) -> None:
    run = begin(world, world.root, phase)
    (world.root / "one.png").rename(world.root / f".imagesieve-{run}-1")
    audit = Audit(world, ledger, look(world, ledger))
    if held:
        audit.nothing_is_lost()
    else:
        with pytest.raises(AssertionError, match="lost: 1"):
            audit.nothing_is_lost()


def test_a_file_that_no_step_is_about_stays_as_it_is(world: World, ledger: Ledger) -> None:
    before = look(world, ledger)
    (world.root / "one.png").chmod(0o600)
    with pytest.raises(AssertionError, match="touched"):
        Audit(world, ledger, before).nothing_else_is_touched()


def test_an_owner_notes_what_he_does(world: World, ledger: Ledger) -> None:
    owner = Owner(Desk(world, Writers(world, ledger)), ledger)
    chance = random.Random(5)
    for _ in range(20):
        owner.act(chance)
    owner.leave()
    assert ledger.acts > 5
    contents = {seen.digest for seen in world.look().values()}
    assert ledger.owed <= contents


def in_a_fork(act: Callable[[], object]) -> None:
    """As runs are, with the owner's acts in between."""
    child = os.fork()
    if child == 0:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_a_file_that_its_owner_removed_from_under_a_writer_is_not_owed(world: World, ledger: Ledger) -> None:
    """Also where he did so in the middle of a run, which another process is."""
    owner = Owner(Desk(world, Writers(world, ledger)), ledger)
    owner.desk.writers.open(world.root / "one.png")

    def remove_all(desk: Desk, _: random.Random) -> str:
        for path in desk.files():
            path.unlink()
        return "removes all"

    in_a_fork(lambda: owner._do(remove_all, random.Random(1)))
    owner.desk.writers.write(random.Random(1))
    ledger.read()
    assert ledger.acts == 1
    assert ledger.owed == set()


def test_a_file_that_went_from_under_a_writer_otherwise_is_owed(world: World, ledger: Ledger) -> None:
    writers = Writers(world, ledger)
    writers.open(world.root / "one.png")
    in_a_fork((world.root / "one.png").unlink)
    writers.write(random.Random(1))
    assert len(ledger.owed) == 3  # and what was written


@pytest.mark.parametrize("early", [True, False])
def test_the_same_bytes_at_the_path_of_a_file_that_is_gone(world: World, ledger: Ledger, early: bool) -> None:
    """True is it only where they came there before the run, which the file itself had left by then."""
    begin(world, world.root, Phase.BEGUN)
    world.target.mkdir()
    (world.root / "one.png").rename(world.target / "one.png")
    befores = [look(world, ledger)]
    (world.root / "one.png").write_bytes(b"one")
    befores.append(look(world, ledger))
    audit = Audit(world, ledger, befores[early])
    hand = world.steps()[0]
    done = Hand(hand.header, replace(hand.entry, phase=Phase.DONE))
    if early:
        audit._journal_is_true(done)
    else:
        with pytest.raises(AssertionError, match="said to be gone"):
            audit._journal_is_true(done)


@pytest.mark.parametrize("named", [True, False])
def test_a_hidden_name_holds_a_content_that_is_away_where_it_was_told(
    world: World, ledger: Ledger, named: bool
) -> None:
    run = begin(world, world.root, Phase.MISSING)
    (world.root / "one.png").rename(world.root / f".imagesieve-{run}-1")
    other = "" if named else "0"
    ledger.write(json.dumps({"reason": f"something else is there; it is kept beside it as .imagesieve-{run}-1{other}"}))
    audit = Audit(world, ledger, look(world, ledger))
    if named:
        audit.nothing_is_lost()
    else:
        with pytest.raises(AssertionError, match="lost: 1"):
            audit.nothing_is_lost()


@pytest.mark.parametrize("taken", [True, False])
def test_a_hard_link_is_its_keeper_unless_that_one_was_acted_on_in_its_turn(
    world: World, ledger: Ledger, taken: bool
) -> None:
    before = look(world, ledger)
    begin(world, world.root, Phase.DONE, Action.HARDLINK)
    if taken:
        begin(world, world.root, Phase.BEGUN, Action.HARDLINK, "two.png", state=1)
    audit = Audit(world, ledger, before)
    if taken:
        audit._journal_is_true(world.steps()[0])
    else:
        with pytest.raises(AssertionError, match="said to be its keeper"):
            audit._journal_is_true(world.steps()[0])
