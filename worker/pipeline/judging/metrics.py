"""What the verdict writer counts."""

from collections.abc import Sequence
from typing import Final

from shared.failures import FailureKind
from shared.metrics import Meter, Metric
from shared.records import Match, Relation, Verdict
from shared.store import Change
from worker.pipeline.comparison import Compare, File

NO_MATCH: Final = "no"
RECALLED, OUTDATED, NONE = "recalled", "outdated", "none"

VERDICTS: Final = Metric(
    "imagesieve_verdicts_given_total", "counter", "verdicts given, corrections by recluster runs left out",
    "verdict", tuple(Verdict),
)  # fmt: skip
FAILURES: Final = Metric(
    "imagesieve_verdicts_failures_total", "counter", "files found to be no readable picture, by group of reasons",
    "reason", tuple(FailureKind),
)  # fmt: skip
JUDGE_SECONDS: Final = Metric(
    "imagesieve_verdicts_judge_seconds", "histogram", "time it took to judge one new picture: search, compare, write",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
WAIT_SECONDS: Final = Metric(
    "imagesieve_verdicts_wait_seconds", "histogram", "from the features in the store to the verdict",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)  # fmt: skip
COMPARISONS: Final = Metric(
    "imagesieve_verdicts_comparisons_total", "counter",
    "pairs of pictures compared closely, and what they were to each other",
    "match", (*Relation, NO_MATCH),
)  # fmt: skip
PROPOSALS: Final = Metric(
    "imagesieve_verdicts_proposals_total", "counter",
    "new pictures by what a proposer had found out: recalled, outdated, or none",
    "proposal", (RECALLED, OUTDATED, NONE),
)  # fmt: skip
KNOWN: Final = Metric("imagesieve_verdicts_known_files", "gauge", "files that the writer compares new ones with")
LEASE: Final = Metric("imagesieve_verdicts_lease_held", "gauge", "1 while this process is the one that gives verdicts")
METRICS: Final = (VERDICTS, FAILURES, JUDGE_SECONDS, WAIT_SECONDS, COMPARISONS, PROPOSALS, KNOWN, LEASE)


def counted(compare: Compare, meter: Meter) -> Compare:
    """The same comparison, which is counted."""

    def compare_and_count(keeper: File, other: File) -> Match | None:
        match = compare(keeper, other)
        meter.add(COMPARISONS, value=match.relation if match else NO_MATCH)
        return match

    return compare_and_count


def count_verdicts(meter: Meter, changes: Sequence[Change], done: Sequence[bool], now: float) -> None:
    """Count the verdicts that were written, as `done` says."""
    for (_, old, new), written in zip(changes, done, strict=True):
        if not written:
            continue
        meter.add(VERDICTS, value=new.verdict)
        if new.verdict == Verdict.FAILED:
            meter.add(FAILURES, value=new.failure or FailureKind.OTHER)
        elif not old.verdict:
            meter.observe(WAIT_SECONDS, max(0.0, now - old.since))
