"""Whether nothing was lost: what the store, the broker and the report say, against the folder and each other (pure)."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.records import Event, Record, State

SHOWN = 3  # paths named in a sentence


@dataclass(frozen=True)
class Report:
    """What the newest generation says. groups: the keeper's path, and path and kind of each duplicate."""

    digests: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, tuple[str, str]] = field(default_factory=dict)  # and the keeper's path
    groups: frozenset[tuple[str, frozenset[tuple[str, str]]]] = frozenset()
    failures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Situation:
    """A stack seen from outside. files: digest of each file of the folder. held: what must be empty in the end.

    counts: files by verdict as the store counts them, None where they do not add up.
    """

    files: dict[str, str]
    records: dict[str, Record]
    events: dict[str, Event]  # the last of each path
    held: dict[str, int]
    report: Report
    counts: dict[str, int] | None


def read_report(folder: Path) -> Report:
    """The CSV files of a generation's folder; an empty report where there is none yet."""
    if not folder.exists():
        return Report()
    groups: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(folder / "duplicates.csv"):
        groups[row["group"]].append(row)
    rows = _rows(folder / "assignments.csv")
    return Report(
        {row["path"]: row["digest"] for row in rows},
        {row["path"]: (row["verdict"], row["duplicate_of"]) for row in rows},
        frozenset(map(_group, groups.values())),
        {row["path"]: row["reason"] for row in _rows(folder / "failures.csv")},
    )


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8", errors="surrogateescape") as lines:
        return list(csv.DictReader(lines))


def _group(rows: Iterable[Mapping[str, str]]) -> tuple[str, frozenset[tuple[str, str]]]:
    keepers = [row["path"] for row in rows if row["role"] == "keeper"]
    return keepers[0], frozenset((row["path"], row["kind"]) for row in rows if row["role"] == "duplicate")


def unfinished(found: Situation) -> list[str]:
    """What is not as it will be once everything is worked through, a sentence each; nothing when all is consistent."""
    files, records, report = found.files, found.records, found.report
    ready = {path: record for path, record in records.items() if record.state is State.READY}
    failed = {path: record for path, record in records.items() if record.state is State.FAILED}
    last = {path: (event.verdict, event.duplicate_of) for path, event in found.events.items()}
    given = {path: (record.verdict, record.duplicate_of) for path, record in records.items()}
    counted = {verdict: number for verdict, number in (found.counts or {}).items() if number}
    verdicts = dict(Counter(verdict for verdict, _ in given.values()))
    return [
        *([] if counted == verdicts else [f"counted by verdict: {counted}; on record: {verdicts}"]),
        *(f"{name}: {count} left" for name, count in found.held.items() if count),
        *_named("files without a record", files.keys() - records.keys()),
        *_named("records without a file", records.keys() - files.keys()),
        *_named("records that are pending", records.keys() - ready.keys() - failed.keys()),
        *_named("records without a verdict", (path for path, record in records.items() if not record.verdict)),
        *_named("records of other bytes", _unlike({path: r.digest for path, r in ready.items()}, files)),
        *_named("records whose last event says otherwise", (path for path in given if last.get(path) != given[path])),
        *_named("assignments of other files", report.verdicts.keys() ^ ready.keys()),
        *_named("assignments of other bytes", _unlike(report.digests, {path: r.digest for path, r in ready.items()})),
        *_named("verdicts that the report knows better", _unlike(report.verdicts, given)),
        *_named("failures of other files", report.failures.keys() ^ failed.keys()),
    ]


def differences(found: Report, wanted: Report) -> list[str]:
    """In what a report is not that of an undisturbed run over the same folder."""
    return [
        *_named("other files", found.digests.keys() ^ wanted.digests.keys()),
        *_named("other bytes", _unlike(found.digests, wanted.digests)),
        *_named("other verdicts", _unlike(found.verdicts, wanted.verdicts)),
        *_named("groups of this run alone, by keeper", (keeper for keeper, _ in found.groups - wanted.groups)),
        *_named("groups of the undisturbed run alone", (keeper for keeper, _ in wanted.groups - found.groups)),
        *_named("other failures", found.failures.keys() ^ wanted.failures.keys()),
        *_named("other reasons", _unlike(found.failures, wanted.failures)),
    ]


def _unlike(one: Mapping[str, object], other: Mapping[str, object]) -> list[str]:
    """Paths of both whose values differ."""
    return [path for path in one.keys() & other.keys() if one[path] != other[path]]


def _named(what: str, paths: Iterable[str]) -> Iterator[str]:
    some = sorted(paths)
    if some:
        yield f"{what}: {len(some)}, such as {', '.join(some[:SHOWN])}"


def temporary(names: Iterable[str]) -> list[str]:
    """Files of the state folder, by their relative paths, that only a process at work has a use for.

    A hidden draft or link of a report, what Redis rewrites, anything called temporary.
    """
    return [
        name
        for name in names
        if any(part.startswith((".imagesieve-", ".latest-", "temp-", "tmp")) for part in name.split("/"))
        or name.endswith((".tmp", ".part"))
    ]
