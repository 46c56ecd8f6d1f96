"""Duplicate groups and contact sheets as the page shows them, and the thumbnails that there is room for."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.records import Box
from worker.engine.groups.groups import Group, Member
from worker.engine.groups.keepers import word_rule
from worker.engine.groups.variants import Variant
from worker.engine.report.clusters import TYPICAL_NAMED, Cluster, Subcluster
from worker.engine.report.model import Report
from worker.engine.report.theme import colour_of, shape_of
from worker.engine.report.wording import beside, saving, show, size_of

Thumbnail = Callable[[str], bytes | None]  # path -> JPEG, None where there is none

GROUPS_SHOWN: Final = 240
GROUP_TILES: Final = 900  # in all groups together
MEMBERS: Final = 8  # of a group
VARIANTS_SHOWN: Final = 120
SHEETS: Final = 480  # thumbnails on the clusters' sheets together
SHEET_LEAST: Final = 3  # on each sheet
FINER_SHEETS: Final = 240  # thumbnails of finer clusters together
CLUSTERS: Final = 100
OUTLIERS_SHOWN: Final = 24
THUMBNAIL_BYTES: Final = 11_000_000  # of data URIs; the page stays below 20 MB with everything else
GROUP_SHARE: Final = 0.6  # of those bytes, for the groups
VARIANT_SHARE: Final = 0.1  # for the variants, and what the groups have left
LONGEST_PATH: Final = 500  # characters of a path that the filter looks at
SHAPES_IN_SVG: Final = {
    "o": '<circle cx="6" cy="6" r="5" fill="{}"/>',
    "s": '<rect x="1.5" y="1.5" width="9" height="9" fill="{}"/>',
    "^": '<path d="M6 1 11.5 11H.5z" fill="{}"/>',
    "D": '<path d="M6 .5 11.5 6 6 11.5.5 6z" fill="{}"/>',
}


@dataclass(frozen=True, slots=True)
class Frame:
    """A place in a picture, to be drawn over it. All in pixels: the picture's size, and the place in it."""

    width: int
    height: int
    left: int
    top: int
    across: int
    down: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A file on the page. name: shown, cut where it is long; path: for the filter. source: data URI, "" for none.

    frame: a place that is marked in the picture. companions: what belongs to it, in words.
    """

    name: str
    path: str
    source: str
    facts: str
    keeper: bool = False
    kind: str = ""
    reason: str = ""
    frame: Frame | None = None
    companions: str = ""


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant on the page, beside what it is one of. number: from 1, as in variants.csv."""

    number: int
    reason: str
    of: Tile
    tile: Tile


