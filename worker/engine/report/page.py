"""report.html: one page that holds everything it shows and needs nothing from outside.

Its size is bounded whatever the collection: it limits the groups, clusters' sheets and failures, and the bytes of
thumbnails, and the page says what it leaves out and which file has it. Without its script it is complete; with it the
groups can be filtered.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from shared.records import DUPLICATE_KINDS, Kind
from worker.engine.groups.keepers import describe_order
from worker.engine.report.album import (
    GROUP_SHARE,
    THUMBNAIL_BYTES,
    VARIANT_SHARE,
    Album,
    Thumbnail,
    show_clusters,
    show_groups,
    show_outliers,
    show_variants,
)
from worker.engine.report.figures import Figure, figure_of_history
from worker.engine.report.filters import FILTERS, GLOBALS
from worker.engine.report.model import Report
from worker.engine.report.summary import naming, reasons, sampling
from worker.engine.report.wording import origin_of, show, strictness_of

FAILURES_SHOWN: Final = 300
REASONS_SHOWN: Final = 50
REASON_LENGTH: Final = 300
GENERATIONS_SHOWN: Final = 12  # newest ones in the table of the history


def render_page(report: Report, figures: Sequence[Figure], thumbnail: Thumbnail) -> str:
    """The page as HTML. Names are escaped, foreign scripts never run.

    figures: those of the choice of k. thumbnail: asked at most once per picture.
    """
    return (
        _environment()
        .get_template("report.html")
        .render(
            **_own("style", "report.css"),
            **_own("script", "filter.js"),
            report=report,
            totals=report.totals,
            meta=report.meta,
            thresholds=origin_of(report.meta.thresholds),
            strictness=strictness_of(report.meta.thresholds),
            keeper_order=describe_order(report.meta.keeper_order, report.meta.keeper_folders),
            choice=report.clustering.choice,
            geometry=report.clustering.geometry,
            sampling=sampling(report),
            naming=naming(report),
            by_name=[str(kind) for kind in DUPLICATE_KINDS if not kind.is_acted_on],
            to_prove=[str(kind) for kind in Kind if kind.is_to_prove],
            **_pictures(report, Album(thumbnail)),
            figures=figures,
            timeline=figure_of_history(report),
            history=report.history[: -GENERATIONS_SHOWN - 1 : -1],
            **_failures(report),
            passed=report.meta.passed_over.total,
            passed_kinds=report.meta.passed_over.ranked[:REASONS_SHOWN],
        )
    )


def _pictures(report: Report, album: Album) -> dict[str, Any]:
    """What is shown with thumbnails: each part has a share of the bytes, and what the parts before it have left."""
    album.allow(THUMBNAIL_BYTES * GROUP_SHARE)
    groups = show_groups(report.groups, album)
    album.allow(THUMBNAIL_BYTES * VARIANT_SHARE)
    variants = show_variants(report.variants, album)
    album.allow(THUMBNAIL_BYTES * (1 - GROUP_SHARE - VARIANT_SHARE))
    outliers = show_outliers(report, album)
    clusters = show_clusters(report, album)
    counted = Counter(kind for group in groups for kind in group.kinds)
    return {
        "groups": groups,
        "groups_hidden": len(report.groups) - len(groups),
        "kinds": [(str(kind), kind.words, counted[kind]) for kind in Kind if counted[kind]],
        "variants": variants,
        "variants_hidden": len(report.variants) - len(variants),
        "outliers": outliers,
        "outliers_hidden": len(report.outliers) - len(outliers),
        "clusters": clusters,
        "clusters_hidden": len(report.clusters) - len(clusters),
        "thumbnails_cut": album.cut,
    }


def _failures(report: Report) -> dict[str, Any]:
    return {
        "reasons": [(show(reason, REASON_LENGTH), count) for reason, count in reasons(report.failures)[:REASONS_SHOWN]],
        "failures": [(show(file.path), show(file.reason, REASON_LENGTH)) for file in report.failures[:FAILURES_SHOWN]],
        "failures_hidden": max(len(report.failures) - FAILURES_SHOWN, 0),
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("worker.engine.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    environment.globals |= GLOBALS
    return environment


def _own(name: str, file: str) -> dict[str, str]:
    """A file that stands in the page as it is, and the hash by which the page's policy allows this one and no other."""
    text = files("worker.engine.report").joinpath("templates", file).read_text(encoding="utf-8")
    digest = b64encode(sha256(text.encode()).digest()).decode()
    return {name: text, f"{name}_hash": f"sha256-{digest}"}
