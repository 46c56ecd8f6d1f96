"""The journal of a run while it is written: appended to and never changed. `shared.acting.runs` reads it."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from shared.acting.runs import JOURNAL_SUFFIX, JOURNAL_VERSION, Action, Entry, Phase, RunHeader, Step, run_files
from shared.errors import JournalFailed
from shared.permission import why_not
from shared.state_folder import sync_folder


class Journal:
    """A journal that is written. `before` is called before each line (see worker.pipeline.acting.disk)."""

    def __init__(self, file: Path, before: Callable[[str], None]) -> None:
        """Open an existing one to go on with it. Raises JournalFailed."""
        self._file = file
        self._before = before
        with self._said():
            self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            if (size := os.fstat(self._descriptor).st_size) and not _ends_with_line(file, size):
                self._write(b"\n")  # what was cut off before it stays a line of its own

    @classmethod
    def begin(cls, folder: Path, action: Action, root: Path, target: str, policy: bool, now: float,
              before: Callable[[str], None]) -> tuple[Self, RunHeader]:  # fmt: skip
        """A new journal, whose name sorts behind all others. The caller holds the lock. Raises JournalFailed."""
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        newest = max((file.name.removesuffix(JOURNAL_SUFFIX) for file in run_files(folder)), default="")
        header = RunHeader(stamp if stamp > newest else newest + "0", action, str(root), target, policy)
        file = folder / (header.id + JOURNAL_SUFFIX)
        try:
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            sync_folder(folder)
        except OSError as error:
            raise JournalFailed(f"the journal {file} cannot be made: {why_not(error)}; nothing was done") from error
        journal = cls(file, before)
        journal.append({"version": JOURNAL_VERSION, "run": _fields(header)})
        return journal, header

    def append(self, *values: dict[str, Any]) -> None:
        """Write a line for each and see them on disk. Raises JournalFailed."""
        self._before("journal")
        with self._said():
            # Surrogates, which stand for bytes of a name that are not UTF-8, are escaped.
            self._write(b"".join(json.dumps(value).encode("ascii") + b"\n" for value in values))

    def step(self, *steps: Step) -> None:
        """A step is about to happen, or those of a picture and its companions."""
        self.append(*({"step": _fields(step)} for step in steps))

    def note(self, number: int, phase: Phase, detail: str = "") -> None:
        """How far a step is now."""
        self.append({"of": number, "phase": phase, "detail": detail})

    def notes(self, entries: Iterable[Entry]) -> None:
        """How far these are now, at once."""
        self.append(*({"of": entry.step.number, "phase": entry.phase, "detail": entry.detail} for entry in entries))

    def close(self) -> None:
        """Nothing more is written."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, line: bytes) -> None:
        written = os.write(self._descriptor, line)
        os.fsync(self._descriptor)
        if written < len(line):
            raise OSError(f"no room for {len(line)} bytes")

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise JournalFailed(
                f"the journal {self._file} cannot be written: {why_not(error)}; make room there, and begin "
                "again: what was done is in it, and the next run looks at the step in hand"
            ) from error


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def _ends_with_line(file: Path, size: int) -> bool:
    with file.open("rb") as lines:
        lines.seek(size - 1)
        return lines.read(1) == b"\n"
