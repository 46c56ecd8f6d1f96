"""The journal of decisions: lines of JSON in the state folder, appended to and never changed, each on disk at once."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shared.decisions.decided import UNDECIDED, Decided, Fold
from shared.decisions.decision import Decision, DecisionKind, Subject, Undoing, check_decision, parse_line, refuse
from shared.errors import JournalFailed, PermanentError, Unavailable
from shared.permission import why_not
from shared.state_folder import sync_folder

FILE: Final = "decisions.jsonl"
_REMEDY: Final = (
    "bring it back, or give the user of imagesieve the right to it; until then no verdict is given and nothing goes"
)
Line = Decision | Undoing


class DecisionJournal:
    """The decisions on one collection, read again when somebody has added to them; for one thread."""

    def __init__(self, folder: Path, now: Callable[[], float]) -> None:
        """folder: `decisions` in the state folder; made with the first decision. now: seconds since the epoch."""
        self._file = folder / FILE
        self._now = now
        self._seen: tuple[int, int] | None = None  # inode and size
        self._raw = b""  # what was taken in: whole lines
        self._lines: list[Line] = []
        self._numbers: set[int] = set()
        self._fold = Fold()
        self._decided = UNDECIDED
        self.unread: list[str] = []  # why lines that are whole say nothing, a sentence each

    def read(self) -> Decided:
        """What all decisions together say now. A stat where nothing was added.

        None were made where there is no journal. Raises Unavailable for one that was read before and is away.
        """
        try:
            status = self._file.stat()
            seen = (status.st_ino, status.st_size)
            if seen != self._seen:
                self._take_in(self._file.read_bytes())
                self._seen = seen
        except OSError as error:
            is_missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            if not is_missing or self._lines:  # what was decided is not undone by a folder that is away
                who, why = f"the journal of decisions {self._file}", f"cannot be read: {why_not(error)}"
                raise Unavailable(who, why, _REMEDY) from error
        return self._decided

    def lines(self) -> list[Line]:
        """All lines in their order, those that do not count any more too. Raises Unavailable."""
        self.read()
        return list(self._lines)

    def add(self, kind: DecisionKind, files: Sequence[Subject]) -> Decision:
        """Decide; it is on disk when this returns. Raises PermanentError for what cannot be decided, JournalFailed,
        Unavailable.
        """
        [decision] = self.add_all([(kind, files)])
        return decision

    def add_all(self, decisions: Sequence[tuple[DecisionKind, Sequence[Subject]]]) -> list[Decision]:
        """Several decisions, all or none of them. Raises as `add`."""
        with self._appending() as (number, append):
            at = self._now()  # one for all: what was decided together is known by it
            made = [
                _checked(Decision(number + place, at, kind, tuple(files)))
                for place, (kind, files) in enumerate(decisions)
            ]
            append([one.to_line() for one in made])
        self.read()
        return made

    def undo(self, number: int) -> Undoing:
        """Take a decision back. Raises PermanentError where none with that number counts, JournalFailed."""
        [undoing] = self.undo_all([number])
        return undoing

    def undo_all(self, numbers: Sequence[int]) -> list[Undoing]:
        """Take several decisions back, all or none of them. Raises as `undo`."""
        with self._appending() as (next_number, append):
            standing, at = self.read().standing, self._now()
            for number in numbers:
                if number not in standing:
                    raise PermanentError(
                        f"there is no decision {number} that counts; `imagesieve duplicates decide --list` names them"
                    )
            made = [Undoing(next_number + place, at, number) for place, number in enumerate(numbers)]
            append([one.to_line() for one in made])
        self.read()
        return made

    @contextmanager
    def _appending(self) -> Iterator[tuple[int, Callable[[Sequence[dict[str, object]]], None]]]:
        """The next number, and what writes lines; nobody else writes meanwhile."""
        with self._said():
            made = not self._file.parent.exists()
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                number = self.read().number + 1
                yield number, lambda values: _write(descriptor, values)
                if made or number == 1:
                    sync_folder(self._file.parent)
                    sync_folder(self._file.parent.parent)
            finally:
                os.close(descriptor)

    def _forget(self) -> None:
        self._seen, self._raw, self._lines, self._decided, self.unread = None, b"", [], UNDECIDED, []
        self._numbers, self._fold = set(), Fold()

    def _take_in(self, raw: bytes) -> None:
        """Read on where what was read is still there, for a journal of thousands of lines grows by one."""
        if not self._raw or not raw.startswith(self._raw):
            self._forget()
        read = len(self._lines)
        whole = raw.rfind(b"\n") + 1
        first, known = self._raw.count(b"\n") + 1, len(self._raw)
        self._parse(raw[known:whole], first)
        self._raw = raw[:whole]
        if whole < len(raw):  # perhaps somebody is writing it: it is read again when there is more
            self._parse(raw[whole:], self._raw.count(b"\n") + 1)
            self._raw = b""
        self._fold.take_in(self._lines[read:])
        self._decided = self._fold.decided()

    def _parse(self, raw: bytes, first: int) -> None:
        """first: number of the line that `raw` begins with."""
        for place, line in enumerate(raw.split(b"\n"), start=first):
            if not line.strip():
                continue
            try:
                parsed = parse_line(json.loads(line))
            except ValueError as error:
                self.unread.append(f"line {place} of {self._file} is not obeyed: {error}")
                continue
            if parsed.number in self._numbers:
                self.unread.append(f"line {place} of {self._file} is not obeyed: line {parsed.number} was there before")
                continue
            self._numbers.add(parsed.number)
            self._lines.append(parsed)

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalFailed(
                f"the decisions in {self._file} cannot be written: {why_not(error)}; nothing was decided"
            ) from error


def _checked(decision: Decision) -> Decision:
    try:
        return check_decision(decision)
    except ValueError as error:
        raise refuse(decision.kind, error) from error


def _write(descriptor: int, values: Sequence[dict[str, object]]) -> None:
    """All lines at once; a line that was cut off before stays a line of its own. Raises OSError."""
    size = os.fstat(descriptor).st_size
    torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    # Surrogates, which stand for bytes of a name that are not UTF-8, are escaped.
    data = b"\n" * torn + b"".join(json.dumps(value).encode("ascii") + b"\n" for value in values)
    written = os.write(descriptor, data)
    if written < len(data):
        os.ftruncate(descriptor, size)
        raise OSError(f"no room for {len(data)} bytes")
    os.fsync(descriptor)
