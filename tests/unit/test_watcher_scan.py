import dataclasses
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from shared.admission import Admission, Why
from shared.broker import Lane
from shared.failures import FailureKind
from shared.records import Counts, Reference, State
from shared.store import MemoryStore
from tests.failed import mark_failed
from watcher.enqueue import Batcher, Enqueuer
from watcher.folder import WatchedFolder
from watcher.once import SETTLE_SECONDS, Once
from watcher.queue import Lines
from watcher.scan import LOST_AFTER, LOST_IN_TRAFFIC, Reconciler, lost_after
from watcher.settling import Settling

QUIET, RESCAN_EVERY = 1.0, 40.0
ABSENCE = 2 * RESCAN_EVERY


@dataclass
class Bench:
    """A real folder, a store in memory, and clocks that the test turns."""

    root: Path
    now: float = 1_000_000.0
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root.mkdir()
        self.store = MemoryStore()
        self.folder = WatchedFolder(self.root)
        self.folder.pin()
        self.settling = Settling(QUIET, self.folder.look)
        self.enqueuer = Enqueuer(self.store, self, Batcher(32, 0.0), lambda: self.now)
        self.reconciler = Reconciler(
            self.folder,
            self.store,
            self.enqueuer,
            self.settling,
            QUIET,
            RESCAN_EVERY,
            lambda: self.now,
            lambda: self.now,
        )
        self.reconciler.scanned = self.now  # what the next one finds is new

    def follow(self, admission: Admission) -> None:
        """Start anew with other rules."""
        self.folder = WatchedFolder(self.root, admission=admission)
        self.folder.pin()
        self.reconciler.folder = self.folder

    def send(self, references: Sequence[Reference], lane: Lane = Lane.ARRIVAL) -> None:
        self.sent += [reference.path for reference in references]

    def ping(self) -> None:
        return

    def lines(self) -> Lines:
        return Lines()

    def tell_gone(self, paths: Sequence[str]) -> None:
        assert self.store.records(paths) == [None] * len(paths)

    def write(self, path: str, age: float = 100.0, content: bytes = b"1") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (self.now - age, self.now - age))

    def drain(self, scan: Iterator[bool]) -> bool:
        """Run a scan to its end; its last word."""
        believed = [True, *scan][-1]
        self.enqueuer.flush(self.now, at_once=True)
        return believed

    def rescan(self) -> list[str]:
        """What a rescan sends."""
        self.sent = []
        self.drain(self.reconciler.rescan())
        return sorted(self.sent)

    def complete(self, extractor: str = "x") -> None:
        """Do what a worker does."""
        changes = [
            (path, record, replace(record, state=State.READY, digest="d", extractor=extractor))
            for path, record in self.store.pending()
        ]
        self.store.complete(changes)

    def known(self) -> set[str]:
        return {path for chunk in self.store.scan() for path, _ in chunk}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "root")


def test_a_rescan_sends_what_is_new_or_changed_and_nothing_twice(bench: Bench) -> None:
    bench.write("a.jpg")
    bench.write("deep/er/b.jpg")
    assert bench.rescan() == ["a.jpg", "deep/er/b.jpg"]
    assert bench.rescan() == []
    bench.complete()
    assert bench.rescan() == []
    bench.write("a.jpg", content=b"22")
    assert bench.rescan() == ["a.jpg"]
    bench.write("deep/er/b.jpg", age=50.0)
    assert bench.rescan() == ["deep/er/b.jpg"]


def test_young_files_settle_first_and_old_ones_need_not(bench: Bench) -> None:
    bench.write("old.jpg", age=QUIET + 0.1)
    bench.write("young.jpg", age=QUIET - 0.1)
    bench.write("future.jpg", age=-3600.0)
    assert bench.rescan() == ["old.jpg"]
    assert bench.settling.paths() == ["young.jpg", "future.jpg"] or bench.settling.paths() == [
        "future.jpg",
        "young.jpg",
    ]


def test_files_of_an_appeared_folder_settle_in_full_however_old(bench: Bench) -> None:
    bench.write("came/deep/a.jpg")
    bench.write("other/b.jpg")
    assert bench.drain(bench.reconciler.scan_folders(["came"]))
    assert bench.sent == []
    assert bench.settling.paths() == ["came/deep/a.jpg"]


