"""The newest report in memory: who is where, found by path, cluster or group. Read once per generation.

Columns, not objects: an image costs about 180 bytes beside its path.
"""

import csv
import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shared.records import Kind, Verdict

NONE: Final = -1  # of a row, a cluster
_DIGEST: Final = 32  # bytes
_VERDICTS: Final = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Image:
    """A file as the report has it. row: its place there.

    cluster, subcluster, distance, silhouette: None where it is in no cluster. duplicate_of, variant_of: paths, "" for
    none. size: bytes.
    """

    row: int
    path: str
    digest: str
    size: int
    verdict: str
    cluster: int | None
    subcluster: int | None
    distance: float | None
    silhouette: float | None
    duplicate_of: str
    variant_of: str


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a group. similarity: to the keeper. frees: bytes that its going frees; may_free: if nothing is lost.

    companions: names in its folder. reason: why it is a duplicate, in words, "" of a keeper.
    """

    row: int
    kind: Kind
    similarity: float
    size: int
    frees: int
    may_free: int
    companions: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A keeper and its duplicates, in the order of the report: the largest saving first, numbers from 1.

    rule: the word for what decided that the keeper stays, "" where the report does not say.
    """

    number: int
    keeper: Member
    duplicates: tuple[Member, ...]
    rule: str = ""

    @property
    def members(self) -> tuple[Member, ...]:
        """All of them, the keeper first."""
        return (self.keeper, *self.duplicates)

    @property
    def bytes_to_free(self) -> int:
        """Without a proof."""
        return sum(one.frees for one in self.duplicates)

    @property
    def bytes_to_prove(self) -> int:
        """If they are proved to lose nothing."""
        return sum(one.may_free for one in self.duplicates)


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant. row, of: its row, and that of the picture that it is one of. share: of the picture that differs."""

    row: int
    of: int
    similarity: float
    share: float
    reason: str


@dataclass(frozen=True, eq=False)
class Index:
    """A report. generation: its id. folder: where it lies. paths: sorted.

    Of each path its row in: digests (uint8 `[n, 32]`), clusters, subclusters (int32 `[n]`, NONE for none), distances,
    silhouettes (float32 `[n]`, NaN for none), sizes (int64 `[n]`, bytes), verdicts (uint8 `[n]`, places in Verdict),
    keepers, originals (int32 `[n]`: the row that it is a duplicate or a variant of, NONE for none).
    groups, variants: in the report's order. failures: path and reason, sorted by path.
    """

    generation: str
    folder: Path
    summary: Mapping[str, Any]
    paths: Sequence[str]
    digests: NDArray[np.uint8]
    clusters: NDArray[np.int32]
    subclusters: NDArray[np.int32]
    distances: NDArray[np.float32]
    silhouettes: NDArray[np.float32]
    sizes: NDArray[np.int64]
    verdicts: NDArray[np.uint8]
    keepers: NDArray[np.int32]
    originals: NDArray[np.int32]
    groups: tuple[Group, ...] = ()
    variants: tuple[Variant, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()

    def row_of(self, path: str) -> int:
        """The row of the file at this path; NONE where the report has none."""
        place = bisect_left(self.paths, path)
        return place if place < len(self.paths) and self.paths[place] == path else NONE

    def image(self, row: int) -> Image:
        """The file of this row."""
        cluster, finer = int(self.clusters[row]), int(self.subclusters[row])
        silhouette = float(self.silhouettes[row])
        inside = cluster != NONE
        return Image(
            row,
            self.paths[row],
            self.digests[row].tobytes().hex(),
            int(self.sizes[row]),
            str(_VERDICTS[self.verdicts[row]]),
            cluster if inside else None,
            finer if finer != NONE else None,
            float(self.distances[row]) if inside else None,
            silhouette if inside and not np.isnan(silhouette) else None,
            self._path(int(self.keepers[row])),
            self._path(int(self.originals[row])),
        )

    def find(self, path: str) -> Image | None:
        """The file at this path; None where the report has none."""
        row = self.row_of(path)
        return None if row == NONE else self.image(row)

    def group_of(self, row: int) -> Group | None:
        """The group that the file of this row is in."""
        place = self._groups_by_row.get(row)
        return None if place is None else self.groups[place]

    def place_of(self, number: int) -> int | None:
        """Where among the groups the one with this number is."""
        return self._places.get(number)

    def group(self, number: int) -> Group | None:
        """The group with this number."""
        place = self._places.get(number)
        return None if place is None else self.groups[place]

    def sheet(self, cluster: int, finer: int | None = None) -> NDArray[np.intp]:
        """Rows of a cluster's different pictures, those nearest to its centre first; of one finer cluster of it."""
        order, starts = self._by_cluster
        start = starts.get(cluster)
        rows = order[start[0] : start[1]] if start else order[:0]
        return rows if finer is None else rows[self.subclusters[rows] == finer]

    def _path(self, row: int) -> str:
        return "" if row == NONE else self.paths[row]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {group.number: place for place, group in enumerate(self.groups)}

    @cached_property
    def _groups_by_row(self) -> dict[int, int]:
        return {member.row: place for place, group in enumerate(self.groups) for member in group.members}

    @cached_property
    def _by_cluster(self) -> tuple[NDArray[np.intp], dict[int, tuple[int, int]]]:
        """Rows that are no duplicates, by cluster and distance, and where each cluster begins and ends among them."""
        order = np.lexsort((self.distances, self.clusters))
        order = order[(self.keepers[order] == NONE) & (self.clusters[order] != NONE)]
        numbers, first = np.unique(self.clusters[order], return_index=True)
        ends = [*first[1:], len(order)]
        return order, {int(number): (int(a), int(b)) for number, a, b in zip(numbers, first, ends, strict=True)}


