"""From all features of the collection to a new generation: clusters, groups, report, pointer."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from shared import names
from shared.errors import CorruptValue, LeaseTaken
from shared.records import Extractor, Generation, Record
from shared.records.layers import Layer
from shared.store import Counter, Events, Generations, Leases
from worker.engine.clusters.clustering import ARRAY_BYTES, Clustering, cluster
from worker.engine.clusters.continuity import previous_numbers
from worker.engine.clusters.division import Wish
from worker.engine.clusters.neighbourhood import Neighbourhood, lay_out
from worker.engine.groups.groups import Member, pictures_of
from worker.engine.groups.keepers import FolderRules, Rank, rank_keepers
from worker.engine.report.model import Failure, Meta, build_report
from worker.engine.report.summary import summary as summarize
from worker.engine.report.write import write_report
from worker.pipeline.comparison import Compare
from worker.pipeline.members import member_of
from worker.pipeline.reclustering.collection import read_collection, readable
from worker.pipeline.reclustering.correction import (
    Grouping,
    GroupingStore,
    correct_verdicts,
    group_files,
    verify_again,
    waits_for_verdict,
)
from worker.pipeline.reclustering.due import is_due, news_since, read_tally, when_due
from worker.pipeline.reclustering.generations import publish_folder, remove_folders
from worker.pipeline.reclustering.moves import tell_moves
from worker.pipeline.reclustering.naming import name
from worker.pipeline.reclustering.origin import Origin, asked_of, origin_of, thresholds_of
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

    k: the number of clusters, k_max: the largest tried; 0: they follow the collection.
    thresholds: those that `compare` uses from now on. memory: bytes for the arrays of clustering. folders: that decide
    who stays, as they are now. warnings: what is wrong with the settings, a sentence each, for the report. layers: of
    the network that gave the features.
    """

    store: ReclusteringStore
    storage: ReadableStorage
    reports: Path
    now: Callable[[], float]
    geometry: Literal["cosine", "euclidean"]
    silhouette_sample: int
    keep_generations: int
    keep_features: float
    max_pixels: int
    max_bytes: int
    compare: Compare
    thresholds: Callable[[], InForce]
    keeper_order: tuple[str, ...]
    k: int = 0
    k_max: int = 0
    memory: int = ARRAY_BYTES
    folders: Callable[[], FolderRules] = FolderRules
    warnings: Callable[[], Sequence[str]] = tuple
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class _Sorted:
    """Groups, and the clusters of the pictures that stay. pictures: see `pictures_of`; digests: of the rows."""

    files: dict[str, Record]
    members: list[Member]
    grouping: Grouping
    pictures: dict[str, str]
    waiting: int
    digests: Sequence[str]
    clustering: Clustering

    @property
    def clusters(self) -> dict[str, int]:
        """The cluster of each digest; a duplicate is in its keeper's."""
        own = dict(zip(self.digests, map(int, self.clustering.labels), strict=True))
        return {digest: own[picture] for digest, picture in self.pictures.items()}


class _Stopwatch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)


def recluster(reclustering: Reclustering, force: bool, k: int | None = None, patient: bool = False) -> dict[str, Any]:
    """Make and publish a new generation if anything has changed (or `force`); what came of it, as JSON.

    k: the number of clusters from now on, whatever the settings say; 0: the settings', as before; None: as in the last
    generation. patient: not for a few files that came or went, see due.py.

    One run at a time, by a lease. A generation is complete before the pointer flips; a failed run leaves the old one.
    `outcome` is `published`, `unchanged`, `early` or `busy`; `message` says it for people.
    """
    try:
        with reclustering.store.lease(names.LEASE_RECLUSTER) as holder:
            return _recluster(reclustering, force, k, patient, holder)
    except LeaseTaken:
        return {"outcome": "busy", "message": "another recluster run is under way; its generation will be the newest"}


