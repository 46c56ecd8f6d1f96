"""The files of a collection in groups, and the pictures that stay in clusters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.decisions import Decided
from shared.errors import CorruptValue
from shared.records import Generation, Record
from worker.engine.clusters.clustering import Clustering, cluster
from worker.engine.clusters.continuity import previous_numbers
from worker.engine.clusters.division import Wish
from worker.engine.groups.groups import Member, pictures_of
from worker.engine.groups.keepers import Rank
from worker.pipeline.members import member_of
from worker.pipeline.reclustering.collection import Collection, readable
from worker.pipeline.reclustering.correction import Grouping, group_files, verify_again
from worker.pipeline.reclustering.reclustering import Reclustering
from worker.pipeline.reclustering.rows import StoredRows
from worker.pipeline.reclustering.stopwatch import Stopwatch

SEED: Final = 20140904  # KMeans and samples give the same answer for the same collection


@dataclass(frozen=True)
class Arrangement:
    """Groups, and the clusters of the pictures that stay. pictures: see `pictures_of`; digests: of the rows.

    files, members: those with features. by_bytes: those that are compared by their bytes alone, and in no cluster.
    """

    files: dict[str, Record]
    members: list[Member]
    by_bytes: list[Member]
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


@dataclass(frozen=True)
class Arranger:
    """Arranges a collection.

    rank: of keepers. decided: by users. last: generation. again: the known pairs passed other thresholds than those in
    force.
    """

    reclustering: Reclustering
    extractor_id: str
    rank: Rank
    decided: Decided
    wish: Wish
    last: Generation | None
    again: bool
    watch: Stopwatch

    def arrange(self, collection: Collection) -> Arrangement:
        """All ready files; without those whose features are damaged, which are read anew."""
        try:
            return self._arrange(collection, collection.ready)
        except CorruptValue:
            found = readable(self.reclustering.store, self.extractor_id, collection.ready)
            return self._arrange(collection, found)

    def _arrange(self, collection: Collection, files: dict[str, Record]) -> Arrangement:
        with self.watch.stage("groups"):
            members = [member_of(path, record) for path, record in files.items()]
            by_bytes = [member_of(path, record) for path, record in collection.by_bytes.items()]
            waiting = collection.waiting + len(collection.ready) - len(files)
            grouping = self._group([*by_bytes, *members], collection.by_bytes | files, waiting)
            pictures = pictures_of(members, grouping.groups)
        with self.watch.stage("cluster"):
            rows = StoredRows(self.reclustering.store, self.extractor_id, sorted(set(pictures.values())))
            clustering = self._cluster(rows)
            return Arrangement(files, members, by_bytes, grouping, pictures, waiting, rows.digests, clustering)

    def _group(self, members: list[Member], files: dict[str, Record], waiting: int) -> Grouping:
        """waiting: files not read yet."""
        store, compare = self.reclustering.store, self.reclustering.compare
        if self.again:
            self.reclustering.storage.check_there()  # or nothing could be compared, and every pair would be refused
            verify_again(store, members, files, compare, self.rank)
        return group_files(store, members, files, compare, self.rank, waiting, self.decided)

    def _cluster(self, rows: StoredRows) -> Clustering:
        reclustering, last = self.reclustering, self.last
        return cluster(
            rows,
            reclustering.geometry,
            self.wish,
            SEED,
            reclustering.silhouette_sample,
            previous_numbers(rows.digests, last.clusters) if last else None,
            reclustering.memory,
        )
