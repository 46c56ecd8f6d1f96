"""Features with the spectrum of real ones, made from a seed when they are read: a million need not be stored.

A made-up picture has a latent vector around the centre of its cluster, whose variances fall as 1 / rank, as those of
fc2 activations over photos do about. A fixed random layer, noise and ReLU make 4,096 values of it, a quarter of them
not zero. Cluster i has a share in proportion to 1 / (i + 3).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.concurrency import chunks, run_parts

DIMENSIONS: Final = 4096
LATENT: Final = 512
APART: Final = 0.9  # of the cluster centres, in standard deviations of a latent direction
NOISE: Final = 0.4  # in standard deviations of what goes into ReLU
THRESHOLD: Final = 0.7  # of ReLU, likewise
BLOCK: Final = 2048  # rows drawn together
TABLE: Final = 1 << 22  # values of noise, which each row reads from another place on
STRIDE: Final = 2_654_435_761  # odd and large: spreads the places


@dataclass(frozen=True)
class Synthetic:
    """`count` rows of features in `clusters` clusters. What a row holds does not depend on how it is read."""

    count: int
    clusters: int = 12
    seed: int = 0

    def __len__(self) -> int:
        return self.count

    def read(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """The rows with these ascending indices, float32 `[len(rows), 4096]`; made on all cores."""
        values = np.empty((len(rows), DIMENSIONS), dtype=np.float32)
        for _ in run_parts(lambda part: self._fill(values[part], rows[part]), chunks(len(rows))):
            pass
        return values

    def _fill(self, values: npt.NDArray[np.float32], rows: npt.NDArray[np.intp]) -> None:
        blocks, first = np.unique(rows // BLOCK, return_index=True)
        parts = [
            self._latent(int(block))[part - block * BLOCK]
            for block, part in zip(blocks, np.split(rows, first[1:]), strict=True)
        ]
        if parts:
            np.matmul(np.concatenate(parts), self._layer, out=values)
        for value, row in zip(values, rows, strict=True):
            place = int(row) * STRIDE % TABLE
            value += self._noise[place : place + DIMENSIONS]
        values -= THRESHOLD
        np.maximum(values, 0, out=values)

    def _latent(self, block: int) -> npt.NDArray[np.float32]:
        chance = np.random.default_rng([self.seed, 3, block])
        share = 1 / (np.arange(self.clusters) + 3)
        own = chance.choice(self.clusters, BLOCK, p=share / share.sum())
        latent = chance.standard_normal((BLOCK, LATENT), dtype=np.float32)
        latent += self._centres[own]
        return latent

    @cached_property
    def _layer(self) -> npt.NDArray[np.float32]:
        scale = np.arange(1, LATENT + 1, dtype=np.float32) ** -0.5
        layer = np.random.default_rng([self.seed, 0]).standard_normal((LATENT, DIMENSIONS), dtype=np.float32)
        return layer * (scale / np.linalg.norm(scale))[:, None]

    @cached_property
    def _centres(self) -> npt.NDArray[np.float32]:
        chance = np.random.default_rng([self.seed, 1])
        return APART * chance.standard_normal((self.clusters, LATENT), dtype=np.float32)

    @cached_property
    def _noise(self) -> npt.NDArray[np.float32]:
        chance = np.random.default_rng([self.seed, 2])
        return NOISE * chance.standard_normal(TABLE + DIMENSIONS, dtype=np.float32)
