"""From all features of the collection to a new generation: clusters, groups, report, pointer."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from shared.errors import LeaseTaken
from shared.records import Extractor, Generation, Record, State
from shared.reports import LATEST
from shared.store import Store
from worker.engine.clustering import Clustering, cluster
from worker.engine.continuity import previous_numbers
from worker.engine.encoding import stack
from worker.engine.groups import Member, exact_groups
from worker.engine.report.model import Failure, Meta, build_report
from worker.engine.report.summary import summary as summarize
from worker.engine.report.write import write_report
from worker.pipeline.generations import publish_folder, remove_folders
from worker.pipeline.thumbnails import thumbnail_reader

SEED = 20140904  # KMeans and samples give the same answer for the same collection


@dataclass(frozen=True)
class Reclustering:
    """The collaborators and settings of `recluster`."""

    store: Store
    root: Path
    reports: Path
    now: Callable[[], float]
    geometry: Literal["cosine", "euclidean"]
    k_max: int
    silhouette_sample: int
    keep_generations: int
    keep_features: float
    max_pixels: int
    max_bytes: int


@dataclass
class _Collection:
    """What the store held when the run began. digests: of the features, row by row; waiting: files without any yet."""

    ready: dict[str, Record] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    waiting: int = 0


class _Stopwatch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)


def recluster(tools: Reclustering, force: bool) -> dict[str, Any]:
    """Make and publish a new generation if anything has changed (or `force`); what came of it, as JSON.

    One run at a time, by a lease. A generation is complete before the pointer flips; a failed run leaves the old one.
    `outcome` is `published`, `unchanged` or `busy`; `message` says it for people.
    """
    try:
        with tools.store.lease("recluster"):
            return _recluster(tools, force)
    except LeaseTaken:
        return {"outcome": "busy", "message": "another recluster run is under way; its generation will be the newest"}


def _recluster(tools: Reclustering, force: bool) -> dict[str, Any]:
    # Read first: a change during the run makes the next run due.
    revision, extractor = tools.store.revision(), tools.store.extractor()
    if extractor is None:
        return {"outcome": "unchanged", "message": "no feature worker has started yet: there is nothing to cluster"}
    last = tools.store.generation()
    there = (tools.reports / LATEST / "summary.json").exists()
    if last and there and not force and (last.revision, last.extractor) == (revision, extractor.id):
        message = f"nothing has changed since generation {last.id}"
        return {"outcome": "unchanged", "generation": last.id, "message": message}

    watch = _Stopwatch()
    with watch.stage("read"):
        collection = _read_collection(tools.store, extractor)
        digests = sorted({record.digest for record in collection.ready.values()})
        features, present = stack(tools.store.features(extractor.id, digests))
        digests = [digests[index] for index in present]
    with watch.stage("cluster"):
        previous = previous_numbers(digests, last.clusters) if last else None
        clustering = cluster(features, tools.geometry, tools.k_max, SEED, tools.silhouette_sample, previous)
    generation = _generation_id(tools.now(), last)
    summary = _write(tools, generation, extractor, collection, digests, clustering, watch)
    _publish(tools, Generation(
        id=generation,
        revision=revision,
        extractor=extractor.id,
        k=clustering.k,
        centroids=clustering.centroids.tobytes(),
        clusters=dict(zip(digests, map(int, clustering.labels), strict=True)),
        summary=summary,
    ))  # fmt: skip
    live = frozenset(record.digest for record in collection.ready.values())
    tools.store.expire_features(live, tools.keep_features)
    return {"outcome": "published", "generation": generation, "message": f"generation {generation} is published"}


def _read_collection(store: Store, extractor: Extractor) -> _Collection:
    collection = _Collection()
    for chunk in store.scan():
        for path, record in chunk:
            if record.state is State.FAILED:
                collection.failed[path] = record.reason
            elif record.state is State.READY and record.extractor == extractor.id:
                collection.ready[path] = record
            else:
                collection.waiting += 1
    return collection


def _generation_id(now: float, last: Generation | None) -> str:
    """Sorts by time, and is never that of the last generation, however fast runs follow each other."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return stamp if last is None or stamp > last.id else last.id + "+"


def _write(
    tools: Reclustering,
    generation: str,
    extractor: Extractor,
    collection: _Collection,
    digests: list[str],
    clustering: Clustering,
    watch: _Stopwatch,
) -> dict[str, Any]:
    """Write the report of the generation; its summary."""
    clustered = set(digests)
    files = [_member(path, record) for path, record in collection.ready.items() if record.digest in clustered]
    with watch.stage("groups"):
        groups = exact_groups(files)
    meta = Meta(
        generation=generation,
        created=datetime.fromtimestamp(tools.now(), UTC).isoformat(timespec="seconds"),
        extractor=extractor,
        waiting=collection.waiting + len(collection.ready) - len(files),
        seconds=dict(watch.seconds),
    )
    failures = [Failure(path, reason) for path, reason in collection.failed.items()]
    report = build_report(files, clustering, digests, groups, failures, meta)
    thumbnail = thumbnail_reader(tools.root, collection.ready, tools.max_pixels, tools.max_bytes)
    publish_folder(tools.reports, generation, lambda folder: write_report(folder, report, thumbnail))
    return summarize(report)


def _member(path: str, record: Record) -> Member:
    return Member(path, record.digest, record.size, record.width, record.height, record.mtime_ns)


def _publish(tools: Reclustering, generation: Generation) -> None:
    tools.store.publish(generation, tools.keep_generations)
    folders = sorted((folder.name for folder in tools.reports.iterdir() if not folder.is_symlink()), reverse=True)
    remove_folders(tools.reports, keep=set(folders[: tools.keep_generations]) | {generation.id})
