"""The duplicates and variants that a report names, read back from its tables."""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import PermanentError
from shared.records import Kind

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet computes
_Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class ReportedDuplicate:
    """A file that can go, and the keeper that stays for it. Paths are relative to the watched folder.

    A variant, which goes where it is asked for by name, is in no group (0), and its keeper is what it is a variant of.

    digest, keeper_digest: SHA-256 of the files' bytes when the report was made. frees: bytes that
    its going would free by the report's rule (worker.engine.groups.savings.count_savings); may_free: if it is proved to
    lose nothing. companions: names of the files beside it that went with it when the report was made. kept_by: the
    decision by which it stayed then, 0 without one. reason: in words; "" where an earlier version did not say.
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
    companions: tuple[str, ...] = ()
    keeper_bytes: int = 0
    kept_by: int = 0
    reason: str = ""


def read_duplicates(folder: Path, named: Collection[Kind] = ()) -> list[ReportedDuplicate]:
    """The duplicates of the report in `folder`, in its order, and its variants only where they are among the `named`.

    Raises PermanentError where it cannot be read. A report of a version that knew no variants has none.
    """
    try:
        assigned = {_path(row["path"]): row for row in _rows(folder / "assignments.csv")}
        found = [*_duplicates(folder, assigned)]
        if Kind.VARIANT in named and (folder / "variants.csv").exists():
            found += _variants(folder, assigned)
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
        raise PermanentError(
            f"the tables of the report in {folder} cannot be read ({error!r}); make a new one with "
            "`imagesieve recluster --force --wait`"
        ) from error
    return found


def _duplicates(folder: Path, assigned: Mapping[str, _Row]) -> Iterator[ReportedDuplicate]:
    keepers: dict[str, str] = {}
    for row in _rows(folder / "duplicates.csv"):
        path = _path(row["path"])
        if row["role"] == "keeper":
            keepers[row["group"]] = path
            continue
        keeper = keepers[row["group"]]
        yield ReportedDuplicate(
            int(row["group"]), path, assigned[path]["digest"], int(row["bytes"]), Kind(row["kind"]),
            float(row["similarity"]), keeper, assigned[keeper]["digest"], int(row.get("frees") or 0),
            int(row.get("may_free") or 0), _names(row.get("companions") or ""), int(assigned[keeper].get("bytes") or 0),
            int(row.get("kept_by") or 0), _reason(row),
        )  # fmt: skip


def _variants(folder: Path, assigned: Mapping[str, _Row]) -> Iterator[ReportedDuplicate]:
    for row in _rows(folder / "variants.csv"):
        path, of = _path(row["path"]), _path(row["variant_of"])
        yield ReportedDuplicate(
            0, path, assigned[path]["digest"], int(assigned[path]["bytes"]), Kind.VARIANT, float(row["similarity"]),
            of, assigned[of]["digest"], keeper_bytes=int(assigned[of].get("bytes") or 0),
            reason=_reason(row),
        )  # fmt: skip


def _rows(file: Path) -> Iterator[_Row]:
    # Bytes of a name that are not UTF-8 become lone surrogates, as everywhere in imagesieve.
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        yield from csv.DictReader(lines)


def _names(cell: str) -> tuple[str, ...]:
    return tuple(_path(cell).split("/")) if cell else ()


def _reason(row: Mapping[str, str]) -> str:
    """Likewise an apostrophe before words."""
    cell = row.get("reason") or ""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def _path(cell: str) -> str:
    """`./` stands before names that a spreadsheet would take for a formula; no path begins so by itself."""
    return cell.removeprefix("./")
