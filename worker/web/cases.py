"""Groups as decisions leave them, and which of them are meant: the values that the queue is made of (pure)."""

from dataclasses import dataclass, field
from enum import StrEnum

from shared.decisions import Subject
from shared.records import Kind


class Fate(StrEnum):
    """What becomes of a file of a group; an open one waits for a decision."""

    KEEPER = "keeper"
    OPEN = "open"
    GOING = "going"
    KEPT = "kept"
    APART = "different"
    PROTECTED = "protected"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class File:
    """A file of a group. row: in the index. kind: what it is to the keeper that counts. number: of the decision that
    says so, 0 without one. is_protected: whether it lies in a folder of which no file is ever acted on."""

    row: int
    path: str
    digest: str
    size: int
    kind: Kind
    similarity: float
    reason: str
    fate: Fate
    number: int = 0
    is_protected: bool = False

    @property
    def is_going(self) -> bool:
        """Whether it was decided that it may go."""
        return self.fate is Fate.GOING

    @property
    def subject(self) -> Subject:
        """As decisions name it."""
        return Subject(self.digest, self.path)


@dataclass(frozen=True, slots=True)
class Case:
    """A group as decisions leave it, or a variant behind its picture. files: the keeper that counts first.

    share: of a variant, how much of the picture differs; 0 of a group. rule: why the keeper stays, in words, "" where
    nobody knows.
    """

    number: int
    files: tuple[File, ...]
    share: float = 0.0
    rule: str = ""
    open: tuple[File, ...] = field(init=False)  # those that wait for a decision

    def __post_init__(self) -> None:
        object.__setattr__(self, "open", tuple(one for one in self.files if one.fate is Fate.OPEN))

    @property
    def keeper(self) -> File:
        """The file that stays as long as nothing else is decided."""
        return self.files[0]

    @property
    def is_variant(self) -> bool:
        """Whether it is a picture and a variant of it, and no group of duplicates."""
        return self.keeper.kind is Kind.VARIANT

    @property
    def seen(self) -> str:
        """What becomes of each file, as a word: who decides on another one than this saw something older."""
        return "-".join(f"{one.row}{one.fate[0]}" for one in self.files)

    def file(self, row: int) -> File | None:
        """The file of this row."""
        return next((one for one in self.files if one.row == row), None)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which groups are shown: those with an open file of this kind, in this folder, with these words in its reason, and
    whose open files have so many bytes at least; nothing given: all. Variants are shown where their kind is named, and
    free no bytes."""

    kind: str = ""
    folder: str = ""
    reason: str = ""
    least: int = 0

    def takes(self, case: Case) -> bool:
        """Whether a group of which something is open is meant."""
        waiting = case.open
        if not case.is_variant and sum(one.size for one in waiting) < self.least:
            return False
        reason, folder = self.reason.casefold(), f"{self.folder}/"
        is_here = not self.folder or case.keeper.path.startswith(folder)
        return any(
            (not self.kind or one.kind == self.kind)
            and (not reason or reason in one.reason.casefold())
            and (is_here or one.path.startswith(folder))
            for one in waiting
        )

    @property
    def is_of_variants(self) -> bool:
        """Whether variants are meant, and not groups."""
        return self.kind == Kind.VARIANT

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Filter()

    @property
    def query(self) -> dict[str, object]:
        """As it stands in an address."""
        values = {"kind": self.kind, "folder": self.folder, "reason": self.reason, "least": self.least or None}
        return {name: value for name, value in values.items() if value}
