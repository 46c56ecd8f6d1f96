from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from shared.records import Reference
from watcher.settling import Settling
from watcher.storage import Absence

QUIET = 1.0


@dataclass
class Disk:
    """A folder in memory whose files change when the test says so."""

    files: dict[str, Reference | Absence] = field(default_factory=dict)

    def write(self, path: str, size: int, mtime_ns: int = 0) -> Reference:
        self.files[path] = reference = Reference(path, size, mtime_ns)
        return reference

    def look(self, path: str) -> Reference | Absence:
        return self.files.get(path, Absence.GONE)


def test_a_file_settles_when_it_kept_still_for_the_whole_time() -> None:
    disk = Disk()
    settling = Settling(QUIET, disk.look)
    settling.note(disk.write("a", 1), now=10.0)
    assert settling.take(10.9, 10).settled == []
    assert settling.due() == 11.0
    assert settling.take(11.0, 10).settled == [Reference("a", 1, 0)]
    assert settling.due() is None
    assert len(settling) == 0


def test_a_change_starts_the_time_anew_whether_seen_by_an_event_or_by_the_look() -> None:
    disk = Disk()
    settling = Settling(QUIET, disk.look)
    settling.note(disk.write("a", 1), now=0.0)
    settling.note(disk.write("a", 2), now=0.9)
    assert settling.take(1.5, 10).settled == []
    disk.write("a", 2, mtime_ns=5)  # same size, no event
    assert settling.take(1.9, 10).settled == []
    assert settling.due() == 2.9
    assert settling.take(2.9, 10).settled == [Reference("a", 2, 5)]


def test_seeing_the_same_state_again_does_not_prolong_the_wait() -> None:
    disk = Disk()
    settling = Settling(QUIET, disk.look)
    for now in (0.0, 0.3, 0.6, 0.9):
        settling.note(disk.write("a", 1), now)
    assert settling.take(1.0, 10).settled == [Reference("a", 1, 0)]


def test_what_is_no_regular_file_any_more_is_let_go_with_its_cause() -> None:
    disk = Disk()
    settling = Settling(QUIET, disk.look)
    for path in ("gone", "fifo", "denied"):
        settling.note(disk.write(path, 1), 0.0)
    disk.files = {"fifo": Absence.OTHER, "denied": Absence.UNKNOWN}
    rested = settling.take(1.0, 10)
    assert rested.settled == []
    assert rested.absent == [("gone", Absence.GONE), ("fifo", Absence.OTHER), ("denied", Absence.UNKNOWN)]
    assert len(settling) == 0


def test_a_turn_looks_at_no_more_than_its_limit() -> None:
    disk = Disk()
    settling = Settling(QUIET, disk.look)
    for number in range(5):
        settling.note(disk.write(str(number), 1), 0.0)
    assert [len(settling.take(1.0, 2).settled) for _ in range(4)] == [2, 2, 1, 0]


def test_an_mtime_in_the_future_plays_no_part() -> None:
    disk = Disk()
    settling = Settling(QUIET, disk.look)
    settling.note(disk.write("a", 1, mtime_ns=2**62), 0.0)
    assert settling.take(1.0, 10).settled == [Reference("a", 1, 2**62)]


def test_discarded_paths_are_not_looked_at() -> None:
    settling = Settling(QUIET, Disk().look)
    settling.note(Reference("a", 1, 1), 0.0)
    settling.discard("a")
    settling.discard("never seen")
    assert settling.take(9.0, 10).absent == []


steps = st.lists(
    st.tuples(
        st.integers(0, 8),  # tenths of a second that pass first
        st.sampled_from("abc"),
        st.one_of(st.none(), st.integers(0, 2)),  # the new size; None: deleted
        st.booleans(),  # whether an event is seen
    ),
    max_size=40,
)


@given(steps)
def test_only_what_kept_still_settles_and_all_that_keeps_still_does(
    steps: list[tuple[int, str, int | None, bool]],
) -> None:
    disk = Disk()
    settling = Settling(QUIET, disk.look)
    changed: dict[str, int] = {}  # path -> tenths of a second at its last change
    settled: dict[str, Reference | Absence] = {}
    tick = 0

    def take() -> None:
        for reference in settling.take(tick / 10, 100).settled:
            assert tick - changed[reference.path] >= 10 * QUIET
            assert disk.files[reference.path] == reference
            settled[reference.path] = reference

    for passed, path, size, seen in steps:
        tick += passed
        take()
        if size is None:
            disk.files.pop(path, None)
            settled.pop(path, None)
        else:
            before = disk.files.get(path)
            if disk.write(path, size, mtime_ns=tick) != before:
                changed[path] = tick
        state = disk.look(path)
        if seen and isinstance(state, Reference):
            settling.note(state, tick / 10)
    for state in disk.files.values():
        assert isinstance(state, Reference)
        settling.note(state, tick / 10)
    for _ in range(2):  # the first look may find a change that no event told of
        tick += 11
        take()
    assert settled == disk.files
    assert len(settling) == 0
