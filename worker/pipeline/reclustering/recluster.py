"""From all features of the collection to a new generation: clusters, groups, report, pointer."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from shared import names
from shared.errors import CorruptValue, LeaseTaken
from shared.records import Extractor, Generation, Record, State
from shared.records.layers import Layer
from shared.store import Counter, Events, Files, Generations, Leases
from worker.engine.clusters.clustering import ARRAY_BYTES, Clustering, cluster
from worker.engine.clusters.continuity import previous_numbers
from worker.engine.clusters.neighbourhood import Neighbourhood, lay_out
from worker.engine.groups.groups import Member
from worker.engine.groups.keepers import FolderRules, Rank, rank_keepers
from worker.engine.matching.thresholds import Thresholds
from worker.engine.report.model import Failure, Meta, Report, build_report
from worker.engine.report.summary import summary as summarize
from worker.engine.report.write import write_report
from worker.pipeline.comparison import Compare
from worker.pipeline.members import member_of
from worker.pipeline.reclustering.correction import (
    Grouping,
    GroupingStore,
    correct_verdicts,
    group_files,
    verify_again,
    waits_for_verdict,
)
from worker.pipeline.reclustering.generations import publish_folder, remove_folders
from worker.pipeline.reclustering.naming import name
from worker.pipeline.reclustering.rows import StoredRows
from worker.pipeline.reclustering.thumbnails import thumbnail_reader
from worker.pipeline.storage import ReadableStorage
from worker.pipeline.thresholds import InForce

UNJUDGED_SECONDS = 60.0  # after which a ready file without a verdict has lost its message
SEED = 20140904  # KMeans and samples give the same answer for the same collection


class ReclusteringStore(GroupingStore, Events, Generations, Leases, Protocol):
    """What a recluster run reads, corrects and publishes, and its lease."""


@dataclass(frozen=True)
class Reclustering:
    """The collaborators and settings of `recluster`.

    thresholds: those that `compare` uses from now on. memory: bytes for the arrays of clustering. folders: that decide
    who stays, as they are now. warnings: what is wrong with the settings, a sentence each, for the report. layers: of
    the network that gave the features.
    """

    store: ReclusteringStore
    storage: ReadableStorage
    reports: Path
    now: Callable[[], float]
    geometry: Literal["cosine", "euclidean"]
    k_max: int
    silhouette_sample: int
    keep_generations: int
    keep_features: float
    max_pixels: int
    max_bytes: int
    compare: Compare
    thresholds: Callable[[], InForce]
    keeper_order: tuple[str, ...]
    memory: int = ARRAY_BYTES
    folders: Callable[[], FolderRules] = FolderRules
    warnings: Callable[[], Sequence[str]] = tuple
    layers: tuple[Layer, ...] = ()


@dataclass
class _Collection:
    """What the store held when the run began. digests: of the features, row by row; waiting: files without any yet."""

    ready: dict[str, Record] = field(default_factory=dict)
    failed: dict[str, Record] = field(default_factory=dict)
    waiting: int = 0


class _Stopwatch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)


def recluster(reclustering: Reclustering, force: bool) -> dict[str, Any]:
    """Make and publish a new generation if anything has changed (or `force`); what came of it, as JSON.

    One run at a time, by a lease. A generation is complete before the pointer flips; a failed run leaves the old one.
    `outcome` is `published`, `unchanged` or `busy`; `message` says it for people.
    """
    try:
        with reclustering.store.lease(names.LEASE_RECLUSTER) as holder:
            return _recluster(reclustering, force, holder)
    except LeaseTaken:
        return {"outcome": "busy", "message": "another recluster run is under way; its generation will be the newest"}


def _recluster(reclustering: Reclustering, force: bool, holder: str) -> dict[str, Any]:
    # Read first: a change during the run makes the next run due.
    revision, extractor = reclustering.store.revision(), reclustering.store.extractor()
    if extractor is None:
        return {"outcome": "unchanged", "message": "no feature worker has started yet: there is nothing to cluster"}
    last, thresholds, folders = (
        reclustering.store.generation(),
        reclustering.thresholds().describe(),
        reclustering.folders(),
    )
    there = last is not None and (reclustering.reports / last.id / "summary.json").exists()
    rules = [list(reclustering.keeper_order), list(folders.prefer), list(folders.protect)]
    state = (revision, extractor.id, rules, thresholds)
    if last and there and not force and _state_of(last) == state:
        message = f"nothing has changed since generation {last.id}"
        return {"outcome": "unchanged", "generation": last.id, "message": message}

    watch = _Stopwatch()
    with watch.stage("read"):
        collection = _read_collection(reclustering.store, extractor)
        rows = StoredRows(reclustering.store, extractor.id, sorted({file.digest for file in collection.ready.values()}))
    with watch.stage("cluster"):
        clustering, digests = _cluster(reclustering, rows, last)
    rows = StoredRows(reclustering.store, extractor.id, digests)
    with watch.stage("names"):
        names_found = name(rows, clustering, reclustering.store.classes(extractor.id), SEED)
    with watch.stage("map"):
        neighbourhood = _lay_out(rows, clustering)
    clusters = dict(zip(digests, map(int, clustering.labels), strict=True))
    files = {path: record for path, record in collection.ready.items() if record.digest in clusters}
    with watch.stage("groups"):
        members = [member_of(path, record) for path, record in files.items()]
        rank = rank_keepers(reclustering.keeper_order, folders)
        grouping = _group(
            reclustering, members, files, rank, collection.waiting, again=thresholds != _thresholds_of(last)
        )
    generation = _generation_id(reclustering.now(), last)
    meta = _describe(reclustering, generation, extractor, thresholds, folders, watch)
    meta = replace(meta, names=names_found, layers=reclustering.layers)
    report = _build(meta, collection, members, (clustering, digests), grouping, neighbourhood)
    thumbnail = thumbnail_reader(reclustering.storage, files, reclustering.max_pixels, reclustering.max_bytes)
    unwritten = _write(reclustering.reports, generation, lambda folder: write_report(folder, report, thumbnail))
    about = {**summarize(report), "report_error": unwritten} if unwritten else summarize(report)
    centroids = clustering.centroids.tobytes()
    # First the verdicts: a run that is killed before the pointer flips is due again.
    corrected = correct_verdicts(reclustering.store, files, grouping, clusters, reclustering.now(), holder)
    published = Generation(generation, revision, extractor.id, clustering.k, centroids, clusters, about)
    reclustering.store.publish(published, reclustering.keep_generations, report.snapshot, holder)
    remove_folders(reclustering.reports, reclustering.keep_generations, generation)
    reclustering.store.expire_features(extractor.id, reclustering.keep_features)
    unjudged = files | collection.failed
    if waits_for_verdict(unjudged, reclustering.now()):
        reclustering.store.add(Counter.REVISION, 1)  # should their message be lost, nothing else makes the next run due
    return {
        "outcome": "published",
        "generation": generation,
        "corrected": corrected,
        "unjudged": waits_for_verdict(unjudged, reclustering.now(), UNJUDGED_SECONDS),
        "report_error": unwritten,
        "message": f"generation {generation} is published; {unwritten}".removesuffix("; "),
    }


def _write(reports: Path, generation: str, write: Callable[[Path], None]) -> str:
    """Write the report's folder; why that failed, for people, or "". Clusters and verdicts do not depend on it."""
    try:
        publish_folder(reports, generation, write)
    except OSError as error:
        why = error.strerror or error
        return f"its report could not be written to {reports} ({why}): make room there, the next run tries again"
    return ""


