"""Which duplicates of a report are meant: by group, name, a list, or where they lie beside their keeper."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any, Final

from shared.acting.duplicates import ReportedDuplicate
from shared.admission import parse_patterns
from shared.errors import PermanentError, SettingsError
from shared.paths import is_in_folder
from shared.permission import why_not


@dataclass(frozen=True)
class Selection:
    """All that is given must fit; nothing given: everything is meant.

    folders: of the duplicate, any of them. groups: numbers. patterns: of its path, in gitignore's syntax. paths: of
    duplicates, None: any. across: its keeper lies in another folder, True, in the same one, False; None: either.
    """

    folders: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    patterns: tuple[str, ...] = ()
    paths: frozenset[str] | None = None
    across: bool | None = None

    def takes(self, one: ReportedDuplicate) -> bool:
        """Whether this duplicate is meant."""
        return (
            (not self.folders or any(is_in_folder(one.path, folder) for folder in self.folders))
            and (not self.groups or one.group in self.groups)
            and (not self.patterns or self._spec.match_file(one.path))
            and (self.paths is None or one.path in self.paths)
            and self.across in (None, _folder(one.path) != _folder(one.keeper))
        )

    @cached_property
    def _spec(self) -> Any:
        return parse_patterns(self.patterns)

    @property
    def names_folders_alone(self) -> bool:
        """Whether nothing but folders is asked for."""
        return not self.groups and not self.patterns and self.paths is None and self.across is None


EVERYTHING: Final = Selection()


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def check_patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    """The patterns. Raises SettingsError for one that is none."""
    try:
        parse_patterns(patterns)
    except ValueError as error:
        raise SettingsError(f"--path {' '.join(patterns)!a} is no pattern: {error}") from error
    return tuple(patterns)


def read_paths(file: Path) -> frozenset[str]:
    """The paths that a list names: CSV with a column `path`, as duplicates.csv has it, or a JSON object a line.

    Of rows with a role only duplicates are meant. Raises PermanentError where it cannot be read, or names nothing.
    """
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
        is_json = text.lstrip().startswith("{")
        rows = _json_rows(text) if is_json else list(csv.DictReader(StringIO(text, newline="")))
        paths = [str(row["path"]).removeprefix("./") for row in rows if row.get("role", "duplicate") == "duplicate"]
    except OSError as error:
        raise PermanentError(f"--from {file} cannot be read: {why_not(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise PermanentError(
            f"--from {file} is no list of files: it wants CSV with a column `path`, or a JSON object with `path` in "
            f"each line ({error!r})"
        ) from error
    if not paths:
        raise PermanentError(f"--from {file} names no duplicate")
    return frozenset(paths)


def _json_rows(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]