@dataclass(slots=True)
class _Columns:
    """What assignments.csv holds, while it is read."""

    paths: list[str] = field(default_factory=list)
    digests: bytearray = field(default_factory=bytearray)
    clusters: list[int] = field(default_factory=list)
    subclusters: list[int] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)
    silhouettes: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    verdicts: list[int] = field(default_factory=list)
    duplicate_of: list[str] = field(default_factory=list)
    variant_of: list[str] = field(default_factory=list)


def read_index(folder: Path) -> Index:
    """The report in `folder`. Raises OSError, and ValueError or LookupError where its tables are damaged.

    100,000 images take 0.6 s.
    """
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    columns = _Columns()
    places = {str(verdict): place for place, verdict in enumerate(_VERDICTS)}
    for row in _rows(folder / "assignments.csv"):
        columns.paths.append(plain(row["path"]))
        columns.digests += bytes.fromhex(row["digest"]).ljust(_DIGEST, b"\0")[:_DIGEST]
        columns.clusters.append(int(row["cluster"] or NONE))
        columns.subclusters.append(int(row.get("subcluster") or NONE))
        columns.distances.append(float(row["distance"] or "nan"))
        columns.silhouettes.append(float(row["silhouette"] or "nan"))
        columns.sizes.append(int(row.get("bytes") or 0))
        columns.verdicts.append(places[row["verdict"]])
        columns.duplicate_of.append(plain(row["duplicate_of"]))
        columns.variant_of.append(plain(row.get("variant_of") or ""))
    if any(one >= other for one, other in pairwise(columns.paths)):
        raise ValueError("assignments.csv is not sorted by path")
    rows = {path: row for row, path in enumerate(columns.paths)}
    return Index(
        str(summary["generation"]),
        folder,
        summary,
        columns.paths,
        np.frombuffer(bytes(columns.digests), np.uint8).reshape(-1, _DIGEST),
        np.array(columns.clusters, np.int32),
        np.array(columns.subclusters, np.int32),
        np.array(columns.distances, np.float32),
        np.array(columns.silhouettes, np.float32),
        np.array(columns.sizes, np.int64),
        np.array(columns.verdicts, np.uint8),
        np.array([rows.get(path, NONE) for path in columns.duplicate_of], np.int32),
        np.array([rows.get(path, NONE) for path in columns.variant_of], np.int32),
        tuple(_groups(folder / "duplicates.csv", rows)),
        tuple(_variants(folder / "variants.csv", rows)),
        tuple((plain(row["path"]), row["reason"]) for row in _rows(folder / "failures.csv")),
    )


def _groups(file: Path, rows: Mapping[str, int]) -> Iterator[Group]:
    number, keeper, duplicates, rule = 0, None, list[Member](), ""
    for row in _rows(file):
        member = _member(row, rows[plain(row["path"])])
        if row["role"] != "keeper":
            duplicates.append(member)
            continue
        if keeper:
            yield Group(number, keeper, tuple(duplicates), rule)
        number, keeper, duplicates, rule = int(row["group"]), member, [], row.get("keeper_rule") or ""
    if keeper:
        yield Group(number, keeper, tuple(duplicates), rule)


def _member(row: Mapping[str, str], place: int) -> Member:
    companions = plain(row.get("companions") or "")
    return Member(
        place,
        Kind(row["kind"]),
        float(row["similarity"]),
        int(row["bytes"]),
        int(row.get("frees") or 0),
        int(row.get("may_free") or 0),
        tuple(companions.split("/")) if companions else (),
        row.get("reason") or "",
    )


def _variants(file: Path, rows: Mapping[str, int]) -> Iterator[Variant]:
    for row in _rows(file):
        places = rows[plain(row["path"])], rows[plain(row["variant_of"])]
        yield Variant(*places, float(row["similarity"]), float(row["share"]), row["reason"])


def _rows(file: Path) -> Iterator[dict[str, str]]:
    # Bytes of a name that are not UTF-8 become lone surrogates, as everywhere in imagesieve.
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        yield from csv.DictReader(lines)


def plain(cell: str) -> str:
    """The path in a cell: `./` stands before names that a spreadsheet would take for a formula."""
    return cell.removeprefix("./")
