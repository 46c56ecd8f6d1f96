"""Rows of features that need not all be in memory, and the points that one geometry makes of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from worker.engine.clusters.geometry import Geometry, geometry_rows
from worker.engine.clusters.partitions import Points

Indices = npt.NDArray[np.intp]

READ_ROWS: Final = 4096  # rows read and moved at once: 64 MiB where a row has 4,096 values


class Rows(Protocol):
    """n rows of d features. The same index gives the same row however often and in whatever company it is read."""

    def __len__(self) -> int:
        """Number of rows."""

    def read(self, at: Indices) -> npt.NDArray[np.float32]:
        """The rows with these ascending indices, `[len(at), d]`; none for none."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldRows:
    """Rows that are in memory."""

    features: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.features)

    def read(self, at: Indices) -> npt.NDArray[np.float32]:
        """See `Rows`."""
        return self.features[at].astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """The points of a geometry around the mean of those that are held: no distance changes, rounding errors shrink.

    offset: float32 `[d]`, what was taken away. at: int `[m]`, which rows are held. points: float32 `[m, d]`, those.
    """

    source: Rows
    geometry: Geometry
    offset: npt.NDArray[np.float32]
    at: Indices
    points: Points

    @property
    def is_whole(self) -> bool:
        """Whether all points are held."""
        return len(self.at) == len(self.source)

    def chunks(self) -> Iterator[tuple[slice, Points]]:
        """All points, a chunk after the other: held ones as they are, else each read anew."""
        for start in range(0, len(self.source), READ_ROWS):
            part = slice(start, min(start + READ_ROWS, len(self.source)))
            if self.is_whole:
                yield part, self.points[part]
            else:
                yield (
                    part,
                    geometry_rows(self.source.read(np.arange(part.start, part.stop)), self.geometry) - self.offset,
                )


def hold(source: Rows, geometry: Geometry, at: Indices) -> Cloud:
    """Read the rows `at` into memory: 4 d bytes each, and a chunk beside them.

    Raises ValueError for features that are not finite.
    """
    points = geometry_rows(source.read(at[:READ_ROWS]), geometry)
    if len(at) > len(points):
        first = points
        points = np.empty((len(at), first.shape[1]), dtype=np.float32)
        points[: len(first)] = first
        for start in range(len(first), len(at), READ_ROWS):
            points[start : start + READ_ROWS] = geometry_rows(source.read(at[start : start + READ_ROWS]), geometry)
    offset = points.mean(axis=0, dtype=np.float64).astype(np.float32) if len(at) else np.zeros(points.shape[1:], "f4")
    points -= offset
    return Cloud(source, geometry, offset, at, points)
