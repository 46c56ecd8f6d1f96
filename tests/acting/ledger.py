"""What the owner of the files may ask for after whatever happened, written down by every process that does something.

A content is owed to him from when he made it until he removes or overwrites its last copy himself.
"""

import json
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.acting.world import NOTHING, OURS, Hand, Seen, World, is_ours

ACT = "  user: "
EVERYTHING = "*"  # touched: what a path leads to is another place now


@dataclass
class Ledger:
    """owed: digests. history: what happened, in order. touched: paths that somebody else changed, by their line.

    gone: names or copies that the owner took away himself, by their line; see `Writers`.
    """

    world: World
    owed: set[str] = field(default_factory=set)
    history: list[str] = field(default_factory=list)
    touched: list[tuple[int, str]] = field(default_factory=list)
    gone: list[tuple[int, str]] = field(default_factory=list)
    instant: str = ""  # the system call that comes next
    _read: int = 0

    @property
    def acts(self) -> int:
        """How often the owner did something."""
        return sum(line.startswith(ACT) for line in self.history)

    @property
    def has_shifted(self) -> bool:
        """Whether a path leads to another place than at first."""
        return any(path == EVERYTHING for _, path in self.touched)

    @property
    def file(self) -> Path:
        return self.world.base / "ledger.jsonl"

    def begin(self) -> None:
        """All that is there is owed."""
        owed = {seen.digest for path, seen in self.world.look().items() if counts(path, seen)}
        self.write("the world is made", owed=owed)

    def write(
        self, words: str, touched: Collection[str] = (), owed: Collection[str] | None = None, gone: Collection[str] = ()
    ) -> None:
        """Note what happens next or has happened."""
        line = {
            "words": words,
            "touched": sorted(touched),
            "owed": None if owed is None else sorted(owed),
            "gone": sorted(gone),
        }
        with self.file.open("ab") as file:
            file.write(json.dumps(line).encode("ascii") + b"\n")
        self.read()

    def read(self) -> None:
        """Learn what other processes wrote."""
        if not self.file.exists():
            return
        with self.file.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        for line in map(json.loads, data.splitlines()):
            self.history.append(line["words"])
            self.touched += [(len(self.history), path) for path in line["touched"]]
            self.gone += [(len(self.history), one) for one in line["gone"]]
            if line["owed"] is not None:
                self.owed = set(line["owed"])

    def touched_since(self, line: int) -> set[str]:
        """Paths that somebody but the program under test changed after this line of the history."""
        return {path for number, path in self.touched if number > line}

    def gone_since(self, line: int, one: str) -> bool:
        """Whether the owner took this away after this line of the history, in whatever process."""
        return any(number > line and one == noted for number, noted in self.gone)

    @contextmanager
    def act_of_owner(self, shifting: bool = False) -> Iterator[list[str]]:
        """What the owner does inside changes what is owed to him. Gives a list, for what he did in words.

        shifting: paths lead elsewhere afterwards.
        """
        self.read()
        hands, before = self.world.in_hand(), self.world.look()
        words: list[str] = []
        yield words
        if not any(words):
            return
        after = self.world.look()
        changed = {str(path) for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        late = self.instant == "unlink"
        owed = (self.owed - _given_up(before, after, hands, late)) | _new(before, after)
        self.write(ACT + words[-1], {*changed, *([EVERYTHING] if shifting else [])}, owed)


def counts(path: Path, seen: Seen) -> bool:
    """Whether it is a content of the user's, and no beginning of ours."""
    return stat.S_ISREG(seen.mode) and seen.digest not in NOTHING and not is_ours(path)


def _given_up(before: Mapping[Path, Seen], after: Mapping[Path, Seen], hands: list[Hand], late: bool) -> set[str]:
    """Contents whose last copy the user removed or overwrote in this act.

    A copy that a step in hand has just made of the very file that he changed is none: it goes with the file. late: a
    link stands in the file's place already, and nothing can be looked at any more before the file itself goes: who
    changes the keeper now might as well have done so after the step.
    """
    found = set()
    for path, seen in before.items():
        if not counts(path, seen) or (path in after and after[path].digest == seen.digest):
            continue
        copies = {
            canonical(one.target)
            for one in hands
            if canonical(one.path) == canonical(path) and one.entry.phase == "begun"
        }
        runs = {one.hidden for one in hands if canonical(path) in (canonical(one.path), canonical(one.target))}
        runs |= {one.hidden for one in hands if late and one.is_link and canonical(path) == canonical(one.keeper)}
        others = (
            one
            for one, there in after.items()
            if there.digest == seen.digest and canonical(one) not in copies and hidden_by(one) not in runs
        )
        if not any(others):
            found.add(seen.digest)
    return found


def _new(before: Mapping[Path, Seen], after: Mapping[Path, Seen]) -> set[str]:
    known = {seen.digest for seen in before.values()}
    return {seen.digest for path, seen in after.items() if counts(path, seen)} - known


def hidden_by(path: Path) -> tuple[str, str] | None:
    """Run and number of the step that a hidden name belongs to."""
    found = OURS.match(path.name)
    return (found[1], found[2]) if found else None


def canonical(path: Path | None) -> str:
    """One name for one place, whatever links and mounts lead to its folder."""
    if path is None:
        return ""
    try:
        folder = path.parent.stat()
    except OSError:
        return str(path.parent.resolve() / path.name)
    return f"{folder.st_dev}:{folder.st_ino}/{path.name}"
