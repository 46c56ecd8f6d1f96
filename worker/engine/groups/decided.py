"""What users decided, where groups are made: who stands first, who never stands together, who stays. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from shared.decisions import Decided, Subject
from shared.records import Pair
from worker.engine.groups.groups import Group, Member


def rank_chosen_first(rank: Callable[[Member], Any], decided: Decided) -> Callable[[Member], tuple[Any, ...]]:
    """The rank with chosen keepers before all others, the latest choice first.

    Of copies with the bytes of a chosen one that stands first which was chosen; where none has its path any more, the
    rank says.
    """

    def ranked(member: Member) -> tuple[Any, ...]:
        chosen = decided.chosen.get(member.digest)
        if chosen is None:
            return 1, 0, False, rank(member)
        return 0, -chosen.number, member.path != chosen.path, rank(member)

    return ranked


def classes_apart(decided: Decided, pixels: Mapping[str, str]) -> dict[str, set[str]]:
    """The contents that are apart from each, by the digest of their pixels where that is known, else by their own.

    What has the very pixels of a picture that is apart from another one is apart from that, too.
    """
    found: dict[str, set[str]] = {}
    for digest, others in decided.apart.items():
        name = pixels.get(digest) or digest
        found.setdefault(name, set()).update({pixels.get(other) or other for other in others} - {name})
    return found


def without_apart(
    found: Mapping[Pair, Any], apart: Mapping[str, set[str]], pixels: Mapping[str, str]
) -> dict[Pair, Any]:
    """The pairs of digests that are not apart, with what is known of them. apart: as `classes_apart` gives them."""
    if not apart:
        return dict(found)
    return {
        (one, other): value
        for (one, other), value in found.items()
        if (pixels.get(other) or other) not in apart.get(pixels.get(one) or one, ())
    }


def mark_kept(groups: Iterable[Group], decided: Decided) -> Iterator[Group]:
    """The groups with the duplicates marked that stay, because somebody decided so of them and of their keeper."""
    for group in groups:
        subjects = [Subject(one.member.digest, one.member.path) for one in group.duplicates]
        keeping = decided.keeping(Subject(group.keeper.digest, group.keeper.path), subjects)
        duplicates = (
            replace(one, kept_by=keeping.get(subject, 0))
            for one, subject in zip(group.duplicates, subjects, strict=True)
        )
        yield replace(group, duplicates=tuple(duplicates)) if keeping else group
