"""Which files of the watched folder are read, and why the others are passed over, by their names alone. Pure."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from pathspec import GitIgnoreSpec

from shared.ignored import ignores_file, ignores_folder
from shared.suffixes import NO_PICTURES, suffix_of

EVERY: Final = "*"


class Why(StrEnum):
    """Why a file, or a folder with all that is in it, is passed over."""

    SUFFIX = "no picture by its suffix"
    NAME = "hidden, unfinished, a backup or another program's"
    EXCLUDED = "excluded by IMAGESIEVE_EXCLUDE"
    LINK = "a link, which is not followed"
    OTHER = "no regular file"
    UNREADABLE = "its folder cannot be read"
    TOO_LONG = "its path is too long to open"


@dataclass(frozen=True)
class Admission:
    """The rules of one watched folder.

    suffixes: of files that are read; `*` stands for all that are not of another kind by their suffix, `.` for none.
    by_bytes: of files that are compared by their bytes alone; `*` stands for all that would be passed over otherwise.
    exclude: patterns in gitignore's syntax, the last one that matches decides. A path is relative to the folder.
    """

    suffixes: Set[str] = field(default_factory=lambda: frozenset({EVERY}))
    exclude: tuple[str, ...] = ()
    by_bytes: Set[str] = frozenset()

    @cached_property
    def _excluded(self) -> GitIgnoreSpec | None:
        return parse_patterns(self.exclude) if self.exclude else None

    def refuses_file(self, path: str) -> Why | None:
        """Why the file at this path is passed over, the folders on the way left aside; None where it is read."""
        if ignores_file(path.rpartition("/")[2]):
            return Why.NAME
        if self._excluded and self._excluded.match_file(path):
            return Why.EXCLUDED
        suffix = suffix_of(path)
        return None if self._takes(suffix) or self.takes_by_bytes(path) else Why.SUFFIX

    def takes_by_bytes(self, path: str) -> bool:
        """Whether a file of this name, if it is read, is compared by its bytes alone, and never decoded."""
        suffix = suffix_of(path)
        return suffix in self.by_bytes or (EVERY in self.by_bytes and not self._takes(suffix))

    def _takes(self, suffix: str) -> bool:
        return suffix in self.suffixes or (EVERY in self.suffixes and suffix not in NO_PICTURES)

    def refuses_folder(self, path: str) -> Why | None:
        """Why the folder at this path is passed over with all that is in it, those on the way left aside."""
        *_, parent, name = ("", *path.split("/"))
        if ignores_folder(name, parent):
            return Why.NAME
        return Why.EXCLUDED if self._excluded and self._excluded.match_file(path + "/") else None

    def refuses(self, path: str) -> Why | None:
        """Why the file at this path is passed over, for its own name or for a folder on the way."""
        return self.refuses_below(path.rpartition("/")[0]) or self.refuses_file(path)

    def refuses_below(self, folder: str) -> Why | None:
        """Why what lies in the folder at this path is passed over: for its name, or one of those on the way."""
        parts = folder.split("/") if folder else []
        ways = ("/".join(parts[: count + 1]) for count in range(len(parts)))
        return next((why for way in ways if (why := self.refuses_folder(way))), None)


def parse_patterns(patterns: Iterable[str]) -> GitIgnoreSpec:
    """Patterns in gitignore's syntax. Raises ValueError for one that is none."""
    # The backends that may be installed beside this one take no names that are not UTF-8.
    return GitIgnoreSpec.from_lines(patterns, backend="simple")