def test_what_is_passed_over_is_on_no_record_and_is_counted_and_listed(bench: Bench) -> None:
    bench.write("notes.txt", content=b"12345")
    bench.write("deep/b.XMP", content=b"123")
    bench.write("a.jpg.part", content=b"12")
    bench.write("@eaDir/thumb.jpg")
    bench.write("3f786850e387550f")
    bench.write("odd.unknown")
    (bench.root / "link.jpg").symlink_to("odd.unknown")
    assert bench.store.passed_over() is None
    assert bench.rescan() == ["3f786850e387550f", "odd.unknown"]
    assert bench.known() == {"3f786850e387550f", "odd.unknown"}
    found = bench.store.passed_over()
    assert found
    assert found.suffixes == {".txt": (1, 5), ".xmp": (1, 3)}
    assert found.others == {Why.NAME: (2, 2), Why.LINK: (1, 0)}
    assert found.total == (5, 10)
    assert sorted(bench.store.list_passed_over(found)) == [
        ("@eaDir/", 0, Why.NAME),
        ("a.jpg.part", 2, Why.NAME),
        ("deep/b.XMP", 3, Why.SUFFIX),
        ("link.jpg", 0, Why.LINK),
        ("notes.txt", 5, Why.SUFFIX),
    ]


def test_a_changed_rule_forgets_what_it_excludes_now_and_brings_back_what_it_does_not(bench: Bench) -> None:
    for path in ("a.jpg", "Screenshots/b.jpg", "Screenshots/deep/c.jpg", "d.gif", "e.txt"):
        bench.write(path)
    bench.rescan()
    everything = {"a.jpg", "Screenshots/b.jpg", "Screenshots/deep/c.jpg", "d.gif"}
    assert bench.known() == everything
    bench.follow(Admission(exclude=("Screenshots/", "*.gif")))
    assert bench.rescan() == []
    assert bench.known() == {"a.jpg"}
    found = bench.store.passed_over()
    assert found
    assert found.others == {Why.EXCLUDED: (2, 1)}, "the folder counts as one"
    bench.follow(Admission(suffixes=frozenset({"*", ".txt"})))
    assert set(bench.rescan()) == everything - {"a.jpg"} | {"e.txt"}
    assert bench.known() == everything | {"e.txt"}


def test_a_file_that_is_passed_over_now_is_not_sent_again_when_its_message_is_lost(bench: Bench) -> None:
    bench.write("a.jpg")
    bench.write("b.jpg")
    bench.rescan()
    bench.follow(Admission(exclude=("b.jpg",)))
    bench.sent = []
    bench.now += LOST_AFTER + 1
    bench.drain(bench.reconciler.find_lost(LOST_AFTER))
    assert bench.sent == ["a.jpg"]
    assert bench.known() == {"a.jpg"}


def test_an_earlier_version_s_record_of_another_suffix_goes_or_is_tried(bench: Bench) -> None:
    for path in ("a.txt", "b.unknown"):
        bench.write(path)
        seen = bench.root / path
        reference = Reference(path, 1, seen.stat().st_mtime_ns, seen.stat().st_ctime_ns)
        mark_failed(bench.store, [(reference, "not read: its suffix")], FailureKind.SUFFIX, 1.0)
    bench.rescan()
    assert {path for path, _ in bench.store.backlog(9)} == bench.known() == {"b.unknown"}


def test_an_empty_folder_that_is_doubted_leaves_the_counts_of_what_is_passed_over(bench: Bench) -> None:
    bench.write("a.jpg")
    bench.write("a.xmp")
    bench.rescan()
    before = bench.store.passed_over()
    shutil.rmtree(bench.root)
    bench.root.mkdir()
    bench.rescan()
    assert bench.store.passed_over() == before


