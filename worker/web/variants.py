"""Variants as decisions leave them: pairs to look at. They are no duplicates, and nothing goes of them here (pure).

A pair is a case as a group is, with a number behind those of the groups, so that a page shows either.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from shared.decisions import Decided
from shared.records import Kind
from worker.web.cases import Case, Fate, File
from worker.web.index import Index


def plain_variants(index: Index) -> list[Case]:
    """Each variant of the report behind the picture that it is one of, in the report's order."""
    first = max((group.number for group in index.groups), default=0) + 1
    return [
        Case(
            number,
            (
                _file(index, one.of, 1.0, "", Fate.KEEPER),
                _file(index, one.row, one.similarity, one.reason, Fate.OPEN),
            ),
            one.share,
        )
        for number, one in enumerate(index.variants, start=first)
    ]


def decided_variants(cases: Sequence[Case], decided: Decided, away: Collection[str]) -> list[Case]:
    """The same pairs; of those that are said to be different, or of which a file is away, nothing waits."""
    if not decided.apart and not away:
        return list(cases)
    return [_decided(case, decided, away) for case in cases]


def _decided(case: Case, decided: Decided, away: Collection[str]) -> Case:
    picture, variant = case.files
    if decided.are_apart(picture.digest, variant.digest):
        fate = Fate.APART
    elif picture.path in away or variant.path in away:
        fate = Fate.AWAY
    else:
        return case
    return replace(case, files=(picture, replace(variant, fate=fate)))


def _file(index: Index, row: int, similarity: float, reason: str, fate: Fate) -> File:
    image = index.image(row)
    return File(row, image.path, image.digest, image.size, Kind.VARIANT, similarity, reason, fate)
