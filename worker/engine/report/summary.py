"""The summary of a report: as data (summary.json) and as text (summary.txt)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from tabulate import tabulate

from worker.engine.report.model import Cluster, Failure, Report
from worker.engine.report.wording import number_of, origin_of, show, size

GENERATIONS: Final = 30  # newest ones of the history, which the summary lists
REASONS: Final = 20  # most frequent reasons for a failure, which the summary lists


def summary(report: Report) -> dict[str, Any]:
    """What summary.json holds: JSON values only.

    `failures`: files per reason, for the most frequent reasons. `history`: newest first, this generation included.
    """
    totals, clustering, choice = report.totals, report.clustering, report.clustering.choice
    extractor = report.meta.extractor
    return {
        "generation": report.meta.generation,
        "created": report.meta.created,
        "folder": report.meta.folder,
        "counts": {
            "images": totals.images,
            "distinct": totals.distinct,
            "duplicates": totals.duplicates,
            "groups": totals.groups,
            "failed": totals.failed,
            "waiting": totals.waiting,
            "clusters": totals.clusters,
        },
        "bytes": totals.bytes,
        "bytes_to_free": totals.bytes_to_free,
        "k": choice.k,
        "choice": {
            "reason": choice.reason,
            "structured": choice.structured,
            "elbow": choice.elbow,
            "silhouette": choice.best,
            "agree": choice.agree,
            "mean_silhouette": choice.silhouette,
            "without_structure": choice.reference,
            "strength": choice.strength,
            "sampled": clustering.sampled,
            "sample": clustering.sample,
            "swept": clustering.swept,
            "margin": clustering.margin,
            "inertias": list(choice.inertias),
            "silhouettes": list(choice.silhouettes),
        },
        "geometry": clustering.geometry,
        "extractor": {
            "id": extractor.id,
            "label": extractor.label,
            "weights": extractor.weights,
            "warning": extractor.warning,
        },
        "thresholds": dict(report.meta.thresholds),
        "keeper_order": list(report.meta.keeper_order),
        "preferred_folders": list(report.meta.keeper_folders.prefer),
        "protected_folders": list(report.meta.keeper_folders.protect),
        "seconds": dict(report.meta.seconds),
        "clusters": [_cluster_values(cluster) for cluster in report.clusters],
        "failures": dict(reasons(report.failures)[:REASONS]),
        "history": [asdict(snapshot) for snapshot in report.history[: -GENERATIONS - 1 : -1]],
    }


def _cluster_values(cluster: Cluster) -> dict[str, Any]:
    return {
        "number": cluster.number,
        "images": cluster.images,
        "distinct": cluster.distinct,
        "reduction": cluster.reduction,
        "duplicates": cluster.duplicates,
        "bytes_to_free": cluster.bytes_to_free,
        "silhouette": cluster.silhouette,
    }


def reasons(failures: Iterable[Failure]) -> list[tuple[str, int]]:
    """How many files failed for each reason, most frequent first."""
    counted = Counter(failure.reason for failure in failures)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def summary_text(report: Report) -> str:
    """What summary.txt holds."""
    totals, meta, choice = report.totals, report.meta, report.clustering.choice
    paragraphs = [f"imagesieve, generation {meta.generation}, {meta.created}"]
    if meta.extractor.warning:
        paragraphs.append(f"WARNING: {meta.extractor.warning}")
    paragraphs += [
        _grid(("Collection", ""), _total_rows(report)),
        "Clusters: images that look similar. `Reduction` is the original notebook's figure,\n"
        "(images / total) * (1 - k / total) * 100: what would go if one image per cluster were kept.\n"
        "Similar is not duplicate, so nobody should."
        " The three columns after it count verified duplicates.",
        _grid(
            ("Category", "Images", "Reduction (%)", "Duplicates", "Duplicates (%)", "Can be freed", "Silhouette"),
            [*_cluster_rows(report), _total_row(report)],
        ),
        "How k was chosen",
        _grid(
            ("", "k"),
            [
                ("Elbow of the inertia", _dash(choice.elbow)),
                ("Highest silhouette", _dash(choice.best)),
                ("Chosen", str(choice.k)),
            ],
        ),
        choice.reason + sampling(report),
    ]
    if report.failures:
        counted = reasons(report.failures)
        rows = [(show(reason), f"{count:,}") for reason, count in counted[:REASONS]]
        rows += [("(other reasons)", f"{sum(count for _, count in counted[REASONS:]):,}")] if counted[REASONS:] else []
        paragraphs += [
            f"{number_of(totals.failed, 'file')} could not be read; failures.csv names each",
            _grid(("Reason", "Files"), rows),
        ]
    if meta.seconds:
        paragraphs.append(
            _grid(("Stage", "Seconds"), [(show(name), f"{value:.2f}") for name, value in meta.seconds.items()])
        )
    return "\n\n".join(paragraphs) + "\n"


def sampling(report: Report) -> str:
    """A sentence, with a blank before it, when the silhouettes are estimates; nothing otherwise."""
    clustering = report.clustering
    if not clustering.sampled:
        return ""
    margin = "" if clustering.margin is None else f", ± {clustering.margin:.3f} (95 %) at the chosen k"
    swept = ""
    if clustering.swept < len(clustering.labels):
        swept = f" Every k was tried on a sample of {clustering.swept:,} images, all that memory holds."
    return f"{swept} Silhouettes are estimated on a sample of {clustering.sample:,} images{margin}."


def _total_rows(report: Report) -> list[tuple[str, str]]:
    totals, extractor = report.totals, report.meta.extractor
    return [
        ("Images", f"{totals.images:,} ({size(totals.bytes)})"),
        ("Different images", f"{totals.distinct:,}"),
        ("Verified duplicates", f"{totals.duplicates:,} in {number_of(totals.groups, 'group')}"),
        ("Can be freed", size(totals.bytes_to_free)),
        ("Could not be read", f"{totals.failed:,}"),
        ("Waiting", f"{totals.waiting:,}"),
        ("Features", show(f"{extractor.label} ({extractor.id})")),
        ("Distance", report.clustering.geometry),
        *([("Thresholds", show(origin))] if (origin := origin_of(report.meta.thresholds)) else []),
    ]


def _cluster_rows(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            f"Cluster_{cluster.number}",
            f"{cluster.images:,}",
            f"{cluster.reduction:.2f}",
            f"{cluster.duplicates:,}",
            f"{100 * cluster.duplicates / max(report.totals.images, 1):.2f}",
            size(cluster.bytes_to_free),
            "" if cluster.silhouette is None else f"{cluster.silhouette:.3f}",
        )
        for cluster in report.clusters
    ]


def _total_row(report: Report) -> tuple[str, ...]:
    totals, mean = report.totals, report.clustering.choice.silhouette
    return (
        "Total",
        f"{totals.images:,}",
        f"{sum(cluster.reduction for cluster in report.clusters):.2f}",
        f"{totals.duplicates:,}",
        f"{100 * totals.duplicates / max(totals.images, 1):.2f}",
        size(totals.bytes_to_free),
        "" if mean is None else f"{mean:.3f}",
    )


def _dash(k: int | None) -> str:
    return "-" if k is None else str(k)


def _grid(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    align = ("left", *["right"] * (len(headers) - 1)) if len(headers) > 2 else ("left", "left")
    return tabulate(rows, headers=headers, tablefmt="grid", colalign=align if rows else None, disable_numparse=True)
