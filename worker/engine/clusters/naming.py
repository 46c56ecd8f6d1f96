"""Names of clusters: what the network sees in their pictures, in the words that set each apart from all others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.classes import Classes
from worker.engine.clusters.concurrency import one_thread_a_call
from worker.engine.clusters.rows import READ_ROWS, Indices, Rows

Shares = npt.NDArray[np.float64]

WORDS: Final = 3  # classes in a name, at most
MEMBERS: Final = 200  # pictures of a cluster that are looked at, at most; the share of a class is then right to 0.04
LOOKED_AT: Final = 12_000  # pictures of all clusters together, but for FEWEST of each
FEWEST: Final = 10
LEAST: Final = 0.02  # of a cluster that a class has to have: twenty times what chance gives each of 1,000 classes
APART: Final = 2.0  # times as much of the cluster as of all other pictures
BESIDE: Final = 1 / 3  # of what the first word tells: words that tell less are left out
FAINT: Final = 1e-4  # share that is added on both sides, so that what is seen nowhere else is not worth infinitely much


@dataclass(frozen=True, slots=True)
class Names:
    """What the clusters are called. words: by number; a cluster that looks like all others has none. finer: by numbers
    of cluster and finer cluster; a name there tells it from the others within the same cluster.

    why_not: why no cluster has any, in words that go on from "clusters have no names: "; "" where they could have.
    """

    words: Mapping[int, str] = field(default_factory=dict)
    finer: Mapping[tuple[int, int], str] = field(default_factory=dict)
    why_not: str = ""

    def of(self, cluster: int) -> str:
        """The name of the cluster with this number; "" for none."""
        return self.words.get(cluster, "")

    def of_finer(self, cluster: int, subcluster: int) -> str:
        """The name of a finer cluster within this one; "" for none."""
        return self.finer.get((cluster, subcluster), "")


NAMELESS: Final = Names()


def name_clusters(
    rows: Rows, labels: npt.NDArray[np.int32], subclusters: npt.NDArray[np.int32], classes: Classes, seed: int
) -> Names:
    """A name for each cluster of which the network sees something that it does not see everywhere, and in the same way
    for each finer cluster beside the others of its cluster; no other is in them.

    rows: n features as the network gives them, of the layer's d. labels: int32 `[n]`, numbers of their clusters.
    subclusters: int32 `[n]`, numbers of the finer clusters within them, -1 where a cluster is whole. Looks at a seeded
    sample of each part, so the cost is bounded whatever n is: it reads at most max(LOOKED_AT, FEWEST k) rows, for
    O(d c) each.
    """
    span = int(subclusters.max(initial=-1)) + 2
    codes, parts, sizes = np.unique(
        labels.astype(np.int64) * span + subclusters + 1, return_inverse=True, return_counts=True
    )
    shares = _mean_probabilities(rows, parts.astype(np.int32), len(codes), classes, seed)
    numbers, owner = np.unique(codes // span, return_inverse=True)
    marks = np.equal.outer(np.arange(len(numbers)), owner)
    broad_sizes = marks @ sizes
    broad = (marks * sizes) @ shares / np.maximum(broad_sizes, 1)[:, None]
    finer: dict[tuple[int, int], str] = {}
    for index in np.flatnonzero(marks.sum(axis=1) > 1):
        own = np.flatnonzero(marks[index])
        words = _words(tell_apart(shares[own], sizes[own]), classes)
        subs = (codes[own] % span - 1).tolist()
        finer |= {(int(numbers[index]), sub): name for sub, name in zip(subs, words, strict=True) if name}
    words = _words(tell_apart(broad, broad_sizes), classes)
    return Names({number: name for number, name in zip(numbers.tolist(), words, strict=True) if name}, finer)


def _mean_probabilities(rows: Rows, parts: npt.NDArray[np.int32], count: int, classes: Classes, seed: int) -> Shares:
    """Mean probability of each class in a sample of each part, `[count, c]`. parts: int32 `[n]`, from 0."""
    looked_at = sample_members(parts, np.arange(count, dtype=np.int32), seed)
    sums = np.zeros((count, len(classes.words)))
    with one_thread_a_call():
        for start in range(0, len(looked_at), READ_ROWS):
            some = looked_at[start : start + READ_ROWS]
            np.add.at(sums, parts[some], classes.probabilities(rows.read(some)))
    return sums / np.maximum(np.bincount(parts[looked_at], minlength=count), 1)[:, None]


def _words(telling: list[list[int]], classes: Classes) -> list[str]:
    return [", ".join(classes.words[index] for index in indices) for indices in telling]


def sample_members(labels: npt.NDArray[np.int32], numbers: npt.NDArray[np.int32], seed: int) -> Indices:
    """Ascending rows that stand for the clusters: of each as many as there is room for, drawn from all its members."""
    most = min(MEMBERS, max(FEWEST, LOOKED_AT // max(len(numbers), 1)))
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    starts = np.searchsorted(labels[order], numbers)
    place = np.arange(len(order)) - starts[np.searchsorted(numbers, labels[order])]
    return np.sort(order[place < most])


def tell_apart(shares: Shares, sizes: npt.NDArray[np.intp]) -> list[list[int]]:
    """The classes by which each cluster is told from all others, most telling first; at most WORDS, none where none is.

    shares: `[k, c]`, mean probabilities of the classes in each cluster. sizes: `[k]`, pictures of each. Of a cluster
    the classes count that have at least LEAST of it, and APART times their share of all other pictures, which for a
    cluster on its own is the same for every class. They are ordered by what they add to the Kullback-Leibler divergence
    of the cluster from the others (Kullback and Leibler 1951): `p log(p / q)`, much of the cluster and little of the
    others.
    """
    total = sizes @ shares
    found = []
    for own, size in zip(shares, sizes, strict=True):
        others = sizes.sum() - size
        rest = (total - size * own).clip(0) / others if others else np.full(len(own), 1 / len(own))
        worth = own * np.log((own + FAINT) / (rest + FAINT))
        worth[(own < LEAST) | (own < APART * rest)] = 0
        best = np.argsort(-worth, kind="stable")[:WORDS]
        found.append([int(index) for index in best if worth[index] > BESIDE * worth[best[0]]])
    return found
