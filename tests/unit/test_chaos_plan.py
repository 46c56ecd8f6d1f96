"""The plan of a chaos run: the same for the same seed, possible on a real folder, fair to who restarts programs."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import groups_of
from tests.chaos.plan import (
    APPEAR,
    CONNECTIONS,
    LONG_REST,
    PROGRAMS,
    REDIS,
    WORKERS,
    Content,
    Edit,
    Plan,
    Write,
    make_plan,
)
from tests.chaos.run import act


class Spelled:
    """Contents in words, where a run has pictures."""

    def read(self, content: Content) -> bytes:
        return repr(content).encode()


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(seed=1, images=1000, kills=20)


def test_a_seed_decides_everything(plan: Plan) -> None:
    assert make_plan(1, 1000, 20) == plan
    assert make_plan(2, 1000, 20) != plan


def test_the_folder_ends_as_the_plan_says(plan: Plan, tmp_path: Path) -> None:
    for step in plan.steps:
        act(step.action, tmp_path, Spelled())  # type: ignore[arg-type]
    found = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {path: repr(content) for path, content in plan.files.items()}


def test_everything_happens_often_enough(plan: Plan) -> None:
    done = plan.done
    assert sum(done[kind] for kind in APPEAR) == 1000
    assert sum(done.values()) == len(plan.steps)
    assert min(done[kind] for kind in ("files renamed", "files overwritten", "files deleted")) > 50
    assert done["folders renamed"] > 3
    assert {len(plan.faults[name]) for name in PROGRAMS} == {20}
    assert (len(plan.faults[REDIS]), len(plan.faults[CONNECTIONS])) == (5, 10)
    pictures = {step.action.content.picture for step in plan.steps if isinstance(step.action, Write)}
    assert pictures == set(range(plan.pictures))


def test_steps_come_in_order(plan: Plan) -> None:
    times = [step.at for step in plan.steps]
    assert times == sorted(times)
    assert len(set(times)) < len(times) / 3  # in bursts


def test_no_program_dies_early_so_often_that_it_would_be_given_up(plan: Plan) -> None:
    for name in PROGRAMS:
        early = "".join("." if fault.rest < LONG_REST else " " for fault in plan.faults[name])
        assert max(map(len, early.split())) == 4
        assert any(fault.child for fault in plan.faults[name]) is (name in WORKERS)


def test_groups_are_of_the_same_picture() -> None:
    files = {
        "a": Content(1, Edit.ORIGINAL),
        "b": Content(1, Edit.HALF),
        "c": Content(2, Edit.ORIGINAL),
        "d": Content(2, Edit.BROKEN),
    }
    assert groups_of(files) == {frozenset("ab")}
