"""Moved files whose picture has left the collection since: the only copy is where a run put it.

What was moved is still the user's. As long as its keeper is there nothing is missing; when that one leaves the watched
folder, or is edited, nobody may learn of it by an empty target folder.
"""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.acting.runs import COMPANION, Action, Phase, Run
from shared.store import Files

_OUT: Final = (Action.MOVE, Action.TRASH)  # a link leaves no file behind that could be the only one


@dataclass(frozen=True, slots=True)
class Moved:
    """A file that a run took out of the watched folder. number: its step. place: the path where it was put."""

    run: str
    number: int
    path: str
    digest: str
    keeper: str
    keeper_digest: str
    place: str

    @property
    def sentence(self) -> str:
        """The message about it when it is stranded, without its path."""
        return (
            f"its only copy is {self.place!r} since its keeper {self.keeper!r} went or changed; `imagesieve duplicates "
            f"restore {self.run}` brings it back"
        )


def moved_files(runs: Iterable[Run], root: Path | None) -> list[Moved]:
    """What these runs moved out of `root` and nobody brought back, in their order. root: None for any.

    Not its companions: they come back with it.
    """
    wanted = root and os.path.realpath(root)
    return [
        Moved(
            run.header.id, entry.step.number, entry.step.path, entry.step.digest, entry.step.keeper,
            entry.step.keeper_digest, _place(run, entry.step.place, entry.detail),
        )
        for run in runs
        if run.header.action in _OUT and wanted in (None, os.path.realpath(run.header.root))
        for entry in run.in_phase(Phase.DONE)
        if entry.step.kind != COMPANION
    ]  # fmt: skip


def _place(run: Run, place: str, detail: str) -> str:
    return str(Path(run.header.target) / place) if run.header.action is Action.MOVE else detail


def find_stranded(moved: Sequence[Moved], held: Collection[str], is_there: Callable[[str], bool]) -> list[Moved]:
    """Those whose picture no digest in `held` stands for, and whose file is still where it was put (pure).

    A picture is held by its own bytes, by those of its keeper, or by those of the file that its keeper
    was moved away for. is_there: whether a path leads to anything; whoever emptied the target folder does not
    hear of it again.
    """
    covered, left = set(held), list(moved)
    while True:
        found = {one.digest for one in left if one.keeper_digest in covered}
        left = [one for one in left if not {one.digest, one.keeper_digest} & covered]
        if found <= covered:
            return [one for one in left if one.place and is_there(one.place)]
        covered |= found


def held_digests(files: Files, moved: Sequence[Moved]) -> set[str]:
    """The contents that the collection holds, as far as `moved` asks for them. Raises Unavailable.

    A round trip for each 1,000 keepers; all records are read only where one of them has left or changed.
    """
    paths = list({one.keeper for one in moved})
    held = {record.digest for record in files.records(paths) if record}
    if all({one.digest, one.keeper_digest} & held for one in moved):
        return held
    wanted = {digest for one in moved for digest in (one.digest, one.keeper_digest)}
    return held | {record.digest for chunk in files.scan() for _, record in chunk if record.digest in wanted}
