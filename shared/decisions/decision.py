"""One decision of a user, and one that takes another back, as lines of the journal."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.errors import PermanentError

VERSION: Final = 1  # of a line; it grows when an older imagesieve could not obey it any more
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")  # SHA-256


class DecisionKind(StrEnum):
    """different: the two show different pictures, and never stand together. keep: all of these stay. keeper: the first
    of these stays, and the others may go."""

    DIFFERENT = "different"
    KEEP = "keep"
    KEEPER = "keeper"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """A file that was decided on. digest: SHA-256 of its bytes, by which it is known whatever becomes of its name.

    path: where it was then, relative to the watched folder; of copies with the same bytes it tells which is meant.
    """

    digest: str
    path: str


@dataclass(frozen=True, slots=True)
class Decision:
    """number: from 1, in the order of the journal. at: seconds since the epoch. files: a keeper first."""

    number: int
    at: float
    kind: DecisionKind
    files: tuple[Subject, ...]

    def to_line(self) -> dict[str, Any]:
        """As a line of the journal."""
        files = [{"digest": one.digest, "path": one.path} for one in self.files]
        return {"version": VERSION, "number": self.number, "at": self.at, "decision": self.kind.value, "files": files}


@dataclass(frozen=True, slots=True)
class Undoing:
    """The decision with that number does not count any more."""

    number: int
    at: float
    of: int

    def to_line(self) -> dict[str, Any]:
        """As a line of the journal."""
        return {"version": VERSION, "number": self.number, "at": self.at, "undo": self.of}


def parse_line(value: Any) -> Decision | Undoing:
    """The line that `to_line` gave. Raises ValueError, with the reason, for anything else."""
    try:
        version = int(value["version"])
        if version > VERSION:
            raise ValueError(f"it is of version {version}, and this imagesieve reads up to {VERSION}")
        number, at = int(value["number"]), float(value["at"])
        if "undo" in value:
            return Undoing(number, at, int(value["undo"]))
        files = tuple(Subject(str(one["digest"]), str(one["path"])) for one in value["files"])
        return check_decision(Decision(number, at, DecisionKind(value["decision"]), files))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it lacks something ({error!r})") from error


def check_decision(decision: Decision) -> Decision:
    """The decision, if it says something. Raises ValueError with the reason."""
    files = decision.files
    if not all(_DIGEST.fullmatch(one.digest) for one in files):
        raise ValueError("a digest is none")
    if len(set(files)) < len(files):
        raise ValueError("a file is named twice")
    if decision.kind is DecisionKind.DIFFERENT:
        if len(files) != 2:
            raise ValueError("two files are different, not more and not fewer")
        if files[0].digest == files[1].digest:
            raise ValueError("the two hold the same bytes, so they are no different pictures; keep both with `keep`")
    elif len(files) < (2 if decision.kind is DecisionKind.KEEP else 1):
        raise ValueError("a decision to keep all is about two files at least")
    return decision


def refuse(kind: DecisionKind, error: ValueError) -> PermanentError:
    """The same for people."""
    return PermanentError(f"this cannot be decided ({kind}): {error}")
