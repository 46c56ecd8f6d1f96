"""The duplicates of a report as they are once the keepers that users chose since are the keepers. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from shared.acting.duplicates import ReportedDuplicate
from shared.decisions import Decided
from shared.records import Kind


def follow_choices(duplicates: Iterable[ReportedDuplicate], decided: Decided) -> Iterator[ReportedDuplicate]:
    """The same groups, each with the keeper that was chosen last among its files. O(duplicates)."""
    for _, block in groupby(duplicates, key=lambda one: (one.group, one.keeper)):
        ones = list(block)
        chosen = _chosen(ones, decided)
        yield from ones if chosen is None else _turned(ones, chosen)


def _chosen(ones: Sequence[ReportedDuplicate], decided: Decided) -> ReportedDuplicate | None:
    """The duplicate that was chosen over its keeper; None where none was, or the keeper later."""
    first = ones[0]
    latest = max(ones, key=lambda one: _order(one.digest, one.path, decided))
    is_chosen = _order(latest.digest, latest.path, decided) > _order(first.keeper_digest, first.keeper, decided)
    return latest if is_chosen and latest.kind.is_duplicate else None


def _order(digest: str, path: str, decided: Decided) -> tuple[int, bool]:
    chosen = decided.chosen.get(digest)
    return (chosen.number, chosen.path == path) if chosen else (0, False)


def _turned(ones: Sequence[ReportedDuplicate], keeper: ReportedDuplicate) -> Iterator[ReportedDuplicate]:
    """The group with this one as the keeper, and the former keeper first among the duplicates."""
    former = replace(
        keeper, path=keeper.keeper, digest=keeper.keeper_digest, bytes=keeper.keeper_bytes, companions=()
    )  # fmt: skip
    kinds = [(former, keeper.kind), *((one, _kind_beside(one, keeper)) for one in ones if one is not keeper)]
    for one, kind in kinds:
        yield replace(
            one, kind=kind, keeper=keeper.path, keeper_digest=keeper.digest, keeper_bytes=keeper.bytes
        )  # fmt: skip


def _kind_beside(one: ReportedDuplicate, other: ReportedDuplicate) -> Kind:
    """What two duplicates of one keeper are to each other, at most."""
    if one.digest == other.digest:
        return Kind.EXACT
    kinds = {one.kind, other.kind}
    return Kind.IDENTICAL if kinds <= {Kind.EXACT, Kind.IDENTICAL} else max(kinds, key=list(Kind).index)
