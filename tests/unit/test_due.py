"""When a recluster run is due: by a share, by drift, by time; and at once for what does not come from files."""

from dataclasses import replace

import numpy as np
import pytest

from shared.store import Counter, MemoryStore
from worker.engine.report.clusters import reach_of
from worker.pipeline.reclustering.due import FEWEST, News, Tally, is_due, read_tally, when_due

QUIET = News(Tally(), files=1000, waited=60.0, took=8.0, stuck=False)


def of(changed: int, placed: int = 0, strayed: int = 0) -> News:
    return replace(QUIET, tally=Tally(changed, placed, strayed))


def test_a_share_of_the_files_makes_it_due() -> None:
    assert not is_due(of(49))
    assert is_due(of(50))
    assert is_due(replace(of(1), files=20))
    assert is_due(replace(of(1), files=0))


def test_drift_makes_it_due_once_there_are_enough_to_tell() -> None:
    assert not is_due(of(FEWEST - 1, FEWEST - 1, FEWEST - 1))
    assert not is_due(of(FEWEST, FEWEST, 2))
    assert is_due(of(FEWEST, FEWEST, 3))


def test_runs_for_little_take_a_hundredth_of_the_time_at_most() -> None:
    assert not is_due(replace(of(1), waited=799.0))
    assert is_due(replace(of(1), waited=800.0))
    assert is_due(replace(of(1), waited=-5.0)), "the clock was set back"


def test_verdicts_that_got_lost_are_looked_for_at_once() -> None:
    assert is_due(replace(of(1), stuck=True))


def test_people_read_when_it_will_be() -> None:
    assert when_due(of(3)) == "3 of 1000 files came or went since; a run is due at 5 %, or in 740 s"


def test_counts_are_taken_from_what_was_counted_before() -> None:
    store = MemoryStore()
    store.add(Counter.CHANGED, 7)
    store.add(Counter.PLACED, 5)
    store.add(Counter.STRAYED, 1)
    assert read_tally(store) == Tally(7, 5, 1)
    assert read_tally(store).since(Tally(4, 5)) == Tally(3, 0, 1)


@pytest.mark.parametrize("before", [Tally(9), Tally(0, 9), Tally(0, 0, 9)])
def test_after_redis_lost_the_counts_all_that_it_has_is_new(before: Tally) -> None:
    assert Tally(2, 1, 0).since(before) == Tally(2, 1, 0)


@pytest.mark.parametrize(("count", "strays"), [(20, 0.2), (60, 0.1), (400, 0.04)])
def test_new_pictures_of_the_same_kind_hardly_stray(count: int, strays: float) -> None:
    chance = np.random.default_rng(count)
    members, new = chance.standard_normal((count, 200)), chance.standard_normal((1000, 200))
    centroid = members.mean(axis=0)
    reach = reach_of(np.linalg.norm(members - centroid, axis=1))
    assert reach is not None
    assert (np.linalg.norm(new - centroid, axis=1) > reach).mean() < strays
    assert (np.linalg.norm(1.3 * new - centroid, axis=1) > reach).mean() > 0.9


def test_few_pictures_do_not_tell_who_strays() -> None:
    assert reach_of(np.ones(19)) is None
