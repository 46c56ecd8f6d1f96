"""Two files of a group beside each other: what they are, what differs, and what can be decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from shared.records import Record
from worker.engine.report.wording import number_of, show, size_of
from worker.web.cases import Case, Fate, File, Filter
from worker.web.choices import Choice, Step, are_the_same, can_be_chosen
from worker.web.queue import Queue
from worker.web.views.duplicates import FileView, file_view

STRIP: Final = 40  # files of a group that can be chosen
LEFT, RIGHT = "left", "right"
# The more a format keeps the better; what is not named stands in the middle.
_FORMATS: Final = {"camera raw": 5, "HEIC": 4, "TIFF": 3, "PNG": 3, "JPEG": 2, "WebP": 1, "GIF": 0, "BMP": 1}


@dataclass(frozen=True, slots=True)
class Button:
    """Something that can be decided. key: that does it. mark: how it looks."""

    choice: str
    key: str
    words: str
    title: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of the table. better: left, right or "". same: whether both say the same."""

    name: str
    left: str
    right: str
    better: str = ""

    @property
    def same(self) -> bool:
        """Whether both say the same."""
        return self.left == self.right


def _row(name: str, values: Sequence[str], better: str = "") -> Difference:
    left, right = values
    return Difference(name, left, right, better)


@dataclass(frozen=True, slots=True)
class CompareView:
    """Two files of a group. seen: what the user is shown, see Case. rule: why the left one stays, "" for nobody knows.

    back: what going back takes back, None: nothing. ahead: previews of the group that comes next.
    """

    number: int
    generation: str
    seen: str
    left: FileView
    right: FileView
    others: tuple[FileView, ...]
    hidden: int
    sentence: str
    reason: str
    rule: str
    buttons: tuple[Button, ...]
    rows: tuple[Difference, ...]
    waiting: int
    position: str
    done: int
    total: int
    chosen: Filter
    back: Step | None
    ahead: tuple[tuple[str, str], ...]
    settled: bool


def pair_of(case: Case, row: int) -> tuple[File, File] | None:
    """The keeper, and the file of this row beside it; else the first that waits, else the first of all."""
    others = case.files[1:]
    right = next((one for one in others if one.row == row), None)
    right = right or next((one for one in others if one.fate is Fate.OPEN), others[0] if others else None)
    return (case.keeper, right) if right else None


def compare_of(
    queue: Queue,
    case: Case,
    row: int,
    chosen: Filter,
    back: Step | None,
    records: Sequence[Record | None] = (None, None),
    told: Sequence[Mapping[str, Any]] = ({}, {}),
) -> CompareView:
    """Two files of a group. records, told: of the two, as far as they are known."""
    left, right = pair_of(case, row) or (case.keeper, case.keeper)
    waiting = queue.waiting(chosen)
    following = queue.after(case.number, waiting)
    done, total = queue.progress(chosen)
    ahead = (
        () if following is None else tuple((one.path, one.digest) for one in (following.keeper, *following.open[:1]))
    )
    return CompareView(
        case.number,
        queue.stack.index.generation,
        case.seen,
        file_view(left, case.is_variant),
        file_view(right),
        tuple(file_view(one) for one in case.files[1 : STRIP + 1]) if len(case.files) > 2 else (),
        max(0, len(case.files) - STRIP - 1),
        _sentence(right),
        show(right.reason or right.kind.words, 300),
        case.rule,
        buttons_of(case, left, right),
        rows_of((left, right), records, told),
        len(waiting),
        f"{number_of(len(waiting), 'variant' if chosen.is_of_variants else 'group')} left",
        done,
        total,
        chosen,
        back,
        ahead,
        not case.open,
    )


def _sentence(right: File) -> str:
    said = f" (decision {right.number})" if right.number else ""
    return {
        Fate.GOING: f"You decided that it may go{said}; Actions lists it",
        Fate.KEPT: f"You decided that it stays{said}",
        Fate.APART: "You decided that it is a different picture",
        Fate.AWAY: "It was taken away; Actions can bring it back",
        Fate.PROTECTED: "It lies in a protected folder, and stays",
    }.get(right.fate, f"{str(right.kind).capitalize()}: {right.kind.words}")


