"""report.html: one page that holds everything it shows and needs nothing from outside.

Its size is bounded whatever the collection: so many groups, clusters' sheets and failures are shown, so many bytes of
thumbnails, and the page says what it leaves out and which file has it.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from worker.engine.groups import Group, Member
from worker.engine.keepers import describe_order
from worker.engine.report.model import Cluster, Report
from worker.engine.report.plots import DARK, LIGHT, elbow_png, silhouette_png
from worker.engine.report.summary import reasons, sampling
from worker.engine.report.wording import number_of, origin_of, show, size

Thumbnail = Callable[[str], bytes | None]  # path -> JPEG, None where there is none

GROUPS: Final = 150
MEMBERS: Final = 8  # of a group
SHEETS: Final = 480  # thumbnails on the clusters' sheets together
SHEET_LEAST: Final = 3  # on each sheet
CLUSTERS: Final = 100
FAILURES: Final = 300
REASONS: Final = 50
REASON_LENGTH: Final = 300
THUMBNAIL_BYTES: Final = 14_000_000  # of data URIs; the page stays below 20 MB with everything else
GROUP_SHARE: Final = 0.6  # of those bytes, for the groups


@dataclass(frozen=True, slots=True)
class Tile:
    """A file on the page. source: data URI, "" where there is no thumbnail."""

    name: str
    source: str
    facts: str
    keeper: bool = False
    kind: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GroupView:
    """A duplicate group on the page."""

    number: int
    saving: str
    tiles: tuple[Tile, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster on the page, with its contact sheet."""

    cluster: Cluster
    share: float
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


def render_page(report: Report, thumbnail: Thumbnail) -> str:
    """The page as HTML. thumbnail: asked at most once per picture. Names are escaped; no script runs on it."""
    environment = Environment(
        loader=PackageLoader("worker.engine.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"show": show, "size": size, "breakable": _breakable}
    album = Album(thumbnail)
    album.allow(THUMBNAIL_BYTES * GROUP_SHARE)
    groups = [_group(group, album) for group in report.groups[:GROUPS]]
    groups_cut, album.cut = album.cut, False
    album.allow(THUMBNAIL_BYTES * (1 - GROUP_SHARE))
    clusters = _clusters(report, album)
    counted = reasons(report.failures)
    return environment.get_template("report.html").render(
        report=report,
        totals=report.totals,
        meta=report.meta,
        thresholds=origin_of(report.meta.thresholds),
        keeper_order=describe_order(report.meta.keeper_order, report.meta.keeper_folders),
        choice=report.clustering.choice,
        geometry=report.clustering.geometry,
        sampling=sampling(report),
        number_of=number_of,
        groups=groups,
        groups_hidden=max(len(report.groups) - GROUPS, 0),
        clusters=clusters,
        clusters_hidden=max(len(report.clusters) - CLUSTERS, 0),
        thumbnails_cut=groups_cut or album.cut,
        reasons=[(show(reason, REASON_LENGTH), count) for reason, count in counted[:REASONS]],
        failures=[(show(file.path), show(file.reason, REASON_LENGTH)) for file in report.failures[:FAILURES]],
        failures_hidden=max(len(report.failures) - FAILURES, 0),
        curves=_curves(report),
    )


def _breakable(name: str) -> Markup:
    """The name as HTML that may break after each separator."""
    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[/_])", name))


def _curves(report: Report) -> list[dict[str, Any]]:
    choice = report.clustering.choice
    return [
        {"alt": alt, "light": _png(draw(choice, LIGHT)), "dark": _png(draw(choice, DARK))}
        for alt, draw in (("Inertia over k", elbow_png), ("Mean silhouette over k", silhouette_png))
    ]


def _png(picture: bytes) -> str:
    return f"data:image/png;base64,{b64encode(picture).decode()}"


def _group(group: Group, album: Album) -> GroupView:
    tiles = [_tile(group.keeper, album, keeper=True)]
    tiles += [
        _tile(file.member, album, kind=str(file.kind), reason=file.reason) for file in group.duplicates[: MEMBERS - 1]
    ]
    hidden = 1 + len(group.duplicates) - len(tiles)
    return GroupView(group.number, size(group.bytes_to_free), tuple(tiles), hidden)


def _clusters(report: Report, album: Album) -> list[ClusterView]:
    """Sheets filled in turn, so that what is cut is cut everywhere: the files farthest from the centroids."""
    shown: Sequence[Cluster] = sorted(report.clusters, key=lambda cluster: (-cluster.images, cluster.number))[:CLUSTERS]
    each = max(SHEET_LEAST, SHEETS // max(len(shown), 1))
    tiles: dict[int, list[Tile]] = {cluster.number: [] for cluster in shown}
    for place in range(each):
        for cluster in shown:
            if place < len(cluster.nearest):
                tiles[cluster.number].append(_tile(cluster.nearest[place], album))
    total = max(report.totals.images, 1)
    return [
        ClusterView(cluster, 100 * cluster.images / total, size(cluster.bytes_to_free), tuple(tiles[cluster.number]))
        for cluster in shown
    ]


def _tile(member: Member, album: Album, keeper: bool = False, kind: str = "", reason: str = "") -> Tile:
    facts = f"{member.width} × {member.height} · {size(member.bytes)}"
    return Tile(show(member.path), album.source(member), facts, keeper, kind, reason)
