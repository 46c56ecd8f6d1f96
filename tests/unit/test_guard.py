"""Room and time for decoders."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.records import Reference
from worker.pipeline.extracting.guard import CLOCK_FACTOR, Clocks, Guard


def reference(path: str) -> Reference:
    return Reference(path, 1, 1)


def test_pictures_under_way_have_no_more_pixels_than_allowed_whatever_their_order() -> None:
    guard = Guard(100, 60.0, Clocks())
    lock, now, most = threading.Lock(), [0], [0]

    def decode(number: int) -> None:
        pixels = 10 + number * 7 % 60
        with guard.decoding(reference(str(number)), pixels):
            with lock:
                now[0] += pixels
                most[0] = max(most[0], now[0])
            threading.Event().wait(0.001)
            with lock:
                now[0] -= pixels

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, range(200)))
    assert 60 < most[0] <= 100  # several at a time, and never too many
    assert guard.overdue() == []


def test_one_that_is_larger_than_the_room_goes_alone() -> None:
    guard = Guard(100, 60.0, Clocks())
    with guard.decoding(reference("large"), 1000):
        small = guard.decoding(reference("small"), 1)
        other = threading.Thread(target=small.__enter__, daemon=True)
        other.start()
        other.join(0.1)
        assert other.is_alive()
    other.join(5)
    assert not other.is_alive()


def test_time_runs_while_a_picture_is_decoded_not_while_it_waits_for_room() -> None:
    wall, spent = [0.0], {threading.get_ident(): 5.0}
    guard = Guard(100, 10.0, Clocks(lambda: wall[0], lambda thread: spent.get(thread, 0.0)))
    with guard.decoding(reference("slow"), 90):
        patient = guard.decoding(reference("waits"), 90)
        waiting = threading.Thread(target=patient.__enter__, daemon=True)
        waiting.start()
        spent[threading.get_ident()] = 15.0
        assert guard.overdue() == []
        spent[threading.get_ident()] = 15.1
        assert guard.overdue() == [reference("slow")]
        wall[0] = 50.0
    waiting.join(5)
    assert guard.overdue() == []
    wall[0] = 50.0 + CLOCK_FACTOR * 10.0
    assert guard.overdue() == []
    wall[0] += 0.1
    assert guard.overdue() == [reference("waits")]  # its threads hang, or it has left the work to others


def test_the_processor_time_of_a_thread_is_told() -> None:
    guard = Guard(100, 0.05, Clocks())
    with guard.decoding(reference("busy"), 1):
        while not guard.overdue():
            sum(range(10_000))
    with guard.decoding(reference("idle"), 1):
        threading.Event().wait(0.1)
        assert guard.overdue() == []


def test_a_batch_tried_again_may_decode_a_file_that_a_thread_of_the_first_try_has_not_finished() -> None:
    guard = Guard(100, 10.0, Clocks())
    with guard.decoding(reference("a"), 10):
        with guard.decoding(reference("a"), 10):
            pass
        with guard.decoding(reference("large"), 80):
            assert guard.overdue() == []
    with guard.decoding(reference("large"), 100):
        assert guard.overdue() == []


def test_a_refused_picture_makes_room_again() -> None:
    guard = Guard(100, 10.0, Clocks())
    with pytest.raises(ValueError, match="damaged"), guard.decoding(reference("a"), 100):
        raise ValueError("damaged")
    with guard.decoding(reference("b"), 100):
        assert guard.overdue() == []
