"""Writes the files of a report."""

import json
from collections.abc import Iterable
from pathlib import Path

from shared.records.passed_over import Passed
from worker.engine.report import tables
from worker.engine.report.album import Thumbnail
from worker.engine.report.figures import figures_of_choice
from worker.engine.report.model import Report
from worker.engine.report.page import render_page
from worker.engine.report.summary import summary
from worker.engine.report.text import NARROW, summary_text


def write_report(folder: Path, report: Report, thumbnail: Thumbnail, passed: Iterable[Passed] = ()) -> None:
    """Write every file of the report into `folder`, which exists.

    thumbnail: path of a file -> a small JPEG of it, None where there is none; asked for a bounded number of files.
    passed: every file that was passed over, which may be more than memory holds.
    What is in `folder` counts only once this has returned: write into a new folder, then rename it. Raises OSError.
    """
    assigned = tables.assignment_rows(report.assignments, report.meta.names, report.by_bytes)
    tables.write_csv(folder / "assignments.csv", tables.ASSIGNMENTS, assigned)
    tables.write_csv(folder / "duplicates.csv", tables.DUPLICATES, tables.duplicate_rows(report.groups))
    tables.write_csv(folder / "variants.csv", tables.VARIANTS, tables.variant_rows(report.variants))
    tables.write_csv(folder / "outliers.csv", tables.OUTLIERS, tables.outlier_rows(report.outliers))
    tables.write_csv(folder / "changes.csv", tables.CHANGES, tables.change_rows(report.changes))
    tables.write_csv(folder / "failures.csv", tables.FAILURES, tables.failure_rows(report.failures))
    tables.write_csv(folder / "passed-over.csv", tables.PASSED_OVER, tables.passed_rows(passed))
    data = json.dumps(summary(report), indent=2, allow_nan=False)
    (folder / "summary.json").write_text(data + "\n", encoding="utf-8")
    (folder / "summary.txt").write_text(summary_text(report), encoding="utf-8")
    (folder / "summary-narrow.txt").write_text(summary_text(report, NARROW), encoding="utf-8")
    figures = elbow, silhouette, *_ = figures_of_choice(report)
    (folder / "elbow.png").write_bytes(elbow.light)
    (folder / "silhouette.png").write_bytes(silhouette.light)
    (folder / "report.html").write_text(render_page(report, figures, thumbnail), encoding="utf-8")
