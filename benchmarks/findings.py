"""What was found of a set of edited copies, and what was found wrongly: counted, and laid out in tables. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from tabulate import tabulate

from shared.records import Event, Relation

Pairs = set[tuple[str, str]]  # of paths, in ascending order


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of the attack set. path: in the folder. source: path of the original it shows, its own for a stranger;
    of files with equal bytes the path of the first one.

    digest: of its bytes. edit: "" for originals and strangers. relation: that of a copy to its original. kin: files of
    one kin may be called variants of each other; "": only those of one source.
    """

    path: str
    source: str
    digest: str
    edit: str = ""
    relation: Relation | None = None
    kin: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """groups: files that are called one picture. variants: (file, what it is called a variant of)."""

    groups: Sequence[Sequence[str]]
    variants: Sequence[tuple[str, str]] = ()


def answers_of(events: Mapping[str, Event]) -> Answers:
    """The first verdict of each path, as answers: a keeper and what was found to be its duplicates are a group."""
    groups = defaultdict(list)
    for path, event in events.items():
        groups[event.duplicate_of or path].append(path)
    variant_of = {path: getattr(event, "variant_of", "") for path, event in events.items()}
    return Answers(list(groups.values()), [(path, other) for path, other in variant_of.items() if other])


class Findings:
    """How answers compare with what the samples are."""

    def __init__(self, samples: Iterable[Sample], answers: Answers) -> None:
        self.samples = {sample.path: sample for sample in samples}
        self.answers = answers

    def found(self, copy: Sample) -> Relation | None:
        """What a copy and its original are by the answers: near in one group, a variant where links lead to it.

        Links lead through files of the same source alone: from a variant to what it is called a variant of, and from
        there to all of its group.
        """
        here, there = self._group[copy.path], self._group[copy.source]
        if here == there:
            return Relation.NEAR
        return Relation.VARIANT if self._linked[here, copy.source] == self._linked[there, copy.source] else None

    @cached_property
    def near(self) -> Pairs:
        """Every pair of files in one group."""
        return {pair for group in self.answers.groups for pair in combinations(sorted(group), 2)}

    @cached_property
    def false_near(self) -> Pairs:
        """Those that show different originals."""
        return false_pairs(self.samples, self.near)

    @cached_property
    def false_variants(self) -> list[tuple[str, str]]:
        """Files called variants of what they are no kin of."""
        of = self.samples
        return [(one, other) for one, other in self.answers.variants if not _are_kin(of[one], of[other])]

    @cached_property
    def _group(self) -> dict[str, int]:
        """Path -> number of its group; whoever is in none is a group of its own."""
        numbers = {path: number for number, path in enumerate(self.samples, len(self.answers.groups))}
        return numbers | {path: number for number, group in enumerate(self.answers.groups) for path in group}

    @cached_property
    def _linked(self) -> dict[tuple[int, str], int]:
        """(group, source of files in it) -> number of what variants connect it with, within that source."""
        parts = {(self._group[path], sample.source): 0 for path, sample in self.samples.items()}
        lead = {part: part for part in parts}

        def first(part: tuple[int, str]) -> tuple[int, str]:
            while lead[part] != part:
                part = lead[part]
            return part

        for one, other in self.answers.variants:
            source = self.samples[one].source
            if source == self.samples[other].source:
                lead[first((self._group[one], source))] = first((self._group[other], source))
        numbers = {part: number for number, part in enumerate(parts)}
        return {part: numbers[first(part)] for part in parts}


def false_pairs(samples: Mapping[str, Sample], pairs: Pairs) -> Pairs:
    """Pairs of files that show different originals. samples: by path."""
    return {(one, other) for one, other in pairs if samples[one].source != samples[other].source}


def _are_kin(one: Sample, other: Sample) -> bool:
    return one.source == other.source or bool(one.kin and one.kin == other.kin)


def copies_by_edit(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """The copies of each edit, in the order of the samples."""
    copies: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.edit:
            copies[sample.edit].append(sample)
    return copies


def edit_table(
    samples: Sequence[Sample], right: Relation, findings: Mapping[str, Findings], hashed: Mapping[str, Pairs]
) -> str:
    """Shares of the copies for which `right` is right, per edit: found as near, as a variant, and at all.

    findings: by when. hashed: pairs by method, which know no relation.
    """
    copies = copies_by_edit(sample for sample in samples if sample.relation is right)
    rows = [[edit, *_shares(of, findings.values(), hashed.values())] for edit, of in copies.items()]
    every = [sample for of in copies.values() for sample in of]
    if rows:
        columns = list(zip(*(row[1:] for row in rows), strict=True))
        rows.append(["all of them", *_shares(every, findings.values(), hashed.values())])
        rows.append(["the worst", *map(min, columns)])
    heads = [f"{when}: {what}" for when in findings for what in ("as near", "as variant", "found")]
    return tabulate(rows, [f"{right} is right", *heads, *hashed], tablefmt="github", floatfmt=".3f")


def _shares(copies: Sequence[Sample], findings: Iterable[Findings], hashed: Iterable[Pairs]) -> Iterator[float]:
    for finding in findings:
        called = [finding.found(copy) for copy in copies]
        near, variant = called.count(Relation.NEAR), called.count(Relation.VARIANT)
        yield from (share / len(copies) for share in (near, variant, near + variant))
    for pairs in hashed:
        yield sum(tuple(sorted((copy.source, copy.path))) in pairs for copy in copies) / len(copies)


def total_table(samples: Sequence[Sample], findings: Mapping[str, Findings]) -> str:
    """What the limits of docs/quality.md are held against: recall together and of the worst edit, and precision."""
    columns = [dict(_totals(samples, finding)) for finding in findings.values()]
    rows: list[list[Any]] = [[name, *(column[name] for column in columns)] for name in columns[0]] if columns else []
    return tabulate(rows, ["", *findings], tablefmt="github", disable_numparse=True)


def _totals(samples: Sequence[Sample], finding: Findings) -> Iterator[tuple[str, str]]:
    near = copies_by_edit(sample for sample in samples if sample.relation is Relation.NEAR)
    called_near = {edit: [finding.found(copy) is Relation.NEAR for copy in of] for edit, of in near.items()}
    yield "near edits found as near", _together(called_near)
    yield "the worst of them", _worst(called_near)
    every = {edit: [finding.found(copy) is not None for copy in of] for edit, of in copies_by_edit(samples).items()}
    yield "all edits, as near or variant", _together(every)
    yield "the worst of all", _worst(every)
    variants = [sample for sample in samples if sample.relation is Relation.VARIANT]
    overcalled = sum(finding.found(copy) is Relation.NEAR for copy in variants)
    yield "variants called near", f"{overcalled} of {len(variants)}"
    yield "false pairs of near", f"{len(finding.false_near)} of {len(finding.near)}"
    yield "precision of near", _precision(len(finding.false_near), len(finding.near))
    called = len(finding.answers.variants)
    yield "false variants", f"{len(finding.false_variants)} of {called}"
    yield "precision of variants", _precision(len(finding.false_variants), called)


def _together(found: Mapping[str, list[bool]]) -> str:
    every = [one for of in found.values() for one in of]
    return f"{sum(every) / len(every):.4f}" if every else "none"


def _worst(found: Mapping[str, list[bool]]) -> str:
    shares = {edit: sum(of) / len(of) for edit, of in found.items()}
    worst = min(shares, key=lambda edit: shares[edit], default="")
    return f"{shares[worst]:.3f} ({worst})" if worst else "none"


def _precision(wrong: int, of: int) -> str:
    return f"{1 - wrong / of:.4f}" if of else "none called"
