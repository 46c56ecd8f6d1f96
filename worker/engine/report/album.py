"""Duplicate groups and contact sheets as the page shows them, and the thumbnails that there is room for."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rich import filesize

from worker.engine.groups.groups import Group, Member
from worker.engine.report.model import Cluster, Report
from worker.engine.report.theme import colour_of, shape_of
from worker.engine.report.wording import saving, show

Thumbnail = Callable[[str], bytes | None]  # path -> JPEG, None where there is none

GROUPS_SHOWN: Final = 240
GROUP_TILES: Final = 900  # in all groups together
MEMBERS: Final = 8  # of a group
SHEETS: Final = 480  # thumbnails on the clusters' sheets together
SHEET_LEAST: Final = 3  # on each sheet
CLUSTERS: Final = 100
THUMBNAIL_BYTES: Final = 11_000_000  # of data URIs; the page stays below 20 MB with everything else
GROUP_SHARE: Final = 0.6  # of those bytes, for the groups
LONGEST_PATH: Final = 500  # characters of a path that the filter looks at
SHAPES_IN_SVG: Final = {
    "o": '<circle cx="6" cy="6" r="5" fill="{}"/>',
    "s": '<rect x="1.5" y="1.5" width="9" height="9" fill="{}"/>',
    "^": '<path d="M6 1 11.5 11H.5z" fill="{}"/>',
    "D": '<path d="M6 .5 11.5 6 6 11.5.5 6z" fill="{}"/>',
}


@dataclass(frozen=True, slots=True)
class Tile:
    """A file on the page. name: shown, cut where it is long; path: for the filter. source: data URI, "" for none."""

    name: str
    path: str
    source: str
    facts: str
    keeper: bool = False
    kind: str = ""
    reason: str = ""


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
    """A cluster on the page, with its contact sheet. mark: as on the map. Shares are percentages of all images."""

    cluster: Cluster
    mark: str
    share: float
    duplicate_share: float
    saving: str
    tiles: tuple[Tile, ...]


class Album:
    """Data URIs of thumbnails, each picture fetched once, until the bytes allowed are used up."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self._thumbnail = thumbnail
        self._fetched: dict[str, str] = {}
        self.left = 0.0
        self.cut = False

    def allow(self, count: float) -> None:
        """Allow `count` more bytes."""
        self.left += count

    def source(self, member: Member) -> str:
        """The data URI of a file's thumbnail, "" where there is none or no byte is left for it."""
        if self.cut and member.digest not in self._fetched:
            return ""
        if member.digest not in self._fetched:
            picture = self._thumbnail(member.path)
            self._fetched[member.digest] = f"data:image/jpeg;base64,{b64encode(picture).decode()}" if picture else ""
        source = self._fetched[member.digest]
        if len(source) > self.left:
            self.cut = True
            return ""
        self.left -= len(source)
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


def show_clusters(report: Report, album: Album) -> list[ClusterView]:
    """Largest first. Sheets are filled in turn: what is cut is cut everywhere, the files farthest from the centre."""
    shown: Sequence[Cluster] = sorted(report.clusters, key=lambda cluster: (-cluster.images, cluster.number))[:CLUSTERS]
    each = max(SHEET_LEAST, SHEETS // max(len(shown), 1))
    tiles: dict[int, list[Tile]] = {cluster.number: [] for cluster in shown}
    for place in range(each):
        for cluster in shown:
            if place < len(cluster.nearest):
                tiles[cluster.number].append(_tile(cluster.nearest[place], album))
    total = max(report.totals.images, 1)
    return [
        ClusterView(
            cluster=cluster,
            mark=_mark(cluster.number),
            share=100 * cluster.images / total,
            duplicate_share=100 * cluster.duplicates / total,
            saving=filesize.decimal(cluster.bytes_to_free),
            tiles=tuple(tiles[cluster.number]),
        )
        for cluster in shown
    ]


def _group(group: Group, album: Album) -> GroupView:
    tiles = [_tile(group.keeper, album, keeper=True)]
    tiles += [
        _tile(file.member, album, kind=str(file.kind), reason=file.reason) for file in group.duplicates[: MEMBERS - 1]
    ]
    kinds = {str(file.kind) for file in group.duplicates}
    hidden = 1 + len(group.duplicates) - len(tiles)
    freed = saving(group.bytes_to_free, group.bytes_to_prove)
    return GroupView(group.number, freed, tuple(sorted(kinds)), tuple(tiles), hidden)


def _tile(member: Member, album: Album, keeper: bool = False, kind: str = "", reason: str = "") -> Tile:
    facts = f"{member.width} × {member.height} · {filesize.decimal(member.bytes)}"
    path = show(member.path, LONGEST_PATH)
    return Tile(show(member.path), path, album.source(member), facts, keeper, kind, reason)


def _mark(cluster: int) -> str:
    """SVG in a box of 12 by 12."""
    return SHAPES_IN_SVG[shape_of(cluster)].format(colour_of(cluster))
