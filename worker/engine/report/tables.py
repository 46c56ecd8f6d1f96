"""The CSV files of a report."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from pathlib import Path
from typing import Final

from shared.acting.duplicates import FORMULA_STARTS
from shared.records import Kind
from shared.records.passed_over import Passed
from worker.engine.clusters.naming import NAMELESS, Names
from worker.engine.groups.groups import EXACT_SIMILARITY, Duplicate, Group
from worker.engine.groups.variants import Variant
from worker.engine.report.model import Failure
from worker.engine.report.placement import Assignment, ByBytes, Change

ASSIGNMENTS: Final = (
    "path", "digest", "cluster", "distance", "silhouette", "verdict", "duplicate_of", "variant_of", "bytes",
    "subcluster", "cluster_name", "subcluster_name",
)  # fmt: skip
DUPLICATES: Final = (
    "group",
    "path",
    "role",
    "kind",
    "similarity",
    "bytes",
    "frees",
    "may_free",
    "companions",
    "kept_by",
    "keeper_rule",
    "reason",
)
VARIANTS: Final = ("path", "variant_of", "similarity", "share", "reason")
OUTLIERS: Final = ("path", "cluster", "distance")
CHANGES: Final = ("path", "from", "to")
FAILURES: Final = ("path", "reason")
PASSED_OVER: Final = ("path", "suffix", "bytes", "reason")


def path_cell(path: str) -> str:
    """A path as it stands in a CSV file.

    A name that a spreadsheet would take for a formula gets `./` in front: the same file for every program that opens
    it, below the watched folder, and plain text for a spreadsheet. All other paths stand as they are.
    """
    return f"./{path}" if path.startswith(FORMULA_STARTS) else path


def text_cell(text: str) -> str:
    """Free text as it stands in a CSV file: an apostrophe in front of what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def assignment_rows(
    assignments: Iterable[Assignment], names: Names = NAMELESS, by_bytes: Iterable[ByBytes] = ()
) -> Iterator[Sequence[str]]:
    """Rows of assignments.csv, a row per file; all are sorted by path, as the two parts of them are.

    names: of the clusters. by_bytes: files that are in none.
    """
    rows: Iterable[Assignment | ByBytes] = merge(assignments, by_bytes, key=lambda row: row.member.path)
    for row in rows:
        path, verdict = path_cell(row.member.path), (row.verdict, path_cell(row.duplicate_of))
        if isinstance(row, ByBytes):
            yield (path, row.member.digest, "", "", "", *verdict, "", str(row.member.bytes), "", "", "")
            continue
        finer = row.subcluster
        yield (
            path,
            row.member.digest,
            str(row.cluster),
            f"{row.distance:.6f}",
            "" if row.silhouette is None else f"{row.silhouette:.6f}",
            *verdict,
            path_cell(row.variant_of),
            str(row.member.bytes),
            "" if finer is None else str(finer),
            text_cell(names.of(row.cluster)),
            "" if finer is None else text_cell(names.of_finer(row.cluster, finer)),
        )


def duplicate_rows(groups: Iterable[Group]) -> Iterator[Sequence[str]]:
    """Rows of duplicates.csv: of each group the keeper, which is exactly like itself, then its duplicates.

    Companions are names in the folder of their picture, parted by `/`, which no name holds. Then come the number of the
    decision by which a duplicate stays, what made the keeper the keeper, and why a duplicate is one, in words.
    """
    for group in groups:
        number = str(group.number)
        itself = Duplicate(group.keeper, Kind.EXACT, EXACT_SIMILARITY, companions=group.companions)
        for role, file in [("keeper", itself), *(("duplicate", duplicate) for duplicate in group.duplicates)]:
            path, similarity = path_cell(file.member.path), f"{file.similarity:.4f}"
            sizes = (str(file.member.bytes), str(file.frees), str(file.may_free))
            companions, kept = path_cell("/".join(file.companions)), str(file.kept_by) if file.kept_by else ""
            rule = group.rule if role == "keeper" else ""
            reason = "" if file is itself else text_cell(file.reason)
            yield (number, path, role, str(file.kind), similarity, *sizes, companions, kept, rule, reason)


def variant_rows(variants: Iterable[Variant]) -> Iterator[Sequence[str]]:
    """Rows of variants.csv."""
    for variant in variants:
        paths = path_cell(variant.member.path), path_cell(variant.of.path)
        yield (*paths, f"{variant.similarity:.4f}", f"{variant.share:.4f}", text_cell(variant.reason))


def outlier_rows(outliers: Iterable[Assignment]) -> Iterator[Sequence[str]]:
    """Rows of outliers.csv."""
    for outlier in outliers:
        yield (path_cell(outlier.member.path), str(outlier.cluster), f"{outlier.distance:.6f}")


def change_rows(changes: Iterable[Change]) -> Iterator[Sequence[str]]:
    """Rows of changes.csv."""
    for change in changes:
        yield (path_cell(change.path), str(change.before), str(change.after))


def failure_rows(failures: Iterable[Failure]) -> Iterator[Sequence[str]]:
    """Rows of failures.csv."""
    for failure in failures:
        yield (path_cell(failure.path), text_cell(failure.reason))


def passed_rows(passed: Iterable[Passed]) -> Iterator[Sequence[str]]:
    """Rows of passed-over.csv. A folder that is passed over with all that is in it ends in `/`."""
    for one in passed:
        yield (path_cell(one.path), text_cell(one.suffix), str(one.bytes), one.why)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write UTF-8 with line feeds; bytes of a name that are not UTF-8 are written as they are (surrogateescape)."""
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        plain = csv.writer(file, lineterminator="\n")
        quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        plain.writerow(header)
        for row in rows:
            # The plain writer leaves a carriage return unquoted, and a reader would end the row there.
            (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
