"""What the last complete scan of the watched folder passed over: how many files of which kind, and a list of them."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

from shared.admission import Why
from shared.errors import CorruptValue
from shared.records.sealed import Sealed, seal, unseal
from shared.suffixes import suffix_of


class Passed(NamedTuple):
    """A file that was seen and is not read; a folder, which stands for all that is in it, ends in `/`.

    bytes: 0 of what is no regular file.
    """

    path: str
    bytes: int
    why: Why

    @property
    def suffix(self) -> str:
        """In lower case with its dot; `.` where a file's name has none, "" of a folder."""
        return "" if self.path.endswith("/") else suffix_of(self.path)


class Amount(NamedTuple):
    """How many files, a folder counting as one, and their bytes."""

    files: int = 0
    bytes: int = 0

    def plus(self, files: int, size: int) -> "Amount":
        """This, and so much more."""
        return Amount(self.files + files, self.bytes + size)


@dataclass(frozen=True, slots=True)
class PassedOver(Sealed):
    """Counts of what was passed over.

    suffixes: by suffix, of what is no picture by it. others: by why else. listed: how many of all are in the list;
    parts: its digest, "" where it is empty.
    """

    NAME: ClassVar = "the count of what is passed over"
    REMEDY: ClassVar = "the next complete scan counts anew"

    suffixes: Mapping[str, Amount] = field(default_factory=dict)
    others: Mapping[str, Amount] = field(default_factory=dict)
    listed: int = 0
    parts: str = ""

    @property
    def total(self) -> Amount:
        """All of it."""
        amounts = (*self.suffixes.values(), *self.others.values())
        return Amount(sum(one.files for one in amounts), sum(one.bytes for one in amounts))

    @property
    def ranked(self) -> list[tuple[str, Amount]]:
        """Suffixes, then other reasons, each with how much there is of it, most files first."""
        return [
            (name, amount)
            for amounts in (self.suffixes, self.others)
            for name, amount in sorted(amounts.items(), key=lambda item: (-item[1].files, item[0]))
        ]

    @classmethod
    def parse(cls, values: Any) -> Self:
        return cls(_amounts(values["suffixes"]), _amounts(values["others"]), int(values["listed"]), values["parts"])


def _amounts(values: Any) -> dict[str, Amount]:
    return {str(name): Amount(int(files), int(size)) for name, (files, size) in values.items()}


def pack_passed(rows: Iterable[Passed]) -> bytes:
    """A part of the list, sealed and compressed: 5 to 11 bytes a file of names that are alike."""
    return zlib.compress(seal([list(row) for row in rows]))


def unpack_passed(raw: bytes) -> Iterator[Passed]:
    """What `pack_passed` was given. Raises CorruptValue for anything else."""
    try:
        rows = [Passed(str(path), int(size), Why(why)) for path, size, why in unseal(zlib.decompress(raw))]
    except (ValueError, TypeError, zlib.error) as error:
        raise CorruptValue(f"a list of what is passed over does not parse ({error}); the next scan makes it") from error
    return iter(rows)