def _recluster(reclustering: Reclustering, force: bool, k: int | None, patient: bool, holder: str) -> dict[str, Any]:
    # Read first: a change during the run makes the next run due.
    revision, tally = reclustering.store.revision(), read_tally(reclustering.store)
    extractor = reclustering.store.extractor()
    if extractor is None:
        return {"outcome": "unchanged", "message": "no feature worker has started yet: there is nothing to cluster"}
    last, thresholds, folders = (
        reclustering.store.generation(),
        reclustering.thresholds().describe(),
        reclustering.folders(),
    )
    rules = [list(reclustering.keeper_order), list(folders.prefer), list(folders.protect)]
    asked = asked_of(last) if k is None else k
    wish = Wish(asked or reclustering.k, reclustering.k_max)
    origin = Origin(revision, extractor.id, rules, thresholds, asked, wish.k)
    stands = last and not force and _why_it_stands(reclustering, last, origin, patient)
    if stands:
        return stands

    watch = _Stopwatch()
    with watch.stage("read"):
        collection = read_collection(reclustering.store, extractor)
    rank = rank_keepers(reclustering.keeper_order, folders)
    again = thresholds != thresholds_of(last)

    def sort_out(files: dict[str, Record]) -> _Sorted:
        with watch.stage("groups"):
            members = [member_of(path, record) for path, record in files.items()]
            waiting = collection.waiting + len(collection.ready) - len(files)
            grouping = _group(reclustering, members, files, rank, waiting, again)
            pictures = pictures_of(members, grouping.groups)
        with watch.stage("cluster"):
            rows = StoredRows(reclustering.store, extractor.id, sorted(set(pictures.values())))
            return _Sorted(
                files, members, grouping, pictures, waiting, rows.digests, _cluster(reclustering, rows, wish, last)
            )

    try:
        found = sort_out(collection.ready)
    except CorruptValue:
        found = sort_out(readable(reclustering.store, extractor.id, collection.ready))
    rows = StoredRows(reclustering.store, extractor.id, found.digests)
    with watch.stage("names"):
        names_found = name(rows, found.clustering, reclustering.store.classes(extractor.id), SEED)
    with watch.stage("map"):
        neighbourhood = _lay_out(rows, found.clustering)
    generation = _generation_id(reclustering.now(), last)
    meta = _describe(reclustering, generation, extractor, thresholds, folders, watch, asked, wish.k)
    failures = [Failure(path, record.reason) for path, record in collection.failed.items()]
    meta = replace(meta, waiting=found.waiting, names=names_found, layers=reclustering.layers, tally=asdict(tally))
    grouping, clusters = found.grouping, found.clusters
    parts = found.members, found.clustering, found.digests, grouping.groups, failures, meta
    report = build_report(*parts, grouping.variants, neighbourhood, last.clusters if last else {})
    thumbnail = thumbnail_reader(reclustering.storage, found.files, reclustering.max_pixels, reclustering.max_bytes)
    unwritten = _write(reclustering.reports, generation, lambda folder: write_report(folder, report, thumbnail))
    about = {**summarize(report), "report_error": unwritten} if unwritten else summarize(report)
    centroids = found.clustering.centroids.tobytes()
    # First the verdicts: a run that is killed before the pointer flips is due again.
    corrected = correct_verdicts(reclustering.store, found.files, grouping, clusters, reclustering.now(), holder)
    published = Generation(generation, revision, extractor.id, found.clustering.k, centroids, clusters, about)
    reclustering.store.publish(published, reclustering.keep_generations, report.snapshot, holder)
    tell_moves(reclustering.store, report.changes, reclustering.now(), holder)
    remove_folders(reclustering.reports, reclustering.keep_generations, generation)
    reclustering.store.expire_features(extractor.id, reclustering.keep_features)
    unjudged = found.files | collection.failed
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


def _why_it_stands(
    reclustering: Reclustering, last: Generation, origin: Origin, patient: bool
) -> dict[str, Any] | None:
    """What came of it where no run is due; None where one is."""
    if not (reclustering.reports / last.id / "summary.json").exists():
        return None
    before = origin_of(last)
    if origin == before:
        message = f"nothing has changed since generation {last.id}"
        return {"outcome": "unchanged", "generation": last.id, "message": message}
    if not patient or not origin.differs_in_files_alone(before):
        return None
    news = news_since(reclustering.store, last.summary, reclustering.now())
    if is_due(news):
        return None
    return {"outcome": "early", "generation": last.id, "message": f"generation {last.id} stands: {when_due(news)}"}


def _write(reports: Path, generation: str, write: Callable[[Path], None]) -> str:
    """Write the report's folder; why that failed, for people, or "". Clusters and verdicts do not depend on it."""
    try:
        publish_folder(reports, generation, write)
    except OSError as error:
        why = error.strerror or error
        return f"its report could not be written to {reports} ({why}): make room there, the next run tries again"
    return ""


def _cluster(reclustering: Reclustering, rows: StoredRows, wish: Wish, last: Generation | None) -> Clustering:
    previous = previous_numbers(rows.digests, last.clusters) if last else None
    return cluster(
        rows,
        reclustering.geometry,
        wish,
        SEED,
        reclustering.silhouette_sample,
        previous,
        reclustering.memory,
    )


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
    k_asked: int,
    k_wished: int,
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
        k_asked=k_asked,
        k_wished=k_wished,
    )
