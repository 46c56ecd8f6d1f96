"""What the verdict writer counts."""

from collections.abc import Sequence
from typing import Final

from shared.metrics import Meter, Metric
from shared.records import Match, Verdict
from shared.store import Change
from worker.pipeline.comparison import Compare, File

# What a reason begins with, or holds, to the group it is counted in. A reason itself is no label: it names sizes,
# suffixes and what a decoder said.
_GROUPS: Final = (
    ("refused:", "not readable"),
    ("not permitted", "not readable"),
    ("regular file", "not readable"),
    ("opening failed", "not readable"),
    ("reading failed", "not readable"),
    ("gone before", "gone"),
    ("not read:", "suffix"),
    ("empty file", "empty"),
    ("not an image", "no image"),
    ("larger than the limit", "too large"),
    ("too large", "too large"),
    ("decoding took", "decoder"),
    ("crashed the decoder", "decoder"),
    ("damaged", "damaged"),
    ("truncated", "damaged"),
    ("decoder refuses", "damaged"),
    ("convert it", "unsupported"),
)
OTHER: Final = "other"

VERDICTS: Final = Metric(
    "imagesieve_verdicts_given_total", "counter", "verdicts given, corrections by recluster runs left out",
    "verdict", tuple(Verdict),
)  # fmt: skip
FAILURES: Final = Metric(
    "imagesieve_verdicts_failures_total", "counter", "files found to be no readable picture, by group of reasons",
    "reason", (*dict.fromkeys(group for _, group in _GROUPS), OTHER),
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
    "imagesieve_verdicts_comparisons_total", "counter", "pairs of pictures compared, and whether they matched",
    "match", ("yes", "no"),
)  # fmt: skip
KNOWN: Final = Metric("imagesieve_verdicts_known_files", "gauge", "files that the writer compares new ones with")
LEASE: Final = Metric("imagesieve_verdicts_lease_held", "gauge", "1 while this process is the one that gives verdicts")
METRICS: Final = (VERDICTS, FAILURES, JUDGE_SECONDS, WAIT_SECONDS, COMPARISONS, KNOWN, LEASE)


def group_of(reason: str) -> str:
    """The group that a failure is counted in (pure).

    >>> group_of("truncated JPEG file: its end is missing"), group_of("not read: its suffix .txt is not among ...")
    ('damaged', 'suffix')
    """
    return next((group for words, group in _GROUPS if words in reason), OTHER)


def counted(compare: Compare, meter: Meter) -> Compare:
    """The same comparison, which is counted."""

    def compare_and_count(keeper: File, other: File) -> Match | None:
        match = compare(keeper, other)
        meter.add(COMPARISONS, value="yes" if match else "no")
        return match

    return compare_and_count


def count_verdicts(meter: Meter, changes: Sequence[Change], done: Sequence[bool], now: float) -> None:
    """Count the verdicts that were written, as `done` says."""
    for (_, old, new), written in zip(changes, done, strict=True):
        if not written:
            continue
        meter.add(VERDICTS, value=new.verdict)
        if new.verdict == Verdict.FAILED:
            meter.add(FAILURES, value=group_of(new.reason))
        elif not old.verdict:
            meter.observe(WAIT_SECONDS, max(0.0, now - old.since))
