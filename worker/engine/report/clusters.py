"""The clusters of a generation, counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.records import Verdict
from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.naming import Names
from worker.engine.clusters.rows import Indices
from worker.engine.groups.groups import Group, Member
from worker.engine.report.placement import Assignment

REACH = 99  # percentile of the distances in a cluster, beyond which a new picture strays ...
REACH_FEWEST = 20  # ... if it has so many pictures
EDGE_NAMED = 3  # and so many of the farthest
NEAREST_NAMED = 24  # pictures of a cluster named in the report, nearest to the centroid first
TYPICAL_NAMED = 8  # of a finer cluster


@dataclass(frozen=True, slots=True)
class Subcluster:
    """A finer cluster. number: within its cluster, from 0, the largest first. name: what sets it apart there, or "".

    images: files. typical: TYPICAL_NAMED files, nearest to its middle first, one per picture, without the duplicates.
    """

    number: int
    name: str
    images: int
    typical: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, counted in files.

    name: what the network sees in it, "" for nothing that it does not see elsewhere. subclusters: the finer
    clusters within it; none where it is whole. distinct: different pictures among its images. reduction: the notebook's
    number, in percent. duplicates, bytes_to_free: verified ones. silhouette: mean over its pictures, None for k < 2.
    reach: distance from the centroid within which 99 of 100 of its pictures lie, None where they are too few to tell.
    nearest: NEAREST_NAMED files, nearest to the centroid first, one per picture, without the duplicates; edge:
    EDGE_NAMED of the others, farthest first.
    """

    number: int
    name: str
    images: int
    distinct: int
    reduction: float
    duplicates: int
    bytes_to_free: int
    silhouette: float | None
    reach: float | None
    nearest: tuple[Member, ...]
    edge: tuple[Member, ...]
    subclusters: tuple[Subcluster, ...]


def reduction(images: int, total: int, k: int) -> float:
    """The original notebook's percentage: `(images / total) * (1 - k / total) * 100`.

    How much smaller the collection would get, this cluster's share of it, if one image per cluster were kept.
    """
    return (images / total) * (1 - k / total) * 100 if total else 0.0


def count_clusters(
    assignments: Sequence[Assignment],
    clustering: Clustering,
    digests: Sequence[str],
    groups: Sequence[Group],
    names: Names,
) -> tuple[Cluster, ...]:
    """Each cluster as the report has it, in the order of their numbers. digests: of the rows that were clustered."""
    frees = {duplicate.member.path: duplicate.frees for group in groups for duplicate in group.duplicates}
    images = Counter(assignment.cluster for assignment in assignments)
    duplicates: Counter[int] = Counter()
    freed: Counter[int] = Counter()
    finer: Counter[tuple[int, int]] = Counter()
    unique: dict[str, Member] = {}
    for assignment in assignments:
        if assignment.subcluster is not None:
            finer[assignment.cluster, assignment.subcluster] += 1
        if assignment.verdict != Verdict.UNIQUE:
            duplicates[assignment.cluster] += assignment.member.path in frees
            freed[assignment.cluster] += frees.get(assignment.member.path, 0)
        else:
            unique[assignment.member.digest] = assignment.member
    clusters = []
    for number in clustering.numbers.tolist():
        rows = np.flatnonzero(clustering.labels == number)
        ordered = [digests[row] for row in rows[np.argsort(clustering.distances[rows], kind="stable")]]
        nearest, others = ordered[:NEAREST_NAMED], ordered[NEAREST_NAMED:]
        clusters.append(
            Cluster(
                number=number,
                name=names.of(number),
                images=images[number],
                distinct=images[number] - duplicates[number],
                reduction=reduction(images[number], len(assignments), clustering.k),
                duplicates=duplicates[number],
                bytes_to_free=freed[number],
                silhouette=_mean(clustering, rows),
                reach=reach_of(clustering.distances[rows]),
                nearest=tuple(unique[digest] for digest in nearest if digest in unique),
                edge=tuple(unique[digest] for digest in others[: -EDGE_NAMED - 1 : -1] if digest in unique),
                subclusters=tuple(
                    Subcluster(sub, names.of_finer(own, sub), count, _typical(clustering, rows, sub, digests, unique))
                    for (own, sub), count in sorted(finer.items())
                    if own == number
                ),
            )
        )
    return tuple(clusters)


def reach_of(distances: NDArray[Any]) -> float | None:
    """How far from the centroid a new picture of the same kind lies. Those it was made of have pulled it towards them:
    by one n-th of their distance each."""
    n = len(distances)
    return float(np.percentile(distances, REACH)) * n / (n - 1) if n >= REACH_FEWEST else None


def _typical(
    clustering: Clustering, rows: Indices, subcluster: int, digests: Sequence[str], unique: Mapping[str, Member]
) -> tuple[Member, ...]:
    members = rows[clustering.subclusters[rows] == subcluster]
    nearest = members[np.argsort(clustering.subdistances[members], kind="stable")[:TYPICAL_NAMED]]
    return tuple(unique[digests[row]] for row in nearest if digests[row] in unique)


def _mean(clustering: Clustering, rows: Indices) -> float | None:
    if clustering.silhouettes is None:
        return None
    known = clustering.silhouettes[rows]
    known = known[~np.isnan(known)]
    return float(known.mean(dtype=np.float64)) if len(known) else None
