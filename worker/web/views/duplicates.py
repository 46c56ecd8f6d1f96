"""The queue of groups, and lists of what would go at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.paths import is_in_folder
from shared.records import DUPLICATE_KINDS, Kind
from worker.engine.report.wording import number_of, show, size_of
from worker.web.cases import Case, Fate, File, Filter
from worker.web.paging import Part, mapped, part_of
from worker.web.queue import Queue

GROUPS_ON_A_PAGE: Final = 20
FILES_OF_A_GROUP: Final = 6
LISTED: Final = 100
BULK: Final = (Kind.EXACT, Kind.IDENTICAL)  # what may be decided without a look at each


@dataclass(frozen=True, slots=True)
class FileView:
    """A file. words: what it is, or becomes."""

    row: int
    path: str
    digest: str
    name: str
    title: str
    words: str
    size: str
    is_keeper: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group that waits, or a variant."""

    number: int
    title: str
    facts: str
    reason: str
    files: tuple[FileView, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class QueueView:
    """A page of the queue. decided, total: groups; left: of those that are meant. saving: bytes in words, "" of
    variants. kinds: each with its words."""

    groups: "Part[GroupView]"
    left: int
    decided: int
    total: int
    saving: str
    chosen: Filter
    kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BulkView:
    """Files that go at once. number: of the newest decision when this was shown."""

    folder: str
    kind: str
    files: "Part[Mapping[str, str]]"
    saving: str
    number: int


def file_view(one: File, has_variant: bool = False) -> FileView:
    """A file of a group as it is shown. has_variant: whether it is the picture that the other one is a variant of."""
    words = {Fate.KEEPER: "stays", Fate.OPEN: str(one.kind), Fate.GOING: "may go", Fate.AWAY: "taken away"}
    return FileView(
        one.row, one.path, one.digest, show(one.path.rsplit("/", 1)[-1], 60), show(one.path),
        "picture" if has_variant else words.get(one.fate, str(one.fate)), size_of(one.size),
        one.fate is Fate.KEEPER and not has_variant, one.fate is Fate.OPEN,
    )  # fmt: skip


def queue_of(queue: Queue, chosen: Filter, page: int) -> QueueView:
    """Page `page` of the groups that wait."""
    waiting = queue.waiting(chosen)
    part = part_of(waiting, page, GROUPS_ON_A_PAGE)
    saving = "" if chosen.is_of_variants else size_of(sum(one.size for case in waiting for one in case.open))
    done, total = queue.progress(chosen)
    kinds = ((str(kind), str(kind)) for kind in DUPLICATE_KINDS)
    return QueueView(
        mapped(part, _variant if chosen.is_of_variants else _group),  # type: ignore[arg-type]
        len(waiting),
        done,
        total,
        saving,
        chosen,
        (*kinds, (str(Kind.VARIANT), "variants: no duplicates")),
    )


def _variant(case: Case) -> GroupView:
    picture, variant = case.files
    names = [show(one.path.rsplit("/", 1)[-1], 60) for one in (picture, variant)]
    files = file_view(picture, has_variant=True), file_view(variant)
    facts = f"{case.share:.1%} of the picture differs"
    return GroupView(case.number, " and ".join(names), facts, show(variant.reason, 300), files, 0)


def _group(case: Case) -> GroupView:
    waiting = case.open
    kinds = ", ".join(dict.fromkeys(str(one.kind) for one in waiting))
    reasons = list(dict.fromkeys(one.reason or one.kind.words for one in waiting))
    facts = f"{number_of(len(case.files), 'file')} · {kinds} · up to {size_of(sum(o.size for o in waiting))}"
    facts += f" · stays: {case.rule}" if case.rule else ""
    files = tuple(file_view(one) for one in case.files[:FILES_OF_A_GROUP])
    more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    name = show(case.keeper.path.rsplit("/", 1)[-1], 60)
    return GroupView(
        case.number, name, facts, show(reasons[0], 160) + more, files, max(0, len(case.files) - FILES_OF_A_GROUP)
    )


def bulk_files(queue: Queue, folder: str, kind: Kind) -> list[tuple[Case, File]]:
    """The files of this kind in this folder ("" for all) that wait, with their groups, in the order of the queue."""
    return [
        (case, one)
        for case in (queue.cases[place] for place in queue.open)
        for one in case.open
        if one.kind is kind and (not folder or is_in_folder(one.path, folder))
    ]


def bulk_of(files: Sequence[tuple[Case, File]], folder: str, kind: Kind, page: int, number: int) -> BulkView:
    """A page of them."""
    part = mapped(
        part_of(files, page, LISTED),
        lambda pair: {
            "path": pair[1].path, "name": show(pair[1].path), "size": size_of(pair[1].size),
            "keeper": show(pair[0].keeper.path), "keeper_path": pair[0].keeper.path,
        },
    )  # fmt: skip
    saving = size_of(sum(one.size for _, one in files))
    return BulkView(folder, str(kind), part, saving, number)  # type: ignore[arg-type]
