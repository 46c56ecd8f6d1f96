import threading
import time

from watcher.hints import HintBox


def test_hints_come_once_each_in_order_and_are_taken_once() -> None:
    box = HintBox()
    for path in ("b", "a", "b", "c"):
        box.add_file(path)
    box.add_folder("new")
    box.add_departed("old")
    hints = box.take()
    assert list(hints.files) == ["b", "a", "c"]
    assert (list(hints.folders), list(hints.departed), hints.rescan) == (["new"], ["old"], "")
    assert len(box.take()) == 0


def test_too_many_hints_become_one_rescan() -> None:
    box = HintBox(limit=100)
    for number in range(101):
        box.add_file(str(number))
    box.add_file("after")
    hints = box.take()
    assert hints.rescan == "more than 100 changes were waiting"
    assert list(hints.files) == ["after"]


def test_a_hint_wakes_who_waits() -> None:
    box, started = HintBox(), time.monotonic()
    threading.Timer(0.05, box.add_file, ["a"]).start()
    box.wait(20.0)
    assert time.monotonic() - started < 10  # not because its time was over
    assert list(box.take().files) == ["a"]
    box.wait(0.05)  # nothing came, and it returns all the same
