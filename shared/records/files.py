"""Files: as messages name them, and what the store holds of each.

Bytes of a path (shared/paths.py) that are not UTF-8 travel as lone surrogates, which JSON escapes keep intact.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal, Self

from shared.errors import RefusedReference
from shared.failures import FailureKind
from shared.paths import is_below_root
from shared.records.sealed import Sealed, fields_of, seal

# What a verdict says.
_OF_VERDICT: Final = ("verdict", "duplicate_of", "similarity", "reason", "variant_of", "share")


class State(StrEnum):
    """What is known of a file."""

    PENDING = "pending"  # seen, settled, sent to a feature worker or held in the backlog
    READY = "ready"  # digest known, features in the store unless it is compared by its bytes alone
    FAILED = "failed"  # refused for good, with a reason, until its bytes change


@dataclass(frozen=True, slots=True)
class Reference:
    """A settled file as it travels in a message: never pixels, never an absolute path.

    path: relative to the watched folder. size: bytes. mtime_ns, ctime_ns: when its contents, and anything about it,
    last changed, in nanoseconds; ctime_ns 0 where it is not known. inode: its number, by which two names of one file
    are known; it is seen and not compared, for some file systems give another one at every look (docs/adr/0021).
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int = 0
    inode: int = field(default=0, compare=False)

    def to_wire(self) -> list[Any]:
        """The reference as a JSON array, the smallest form that is still readable in Flower."""
        return [self.path, self.size, self.mtime_ns, self.ctime_ns, self.inode]

    @classmethod
    def from_wire(cls, value: object) -> Self:
        """Parse one reference of a message. Raises RefusedReference for all but `[path below the root, int, ...]`.

        Three values came from versions that did not look at ctime and inode.
        """
        match value:
            case [path, *numbers] if is_below_root(path) and len(numbers) in (2, 4):
                whole = [number for number in numbers if type(number) is int]
                if len(whole) == len(numbers) and whole[0] >= 0:
                    return cls(path, *whole)
        raise RefusedReference(
            f"a message held {str(value)[:120]!r} where [path below the watched folder, size, mtime_ns, ctime_ns, "
            "inode] belongs; it was refused"
        )


@dataclass(frozen=True, slots=True)
class Record(Sealed):
    """What the store holds of one path.

    size, mtime_ns: of the file state that the record speaks of. digest: SHA-256 in hex, "" until known.
    width, height: pixels after orientation. extractor: id whose features are in the store, "" of a ready file that is
    compared by its bytes alone.
    since: when the record took this state, seconds since the epoch; 0 of a pending one that was not sent yet.
    verdict: "" until given, a Verdict then. duplicate_of: the keeper's path. variant_of: of a variant, which is unique,
    the path of the picture that it is one of; share: how much of it differs, 0 to 1. similarity: to the keeper or to
    that picture, 0 to 1.
    failure: its kind, "" where nothing failed, and in records older than the kinds.
    reason: why it failed, or is a duplicate or a variant, in words. content: pixels without bars and frames, 0: all.
    ctime_ns, inode: of the same state, see Reference; 0 in records of versions that did not look at them.
    holds, nature: see ImageFacts.
    """

    NAME: ClassVar = "a record in the store"
    REMEDY: ClassVar = "the next rescan makes it anew"

    size: int
    mtime_ns: int
    state: State
    since: float = 0.0
    digest: str = ""
    width: int = 0
    height: int = 0
    extractor: str = ""
    verdict: str = ""
    duplicate_of: str = ""
    similarity: float = 0.0
    reason: str = ""
    content: int = 0
    ctime_ns: int = 0
    inode: int = 0
    failure: FailureKind | Literal[""] = ""
    variant_of: str = ""
    share: float = 0.0
    holds: str = ""
    nature: str = ""

    def describes(self, seen: Reference) -> bool:
        """Whether this record speaks of the file in this state."""
        return (self.size, self.mtime_ns, self.ctime_ns) == (seen.size, seen.mtime_ns, seen.ctime_ns)

    @property
    def is_held(self) -> bool:
        """Whether the file waits in the backlog: it is pending, and no message about it was sent."""
        return self.state is State.PENDING and not self.since

    @property
    def is_by_bytes(self) -> bool:
        """Whether the file is ready, and is compared by its bytes alone: it has no features."""
        return self.state is State.READY and not self.extractor

    @classmethod
    def pending(cls, seen: Reference, now: float, known: "Record | None" = None) -> "Record":
        """The record of a file that is on its way to a feature worker. known: what was on record of its path.

        Where size and mtime are the same and ctime alone is another, its rights, links or attributes were changed, or
        its contents by somebody who set the time back: it is read once more, and keeps its verdict if its bytes are
        what they were.
        """
        fresh = cls(seen.size, seen.mtime_ns, State.PENDING, now, ctime_ns=seen.ctime_ns, inode=seen.inode)
        if (
            known is None
            or (known.size, known.mtime_ns) != (seen.size, seen.mtime_ns)
            or known.ctime_ns == seen.ctime_ns
        ):
            return fresh
        kept = ("digest", *_OF_VERDICT) if known.digest else ()
        return replace(fresh, **{name: getattr(known, name) for name in kept})

    def with_verdict(
        self,
        verdict: str,
        duplicate_of: str = "",
        similarity: float = 0.0,
        reason: str = "",
        variant_of: str = "",
        share: float = 0.0,
    ) -> "Record":
        """The record with this verdict, and nothing of the one before."""
        return replace(
            self,
            verdict=verdict,
            duplicate_of=duplicate_of,
            similarity=similarity,
            reason=reason,
            variant_of=variant_of,
            share=share,
        )

    def to_json(self) -> bytes:
        """Sealed JSON without the fields that hold their default."""
        values = {name: value for name, value in fields_of(self).items() if value not in ("", 0, 0.0)}
        return seal({"size": self.size, **values})

    @classmethod
    def parse(cls, values: Any) -> Self:
        known = {"mtime_ns": 0, **values, "state": State(values["state"])}
        if "failure" in known:
            known["failure"] = FailureKind(known["failure"])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Counts:
    """Files by state. held: of the pending ones, those that wait in the backlog."""

    total: int = 0
    pending: int = 0
    failed: int = 0
    held: int = 0

    @property
    def ready(self) -> int:
        """Files whose features are in the store."""
        return self.total - self.pending - self.failed
