"""Knowledge kept in step with the stream of verdicts, whoever gave them: another writer, or a recluster run.

The stream says whose record to look at; what is known of that file, and of all that hangs on it, is then taken from
the records as `learn` takes it. So it matters neither how often a file is named nor how late. What is just being read
again has no verdict on record, and is known all the same.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.records import Event, Record, State, Verdict
from worker.pipeline.judging.knowledge import Knowledge, KnowledgeStore, take_in, take_in_pixels

_GIVEN: Final = frozenset(verdict.value for verdict in Verdict if verdict is not Verdict.FAILED)


@dataclass
class News:
    """What following the stream changed.

    waiting: paths without a verdict, or whose keeper is gone. gone: those that are known no more. came,
    went: contents that are known now, as before or new, and those that no file has any more. split: keepers whose group
    lost a content that is known still.
    """

    waiting: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    went: list[str] = field(default_factory=list)
    split: set[str] = field(default_factory=set)


@dataclass
class Told:
    """What the stream told of a file: the last event, and whether it was let go (then no event before that counts)."""

    event: Event | None = None
    gone: bool = False


_NOTHING: Final = Told()


def touched_since(store: KnowledgeStore, position: str) -> tuple[dict[str, Told], str] | None:
    """The files that the stream names after a position, and the position then; None where it was cut off."""
    files: dict[str, Told] = {}
    while found := store.touched(position):
        for at, path, event in found:
            told = files.setdefault(path, Told())
            told.event, told.gone, position = event, told.gone or event is None, at
    return None if found is None else (files, position)


def follow(store: KnowledgeStore, known: Knowledge, files: Mapping[str, Told], as_told: bool = False) -> News:
    """Bring what is known of these files in line with their records. O(files, and those of their groups).

    Of one that is being read again, or is gone, while the writer has not let it go a message is on its way, by which
    the writer looks at it. Until then it is known as it was. as_told: where it was not known at all, as the stream
    told; for who wants to know what the writer knows. The writer itself judges such a file anew.
    """
    read = dict(zip(files, store.records(list(files)), strict=True))
    told = {path: _told_of(known, path, files[path]) if as_told else None for path in files}
    records = {path: _current(record, told[path]) for path, record in read.items()}
    came = {record.digest for record in records.values() if record and record.verdict}
    changed = [path for path, record in records.items() if not _agrees(known, path, record, files[path].gone)]
    news = News()
    if changed:
        linked, affected = _affected(known, changed, {record.digest for record in records.values() if record})
        before = affected & known.digest.keys()
        keepers = {digest: known.keeper[digest] for digest in linked if digest in known.keeper}
        remembered = {path: _remember(known, path) for path in before if not files.get(path, _NOTHING).gone}
        _forget(store, known, linked, affected)
        ordered = sorted(affected)
        pairs = zip(ordered, store.records(ordered), strict=True)
        current = ((path, _current(record, remembered.get(path) or told.get(path))) for path, record in pairs)
        news.waiting, contents = take_in(known, [(path, record) for path, record in current if record])
        take_in_pixels(store, known, contents)
        came.update(contents)
        news.went = sorted(digest for digest in linked if digest not in known.keeper)
        news.split = {keeper for digest, keeper in keepers.items() if known.keeper.get(digest, keeper) != keeper}
        news.gone = sorted(before.difference(known.digest))
    news.came = sorted(digest for digest in came if digest in known.keeper)
    return news


def _current(record: Record | None, instead: Record | None) -> Record | None:
    """The record of a file; where it has no verdict, because the file is read again, what is taken in its place."""
    is_read = record is not None and record.state is not State.FAILED and not record.verdict
    return instead if is_read and instead else record


def _told_of(known: Knowledge, path: str, told: Told) -> Record | None:
    """The record that a file had when the stream told of it, where nothing else is known of it."""
    event = told.event
    if event is None or path in known.digest or event.verdict not in _GIVEN:
        return None
    return _record(event.digest, event.verdict, event.duplicate_of, event.variant_of)


def _remember(known: Knowledge, path: str) -> Record:
    """The record of a file by what is known of it."""
    digest = known.digest[path]
    if known.keeper_path(digest) != path:
        return _record(digest, Verdict.NEAR, known.keeper_path(digest), "")
    of = known.variant_of.get(digest)
    return _record(digest, Verdict.UNIQUE, "", known.keeper_path(of) if of else "")


def _record(digest: str, verdict: str, duplicate_of: str, variant_of: str) -> Record:
    return Record(
        0, 0, State.READY, digest=digest, verdict=verdict, duplicate_of=duplicate_of, variant_of=variant_of
    )  # fmt: skip


def _agrees(known: Knowledge, path: str, record: Record | None, gone: bool) -> bool:
    """Whether what is known of a file is what its record says. One that is just being read is left as it is."""
    digest = known.digest.get(path)
    if record is None or record.state is State.FAILED:
        return digest is None or not gone
    if not record.verdict:
        return record.state is State.PENDING or digest is None or digest == record.digest or not gone
    if digest is None or digest != record.digest:
        return False
    if record.verdict != Verdict.UNIQUE:
        return known.keeper_path(digest) == record.duplicate_of
    of = known.variant_of.get(digest)
    is_first = known.keeper[digest] == digest and known.paths[digest][0] == path
    return is_first and record.variant_of == (known.keeper_path(of) if of else "")


def _affected(known: Knowledge, changed: Sequence[str], contents: Collection[str]) -> tuple[set[str], set[str]]:
    """The contents, and the files, about which something may be known otherwise now.

    changed: files; contents: what they hold.
    """
    linked, affected, more = set(contents), set[str](), set(changed)
    while more:
        affected |= more
        linked = _linked(known, linked.union(known.digest[path] for path in more if path in known.digest))
        affected.update(path for digest in linked for path in known.paths.get(digest, ()))
        more = {path for path, of in known.orphans.items() if of in affected} - affected
    return linked, affected


def _linked(known: Knowledge, contents: Collection[str]) -> set[str]:
    """These contents, those of the groups that they keep, their variants, and so on."""
    found: set[str] = set()
    left = list(contents)
    while left:
        digest = left.pop()
        if digest not in found:
            found.add(digest)
            left += (*known.others.get(digest, ()), *known.variants.get(digest, ()))
    return found


def _forget(store: KnowledgeStore, known: Knowledge, contents: Collection[str], paths: Iterable[str]) -> None:
    """Know nothing of these contents, nor that these files have no keeper."""
    ordered = sorted(digest for digest in contents if digest in known.keeper)
    for digest, pixels in zip(ordered, store.pixels(ordered), strict=True):
        known.remove_pixels(pixels, digest)
    for digest in ordered:
        known.part(digest)
        known.others.pop(digest, None)
        for path in known.paths.pop(digest):
            del known.digest[path]
    for digest in ordered:
        known.variants.pop(digest, None)
    for path in paths:
        known.orphans.pop(path, None)