def test_a_new_extractor_makes_all_its_predecessors_work_news(bench: Bench) -> None:
    bench.write("a.jpg")
    bench.rescan()
    bench.complete(extractor="x")
    bench.enqueuer.extractor = "x"
    assert bench.rescan() == []
    bench.enqueuer.extractor = "y"
    assert bench.rescan() == []
    assert [path for path, _ in bench.store.backlog(9)] == ["a.jpg"]


def test_what_is_gone_or_no_regular_file_is_forgotten(bench: Bench) -> None:
    for path in ("stays.jpg", "gone.jpg", "deep/gone.jpg", "linked.jpg", "behind/a.jpg"):
        bench.write(path)
    bench.rescan()
    (bench.root / "gone.jpg").unlink()
    shutil.rmtree(bench.root / "deep")
    (bench.root / "linked.jpg").unlink()
    (bench.root / "linked.jpg").symlink_to("stays.jpg")
    (bench.root / "behind").rename(bench.root.parent / "behind")
    (bench.root / "behind").symlink_to(bench.root.parent / "behind")
    bench.store.mark_pending([Reference("stays.jpg.part", 1, 1)], 0.0)
    bench.write("stays.jpg.part")
    bench.rescan()
    assert bench.known() == {"stays.jpg"}


def test_only_records_below_the_folder_that_went_are_looked_at(bench: Bench) -> None:
    for path in ("went/a.jpg", "went/deep/b.jpg", "went.jpg", "elsewhere/c.jpg"):
        bench.write(path)
    bench.rescan()
    for path in ("went", "elsewhere"):
        shutil.rmtree(bench.root / path)
    assert bench.drain(bench.reconciler.forget_missing(["went"]))
    assert bench.known() == {"went.jpg", "elsewhere/c.jpg"}


