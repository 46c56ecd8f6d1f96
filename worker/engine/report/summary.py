"""summary.json: the summary of a report as data, and the counts and sentences that page and text share."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from shared.records.passed_over import PassedOver
from worker.engine.groups.groups import Group
from worker.engine.report.clusters import Cluster
from worker.engine.report.model import Failure, Report

GROUPS_LISTED: Final = 5  # largest ones, which the summary lists
GENERATIONS_LISTED: Final = 30  # newest ones of the history, which the summary lists
KINDS_LISTED: Final = 100  # largest ones of what was passed over, which the summary lists
REASONS_LISTED: Final = 20  # most frequent reasons for a failure, which the summary lists


def summary(report: Report) -> dict[str, Any]:
    """What summary.json holds: JSON values only.

    `unnamed`: why no cluster has a name, "" where they could have one. `failures`: files per reason, for the most
    frequent reasons. `passed_over`: files, bytes, and of each kind its suffix or reason, files and bytes.
    `by_bytes`: files that are compared by their bytes alone, which no other count has but `groups` and what can be
    freed. `to_free`, `to_prove`: files and bytes that `duplicates apply` takes, and that it takes if they lose nothing.
    `kinds`: duplicates by kind. `largest_groups`: those that free most. `keeper_rules`: groups by what decided who
    stays. `history`: newest first, this generation included.
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
            "variants": totals.variants,
            "outliers": len(report.outliers),
            "changed": len(report.changes),
        },
        "by_bytes": {
            "files": totals.by_bytes,
            "duplicates": totals.by_bytes_duplicates,
            "bytes": totals.by_bytes_size,
        },
        "bytes": totals.bytes,
        "bytes_to_free": totals.bytes_to_free,
        "bytes_to_prove": totals.bytes_to_prove,
        "to_free": _amount(one.frees for group in report.groups for one in group.duplicates),
        "to_prove": _amount(one.may_free for group in report.groups for one in group.duplicates),
        "kinds": dict(Counter(str(one.kind) for group in report.groups for one in group.duplicates)),
        "largest_groups": [_group_values(group) for group in report.groups[:GROUPS_LISTED]],
        "k": choice.k,
        "k_asked": report.meta.k_asked,
        "k_wished": report.meta.k_wished,
        "decisions": report.meta.decisions,
        "choice": {
            "reason": choice.reason,
            "structured": choice.structured,
            "trust": str(choice.trust),
            "elbow": choice.elbow,
            "silhouette": choice.best,
            "agree": choice.agree,
            "mean_silhouette": choice.silhouette,
            "without_structure": choice.reference,
            "strength": choice.strength,
            "stability": choice.stability,
            "at_edge": choice.at_edge,
            "fixed": choice.fixed,
            "sampled": clustering.sampled,
            "sample": clustering.sample,
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
        "keeper_formats": list(report.meta.keeper_formats),
        "keeper_rules": dict(Counter(group.rule for group in report.groups if group.rule).most_common()),
        "preferred_folders": list(report.meta.keeper_folders.prefer),
        "protected_folders": list(report.meta.keeper_folders.protect),
        "warnings": list(report.meta.warnings),
        "seconds": dict(report.meta.seconds),
        "tally": dict(report.meta.tally),
        "unnamed": report.meta.names.why_not,
        "clusters": [_cluster_values(cluster) for cluster in report.clusters],
        "passed_over": _passed_values(report.meta.passed_over),
        "failures": dict(reasons(report.failures)[:REASONS_LISTED]),
        "history": [asdict(snapshot) for snapshot in report.history[: -GENERATIONS_LISTED - 1 : -1]],
    }


def _amount(sizes: Iterable[int]) -> dict[str, int]:
    counted = [size for size in sizes if size]
    return {"files": len(counted), "bytes": sum(counted)}


def _group_values(group: Group) -> dict[str, Any]:
    return {
        "number": group.number,
        "keeper": group.keeper.path,
        "duplicates": len(group.duplicates),
        "bytes_to_free": group.bytes_to_free,
        "bytes_to_prove": group.bytes_to_prove,
    }


def _passed_values(passed: PassedOver) -> dict[str, Any]:
    return {**passed.total._asdict(), "kinds": [[name, *amount] for name, amount in passed.ranked[:KINDS_LISTED]]}


def _cluster_values(cluster: Cluster) -> dict[str, Any]:
    return {
        "number": cluster.number,
        "name": cluster.name,
        "images": cluster.images,
        "distinct": cluster.distinct,
        "reduction": cluster.reduction,
        "duplicates": cluster.duplicates,
        "bytes_to_free": cluster.bytes_to_free,
        "silhouette": cluster.silhouette,
        "reach": cluster.reach,
        "subclusters": [{"number": one.number, "name": one.name, "images": one.images} for one in cluster.subclusters],
    }


def reasons(failures: Iterable[Failure]) -> list[tuple[str, int]]:
    """How many files failed for each reason, most frequent first."""
    counted = Counter(failure.reason for failure in failures)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def naming(report: Report) -> str:
    """A sentence about the names of clusters; nothing where there are no clusters."""
    if not report.clusters:
        return ""
    if report.meta.names.why_not:
        return f"Clusters have no names: {report.meta.names.why_not}."
    if not any(cluster.name for cluster in report.clusters):
        return "Clusters have no names: the network sees nothing in any of them that it does not see in all."
    return "Names are what the network sees more of in a cluster than in all others; they are guesses."


def sampling(report: Report) -> str:
    """A sentence, with a blank before it, when the curves are estimates; nothing otherwise."""
    clustering = report.clustering
    if not clustering.sampled:
        return ""
    margin = "" if clustering.margin is None else f" (silhouette ± {clustering.margin:.3f}, 95 %)"
    return f" Every k was tried on a sample of {clustering.sample:,} images{margin}."
