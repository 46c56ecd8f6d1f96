"""Folders of hard cases: pictures that are told apart by a place, a depth, a frame. Each file is a stranger of its own.

A README.md in the folder may have a table, a row for each subfolder: its name in the first column, "yes" in the last
one where its pictures may be called variants of each other.
"""

from pathlib import Path
from typing import Final

_WORDS: Final = {".md", ".txt", ".csv", ".json"}


def cases_in(folder: Path) -> list[Path]:
    """All files of a folder and its subfolders but those of words, sorted; also such as are no readable picture."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() not in _WORDS)


def variants_allowed(folder: Path) -> set[str]:
    """Names of the subfolders whose pictures may be variants of each other, by the README; none without one."""
    readme = folder / "README.md"
    lines = readme.read_text().splitlines() if readme.is_file() else []
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if line.startswith("|")]
    return {cells[0] for cells in rows if cells[-1].lower() == "yes"}
