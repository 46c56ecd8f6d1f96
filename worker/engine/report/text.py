"""summary.txt: what `imagesieve report` prints, in lines that a terminal of 80 columns shows whole."""

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
GROUPS_NAMED: Final = 5  # largest ones, which are named
DUPLICATES_NAMED: Final = 5  # of each of them
VALUE_WIDTH: Final = 53  # columns of a value beside its label
KINDS_SHOWN: Final = 12  # of what was passed over
REASON: Final = 64  # columns of the reason for a failure
REDUCTION: Final = (
    "Reduction is the original notebook's (images / total) * (1 - k / total) * 100: how much smaller the collection "
    "would be if one image per cluster were kept; similar is not duplicate, so only Duplicates and Frees, which were "
    "verified, say what can go."
)


def summary_text(report: Report) -> str:
    """What summary.txt holds."""
    meta = report.meta
    paragraphs = [_wrapped(f"imagesieve, generation {show(meta.generation)}, {meta.created}")]
    if meta.extractor.warning:
        paragraphs.append(_wrapped(f"WARNING: {show(meta.extractor.warning, 600)}"))
    paragraphs += [_wrapped(f"WARNING: {show(sentence, 600)}") for sentence in meta.warnings]
    paragraphs += [
        _grid(("Collection", ""), _total_rows(report)),
        *_largest_groups(report),
        *_choice(report),
        "Clusters: the reduction if one image per cluster were kept; Silh.: silhouette",
        _grid(
            ("Category", "Images", "Reduction (%)", "Duplicates", "Frees", "Silh."),
            [*_cluster_rows(report), _total_row(report)],
        ),
        _wrapped(REDUCTION),
        *_names(report),
        *_failures(report),
        *_passed_over(report),
    ]
    if meta.seconds:
        stages = ", ".join(f"{show(name)} {value:.2f}" for name, value in meta.seconds.items())
        paragraphs.append(fit(f"Seconds: {stages}", WIDTH))
    return "\n\n".join(paragraphs) + "\n"


def _total_rows(report: Report) -> list[tuple[str, str]]:
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
    return [(name, fit(value, VALUE_WIDTH)) for name, value in rows if value]


def _largest_groups(report: Report) -> Iterator[str]:
    if not report.groups:
        yield "Duplicates: none; every image differs from all others"
        return
    shown = report.groups[:GROUPS_NAMED]
    which = f", the {len(shown)} largest" if len(report.groups) > len(shown) else ""
    yield f"Duplicates: {number_of(len(report.groups), 'group')}{which}"
    for group in shown:
        yield "\n".join(_group(group))
    yield "all: imagesieve duplicates list"


def _group(group: Group) -> Iterator[str]:
    yield f"Group {group.number} frees {saving(group.bytes_to_free, group.bytes_to_prove)}"
    yield f"  {'keeper':<10} {fit(group.keeper.path, WIDTH - 13)}"
    if group.rule:
        yield f"  {'':<10} kept: {word_rule(group.rule)}"
    yield from _beside(group.companions, group.companion_bytes)
    for duplicate in group.duplicates[:DUPLICATES_NAMED]:
        yield f"  {duplicate.kind:<10} {fit(duplicate.member.path, WIDTH - 13)}"
        yield f"  {'':<10} {fit(f'{size_of(duplicate.member.bytes)}: {duplicate.why}', WIDTH - 13)}"
        yield from _beside(duplicate.companions, duplicate.companion_bytes)
    if len(group.duplicates) > DUPLICATES_NAMED:
        yield f"  and {number_of(len(group.duplicates) - DUPLICATES_NAMED, 'more', 'more')}"


def _beside(names: Sequence[str], size: int) -> Iterator[str]:
    if names:
        yield f"  {'':<10} {beside(names, size, WIDTH - 13)}"


def _choice(report: Report) -> Iterator[str]:
    choice = report.clustering.choice
    yield "How k was chosen"
    yield _grid(
        ("", "k"),
        [
            ("Elbow of the inertia", _dash(choice.elbow)),
            ("Highest silhouette", _dash(choice.best)),
            ("Chosen", str(choice.k)),
            ("Trust", str(choice.trust)),
        ],
    )
    yield _wrapped(choice.reason + sampling(report))


def _dash(k: int | None) -> str:
    return "-" if k is None else str(k)


def _cluster_rows(report: Report) -> list[tuple[str, ...]]:
    return [
        (
            f"Cluster_{cluster.number}",
            f"{cluster.images:,}",
            f"{cluster.reduction:.2f}",
            f"{cluster.duplicates:,}",
            size_of(cluster.bytes_to_free),
            "" if cluster.silhouette is None else f"{cluster.silhouette:.3f}",
        )
        for cluster in report.clusters
    ]


def _names(report: Report) -> Iterator[str]:
    sentence = naming(report)
    if sentence:
        named = [cluster for cluster in report.clusters if cluster.name]
        lines = [fit(f"Cluster_{one.number}: {one.name}, {number_of(one.images, 'image')}", WIDTH) for one in named]
        yield "\n".join([_wrapped(sentence), *lines])


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


def _failures(report: Report) -> Iterator[str]:
    if not report.failures:
        return
    counted = reasons(report.failures)
    rows = [(fit(reason, 3 * REASON), f"{count:,}") for reason, count in counted[:REASONS_LISTED]]
    rows += (
        [("(other reasons)", f"{sum(count for _, count in counted[REASONS_LISTED:]):,}")]
        if counted[REASONS_LISTED:]
        else []
    )
    yield f"{number_of(report.totals.failed, 'file')} could not be read; failures.csv names each"
    yield _grid(("Reason", "Files"), rows, widest=REASON)


def _by_bytes(totals: Totals) -> str:
    if not totals.by_bytes:
        return ""
    found = number_of(totals.by_bytes_duplicates, "duplicate")
    return f"{number_of(totals.by_bytes, 'file')} ({size_of(totals.by_bytes_size)}), {found}"


def _passed(passed: PassedOver) -> str:
    files, size = passed.total
    return f"{files:,} ({size_of(size)}): no pictures by their name" if files else ""


def _passed_over(report: Report) -> Iterator[str]:
    ranked = report.meta.passed_over.ranked
    if not ranked:
        return
    rows = [(show(name), f"{one.files:,}", size_of(one.bytes)) for name, one in ranked[:KINDS_SHOWN]]
    if rest := [one for _, one in ranked[KINDS_SHOWN:]]:
        files, size = sum(one.files for one in rest), sum(one.bytes for one in rest)
        rows.append(("(others)", f"{files:,}", size_of(size)))
    yield f"{number_of(report.meta.passed_over.total.files, 'file')} passed over; passed-over.csv names each"
    yield _grid(("Suffix or reason", "Files", "Bytes"), rows, widest=REASON)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH)


def _grid(headers: Sequence[str], rows: Sequence[Sequence[str]], widest: int | None = None) -> str:
    align = ("left", *["right"] * (len(headers) - 1)) if len(headers) > 2 else ("left", "left")
    return tabulate(
        rows,
        headers=headers,
        tablefmt="grid",
        colalign=align if rows else None,
        disable_numparse=True,
        maxcolwidths=[widest, *[None] * (len(headers) - 1)] if rows and widest else None,
    )
