"""What a report says, as frozen records, and the step that builds it from the parts of a generation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shared.records import Extractor, Kind
from shared.records.history import Snapshot
from shared.records.layers import Layer
from shared.records.passed_over import PassedOver
from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.naming import NAMELESS, Names
from worker.engine.clusters.neighbourhood import Neighbourhood
from worker.engine.groups.company import Seen, find_company
from worker.engine.groups.groups import Group, Member, pictures_of
from worker.engine.groups.keepers import NO_RULES, FolderRules
from worker.engine.groups.savings import count_savings
from worker.engine.groups.variants import Variant
from worker.engine.groups.verified import NOTHING
from worker.engine.report.clusters import Cluster, count_clusters
from worker.engine.report.placement import Assignment, ByBytes, Change, find_changes, find_outliers

UNIQUE = "unique"
NOTHING_PASSED = PassedOver()


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, and why, in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Meta:
    """What the caller knows of the generation.

    generation: its id. created: when, ISO 8601. extractor: whose features were clustered. waiting: files seen, not read
    yet. seconds: per stage. thresholds: of the verification, and where they come from.
    keeper_order: criteria, first things first; keeper_folders: those that decide before them. folder: the watched one.
    history: the generations before this one, oldest first. warnings: what is wrong with the settings, a sentence each.
    passed_over: what the last complete scan of the folder passed over. decisions: number of the newest that was obeyed.
    k_asked: the k that `imagesieve recluster --k` asked for, k_wished: the one asked for there or set; 0 for none.
    names: of its clusters. tally: what was counted of files until then, see `Counter`. layers: of the network whose
    features were clustered.
    """

    generation: str
    created: str
    extractor: Extractor
    waiting: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    keeper_order: tuple[str, ...] = ()
    keeper_folders: FolderRules = NO_RULES
    folder: str = ""
    history: tuple[Snapshot, ...] = ()
    warnings: tuple[str, ...] = ()
    k_asked: int = 0
    k_wished: int = 0
    names: Names = NAMELESS
    tally: Mapping[str, int] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    passed_over: PassedOver = NOTHING_PASSED
    decisions: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The collection in numbers. images: files that were read, which `distinct` and `duplicates` add up to.

    variants: no duplicates, and so among the distinct. bytes_to_free: of files that `duplicates apply` takes.
    bytes_to_prove: of those that it takes if they lose nothing. by_bytes: other files, which are compared by their
    bytes alone; of these by_bytes_duplicates are duplicates, and by_bytes_size are all their bytes. groups,
    bytes_to_free: of both.
    """

    images: int
    distinct: int
    duplicates: int
    groups: int
    variants: int
    failed: int
    waiting: int
    clusters: int
    bytes: int
    bytes_to_free: int
    bytes_to_prove: int
    by_bytes: int = 0
    by_bytes_duplicates: int = 0
    by_bytes_size: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the files of a report are written from."""

    meta: Meta
    totals: Totals
    clustering: Clustering
    assignments: tuple[Assignment, ...]
    clusters: tuple[Cluster, ...]
    groups: tuple[Group, ...]
    variants: tuple[Variant, ...]
    failures: tuple[Failure, ...]
    neighbourhood: Neighbourhood | None = None
    outliers: tuple[Assignment, ...] = ()
    changes: tuple[Change, ...] = ()
    by_bytes: tuple[ByBytes, ...] = ()

    @property
    def snapshot(self) -> Snapshot:
        """What the history keeps of it."""
        totals = self.totals
        return Snapshot(
            generation=self.meta.generation,
            created=self.meta.created,
            images=totals.images,
            duplicates=totals.duplicates,
            k=totals.clusters,
            failed=totals.failed,
            size=totals.bytes,
            bytes_to_free=totals.bytes_to_free,
        )

    @property
    def history(self) -> tuple[Snapshot, ...]:
        """The generations until this one, oldest first."""
        return (*self.meta.history, self.snapshot)


def build_report(
    files: Sequence[Member],
    clustering: Clustering,
    digests: Sequence[str],
    groups: Sequence[Group],
    failures: Iterable[Failure],
    meta: Meta,
    variants: Sequence[Variant] = (),
    neighbourhood: Neighbourhood | None = None,
    before: Mapping[str, int] = NOTHING,
    by_bytes: Sequence[Member] = (),
    seen: Iterable[Seen] = (),
) -> Report:
    """Join the parts of a generation.

    files: every file with features, copies included, each path once. digests: of row i of the clustering, a row per
    picture: duplicates follow their keeper. groups, variants: of those files. neighbourhood: a map of some of those
    rows. before: digest -> cluster in the generation before. by_bytes: files without features, which groups may hold,
    too. seen: every file, also those that are no pictures. Raises ValueError for a file whose picture was not
    clustered. O(files log files).
    """
    places = {digest: row for row, digest in enumerate(digests)}
    pictures = pictures_of(files, groups)
    rows = {digest: places[picture] for digest, picture in pictures.items() if picture in places}
    strange = next((file.path for file in files if file.digest not in rows), None)
    if strange is not None:
        raise ValueError(f"{strange!r} is in the collection but its features were not clustered")
    assignments = _assign(sorted(files, key=lambda file: file.path), clustering, rows, groups, variants)
    company = find_company(seen, groups)
    groups = count_savings(groups, lambda path: meta.keeper_folders.protector(path) is not None, company)
    failed = tuple(sorted(failures, key=lambda failure: (failure.path, failure.reason)))
    others = _judge(sorted(by_bytes, key=lambda file: file.path), groups)
    others_duplicates = sum(other.verdict != UNIQUE for other in others)
    duplicates = sum(len(group.duplicates) for group in groups) - others_duplicates
    totals = Totals(
        images=len(files),
        distinct=len(files) - duplicates,
        duplicates=duplicates,
        groups=len(groups),
        variants=len(variants),
        failed=len(failed),
        waiting=meta.waiting,
        clusters=clustering.k,
        bytes=sum(file.bytes for file in files),
        bytes_to_free=sum(group.bytes_to_free for group in groups),
        bytes_to_prove=sum(group.bytes_to_prove for group in groups),
        by_bytes=len(others),
        by_bytes_duplicates=others_duplicates,
        by_bytes_size=sum(file.bytes for file in by_bytes),
    )
    clusters = count_clusters(assignments, clustering, digests, groups, meta.names)
    return Report(
        meta,
        totals,
        clustering,
        assignments,
        clusters,
        tuple(groups),
        tuple(variants),
        failed,
        neighbourhood,
        find_outliers(assignments),
        find_changes(assignments, before),
        others,
    )


def _assign(
    files: Sequence[Member],
    clustering: Clustering,
    rows: Mapping[str, int],
    groups: Sequence[Group],
    variants: Sequence[Variant],
) -> tuple[Assignment, ...]:
    verdicts = _verdicts(groups)
    originals = {variant.member.path: variant.of.path for variant in variants}
    silhouettes = _optional(clustering)
    assignments = []
    for file in files:
        row = rows[file.digest]
        verdict, duplicate_of = verdicts.get(file.path, (UNIQUE, ""))
        assignments.append(
            Assignment(
                file,
                int(clustering.labels[row]),
                float(clustering.distances[row]),
                silhouettes[row],
                str(verdict),
                duplicate_of,
                originals.get(file.path, ""),
                int(clustering.subclusters[row]) if clustering.subclusters[row] >= 0 else None,
            )
        )
    return tuple(assignments)


def _judge(files: Sequence[Member], groups: Sequence[Group]) -> tuple[ByBytes, ...]:
    verdicts = _verdicts(groups)
    found = ((file, *verdicts.get(file.path, (UNIQUE, ""))) for file in files)
    return tuple(ByBytes(file, str(verdict), duplicate_of) for file, verdict, duplicate_of in found)


def _verdicts(groups: Sequence[Group]) -> dict[str, tuple[Kind, str]]:
    """Kind and keeper's path of each duplicate, by its path."""
    return {
        duplicate.member.path: (duplicate.kind, group.keeper.path) for group in groups for duplicate in group.duplicates
    }


def _optional(clustering: Clustering) -> list[float | None]:
    """Silhouette per picture, None where it is not known."""
    if clustering.silhouettes is None:
        return [None] * len(clustering.labels)
    return [None if np.isnan(value) else float(value) for value in clustering.silhouettes]
