"""An image's own page: what it is, what it was compared with, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from shared.records import DUPLICATE_KINDS, Event, Kind, Record, State, Verdict
from worker.engine.report.wording import show, size_of
from worker.web.index import Image, Index
from worker.web.views.clusters import Tile, tile_of

MEMBERS_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Companion:
    """A file of the same group. role: keeper, or the kind of duplicate."""

    tile: Tile
    role: str
    facts: str
    here: bool


@dataclass(frozen=True, slots=True)
class ImageView:
    """A file. sentence: its verdict in words. other: path of its keeper, or of what it is a variant of, "" for none.

    reason: why, in words, "" where the sentence says it all. facts: names and words.
    cluster: its number, None for none. group: the number of its group, 0 for none.
    """

    path: str
    name: str
    digest: str
    verdict: str
    sentence: str
    other: str
    other_name: str
    reason: str
    failed: bool
    waiting: bool
    facts: tuple[tuple[str, str], ...]
    cluster: int | None
    finer: int | None
    group: int
    members: tuple[Companion, ...]
    members_hidden: int


def image_of(
    path: str, record: Record | None, index: Index | None, cluster_names: Mapping[int, str]
) -> ImageView | None:
    """The file at `path`: as it is on record, and as the report has it; None where neither knows it."""
    image = index.find(path) if index else None
    if record is None and image is None:
        return None
    verdict = record.verdict or record.state if record else image.verdict if image else ""
    of_group = index.group_of(image.row) if index and image else None
    members = of_group.members if of_group else ()
    other = _other(record, image)
    return ImageView(
        path,
        show(path),
        (record.digest if record else "") or (image.digest if image else ""),
        str(verdict),
        _sentence(record, image, len(members)),
        other,
        show(other),
        _reason(record, image),
        record is not None and record.state is State.FAILED,
        record is not None and record.state is State.PENDING,
        tuple(_facts(record, image, cluster_names)),
        image.cluster if image else None,
        image.subcluster if image else None,
        of_group.number if of_group else 0,
        tuple(
            Companion(
                tile_of(index.image(member.row)),
                "keeper" if place == 0 else str(member.kind),
                size_of(member.size),
                image is not None and member.row == image.row,
            )
            for place, member in enumerate(members[:MEMBERS_SHOWN])
            if index
        ),
        max(0, len(members) - MEMBERS_SHOWN),
    )


def _other(record: Record | None, image: Image | None) -> str:
    if record:
        return record.duplicate_of or record.variant_of
    return (image.duplicate_of or image.variant_of) if image else ""


def _sentence(record: Record | None, image: Image | None, members: int) -> str:
    if record and record.state is State.PENDING:
        return "It waits in the backlog" if record.is_held else "It is on its way to a feature worker"
    if record and record.state is State.FAILED:
        return "It could not be read"
    verdict = record.verdict if record else image.verdict if image else ""
    if not verdict:
        return "It is read, and its verdict is due"
    if verdict in DUPLICATE_KINDS:
        return "A duplicate"
    if verdict == Verdict.UNIQUE and _other(record, image):
        return "No duplicate but a variant"
    return f"Unique: the keeper of a group of {members} files" if members else "Unique: no duplicate of another file"


def _reason(record: Record | None, image: Image | None) -> str:
    if record and record.reason:
        return show(record.reason, 600)
    verdict = record.verdict if record else image.verdict if image else ""
    if verdict in DUPLICATE_KINDS:
        return Kind(verdict).words
    return Kind.VARIANT.words if _other(record, image) else ""


def _facts(record: Record | None, image: Image | None, cluster_names: Mapping[int, str]) -> "list[tuple[str, str]]":
    facts = []
    if record and record.width:
        millions = record.width * record.height / 1e6
        more = f" ({millions:.1f} megapixels)" if millions >= 0.1 else ""
        facts.append(("Pixels", f"{record.width:,} × {record.height:,}{more}"))
    facts.append(("Size", size_of(record.size if record else image.size if image else 0)))
    if record:
        facts.append(("Changed", f"{datetime.fromtimestamp(record.mtime_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC"))
        if record.holds:
            facts.append(("Holds", show(record.holds)))
        if record.similarity and _other(record, image):
            facts.append(("Similarity", f"{record.similarity:.3f}"))
        if record.share:
            facts.append(("Differs in", f"{record.share:.1%} of the picture"))
    if image and image.cluster is not None:
        name = cluster_names.get(image.cluster, "")
        facts.append(("Cluster", f"{image.cluster}{': ' + name if name else ''}"))
        facts.append(("To its centre", f"{image.distance:.3f}"))
        if image.silhouette is not None:
            facts.append(("Silhouette", f"{image.silhouette:.2f}"))
    digest = (record.digest if record else "") or (image.digest if image else "")
    if digest:
        facts.append(("SHA-256", digest))
    return facts


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that became of a file."""

    at: str
    words: str
    other: str


def history_of(events: Sequence[Event]) -> list[Happened]:
    """What became of a file, newest first. events: its own, newest first."""
    return [_happened(event) for event in events]


def _happened(event: Event) -> Happened:
    if event.cluster_before is not None:
        return Happened(event.at, f"moved from cluster {event.cluster_before} to {event.cluster}", "")
    reason = f": {event.reason}" if event.reason and event.reason != event.verdict else ""
    kind = "variant" if event.variant_of else event.verdict
    return Happened(event.at, show(f"{kind}{reason}", 600), event.duplicate_of or event.variant_of)
