"""The duplicates that a report names, read back from its tables."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.errors import PermanentError
from shared.records import Kind


@dataclass(frozen=True, slots=True)
class ReportedDuplicate:
    """A file that can go, and the keeper that stays for it. Paths are relative to the watched folder.

    digest, keeper_digest: SHA-256 of the files' bytes when the report was made. frees: bytes that
    its going would free by the report's rule (worker.engine.groups.groups.count_savings); may_free: if it is proved to
    lose nothing.
    """

    group: int
    path: str
    digest: str
    bytes: int
    kind: Kind
    similarity: float
    keeper: str
    keeper_digest: str
    frees: int = 0
    may_free: int = 0


def read_duplicates(folder: Path) -> list[ReportedDuplicate]:
    """The duplicates of the report in `folder`, in its order. Raises PermanentError where it cannot be read."""
    try:
        digests = {_path(row["path"]): row["digest"] for row in _rows(folder / "assignments.csv")}
        keepers, found = {}, []
        for row in _rows(folder / "duplicates.csv"):
            path = _path(row["path"])
            if row["role"] == "keeper":
                keepers[row["group"]] = path
                continue
            keeper = keepers[row["group"]]
            found.append(
                ReportedDuplicate(
                    int(row["group"]), path, digests[path], int(row["bytes"]), Kind(row["kind"]),
                    float(row["similarity"]),
                    keeper, digests[keeper], int(row.get("frees") or 0), int(row.get("may_free") or 0),
                )
            )  # fmt: skip
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
        raise PermanentError(
            f"the tables of the report in {folder} cannot be read ({error!r}); make a new one with "
            "`imagesieve recluster --force --wait`"
        ) from error
    return found


def _rows(file: Path) -> Iterator[dict[str, str]]:
    # Bytes of a name that are not UTF-8 become lone surrogates, as everywhere in imagesieve.
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        yield from csv.DictReader(lines)


def _path(cell: str) -> str:
    """`./` stands before names that a spreadsheet would take for a formula; no path begins so by itself."""
    return cell.removeprefix("./")
