"""Composition root of the workers: settings -> store, extractor, judge, and whatever else a task or a command needs.

Nothing is connected or loaded until it is first asked for.
"""

import os
import time
from collections import abc
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING, NoReturn

from shared import names
from shared.decisions import DecisionJournal
from shared.errors import PermanentError
from shared.metrics import UNMETERED, Meter
from shared.records import Extractor
from shared.settings import Settings
from shared.store import Counter, RedisStore
from worker.automatic_moves import AutomaticMoves
from worker.check_services import CheckServices
from worker.network.loading import LoadingNetwork
from worker.turn import HOLDER

if TYPE_CHECKING:
    from worker.engine.groups.keepers import FolderRules
    from worker.network.weights import Weights
    from worker.pipeline.comparison import Comparison
    from worker.pipeline.extracting.extraction import Extraction
    from worker.pipeline.judging.candidates import ContentIndex
    from worker.pipeline.judging.collection import Collection
    from worker.pipeline.judging.judge import Judge
    from worker.pipeline.judging.proposer import Proposer
    from worker.pipeline.judging.snapshot import Snapshot
    from worker.pipeline.judging.succession import Succession
    from worker.pipeline.judging.writer import Writer
    from worker.pipeline.reclustering.reclustering import Reclustering
    from worker.pipeline.storage import ReadableStorage
    from worker.pipeline.thresholds import CurrentThresholds


