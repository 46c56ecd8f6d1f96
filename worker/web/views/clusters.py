"""Clusters: a strip of each, and the whole sheet of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from worker.engine.report.wording import number_of, saving, show
from worker.web.index import Image, Index
from worker.web.paging import Part, mapped, part_of

STRIP: Final = 8  # pictures of a cluster among the others
CLUSTERS_ON_A_PAGE: Final = 20
PICTURES_ON_A_PAGE: Final = 60


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture on a sheet. name: the end of its path, as it is shown; title: all of it."""

    path: str
    digest: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster. facts: words about it. finer: number, name and images of each finer cluster."""

    number: int
    name: str
    facts: str
    tiles: tuple[Tile, ...]
    finer: tuple[tuple[int, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ClustersView:
    """All of them, the largest first, a page at a time. trust: how far to trust the partition, in words."""

    clusters: Part[Any]
    trust: str
    reason: str


@dataclass(frozen=True, slots=True)
class SheetView:
    """The whole of a cluster, nearest to its centre first. chosen: the finer cluster that is shown, None for all."""

    cluster: ClusterView
    chosen: int | None
    tiles: Part[Any]


def tile_of(image: Image) -> Tile:
    """A picture as it stands on a sheet."""
    return Tile(image.path, image.digest, show(image.path.rsplit("/", 1)[-1]), show(image.path))


def clusters_of(index: Index, page: int) -> ClustersView:
    """Page `page` of the clusters of a report."""
    clusters = sorted(index.summary["clusters"], key=lambda one: (-one["images"], one["number"]))
    choice = index.summary["choice"]
    part = mapped(
        part_of(clusters, page, CLUSTERS_ON_A_PAGE), lambda one: _cluster(index, one, _tiles(index, one["number"]))
    )
    return ClustersView(part, str(choice.get("trust", "")), show(choice["reason"], 600))


def sheet_of(index: Index, number: int, finer: int | None, page: int) -> SheetView | None:
    """Page `page` of a cluster, or of a finer one of it; None where there is no such cluster."""
    found = next((one for one in index.summary["clusters"] if one["number"] == number), None)
    if found is None:
        return None
    part = part_of(index.sheet(number, finer).tolist(), page, PICTURES_ON_A_PAGE)
    return SheetView(_cluster(index, found, ()), finer, mapped(part, lambda row: tile_of(index.image(row))))


def _tiles(index: Index, number: int) -> tuple[Tile, ...]:
    return tuple(tile_of(index.image(int(row))) for row in index.sheet(number)[:STRIP])


def _cluster(index: Index, values: Mapping[str, Any], tiles: Sequence[Tile]) -> ClusterView:
    total = index.summary["counts"]["images"] or 1
    facts = [f"{number_of(values['images'], 'image')} ({100 * values['images'] / total:.1f} %)"]
    if values.get("silhouette") is not None:
        facts.append(f"silhouette {values['silhouette']:.2f}")
    if values.get("duplicates"):
        freed = saving(values["bytes_to_free"], 0)
        facts.append(f"{number_of(values['duplicates'], 'duplicate')}, {freed}")
    else:
        facts.append("no duplicates")
    finer = tuple((one["number"], show(one["name"]), one["images"]) for one in values.get("subclusters", ()))
    return ClusterView(values["number"], show(values.get("name") or ""), " · ".join(facts), tuple(tiles), finer)
