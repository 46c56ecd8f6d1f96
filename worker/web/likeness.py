"""More like this: the pictures whose features are nearest, among so many that it stays cheap."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.store import Extractors, Images
from worker.engine.search.encoding import stack
from worker.web.index import NONE, Image, Index

CANDIDATES: Final = 200  # pictures that are compared, 5 KiB each in Redis
SHOWN: Final = 12


class LikenessStore(Images, Extractors, Protocol):
    """Features under the extractor that counts."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """similar: the nearest pictures, nearest first, with the cosine of the angle between their features and its own.

    compared, of: how many pictures of its cluster it was compared with, and how many there are.
    """

    similar: tuple[tuple[Image, float], ...]
    compared: int
    of: int


def find_similar(index: Index, store: LikenessStore, row: int) -> Likeness:
    """Pictures like the one of this row. Two round trips. Raises Unavailable."""
    image, extractor = index.image(row), store.extractor()
    if image.cluster is None or extractor is None:
        return Likeness((), 0, 0)
    every = index.sheet(image.cluster)
    rows = choose_candidates(index, row, every)
    digests = [index.image(int(one)).digest for one in (row, *rows)]
    features, sound = stack(store.features(extractor.id, digests))
    if len(sound) < 2 or sound[0]:  # its own are the first
        return Likeness((), 0, len(every))
    similarities = cosines(features[0], features[1:])
    best = np.argsort(-similarities, kind="stable")[:SHOWN]
    nearest = tuple((index.image(int(rows[sound[place + 1] - 1])), float(similarities[place])) for place in best)
    return Likeness(nearest, len(features) - 1, len(every))


def choose_candidates(index: Index, row: int, rows: NDArray[np.intp], most: int = CANDIDATES) -> NDArray[np.intp]:
    """Of a cluster's rows those that may be nearest to `row`, at most `most`: of its finer cluster, where that has so
    many, and as far from the centre as itself.

    What lies near it lies about as far from the centre; the reverse is not so, and of a large cluster some are missed.
    Neither itself nor its keeper or its duplicates are among them.
    """
    own = row if index.keepers[row] == NONE else int(index.keepers[row])
    rows = rows[(rows != row) & (rows != own)]
    finer = rows[index.subclusters[rows] == index.subclusters[row]]
    rows = finer if len(finer) >= most else rows
    if len(rows) <= most:
        return rows
    apart = np.abs(index.distances[rows] - index.distances[row])
    return rows[np.sort(np.argpartition(apart, most)[:most])]


def cosines(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosine of the angle between `one`, `[d]`, and each of `others`, `[n, d]`; 0 for a row of zeros."""
    # Not by BLAS: its threads would wait for each other where several ask at once.
    dots, squares = np.einsum("ij,j->i", others, one), np.einsum("ij,ij->i", others, others)
    lengths = np.sqrt(squares * np.einsum("i,i", one, one))
    return np.asarray(np.divide(dots, lengths, out=np.zeros(len(others), np.float32), where=lengths > 0))