def _cluster(reclustering: Reclustering, rows: StoredRows, last: Generation | None) -> tuple[Clustering, Sequence[str]]:
    """The clusters of all rows that can be read, and whose they are."""

    def attempt(rows: StoredRows) -> tuple[Clustering, Sequence[str]]:
        previous = previous_numbers(rows.digests, last.clusters) if last else None
        options = (
            reclustering.geometry,
            reclustering.k_max,
            SEED,
            reclustering.silhouette_sample,
            previous,
            reclustering.memory,
        )
        return cluster(rows, *options), rows.digests

    try:
        return attempt(rows)
    except CorruptValue:
        return attempt(rows.without_damaged())


def _lay_out(rows: StoredRows, clustering: Clustering) -> Neighbourhood | None:
    """None where features were dropped since the clusters were found: a map less, and no run."""
    try:
        return lay_out(rows, clustering.plane, clustering.geometry, SEED)
    except CorruptValue:
        return None


def _group(
    reclustering: Reclustering, members: list[Member], files: dict[str, Record], rank: Rank, waiting: int, again: bool
) -> Grouping:
    """waiting: files not read yet. again: the known pairs passed other thresholds than those in force."""
    if again:
        reclustering.storage.check_there()  # or nothing could be compared, and every pair would be refused
        verify_again(reclustering.store, members, files, reclustering.compare, rank)
    return group_files(reclustering.store, members, files, reclustering.compare, rank, waiting)


def _state_of(generation: Generation) -> tuple[int, str, object, object]:
    """What it was made from: another run gives another generation only when one of these has changed."""
    summary = generation.summary
    rules = [summary.get(name, []) for name in ("keeper_order", "preferred_folders", "protected_folders")]
    return generation.revision, generation.extractor, rules, _thresholds_of(generation)


def _thresholds_of(last: Generation | None) -> object:
    """Those that all known pairs have passed; before the first generation the defaults."""
    return last.summary.get("thresholds") if last else InForce(Thresholds()).describe()


def _read_collection(files: Files, extractor: Extractor) -> _Collection:
    collection = _Collection()
    for chunk in files.scan():
        for path, record in chunk:
            if record.state is State.FAILED:
                collection.failed[path] = record
            elif record.state is State.READY and record.extractor == extractor.id:
                collection.ready[path] = record
            else:
                collection.waiting += 1
    return collection


def _generation_id(now: float, last: Generation | None) -> str:
    """Sorts by time, and is never that of the last generation, however fast runs follow each other."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return stamp if last is None or stamp > last.id else last.id + "+"


def _describe(
    reclustering: Reclustering,
    generation: str,
    extractor: Extractor,
    thresholds: dict[str, Any],
    folders: FolderRules,
    watch: _Stopwatch,
) -> Meta:
    return Meta(
        generation=generation,
        created=datetime.fromtimestamp(reclustering.now(), UTC).isoformat(timespec="seconds"),
        extractor=extractor,
        seconds=dict(watch.seconds),
        thresholds=thresholds,
        keeper_order=reclustering.keeper_order,
        keeper_folders=folders,
        folder=reclustering.storage.name,
        history=tuple(reclustering.store.history()),
        warnings=tuple(reclustering.warnings()),
    )


def _build(
    meta: Meta,
    collection: _Collection,
    members: list[Member],
    clustered: tuple[Clustering, Sequence[str]],
    grouping: Grouping,
    neighbourhood: Neighbourhood | None,
) -> Report:
    meta = replace(meta, waiting=collection.waiting + len(collection.ready) - len(members))
    failures = [Failure(path, record.reason) for path, record in collection.failed.items()]
    return build_report(members, *clustered, grouping.groups, failures, meta, grouping.variants, neighbourhood)
