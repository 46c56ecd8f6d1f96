"""What a recluster run works with: its collaborators and settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from shared.decisions import Decided
from shared.records.layers import Layer
from shared.store import Events, Generations, Leases, Surroundings
from worker.engine.clusters.clustering import ARRAY_BYTES
from worker.engine.groups.keepers import FolderRules
from worker.pipeline.comparison import Compare
from worker.pipeline.reclustering.correction import GroupingStore
from worker.pipeline.storage import ReadableStorage
from worker.pipeline.thresholds import InForce


class ReclusteringStore(GroupingStore, Events, Generations, Leases, Surroundings, Protocol):
    """What a recluster run reads, corrects and publishes, and its lease."""


@dataclass(frozen=True)
class Reclustering:
    """The collaborators and settings of `recluster`.

    k: the number of clusters, k_max: the largest tried; 0: they follow the collection.
    thresholds: those that `compare` uses from now on. memory: bytes for the arrays of clustering. folders: that decide
    who stays, as they are now. warnings: what is wrong with the settings, a sentence each, for the report. layers: of
    the network that gave the features. decided: by users, as it stands now.
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
    decided: Callable[[], Decided] = Decided
    layers: tuple[Layer, ...] = ()