def buttons_of(case: Case, left: File, right: File) -> tuple[Button, ...]:
    """What can be decided, with the keys."""
    if not can_be_chosen(right):
        return ()
    if case.is_variant:
        because = "two different pictures; neither is ever called a variant of the other again"
        return (Button(Choice.DIFFERENT, "n", "Not the same", because),)
    others = len(case.open) - (right.fate is Fate.OPEN)
    more = f", and {number_of(others, 'other')} of the group" if others else ""
    same = are_the_same(left, right)
    not_same = "Same: keep both" if same else "Not the same"
    because = (
        "they hold the same bytes or pixels, so they are no different pictures; both stay" if same
        else "they never stand in one group again"
    )  # fmt: skip
    found = [
        Button(Choice.LEFT, "1", "Keep left", f"left stays; right{more} may go", "keep"),
        Button(Choice.RIGHT, "2", "Keep right", f"right stays; left{more} may go", "keep"),
        Button(Choice.BOTH, "b", "Keep both", "these two stay"),
        Button(Choice.DIFFERENT, "n", not_same, because),
    ]
    if len(case.files) > 2:
        found.append(Button(Choice.ALL, "a", f"Keep all {len(case.files)}", "every file of the group stays"))
    else:
        found.append(Button(Choice.ALL, "a", "Keep all", "every file of the group stays"))
    found.append(Button(Choice.TRASH_RIGHT, "t", "Trash right", "this one file may go", "go"))
    found.append(Button(Choice.TRASH_LEFT, "T", "Trash left", "this one file may go, right stays for it", "go"))
    return tuple(found)


def rows_of(
    files: tuple[File, File], records: Sequence[Record | None], told: Sequence[Mapping[str, Any]]
) -> tuple[Difference, ...]:
    """What differs, and what does not, the better value marked.

    Of two files with the same pixels neither bytes nor formats are better: a PNG of a JPEG has more, and holds no more.
    """
    sizes, same = [one.size for one in files], are_the_same(*files)
    rows = [
        _pixels(records),
        _row("Bytes", [f"{size:,} ({size_of(size)})" for size in sizes], "" if same else _more(sizes)),
        _formats(told, same),
        _dates("Taken", [str(one.get("taken", "")) for one in told], earlier=False),
        _dates("Changed", [_changed(one) for one in records], earlier=True),
        _named("Camera", [str(one.get("camera", "")) for one in told]),
        _named("Place", ["GPS" if one.get("place") else "" for one in told]),
        _named("Holds", [one.holds if one else "" for one in records]),
    ]
    folders = [show(one.path.rpartition("/")[0]) or "the watched folder itself" for one in files]
    names = [show(one.path.rpartition("/")[2]) for one in files]
    rows += [_row("Folder", folders), _row("Name", names)]
    optional = ("Place", "Holds")
    return tuple(row for row in rows if row.name not in optional or (row.left, row.right) != ("–", "–"))


def _pixels(records: Sequence[Record | None]) -> Difference:
    sides = [(one.width, one.height) if one else (0, 0) for one in records]
    words = [f"{width:,} × {height:,}" if width else "–" for width, height in sides]
    areas = [width * height for width, height in sides]
    return _row("Pixels", words, _more(areas) if all(areas) else "")


def _formats(told: Sequence[Mapping[str, Any]], same: bool) -> Difference:
    names = [str(one.get("format", "")) for one in told]
    words = [
        f"{name}, {one['bits']} bits" if name and one.get("bits", 8) not in (0, 8) else name or "–"
        for name, one in zip(names, told, strict=True)
    ]
    ranks = [(_FORMATS.get(name, 2), one.get("bits") or 8) for name, one in zip(names, told, strict=True)]
    better = "" if same or not all(names) or ranks[0] == ranks[1] else LEFT if ranks[0] > ranks[1] else RIGHT
    return _row("Format", words, better)


def _dates(name: str, dates: Sequence[str], earlier: bool) -> Difference:
    """Having one is better; of file dates the earlier, the other was made of it."""
    better = LEFT if dates[0] and not dates[1] else RIGHT if dates[1] and not dates[0] else ""
    if earlier and all(dates) and dates[0] != dates[1]:
        better = LEFT if dates[0] < dates[1] else RIGHT
    return _row(name, [show(date, 60) or "–" for date in dates], better)


def _named(name: str, values: Sequence[str]) -> Difference:
    better = LEFT if values[0] and not values[1] else RIGHT if values[1] and not values[0] else ""
    return _row(name, [show(value, 90) or "–" for value in values], better)


def _changed(record: Record | None) -> str:
    return f"{datetime.fromtimestamp(record.mtime_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}" if record else ""


def _more(values: Sequence[int]) -> str:
    return "" if values[0] == values[1] else LEFT if values[0] > values[1] else RIGHT
