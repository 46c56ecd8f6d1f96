"""Runs that acted on duplicates, as their journals tell them: one file of JSON lines a run.

A step is on disk before it happens, with all that it takes to undo it; another line follows when it is done. So
whoever reads a journal knows which step was in hand when a process was killed, and sees on the disk how far it came.
"""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from shared.errors import JournalFailed
from shared.permission import why_not

JOURNAL_VERSION: Final = 3
# Steps of version 1 lack folders, links and keeper_inode, those before version 3 have no companions.
READABLE: Final = (1, 2, JOURNAL_VERSION)
JOURNAL_SUFFIX: Final = ".jsonl"
COMPANION: Final = "companion"  # kind of a step that is about no picture of the collection


class Action(StrEnum):
    """What is done with a duplicate."""

    MOVE = "move"  # to a folder outside the watched one, with its relative path
    HARDLINK = "hardlink"  # a hard link to its keeper takes its place
    SYMLINK = "symlink"  # a symbolic link to its keeper takes its place
    TRASH = "trash"  # to the trash of the desktop


class Phase(StrEnum):
    """How far a step is."""

    BEGUN = "begun"  # in hand, or cut off
    DONE = "done"
    UNDONE = "undone"  # it failed, and everything is as it was
    MISSING = "missing"  # it was cut off, and the file is neither at its path nor where it was to go
    RESTORING = "restoring"  # being brought back, or cut off
    RESTORED = "restored"


AWAY: Final = (Phase.DONE, Phase.MISSING)  # what `restore` brings back, or looks for


@dataclass(frozen=True, slots=True)
class Step:
    """One file that is acted on, as it was. path, keeper: relative to the watched folder.

    device, inode: of the file. attributes: extended ones, base64. place: path below the target folder, for a move.
    folders: mode, owner and group of each folder on the way to it, the outermost first. links: names that the file
    had; a copy of it, and what is restored from one, has one. keeper_inode: 0 where it is not known. unit: the number
    of the picture's step, of it and of all steps of its companions, which go and come back together; 0 for one alone.
    """

    number: int
    path: str
    kind: str
    digest: str
    size: int
    mode: int
    uid: int
    gid: int
    atime_ns: int
    mtime_ns: int
    device: int
    inode: int
    keeper: str
    keeper_digest: str
    place: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    folders: tuple[tuple[int, int, int], ...] = ()
    links: int = 1
    keeper_inode: int = 0
    unit: int = 0


@dataclass(slots=True)
class Entry:
    """A step and how far it is. detail: where it is in the trash, or why it was undone."""

    step: Step
    phase: Phase
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What a whole run is about. id: sorts by time. root: the watched folder. target: of a move.

    policy: whether the policy acted, and not a command.
    """

    id: str
    action: Action
    root: str
    target: str = ""
    policy: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A journal as it was read."""

    header: RunHeader
    entries: dict[int, Entry]

    def in_phase(self, *phases: Phase) -> list[Entry]:
        """The entries in these phases, in order."""
        return [entry for entry in self.entries.values() if entry.phase in phases]

    def units(self, *phases: Phase) -> list[list[Entry]]:
        """Pictures, each with its companions, of which any entry is in these phases, in order; whole ones."""
        units: dict[int, list[Entry]] = {}
        for entry in self.entries.values():
            units.setdefault(entry.step.unit or entry.step.number, []).append(entry)
        return [unit for unit in units.values() if any(entry.phase in phases for entry in unit)]

    @property
    def in_hand(self) -> list[Entry]:
        """Steps that a process was cut off in."""
        return self.in_phase(Phase.BEGUN, Phase.RESTORING)


def run_files(folder: Path) -> list[Path]:
    """The journals in `folder`, oldest first. Raises JournalFailed where the folder cannot be read."""
    try:
        found = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise JournalFailed(f"the journals in {folder} cannot be read: {why_not(error)}") from error
    return sorted(file for file in found if file.suffix == JOURNAL_SUFFIX)


def read_runs(folder: Path) -> list[Run]:
    """All runs, oldest first. Raises JournalFailed."""
    return [run for run in map(read_run, run_files(folder)) if run]


def read_run(file: Path) -> Run | None:
    """A run; None where not even its header was written. Raises JournalFailed."""
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalFailed(f"the journal {file} cannot be read: {why_not(error)}") from error
    # A line that does not parse was cut off: it is the last one, or a later process went on after it.
    whole = [value for value in map(_parse, lines) if value is not None]
    if not whole:
        return None
    try:
        header = RunHeader(**{**whole[0]["run"], "action": Action(whole[0]["run"]["action"])})
        if whole[0]["version"] not in READABLE:
            raise JournalFailed(f"the journal {file} is of another version of imagesieve; use that one to restore")
        entries: dict[int, Entry] = {}
        for value in whole[1:]:
            if "step" in value:
                folders = tuple((mode, uid, gid) for mode, uid, gid in value["step"].get("folders", ()))
                step = Step(**{**value["step"], "folders": folders})
                entries[step.number] = Entry(step, Phase.BEGUN)
            else:
                entry = entries[value["of"]]
                entry.phase, entry.detail = Phase(value["phase"]), value["detail"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JournalFailed(
            f"the journal {file} is damaged ({error!r}); nothing is done before it is moved away by hand"
        ) from error
    return Run(header, entries)


def _parse(line: bytes) -> Any:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