def test_a_folder_that_is_empty_from_the_start_forgets_nothing_and_says_what_to_do(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.store.mark_pending([Reference("a.jpg", 1, 1)], 0.0)
    assert not bench.drain(bench.reconciler.rescan())
    assert bench.known() == {"a.jpg"}
    assert "is empty, but files are on record (1)" in caplog.text
    assert "mount it" in caplog.text
    (bench.root / "any").touch()
    assert bench.drain(bench.reconciler.rescan())
    assert "a.jpg" not in bench.known()


def test_a_folder_that_was_emptied_is_doubted_until_somebody_says_so(bench: Bench) -> None:
    bench.write("a.jpg")
    bench.rescan()
    (bench.root / "a.jpg").unlink()
    assert not bench.drain(bench.reconciler.rescan())
    assert bench.known() == {"a.jpg"}
    sure = dataclasses.replace(bench.reconciler, folder=WatchedFolder(bench.root, believes_empty=True))
    assert sure.folder.pin()
    assert bench.drain(sure.rescan())
    assert bench.known() == set()


def test_a_folder_that_was_replaced_by_an_empty_one_is_not(bench: Bench) -> None:
    bench.write("a.jpg")
    bench.rescan()
    bench.root.rename(bench.root.parent / "unmounted")
    bench.root.mkdir()
    assert not bench.drain(bench.reconciler.rescan())
    bench.folder.pin()
    assert not bench.drain(bench.reconciler.rescan())
    assert bench.known() == {"a.jpg"}


def test_lost_messages_are_sent_again_after_a_while_and_only_then(bench: Bench) -> None:
    for path in ("a.jpg", "changed.jpg", "gone.jpg"):
        bench.write(path)
    bench.rescan()
    bench.sent = []
    bench.now += LOST_AFTER
    bench.drain(bench.reconciler.find_lost(LOST_AFTER))
    assert bench.sent == []
    bench.write("changed.jpg", content=b"22")
    (bench.root / "gone.jpg").unlink()
    bench.now += 1.0
    bench.drain(bench.reconciler.find_lost(LOST_AFTER))
    assert bench.sent == ["a.jpg"]
    assert bench.settling.paths() == ["changed.jpg"]
    assert bench.known() == {"a.jpg", "changed.jpg"}
    bench.sent = []
    bench.drain(bench.reconciler.find_lost(LOST_AFTER))
    assert bench.sent == []


def test_a_record_from_the_future_counts_as_lost_when_the_clock_was_set_back(bench: Bench) -> None:
    bench.write("a.jpg")
    bench.rescan()
    bench.sent = []
    bench.now -= 3600.0
    bench.drain(bench.reconciler.find_lost(LOST_AFTER))
    assert bench.sent == ["a.jpg"]


def test_a_scan_hands_back_control_after_about_a_thousand_files(bench: Bench) -> None:
    for number in range(2500):
        bench.write(f"{number % 7}/{number}.jpg")
    steps = list(bench.reconciler.rescan())
    assert len(steps) >= 4
    bench.enqueuer.flush(bench.now, at_once=True)
    assert len(bench.sent) == len(set(bench.sent)) == 2500


def test_once_waits_for_settling_and_workers_and_leaves_out_what_never_settles(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    once = Once(bench.settling, bench.store)
    assert once.is_done(0.0)
    bench.store.mark_pending([Reference("a.jpg", 1, 1)], 0.0)
    assert not once.is_done(1.0), "it is held"
    bench.store.mark_pending([Reference("a.jpg", 1, 1)], 1.0)
    assert not once.is_done(1.0), "it is on its way"
    bench.settling.note(Reference("restless.jpg", 1, 1), 2.0)
    assert not once.is_done(2.0)
    bench.complete()
    assert not once.is_done(2.0 + SETTLE_SECONDS - 1)
    assert once.is_done(2.0 + SETTLE_SECONDS)
    assert "files that still change are left out: 1, 'restless.jpg' first" in caplog.text
    bench.store.mark_pending([Reference("restless.jpg", 1, 1)], 1.0)
    assert once.is_done(100.0), "what was left out is not waited for"
    bench.store.mark_pending([Reference("b.jpg", 1, 1)], 1.0)
    assert not once.is_done(101.0)
    bench.store.forget(["b.jpg", "restless.jpg"])
    bench.store.mark_pending([Reference("b.jpg", 1, 1)], 0.0)
    assert not once.is_done(102.0), "as many as were left out, but another one"


def test_what_the_first_scan_finds_and_one_after_a_long_absence_is_backlog(bench: Bench) -> None:
    bench.reconciler.scanned = None
    bench.write("before.jpg")
    assert bench.rescan() == []
    assert bench.store.counts() == Counts(total=1, pending=1, held=1)
    bench.now += ABSENCE
    bench.write("missed.jpg")
    assert bench.rescan() == ["missed.jpg"], "no event told of it, and somebody was watching"
    assert bench.store.counts().held == 1, "a later scan leaves the backlog where it is"
    bench.now += ABSENCE + 1
    bench.write("while away.jpg")
    assert bench.rescan() == []
    assert {path for path, _ in bench.store.backlog(9)} == {"before.jpg", "while away.jpg"}


def test_a_first_scan_that_is_cut_off_leaves_the_rest_to_the_backlog(bench: Bench) -> None:
    bench.reconciler.scanned = None
    bench.write("a.jpg")
    next(bench.reconciler.rescan())
    bench.write("b.jpg")
    assert bench.rescan() == []
    assert bench.store.counts().held == 2


def test_what_another_extractor_knew_is_read_again_behind_what_is_new(bench: Bench) -> None:
    bench.write("old.jpg")
    bench.rescan()
    bench.complete("x")
    bench.enqueuer.extractor = "y"
    bench.write("new.jpg")
    assert bench.rescan() == ["new.jpg"]
    assert [path for path, _ in bench.store.backlog(9)] == ["old.jpg"]


def test_when_a_file_that_was_sent_is_lost() -> None:
    def after(counts: Counts, lines: Lines) -> float | None:
        return lost_after(counts, lambda: lines)

    assert after(Counts(9, pending=4, held=4), Lines()) is None, "none was sent"
    assert after(Counts(9, pending=4, held=3), Lines()) == LOST_AFTER
    assert after(Counts(9, pending=4, held=3), Lines(backlog=1, in_hand=1)) == LOST_IN_TRAFFIC
    assert after(Counts(9, pending=4, held=3), Lines(in_hand=1)) == LOST_IN_TRAFFIC
    assert after(Counts(9, pending=4), Lines(arrivals=1)) is None, "it may have stood in line since"
