"""Knowledge kept in step with the stream of verdicts, whoever gave them: another writer, or a recluster run.

The stream says whose record to look at; what is known of that file, and of all that hangs on it, is then taken from
the records as `learn` takes it. So it matters neither how often a file is named nor how late.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.records import Record, State, Verdict
from worker.pipeline.judging.knowledge import Knowledge, KnowledgeStore, take_in, take_in_pixels


@dataclass
class News:
    """What following the stream changed.

    waiting: paths without a verdict, or whose keeper is gone. gone: those that are known no more. came,
    went: contents that are known now, as before or new, and those that no file has any more.
    """

    waiting: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    came: list[str] = field(default_factory=list)
    went: list[str] = field(default_factory=list)


def touched_since(store: KnowledgeStore, position: str) -> tuple[dict[str, bool], str] | None:
    """The paths that the stream names after a position, and whether each was let go; the position then.

    None where the stream was cut off.
    """
    paths: dict[str, bool] = {}
    while found := store.touched(position):
        for at, path, gone in found:
            paths[path] = gone or paths.get(path, False)
            position = at
    return None if found is None else (paths, position)


def follow(store: KnowledgeStore, known: Knowledge, paths: Mapping[str, bool]) -> News:
    """Bring what is known of these files in line with their records. O(files, and those of their groups).

    paths: and whether the writer let each go. Of one that is gone, or holds something else, while it was not let go a
    message is on its way, by which the writer looks at it.
    """
    records = dict(zip(paths, store.records(list(paths)), strict=True))
    came = {record.digest for record in records.values() if record and record.verdict}
    changed = [path for path, record in records.items() if not _agrees(known, path, record, paths[path])]
    news = News()
    if changed:
        linked, affected = _affected(known, changed, {record.digest for record in records.values() if record})
        before = affected & known.digest.keys()
        _forget(store, known, linked, affected)
        ordered = sorted(affected)
        pairs = zip(ordered, store.records(ordered), strict=True)
        news.waiting, contents = take_in(known, [(path, record) for path, record in pairs if record])
        take_in_pixels(store, known, contents)
        came.update(contents)
        news.went = sorted(digest for digest in linked if digest not in known.keeper)
        news.gone = sorted(before.difference(known.digest))
    news.came = sorted(digest for digest in came if digest in known.keeper)
    return news


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
