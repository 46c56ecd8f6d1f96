"""The files of a folder, counted as they go by: by format, by what will be refused, by what is passed over. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from shared.admission import Why
from shared.failures import FailureKind
from shared.records.passed_over import Amount, Passed, PassedOver
from worker.pipeline.estimating.beginning import Found
from worker.pipeline.extracting.reading import Refused

EXAMPLES: Final = 3  # paths that are named of each reason
NAMED: Final = 20  # folders that cannot be read, and are
REASONS: Final = 200  # and suffixes, that are counted apart
OTHERS: Final = "other reasons"
OTHER_SUFFIXES: Final = "other suffixes"


@dataclass
class Pictures:
    """Pictures of one format that will be read. unsized: those whose first bytes do not say how large they are."""

    files: int = 0
    bytes: int = 0
    pixels: int = 0
    unsized: int = 0


@dataclass
class Refusals:
    """Files that will be refused for one reason, and the first of them by name."""

    amount: Amount = field(default_factory=Amount)
    examples: list[str] = field(default_factory=list)


def label_of(kind: FailureKind, reason: str) -> str:
    """A reason without what is of one file alone.

    >>> label_of(FailureKind.DAMAGED, "damaged PNG file: its header says 0 x 3 pixels")
    'damaged PNG file'
    """
    return reason if kind is FailureKind.NO_IMAGE else reason.split(": ")[0].split(" (")[0].split(";")[0]


class Census:
    """Counts, and bounded lists of names. Memory: nothing that grows with the number of files."""

    def __init__(self) -> None:
        self.pictures: defaultdict[str, Pictures] = defaultdict(Pictures)
        self.by_bytes = Amount()
        self.refused: defaultdict[tuple[str, str], Refusals] = defaultdict(Refusals)
        self._suffixes: defaultdict[str, Amount] = defaultdict(Amount)
        self._others: defaultdict[str, Amount] = defaultdict(Amount)
        self.companions: defaultdict[str, Amount] = defaultdict(Amount)
        self.unreadable: list[str] = []  # folders, the first of them

    def add(self, path: str, size: int, look: Found | Refused | None) -> None:
        """Count a file that is read. look: None of one that is compared by its bytes alone."""
        if look is None:
            self.by_bytes = self.by_bytes.plus(1, size)
        elif isinstance(look, Found):
            counted = self.pictures[look.format]
            counted.files += 1
            counted.bytes += size
            counted.pixels += look.pixels
            counted.unsized += not look.pixels
        else:
            key = str(look.kind), label_of(look.kind, look.reason)
            if key not in self.refused and len(self.refused) >= REASONS:
                key = str(look.kind), OTHERS
            self._name(self.refused[key], path, size)

    def _name(self, refusals: Refusals, path: str, size: int) -> None:
        refusals.amount = refusals.amount.plus(1, size)
        if len(refusals.examples) < EXAMPLES:
            refusals.examples.append(path)

    def pass_over(self, passed: Passed) -> None:
        """Count a file or folder that is passed over."""
        by_suffix = passed.why is Why.SUFFIX
        counted, name = (self._suffixes, passed.suffix) if by_suffix else (self._others, str(passed.why))
        if name not in counted and len(counted) >= REASONS:
            name = OTHER_SUFFIXES
        counted[name] = counted[name].plus(1, passed.bytes)
        if passed.why is Why.UNREADABLE and len(self.unreadable) < NAMED:
            self.unreadable.append(passed.path)

    def accompany(self, found: Iterable[tuple[str, int]]) -> None:
        """Count files that belong to others: the role of each, and its bytes."""
        for role, size in found:
            self.companions[role] = self.companions[role].plus(1, size)

    @property
    def images(self) -> int:
        """Pictures that will be read, of all formats."""
        return sum(one.files for one in self.pictures.values())

    @property
    def passed_over(self) -> PassedOver:
        """What is passed over, without a list."""
        return PassedOver(dict(self._suffixes), dict(self._others))

    def describe(self) -> dict[str, Any]:
        """As `imagesieve estimate --json` has it, most files first."""
        passed = self.passed_over
        pictures = sorted(self.pictures.items(), key=lambda item: (-item[1].files, item[0]))
        refused = sorted(self.refused.items(), key=lambda item: (-item[1].amount.files, item[0]))
        return {
            "formats": [
                {
                    "format": name,
                    "files": one.files,
                    "bytes": one.bytes,
                    "megapixels": round(one.pixels / 1e6, 3),
                    "size_unknown": one.unsized,
                }
                for name, one in pictures
            ],
            "by_bytes": self.by_bytes._asdict(),
            "refused": [
                {"kind": kind, "reason": label, **one.amount._asdict(), "examples": one.examples}
                for (kind, label), one in refused
            ],
            "passed_over": {
                **passed.total._asdict(),
                "kinds": [{"kind": kind, **amount._asdict()} for kind, amount in passed.ranked],
            },
            "companions": [
                {"role": role, **amount._asdict()}
                for role, amount in sorted(self.companions.items(), key=lambda item: (-item[1].files, item[0]))
            ],
            "unreadable_folders": {"folders": self._others[Why.UNREADABLE].files, "first": self.unreadable},
        }
