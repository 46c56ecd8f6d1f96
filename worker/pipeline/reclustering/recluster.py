"""From all features of the collection to a new generation: clusters, groups, report, pointer."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from shared import names
from shared.errors import CorruptValue, LeaseTaken
from shared.records import Extractor, Generation
from shared.store import Counter
from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.division import Wish
from worker.engine.clusters.neighbourhood import Neighbourhood, lay_out
from worker.engine.companions.suffixes import is_sidecar
from worker.engine.groups.keepers import FolderRules, rank_keepers
from worker.engine.report.model import NOTHING_PASSED, Failure, Meta, build_report
from worker.engine.report.summary import summary as summarize
from worker.engine.report.write import write_report
from worker.pipeline.reclustering.arrangement import SEED, Arranger
from worker.pipeline.reclustering.collection import read_collection
from worker.pipeline.reclustering.correction import correct_verdicts, waits_for_verdict
from worker.pipeline.reclustering.due import is_due, news_since, read_tally, when_due
from worker.pipeline.reclustering.generations import publish_folder, remove_folders
from worker.pipeline.reclustering.moves import tell_moves
from worker.pipeline.reclustering.naming import name
from worker.pipeline.reclustering.origin import Origin, asked_of, origin_of, thresholds_of
from worker.pipeline.reclustering.reclustering import Reclustering
from worker.pipeline.reclustering.rows import StoredRows
from worker.pipeline.reclustering.stopwatch import Stopwatch
from worker.pipeline.reclustering.thumbnails import thumbnail_reader

UNJUDGED_SECONDS = 60.0  # after which a ready file without a verdict has lost its message


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
    decided = reclustering.decided()
    last, thresholds, folders = (
        reclustering.store.generation(),
        reclustering.thresholds().describe(),
        reclustering.folders(),
    )
    rules = [list(reclustering.keeper_order), list(folders.prefer), list(folders.protect)]
    asked = asked_of(last) if k is None else k
    wish = Wish(asked or reclustering.k, reclustering.k_max)
    origin = Origin(revision, extractor.id, rules, thresholds, asked, wish.k, decided.number)
    stands = last and not force and _why_it_stands(reclustering, last, origin, patient)
    if stands:
        return stands

    watch = Stopwatch()
    with watch.stage("read"):
        collection = read_collection(reclustering.store, extractor)
    rank = rank_keepers(reclustering.keeper_order, folders)
    again = thresholds != thresholds_of(last)
    found = Arranger(reclustering, extractor.id, rank, decided, wish, last, again, watch).arrange(collection)
    rows = StoredRows(reclustering.store, extractor.id, found.digests)
    with watch.stage("names"):
        names_found = name(rows, found.clustering, reclustering.store.classes(extractor.id), SEED)
    with watch.stage("map"):
        neighbourhood = _lay_out(rows, found.clustering)
    generation = _generation_id(reclustering.now(), last)
    meta = _describe(reclustering, generation, extractor, thresholds, folders, watch, asked, wish.k)
    failures = [Failure(path, record.reason) for path, record in collection.failed.items()]
    meta = replace(
        meta,
        decisions=decided.number,
        waiting=found.waiting,
        names=names_found,
        layers=reclustering.layers,
        tally=asdict(tally),
    )
    passed = reclustering.store.list_passed_over(meta.passed_over)
    grouping, clusters = found.grouping, found.clusters
    parts = found.members, found.clustering, found.digests, grouping.groups, failures, meta
    everything = {**found.files, **collection.by_bytes, **collection.failed}
    # Sidecars have no record; of those no time is asked.
    listed = reclustering.store.list_passed_over(meta.passed_over)
    seen = chain(
        ((path, record.size, record.mtime_ns) for path, record in everything.items()),
        ((one.path, one.bytes, 0) for one in listed if is_sidecar(one.path)),
    )
    before = last.clusters if last else {}
    report = build_report(*parts, grouping.variants, neighbourhood, before, found.by_bytes, seen)
    thumbnail = thumbnail_reader(reclustering.storage, found.files, reclustering.max_pixels, reclustering.max_bytes)
    unwritten = _write(reclustering.reports, generation, lambda folder: write_report(folder, report, thumbnail, passed))
    about = {**summarize(report), "report_error": unwritten} if unwritten else summarize(report)
    centroids = found.clustering.centroids.tobytes()
    # First the verdicts: a run that is killed before the pointer flips is due again.
    files = found.files | collection.by_bytes
    corrected = correct_verdicts(reclustering.store, files, grouping, clusters, reclustering.now(), holder)
    published = Generation(generation, revision, extractor.id, found.clustering.k, centroids, clusters, about)
    reclustering.store.publish(published, reclustering.keep_generations, report.snapshot, holder)
    tell_moves(reclustering.store, report.changes, reclustering.now(), holder)
    remove_folders(reclustering.reports, reclustering.keep_generations, generation)
    reclustering.store.expire_features(extractor.id, reclustering.keep_features)
    if waits_for_verdict(everything, reclustering.now()):
        reclustering.store.add(Counter.REVISION, 1)  # should their message be lost, nothing else makes the next run due
    return {
        "outcome": "published",
        "generation": generation,
        "corrected": corrected,
        "unjudged": waits_for_verdict(everything, reclustering.now(), UNJUDGED_SECONDS),
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


def _lay_out(rows: StoredRows, clustering: Clustering) -> Neighbourhood | None:
    """None where features were dropped since the clusters were found: a map less, and no run."""
    try:
        return lay_out(rows, clustering.plane, clustering.geometry, SEED)
    except CorruptValue:
        return None


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
    watch: Stopwatch,
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
        passed_over=reclustering.store.passed_over() or NOTHING_PASSED,
    )
