"""Where the newest complete report is, for those who show it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import PermanentError
from shared.permission import why_not
from shared.settings import Settings

LATEST = "latest"
WIDTH = 80  # columns of summary.txt


@dataclass(frozen=True)
class ReportFolder:
    """The folder of one report."""

    folder: Path

    @property
    def page(self) -> Path:
        """The page for people."""
        return self.folder / "report.html"

    def text(self, columns: int = WIDTH) -> str:
        """The tables, for a terminal of so many columns. A report of an earlier version has them in 80 alone."""
        narrow = self.folder / "summary-narrow.txt"
        file = narrow if columns < WIDTH and narrow.exists() else self.folder / "summary.txt"
        return file.read_text(errors="surrogateescape")

    def summary(self) -> dict[str, Any]:
        """summary.json. Raises PermanentError where it cannot be read."""
        try:
            return {**json.loads((self.folder / "summary.json").read_text())}
        except (OSError, ValueError, TypeError) as error:
            raise PermanentError(
                f"summary.json of the report in {self.folder} cannot be read ({error!r}); make a new one with "
                "`imagesieve recluster --force --wait`"
            ) from error


def latest_report(settings: Settings) -> ReportFolder:
    """The newest complete report. Raises PermanentError when there is none yet, or it may not be read."""
    latest = settings.reports_dir / LATEST
    try:
        (latest / "summary.json").stat()
    except (FileNotFoundError, NotADirectoryError):
        raise PermanentError(
            f"there is no report in {settings.reports_dir} yet: the first one follows the first recluster run; "
            "ask for it with `imagesieve recluster --wait`, or name another collection with --collection or --state"
        ) from None
    except OSError as error:
        raise PermanentError(f"the report in {latest} cannot be read: {why_not(error)}") from error
    return ReportFolder(latest.resolve())