class Workshop:
    """Builds what the tasks need, each part once, when it is first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.moves = AutomaticMoves(settings, lambda: self.store, self.keeper_folders)
        self.checks = CheckServices(settings, lambda: self.store, self.renew)

    @cached_property
    def store(self) -> RedisStore:
        """The store."""
        return RedisStore.connect(self.settings.store)

    @cached_property
    def storage(self) -> "ReadableStorage":
        """Where the pictures lie."""
        from worker.pipeline.local_folder import LocalFolder

        return LocalFolder(self.settings.watch_dir)

    @property
    def extraction(self) -> "Extraction":
        """Collaborators of the feature worker. Publishes whose features count, where that is not on record."""
        if self.store.extractor() is None:  # the first worker, or the record was lost or damaged
            from worker.network.weights import classes_of

            self.store.publish_extractor(self._extraction[0], classes_of(self._weights))
        return self._extraction[1]

    def extraction_for(self, extractor_id: str) -> "Extraction":
        """The same, to compare with features of that extractor. Raises PermanentError where the weights are others."""
        if self.extraction.extractor_id != extractor_id:
            raise PermanentError(
                "the collection was described with other weights than IMAGESIEVE_WEIGHTS names; leave it unset for "
                "this command, or give it what `imagesieve up` has"
            )
        return self.extraction

    @cached_property
    def _extraction(self) -> "tuple[Extractor, Extraction]":
        import cv2

        from worker.pipeline.extracting.extraction import Extraction
        from worker.pipeline.extracting.guard import Clocks, Guard

        cv2.setNumThreads(1)  # several files are decoded at a time already
        settings = self.settings
        extractor = self._weights.extractor
        return extractor, Extraction(
            storage=self.storage,
            store=self.store,
            extractor_id=extractor.id,
            network=self.network,
            executor=ThreadPoolExecutor(os.cpu_count() or 1, "decode"),
            now=time.time,
            guard=Guard(settings.max_pixels, settings.decode_seconds, Clocks()),
            max_pixels=settings.max_pixels,
            max_bytes=settings.max_bytes,
            batch_size=settings.batch_size,
            encoding=settings.feature_encoding,
            by_bytes=settings.admission.takes_by_bytes,
            meanwhile=self.checks.describing(extractor.id, self.network),
        )

    @cached_property
    def _weights(self) -> "Weights":
        from worker.network.weights import Weights, resolve

        found = os.environ.get(names.WEIGHTS_FOUND)
        return Weights.from_json(found) if found else resolve(self.settings.weights)

    @cached_property
    def network(self) -> LoadingNetwork:
        """The network; its first use begins to load it, and nothing waits for that but a forward pass."""
        from worker.network.weights import BACKBONE, load

        settings = self.settings
        return LoadingNetwork(
            BACKBONE.side,
            partial(load, self._weights, settings.precision, settings.batch_size),
            lambda: self.store.add(Counter.LOADED, 1),
        )

    @cached_property
    def reclustering(self) -> "Reclustering":
        """Collaborators of the recluster worker."""
        from worker.network.weights import BACKBONE
        from worker.pipeline.reclustering.reclustering import Reclustering

        settings = self.settings
        return Reclustering(
            store=self.store,
            storage=self.storage,
            reports=settings.reports_dir,
            now=time.time,
            geometry=settings.geometry,
            k=settings.k,
            k_max=settings.k_max,
            silhouette_sample=settings.silhouette_sample,
            memory=settings.recluster_memory,
            keep_generations=settings.keep_generations,
            keep_features=settings.keep_features,
            max_pixels=settings.max_pixels,
            max_bytes=settings.max_bytes,
            compare=self.comparison().compare,
            thresholds=self.thresholds.refresh,
            keeper_order=settings.keeper_order,
            keeper_formats=settings.keeper_formats,
            folders=self.keeper_folders,
            warnings=settings.folder_warnings,
            layers=BACKBONE.layers(),
            decided=self.decisions.read,
        )

    @cached_property
    def writer(self) -> "Writer":
        """The verdict writer, under the name by which this worker holds the lease (worker.turn)."""
        from worker.pipeline.judging.writer import Writer

        return Writer(self.store, lambda extractor: self.open_judge(extractor, os.environ.get(HOLDER, "")))

    def save_index(self) -> None:
        """Keep what the verdict writer knows for the next start, if it has begun to work."""
        if "writer" in vars(self):
            self.writer.save()

    def open_judge(self, extractor: str, holder: str) -> "Judge":
        """A judge for the features of this extractor, which has looked at nothing yet."""
        from worker.engine.groups.keepers import rank_keepers
        from worker.pipeline.judging.appraisal import Appraiser
        from worker.pipeline.judging.candidates import ContentIndex
        from worker.pipeline.judging.judge import Judge
        from worker.pipeline.judging.metrics import counted
        from worker.pipeline.judging.nearest import NearestCluster

        _use_one_thread()
        comparison, clusters = self.comparison(), NearestCluster(self.store, extractor)
        index = ContentIndex(self.store, extractor)
        collection = self.open_collection(extractor, index)
        appraiser = Appraiser(
            collection, index, clusters, comparison, self.store, extractor, time.time, self.decisions.read
        )
        return Judge(
            self.store,
            collection,
            counted(comparison.compare, self.meter),
            comparison.screen,
            clusters,
            time.time,
            rank_keepers(self.settings.keeper_order, self.keeper_folders(), self.settings.keeper_formats),
            holder,
            self.meter,
            self.moves.policy.act if self.settings.on_duplicate == "move" else None,
            self.decisions.read,
            self.checks.comparing(appraiser),
        )

    @property
    def proposes(self) -> bool:
        """Whether proposers look at what is new before the verdict writer does."""
        return self.settings.proposers > 0

    @cached_property
    def proposers(self) -> "Succession[Proposer]":
        """The proposer of this process, for the extractor that counts."""
        from worker.pipeline.judging.succession import Succession

        return Succession(self.store, self._open_proposer)

    def _open_proposer(self, extractor: str) -> "Proposer":
        from worker.pipeline.judging.candidates import ContentIndex
        from worker.pipeline.judging.proposer import Proposer

        _use_one_thread()
        comparison = self.comparison()
        collection = self.open_collection(extractor, ContentIndex(self.store, extractor), as_told=True)
        return Proposer(self.store, collection, comparison.screen, comparison.compare, extractor)

    def open_collection(self, extractor: str, index: "ContentIndex", as_told: bool = False) -> "Collection":
        """The collection, with `index` in it, of which nothing is known yet. as_told: see `following.follow`."""
        from worker.pipeline.judging.collection import Collection

        return Collection(self.store, index, self.snapshot(extractor), as_told)

    def snapshot(self, extractor: str) -> "Snapshot":
        """Where the index of the collection under this extractor is kept from one start to the next."""
        from worker.pipeline.judging.snapshot import Snapshot

        owner = self.store.owner()
        return Snapshot(self.settings.index_folder / "verdicts", owner.id if owner else "", extractor)

    @cached_property
    def meter(self) -> Meter:
        """The verdict writer's meter; served from the first use on, at the port after the watcher's."""
        if not self.settings.metrics_port:
            return UNMETERED
        from shared.metrics.exposition import open_meter
        from worker.pipeline.judging.metrics import LEASE, METRICS

        meter = open_meter(METRICS, self.settings.metrics_address, self.settings.metrics_port + 1)
        holder = os.environ.get(HOLDER, "")
        meter.follow(LEASE, lambda: self.store.holds_lease(names.LEASE_VERDICTS, holder))
        return meter

    @cached_property
    def decisions(self) -> DecisionJournal:
        """What users said of their pictures."""
        return DecisionJournal(self.settings.decisions_folder, time.time)

    def keeper_folders(self) -> "FolderRules":
        """Folders that decide who stays, as they are mounted now."""
        from worker.pipeline.acting.mounts import current_rules

        settings = self.settings
        return current_rules(settings.watch_dir, settings.prefer_folders, settings.protect_folders)

    @cached_property
    def thresholds(self) -> "CurrentThresholds":
        """When two pictures count as the same."""
        from worker.pipeline.thresholds import CurrentThresholds

        return CurrentThresholds(self.store, time.monotonic, self.settings.near == "strict")

    def comparison(self) -> "Comparison":
        """How two files are compared."""
        from worker.pipeline.comparison import Comparison

        settings = self.settings
        return Comparison(self.store, self.storage, self.thresholds, settings.max_pixels, settings.max_bytes)

    def refuse(self, count: int) -> None:
        """Count messages, or parts of them, that were refused."""
        self.store.add(Counter.REFUSED, count)

    def renew(self, digests: abc.Collection[str]) -> None:
        """Have the files of these pictures sent again."""
        from worker.pipeline.renewal import renew_images

        renew_images(self.store, digests)

    def end(self) -> NoReturn:
        """End this process, whatever its threads do. Celery spawns another, and sends the message again."""
        os._exit(1)


def _use_one_thread() -> None:
    """Steps of a verdict are so small that threads of NumPy, faiss and OpenCV cost twice what they bring, and the
    processes beside this one have a use for the cores."""
    import cv2
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
    cv2.setNumThreads(1)
