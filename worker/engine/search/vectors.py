"""Whitened features in half precision, searched by inner product: faiss indices over rows that follow each other.

The first part may lie in a file that several processes map; rows that come later go into a part in memory.
"""

from collections.abc import Mapping
from typing import Any, Final

import faiss
import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO: Final = 500_000  # images; exact search takes 15 ms of one core there

RECENT: Final = 4096  # rows that can be searched apart from those before: 1 MiB

_PRECISION: Final = faiss.ScalarQuantizer.QT_fp16
_FEW: Final = 4  # a part in memory joins the one before it, unless that has so many times as many rows

Found = tuple[NDArray[np.intp], NDArray[np.float32]]


class Vectors:
    """Rows of unit vectors, numbered as they come. 2 bytes per dimension."""

    def __init__(self, dimensions: int, sample: NDArray[np.float32] | None = None, expected: int = 0) -> None:
        """sample: rows such as will come. expected: how many are about to.

        Beyond EXACT_UP_TO rows are searched in the seventh of the sample's cells that is nearest to the query (faiss
        IVF). Without a sample they are searched one and all.
        """
        self._dimensions = dimensions
        self._parts: list[Any] = [_first(dimensions, sample, expected)]
        self._mapped = 0  # parts that are views of a file, which faiss cannot add to
        self._latest = np.zeros((2 * RECENT, dimensions), np.float16)  # for `search_since`
        self._kept = 0  # of them

    def __len__(self) -> int:
        return sum(part.ntotal for part in self._parts)

    def add(self, rows: NDArray[np.float32]) -> None:
        """Add rows float32 `[n, d]`."""
        if len(self._parts) == self._mapped:
            self._parts.append(_flat(self._dimensions))
        self._parts[-1].add(rows)
        latest = rows[-RECENT:]
        if self._kept + len(rows) > len(self._latest):
            left = 0 if len(latest) < len(rows) else min(self._kept, RECENT)
            self._latest[:left] = self._latest[self._kept - left : self._kept].copy()
            self._kept = left
        self._latest[self._kept : self._kept + len(latest)] = latest
        self._kept += len(latest)

    def search(self, row: NDArray[np.float32], count: int) -> Found:
        """Numbers and similarities of the `count` rows nearest to one `[d]`, nearest first; the older first of two."""
        numbers, similarities, first = [], [], 0
        for part in self._parts:
            values, found = part.search(row.reshape(1, -1), max(1, min(count, part.ntotal)))
            there = found[0] >= 0
            numbers.append(found[0][there] + first)
            similarities.append(values[0][there])
            first += part.ntotal
        number, similarity = np.concatenate(numbers), np.concatenate(similarities)
        order = np.lexsort((number, -similarity))[:count]
        return number[order].astype(np.intp), similarity[order]

    def search_since(self, row: NDArray[np.float32], count: int, since: int) -> Found:
        """The same among the rows from the number `since` on, which is `recent` or larger."""
        first = self.recent
        if since < first:
            raise ValueError(f"rows before {first} cannot be searched apart")
        similarities = self._latest[since - first : self._kept].astype(np.float32) @ row
        order = np.argsort(-similarities, kind="stable")[:count]
        return order + since, similarities[order]

    @property
    def recent(self) -> int:
        """The first number that `search_since` takes: the latest rows of this process, RECENT or more."""
        return len(self) - self._kept

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` takes. Parts are joined as far as that costs no more than they do."""
        while len(self._parts) > 1 and _may_join(*self._parts[-2:]):
            last, before = self._parts.pop(), self._parts.pop()
            self._parts.append(_joined(before, last))
            self._mapped = min(self._mapped, len(self._parts) - 1)
        return {str(number): faiss.serialize_index(part) for number, part in enumerate(self._parts)}

    @classmethod
    def from_arrays(cls, dimensions: int, arrays: Mapping[str, NDArray[Any]]) -> "Vectors":
        """The same rows as views of these arrays, which may lie in a file; nothing is copied."""
        vectors = cls(dimensions)
        vectors._parts = [_view(arrays[str(number)]) for number in range(len(arrays))]
        vectors._mapped = len(arrays)
        return vectors


def _flat(dimensions: int) -> Any:
    return faiss.IndexScalarQuantizer(dimensions, _PRECISION, faiss.METRIC_INNER_PRODUCT)


def _first(dimensions: int, sample: NDArray[np.float32] | None, expected: int) -> Any:
    if sample is None or expected <= EXACT_UP_TO:
        return _flat(dimensions)
    cells = max(1, min(len(sample) // 16, 4 * round(expected**0.5)))
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimensions), dimensions, cells, _PRECISION, faiss.METRIC_INNER_PRODUCT
    )
    index.train(sample)
    index.nprobe = max(8, cells // 7)
    return index


def _may_join(before: Any, last: Any) -> bool:
    flat = isinstance(before, faiss.IndexScalarQuantizer) and isinstance(last, faiss.IndexScalarQuantizer)
    return flat and before.ntotal <= _FEW * last.ntotal


def _joined(before: Any, last: Any) -> Any:
    """Both in one part of memory. The codes of a view cannot be merged by faiss itself."""
    both = _flat(before.d)
    for part in (before, last):
        if part.ntotal:
            codes = faiss.rev_swig_ptr(part.codes.data(), part.ntotal * part.code_size)
            both.add_sa_codes(codes.reshape(part.ntotal, part.code_size))
    return both


def _view(array: NDArray[np.uint8]) -> Any:
    reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(array), len(array))  # type: ignore[attr-defined,unused-ignore]
    index: Any = faiss.read_index(reader)
    index.referenced_objects = [array, reader]  # they live as long as it does
    return index
