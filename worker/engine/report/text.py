"""summary.txt: what `imagesieve report --full` prints, in lines that a terminal of 80 columns shows whole, or 60."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from tabulate import tabulate

from shared.records.passed_over import PassedOver
from worker.engine.groups.groups import Group
from worker.engine.groups.keepers import word_rule
from worker.engine.report.model import Report, Totals
from worker.engine.report.summary import REASONS_LISTED, naming, reasons, sampling
from worker.engine.report.wording import beside, fit, number_of, origin_of, saving, show, size_of, strictness_of

WIDTH: Final = 80  # columns
NARROW: Final = 60  # of a text whose tables have no frames
GROUPS_NAMED: Final = 5  # largest ones, which are named
DUPLICATES_NAMED: Final = 5  # of each of them
BESIDE_VALUE: Final = 27  # columns of a label and what frames it
BESIDE_PATH: Final = 13  # of what stands before the path of a file
BESIDE_REASON: Final = 16  # of a count of failures and what frames it
KINDS_SHOWN: Final = 12  # of what was passed over
BESIDE_SUFFIX: Final = 30  # of two counts and what frames them
CATEGORIES: Final = ("Category", "Images", "Reduction (%)", "Duplicates", "Frees", "Silh.")
NARROW_CATEGORIES: Final = ("Cluster", "Images", "Reduc-\ntion %", "Dupli-\ncates", "Frees", "Silh.")
REDUCTION: Final = (
    "Reduction is the original notebook's (images / total) * (1 - k / total) * 100: how much smaller the collection "
    "would be if one image per cluster were kept; similar is not duplicate, so only Duplicates and Frees, which were "
    "verified, say what can go."
)


def summary_text(report: Report, width: int = WIDTH) -> str:
    """What summary.txt holds, in lines of `width` columns, 60 or more; below 80 its tables have no frames."""
    meta = report.meta
    paragraphs = [_wrapped(f"imagesieve, generation {show(meta.generation)}, {meta.created}", width)]
    if meta.extractor.warning:
        paragraphs.append(_wrapped(f"WARNING: {show(meta.extractor.warning, 600)}", width))
    paragraphs += [_wrapped(f"WARNING: {show(sentence, 600)}", width) for sentence in meta.warnings]
    paragraphs += [
        _table(("Collection", ""), _total_rows(report, width), width),
        *_largest_groups(report, width),
        *_choice(report, width),
        _wrapped("Clusters: the reduction if one image per cluster were kept; Silh.: silhouette", width),
        _table(
            CATEGORIES if width >= WIDTH else NARROW_CATEGORIES,
            [*_cluster_rows(report, "Cluster_" if width >= WIDTH else ""), _total_row(report)],
            width,
        ),
        _wrapped(REDUCTION, width),
        *_names(report, width),
        *_failures(report, width),
        *_passed_over(report, width),
    ]
    if meta.seconds:
        stages = ", ".join(f"{show(name)} {value:.2f}" for name, value in meta.seconds.items())
        paragraphs.append(fit(f"Seconds: {stages}", width))
    return "\n\n".join(paragraphs) + "\n"


def _total_rows(report: Report, width: int) -> list[tuple[str, str]]:
    totals, meta = report.totals, report.meta
    rows = [
        ("Images", f"{totals.images:,} ({size_of(totals.bytes)})"),
        ("Different images", f"{totals.distinct:,}"),
        ("Verified duplicates", f"{totals.duplicates:,} in {number_of(totals.groups, 'group')}"),
        ("Compared by bytes", _by_bytes(totals)),
        ("Variants", f"{totals.variants:,} that differ in a place: no duplicates" if totals.variants else "0"),
        ("Can be freed", saving(totals.bytes_to_free, totals.bytes_to_prove)),
        ("Could not be read", f"{totals.failed:,}"),
        ("Passed over", _passed(report.meta.passed_over)),
        ("Waiting", f"{totals.waiting:,}"),
        ("Folder", meta.folder),
        ("Features", f"{meta.extractor.label} ({meta.extractor.id})"),
        ("Distance", report.clustering.geometry),
        ("Thresholds", origin_of(meta.thresholds)),
        ("Near", strictness_of(meta.thresholds)),
    ]
    return [(name, fit(value, width - BESIDE_VALUE)) for name, value in rows if value]


def _largest_groups(report: Report, width: int) -> Iterator[str]:
    if not report.groups:
        yield "Duplicates: none; every image differs from all others"
        return
    shown = report.groups[:GROUPS_NAMED]
    which = f", the {len(shown)} largest" if len(report.groups) > len(shown) else ""
    yield f"Duplicates: {number_of(len(report.groups), 'group')}{which}"
    for group in shown:
        yield "\n".join(_group(group, width - BESIDE_PATH))
    yield "all: imagesieve duplicates list"


def _group(group: Group, room: int) -> Iterator[str]:
    yield f"Group {group.number} frees {saving(group.bytes_to_free, group.bytes_to_prove)}"
    yield f"  {'keeper':<10} {fit(group.keeper.path, room)}"
    if group.rule:
        yield f"  {'':<10} kept: {word_rule(group.rule)}"
    yield from _beside(group.companions, group.companion_bytes, room)
    for duplicate in group.duplicates[:DUPLICATES_NAMED]:
        yield f"  {duplicate.kind:<10} {fit(duplicate.member.path, room)}"
        yield f"  {'':<10} {fit(f'{size_of(duplicate.member.bytes)}: {duplicate.why}', room)}"
        yield from _beside(duplicate.companions, duplicate.companion_bytes, room)
    if len(group.duplicates) > DUPLICATES_NAMED:
        yield f"  and {number_of(len(group.duplicates) - DUPLICATES_NAMED, 'more', 'more')}"


def _beside(names: Sequence[str], size: int, room: int) -> Iterator[str]:
    if names:
        yield f"  {'':<10} {beside(names, size, room)}"


def _choice(report: Report, width: int) -> Iterator[str]:
    choice = report.clustering.choice
    yield "How k was chosen"
    yield _table(
        ("", "k"),
        [
            ("Elbow of the inertia", _dash(choice.elbow)),
            ("Highest silhouette", _dash(choice.best)),
            ("Chosen", str(choice.k)),
            ("Trust", str(choice.trust)),
        ],
        width,
    )
    yield _wrapped(choice.reason + sampling(report), width)


def _dash(k: int | None) -> str:
    return "-" if k is None else str(k)


def _cluster_rows(report: Report, prefix: str) -> list[tuple[str, ...]]:
    return [
        (
            f"{prefix}{cluster.number}",
            f"{cluster.images:,}",
            f"{cluster.reduction:.2f}",
            f"{cluster.duplicates:,}",
            size_of(cluster.bytes_to_free),
            "" if cluster.silhouette is None else f"{cluster.silhouette:.3f}",
        )
        for cluster in report.clusters
    ]


def _names(report: Report, width: int) -> Iterator[str]:
    sentence = naming(report)
    if sentence:
        named = [cluster for cluster in report.clusters if cluster.name]
        lines = [fit(f"Cluster_{one.number}: {one.name}, {number_of(one.images, 'image')}", width) for one in named]
        yield "\n".join([_wrapped(sentence, width), *lines])


def _total_row(report: Report) -> tuple[str, ...]:
    totals, mean = report.totals, report.clustering.choice.silhouette
    return (
        "Total",
        f"{totals.images:,}",
        f"{sum(cluster.reduction for cluster in report.clusters):.2f}",
        f"{totals.duplicates:,}",
        size_of(totals.bytes_to_free),
        "" if mean is None else f"{mean:.3f}",
    )


def _failures(report: Report, width: int) -> Iterator[str]:
    if not report.failures:
        return
    counted, room = reasons(report.failures), width - BESIDE_REASON
    rows = [(fit(reason, 3 * room), f"{count:,}") for reason, count in counted[:REASONS_LISTED]]
    rows += (
        [("(other reasons)", f"{sum(count for _, count in counted[REASONS_LISTED:]):,}")]
        if counted[REASONS_LISTED:]
        else []
    )
    yield f"{number_of(report.totals.failed, 'file')} could not be read; failures.csv names each"
    yield _table(("Reason", "Files"), rows, width, widest=room)


def _by_bytes(totals: Totals) -> str:
    if not totals.by_bytes:
        return ""
    found = number_of(totals.by_bytes_duplicates, "duplicate")
    return f"{number_of(totals.by_bytes, 'file')} ({size_of(totals.by_bytes_size)}), {found}"


def _passed(passed: PassedOver) -> str:
    files, size = passed.total
    return f"{files:,} ({size_of(size)}): not pictures by their names" if files else ""


def _passed_over(report: Report, width: int) -> Iterator[str]:
    ranked = report.meta.passed_over.ranked
    if not ranked:
        return
    rows = [(show(name), f"{one.files:,}", size_of(one.bytes)) for name, one in ranked[:KINDS_SHOWN]]
    if rest := [one for _, one in ranked[KINDS_SHOWN:]]:
        files, size = sum(one.files for one in rest), sum(one.bytes for one in rest)
        rows.append(("(others)", f"{files:,}", size_of(size)))
    yield f"{number_of(report.meta.passed_over.total.files, 'file')} passed over; passed-over.csv names each"
    yield _table(("Suffix or reason", "Files", "Bytes"), rows, width, widest=width - BESIDE_SUFFIX)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width)


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int, widest: int | None = None) -> str:
    align = ("left", *["right"] * (len(headers) - 1)) if len(headers) > 2 else ("left", "left")
    return tabulate(
        rows,
        headers=headers,
        tablefmt="grid" if width >= WIDTH else "simple",
        colalign=align if rows else None,
        disable_numparse=True,
        maxcolwidths=[widest, *[None] * (len(headers) - 1)] if rows and widest else None,
    )
