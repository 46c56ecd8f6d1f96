"""What a generation was made from: another run gives another one only where that has changed."""

from dataclasses import dataclass, replace
from typing import Any

from shared.records import Generation
from worker.engine.matching.thresholds import Thresholds
from worker.pipeline.thresholds import InForce


@dataclass(frozen=True, slots=True)
class Origin:
    """revision: of the collection. extractor: id. rules: of keepers. thresholds: in force. k_asked: the k that was
    asked for by hand, k_wished: that, or else the settings'; 0 for none. decisions: number of the newest."""

    revision: int
    extractor: str
    rules: list[list[str]]
    thresholds: Any
    k_asked: int
    k_wished: int
    decisions: int

    def differs_in_files_alone(self, other: "Origin") -> bool:
        """Whether the two differ, and only in the files of the collection."""
        return self != other and replace(self, revision=other.revision) == other


def origin_of(generation: Generation) -> Origin:
    """From its summary."""
    summary = generation.summary
    rules = [summary.get(name, []) for name in ("keeper_order", "preferred_folders", "protected_folders")]
    numbers = (summary.get(name, 0) for name in ("k_asked", "k_wished", "decisions"))
    return Origin(generation.revision, generation.extractor, rules, thresholds_of(generation), *numbers)


def asked_of(last: Generation | None) -> int:
    """The k that `imagesieve recluster --k` asked for, 0 for none; it holds until it is taken back."""
    return int(last.summary.get("k_asked", 0)) if last else 0


def thresholds_of(last: Generation | None) -> Any:
    """Those that all known pairs have passed; before the first generation the defaults."""
    return last.summary.get("thresholds") if last else InForce(Thresholds()).describe()