@dataclass(frozen=True, slots=True)
class GroupView:
    """A duplicate group on the page. kinds: of all its duplicates."""

    number: int
    saving: str
    kinds: tuple[str, ...]
    tiles: tuple[Tile, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster on the page, with its contact sheet: tiles from its middle, and of its edge.

    mark: as on the map. Shares are percentages of all images. finer: its finer clusters, with the sheet of each.
    """

    cluster: Cluster
    mark: str
    share: float
    duplicate_share: float
    saving: str
    tiles: tuple[Tile, ...]
    edge: tuple[Tile, ...]
    finer: tuple[tuple[Subcluster, tuple[Tile, ...]], ...]


class Album:
    """Data URIs of thumbnails, each picture fetched once, until the bytes allowed are used up."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self._thumbnail = thumbnail
        self._fetched: dict[str, str] = {}
        self._left = 0.0
        self._full = False
        self.cut = False  # whether there was ever no room for a thumbnail

    def allow(self, count: float) -> None:
        """Allow `count` more bytes."""
        self._left += count
        self._full = False

    def source(self, member: Member) -> str:
        """The data URI of a file's thumbnail, "" where there is none or no byte is left for it."""
        if self._full and member.digest not in self._fetched:
            return ""
        if member.digest not in self._fetched:
            picture = self._thumbnail(member.path)
            self._fetched[member.digest] = f"data:image/jpeg;base64,{b64encode(picture).decode()}" if picture else ""
        source = self._fetched[member.digest]
        if len(source) > self._left:
            self._full = self.cut = True
            return ""
        self._left -= len(source)
        return source


def show_groups(groups: Sequence[Group], album: Album) -> list[GroupView]:
    """The groups that there is room for, from the first on."""
    views: list[GroupView] = []
    room = GROUP_TILES
    for group in groups[:GROUPS_SHOWN]:
        room -= min(1 + len(group.duplicates), MEMBERS)
        if room < 0:
            break
        views.append(_group(group, album))
    return views


def show_variants(variants: Sequence[Variant], album: Album) -> list[VariantView]:
    """The variants that there is room for, from the first on."""
    views = []
    for number, variant in enumerate(variants[:VARIANTS_SHOWN], start=1):
        here, there = variant.places or (None, None)
        of = _tile(variant.of, album, frame=_frame(variant.of, there))
        tile = _tile(variant.member, album, frame=_frame(variant.member, here))
        views.append(VariantView(number, variant.reason, of, tile))
    return views


def show_clusters(report: Report, album: Album) -> list[ClusterView]:
    """Largest first. Sheets are filled in turn: what is cut is cut everywhere, the files farthest from the centre."""
    shown: Sequence[Cluster] = sorted(report.clusters, key=lambda cluster: (-cluster.images, cluster.number))[:CLUSTERS]
    each = max(SHEET_LEAST, SHEETS // max(len(shown), 1))
    tiles: dict[int, list[Tile]] = {cluster.number: [] for cluster in shown}
    for place in range(each):
        for cluster in shown:
            if place < len(cluster.nearest):
                tiles[cluster.number].append(_tile(cluster.nearest[place], album))
    finer = [one for cluster in shown for one in cluster.subclusters]
    typical = min(TYPICAL_NAMED, FINER_SHEETS // max(len(finer), 1))
    edges = {cluster.number: tuple(_tile(member, album) for member in cluster.edge) for cluster in shown}
    total = max(report.totals.images, 1)
    return [
        ClusterView(
            cluster=cluster,
            mark=_mark(cluster.number),
            share=100 * cluster.images / total,
            duplicate_share=100 * cluster.duplicates / total,
            saving=size_of(cluster.bytes_to_free),
            tiles=tuple(tiles[cluster.number]),
            edge=edges[cluster.number],
            finer=tuple(
                (one, tuple(_tile(member, album) for member in one.typical[:typical])) for one in cluster.subclusters
            ),
        )
        for cluster in shown
    ]


def show_outliers(report: Report, album: Album) -> list[Tile]:
    """The farthest of them."""
    return [_tile(outlier.member, album) for outlier in report.outliers[:OUTLIERS_SHOWN]]


def _group(group: Group, album: Album) -> GroupView:
    kept = f"kept: {word_rule(group.rule)}" if group.rule else ""
    keeper = _tile(group.keeper, album, keeper=True, reason=kept)
    tiles = [replace(keeper, companions=beside(group.companions, group.companion_bytes))]
    for file in group.duplicates[: MEMBERS - 1]:
        tile = _tile(file.member, album, kind=str(file.kind), reason=file.why)
        tiles.append(replace(tile, companions=beside(file.companions, file.companion_bytes)))
    kinds = {str(file.kind) for file in group.duplicates}
    hidden = 1 + len(group.duplicates) - len(tiles)
    freed = saving(group.bytes_to_free, group.bytes_to_prove)
    return GroupView(group.number, freed, tuple(sorted(kinds)), tuple(tiles), hidden)


def _frame(member: Member, place: Box | None) -> Frame | None:
    """The place in pixels, at least one, within the picture."""
    width, height = member.width, member.height
    if place is None or not width or not height:
        return None
    left, right = (min(max(round(at * width), 0), width) for at in (place[0], place[2]))
    top, bottom = (min(max(round(at * height), 0), height) for at in (place[1], place[3]))
    left, top = min(left, width - 1), min(top, height - 1)
    return Frame(width, height, left, top, max(right - left, 1), max(bottom - top, 1))


def _tile(
    member: Member, album: Album, keeper: bool = False, kind: str = "", reason: str = "", frame: Frame | None = None
) -> Tile:
    facts = f"{member.width} × {member.height} · {size_of(member.bytes)}"
    path = show(member.path, LONGEST_PATH)
    return Tile(show(member.path), path, album.source(member), facts, keeper, kind, reason, frame)


def _mark(cluster: int) -> str:
    """SVG in a box of 12 by 12."""
    return SHAPES_IN_SVG[shape_of(cluster)].format(colour_of(cluster))
