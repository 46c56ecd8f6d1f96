"""How the backlog is paced, with a clock that the test turns."""

import pytest

from watcher.pace import FEWEST, IN_HAND_SECONDS, MEASURED_SECONDS, Bound, Flow

BATCH, MOST = 32, 128
LOOK = 0.25


@pytest.mark.parametrize("per_second", [0.2, 0.5, 1.0, 3.0, 20.0, 700.0])
def test_no_more_go_out_than_the_bound_allows(per_second: float) -> None:
    bound, sent, seconds = Bound(per_second), 0, 60
    for look in range(int(seconds / LOOK)):
        while some := bound.allow(MOST, look * LOOK):
            bound.spend(some)
            sent += some
    most = per_second * seconds + max(1.0, per_second)
    assert 0.9 * per_second * seconds - 1 <= sent <= most


def test_they_go_out_by_handfuls_and_a_rest_saves_up_one_of_them() -> None:
    bound = Bound(10.0)
    assert bound.allow(MOST, 0.0) == 10
    bound.spend(10)
    assert bound.allow(MOST, 0.9) == 0, "a lone file costs the network more than one among many"
    assert bound.allow(MOST, 1.0) == 10
    bound.spend(10)
    assert bound.allow(4, 1.5) == 4, "no more are wanted"
    bound.spend(4)
    assert bound.allow(MOST, 3600.0) == 10
    bound.spend(10)
    assert bound.allow(MOST, 3600.1) == 0


def test_without_a_bound_any_number_goes_out_and_a_clock_that_stands_frees_none() -> None:
    assert Bound(0.0).allow(MOST, 5.0) == MOST
    bound = Bound(1.0)
    bound.spend(bound.allow(MOST, 5.0))
    assert bound.allow(MOST, 5.0) == 0


class Workers:
    """They take a message when they are done with the one before, as fast as is said."""

    def __init__(self, per_second: float, count: int = 1) -> None:
        self.flow = Flow(BATCH, MOST)
        self.line: list[int] = []
        self.free = [0.0] * count
        self.each = per_second / count
        self.done = 0
        self.idle = 0.0
        self.sizes: list[int] = []

    def work(self, seconds: float, begin: float = 0.0) -> None:
        """One look after another; between two of them the workers go on."""
        for look in range(int(seconds / LOOK)):
            now = begin + look * LOOK
            self.flow.look(len(self.line), now)
            while self.flow.has_room(len(self.line), now):
                self.sizes.append(self.flow.size(now))
                self.line.append(self.sizes[-1])
                self.flow.send(self.sizes[-1])
            for worker, free in enumerate(self.free):
                while self.line and free < now + LOOK:
                    self.idle += max(0.0, now - free)
                    free = max(free, now) + self.line[0] / self.each
                    self.done += self.line.pop(0)
                self.free[worker] = free


@pytest.mark.parametrize(("per_second", "count"), [(1.0, 1), (8.0, 1), (30.0, 1), (60.0, 8), (1000.0, 1), (2000.0, 4)])
def test_workers_are_kept_busy_and_an_arrival_waits_for_seconds_only(per_second: float, count: int) -> None:
    workers = Workers(per_second, count)
    workers.work(30.0)
    done, idle = workers.done, workers.idle
    workers.work(60.0, 30.0)
    assert workers.done - done >= 0.9 * 60 * per_second - MOST * count
    assert workers.idle - idle <= 0.05 * 60 * count
    last = workers.sizes[-1]
    assert FEWEST <= last <= MOST
    # The first of several workers is free soon after: on average, one of them ends a message after size / per_second.
    assert last / per_second <= max(1.1 * IN_HAND_SECONDS, FEWEST / per_second)
    assert last < BATCH or last % BATCH == 0


def test_no_more_stands_in_line_than_is_taken_within_seconds() -> None:
    workers = Workers(20.0)
    workers.work(20.0)
    assert sum(workers.line) <= 3 * BATCH
    assert len(workers.line) >= 1


def test_without_workers_one_message_stands_in_line_however_long() -> None:
    flow = Flow(BATCH, MOST)
    flow.look(0, 0.0)
    assert flow.has_room(0, 0.0)
    flow.send(flow.size(0.0))
    for look in range(1, 100):
        flow.look(1, look * LOOK)
        assert not flow.has_room(1, look * LOOK)
    assert flow.size(30.0) == FEWEST


def test_a_speed_is_forgotten() -> None:
    workers = Workers(100.0)
    workers.work(10.0)
    assert workers.flow.size(10.0) == MOST
    workers.flow.look(0, 10.0 + MEASURED_SECONDS + 5)
    workers.flow.look(0, 20.0 + MEASURED_SECONDS + 5)
    assert workers.flow.size(20.0 + MEASURED_SECONDS + 5) == FEWEST


def test_messages_of_others_in_line_do_no_harm() -> None:
    flow = Flow(BATCH, MOST)
    flow.look(7, 0.0)  # what another watcher sent, or came back from a worker that vanished
    assert not flow.has_room(1, 0.0)
    assert flow.per_second(9.0) == 0.0


def test_a_batch_that_is_smaller_than_the_fewest_is_a_message() -> None:
    assert Flow(1, 4).size(0.0) == 1
