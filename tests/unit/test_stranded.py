"""Moved files whose picture the collection holds no more, and when what was proved may move."""

import dataclasses
import json
from pathlib import Path

from shared.acting.runs import Action, Entry, Phase, Run, RunHeader, Step
from shared.acting.stranded import Moved, find_stranded, held_digests, moved_files
from shared.records import Record, Reference, State
from shared.store.memory_store import MemoryStore
from worker.pipeline.acting.waiting import Waiting, WaitingList, find_due


def entry(number: int, path: str, digest: str, keeper: str, keeper_digest: str, phase: Phase = Phase.DONE) -> Entry:
    return Entry(
        Step(number, path, "exact", digest, 1, 0, 0, 0, 0, 0, 0, 0, keeper, keeper_digest, path), phase, "/t/x"
    )


def run(*entries: Entry, name: str = "r", action: Action = Action.MOVE, root: str = "/w") -> Run:
    return Run(RunHeader(name, action, root, "/moved"), {one.step.number: one for one in entries})


def paths(moved: list[Moved]) -> list[str]:
    return [one.path for one in moved]


def there(_: str) -> bool:
    return True


def test_what_a_run_took_out_and_nobody_brought_back() -> None:
    runs = [
        run(entry(1, "a", "d", "k", "d"), entry(2, "b", "d", "k", "d", Phase.RESTORED)),
        run(entry(1, "c", "d", "k", "d", Phase.UNDONE), name="s"),
        run(entry(1, "e", "d", "k", "d"), action=Action.SYMLINK),
        run(entry(1, "f", "d", "k", "d"), action=Action.TRASH),
        run(entry(1, "g", "d", "k", "d"), root="/elsewhere"),
    ]
    assert [(one.path, one.place) for one in moved_files(runs, Path("/w"))] == [("a", "/moved/a"), ("f", "/t/x")]
    assert paths(moved_files(runs, None)) == ["a", "f", "g"]


def test_a_moved_file_is_stranded_when_neither_its_bytes_nor_its_keepers_are_held() -> None:
    moved = moved_files([run(entry(1, "same", "d", "k", "d"), entry(2, "near", "n", "k", "d"))], None)
    assert paths(find_stranded(moved, {"d"}, there)) == []
    assert paths(find_stranded(moved, {"n"}, there)) == ["same"]
    assert paths(find_stranded(moved, {"other"}, there)) == ["same", "near"]
    assert paths(find_stranded(moved, set(), lambda path: path.endswith("near"))) == ["near"]


def test_a_keeper_that_moved_for_another_one_is_held_by_that_one() -> None:
    moved = moved_files([run(entry(1, "first", "1", "second", "2"), entry(2, "second", "2", "third", "3"))], None)
    assert paths(find_stranded(moved, {"3"}, there)) == []
    assert paths(find_stranded(moved, {"x"}, there)) == ["first", "second"]


def test_a_keeper_that_was_renamed_holds_its_picture() -> None:
    store = MemoryStore()
    moved = moved_files([run(entry(1, "copy", "d", "keeper", "d"))], None)
    for path, digest in (("keeper", "edited"), ("renamed", "d"), ("other", "x")):
        store.mark_pending([Reference(path, 1, 1)], now=1.0)
        [seen] = store.records([path])
        assert isinstance(seen, Record)
        store.complete([(path, seen, dataclasses.replace(seen, state=State.READY, digest=digest))])
    assert "d" in held_digests(store, moved)
    store.forget(["renamed"])
    assert paths(find_stranded(moved, held_digests(store, moved), there)) == ["copy"]


def waiting(path: str, keeper: str, at: float) -> Waiting:
    return Waiting(path, "d", keeper, at)


def test_the_way_of_a_copy_is_the_two_folders_that_differ() -> None:
    assert waiting("album 2024/d/x.jpg", "album/d/x.jpg", 0).way == ("album", "album 2024")
    assert waiting("new/x.jpg", "x.jpg", 0).way == ("", "new")
    assert waiting("a/b/copy of x.jpg", "a/x.jpg", 0).way == ("a", "a/b")
    assert waiting("a/x (2).jpg", "a/x.jpg", 0).way == ("a", "a")


def test_a_copy_waits_until_nothing_came_or_went_the_same_way_for_long_enough() -> None:
    copied = [waiting(f"new/{number}.jpg", f"old/{number}.jpg", 10.0 * number) for number in range(10)]
    alone = waiting("in/x.jpg", "y.jpg", 0.0)
    assert find_due([*copied, alone], {}, 59.0, 60) == []
    assert find_due([*copied, alone], {}, 60.0, 60) == [alone]
    assert find_due(copied, {}, 149.0, 60) == []
    assert find_due(copied, {}, 150.0, 60) == copied
    assert find_due(copied, {("old", "new"): 140.0}, 199.0, 60) == []
    assert find_due(copied, {("old", "new"): 140.0}, 200.0, 60) == copied


def test_what_waits_is_found_again_whatever_became_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "state" / "waiting"
    known = WaitingList(file)
    odd = waiting("not \udcff utf-8\n.jpg", "k.jpg", 5.0)
    known.add([odd, waiting("b.jpg", "k.jpg", 9.0)])
    assert WaitingList(file).ones(now=7.0) == [odd, waiting("b.jpg", "k.jpg", 7.0)]  # the clock was set back
    with file.open("a") as out:
        out.write(json.dumps(["cut", "off"]) + '\n{"dam')
    known = WaitingList(file)
    known.add([waiting("c.jpg", "k.jpg", 6.0)])
    known.remove([odd, waiting("c.jpg", "k.jpg", 1.0)])
    assert {one.path for one in WaitingList(file).ones(now=9.0)} == {"b.jpg", "c.jpg"}
