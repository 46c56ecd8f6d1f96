"""Groups from verified pairs: a keeper and images each verified against that keeper, never a chain.

A~B and B~C do not put A and C together. Within a set of images that pairs connect, the best-ranked image becomes a
keeper and takes every image that is verified against it; of what is left the best-ranked becomes the next keeper.
A variant is no duplicate: only `near` pairs connect, and only they put an image into a group.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from shared.decisions import UNDECIDED, Decided
from shared.records import ImageFacts, Kind, Match, Pair, Relation, pair_of
from worker.engine.groups.decided import classes_apart, rank_chosen_first, without_apart
from worker.engine.groups.groups import EXACT_SIMILARITY, Duplicate, Group, Member, number_groups
from worker.engine.groups.keepers import Rank
from worker.engine.groups.pages import rank_pages_last

Matches = Mapping[Pair, Match]
Verify = Callable[[str, str], Match | None]
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
NOBODY: Final[frozenset[str]] = frozenset()


def tell_kind(
    keeper: str, other: str, pixels: Mapping[str, str], match: Match | None, holds: Mapping[str, str] = NOTHING
) -> tuple[Kind, Match]:
    """How a duplicate is the same as its keeper, and how sure and why: no other place decides it.

    keeper, other: their digests. pixels: digest -> digest of the decoded pixels, where known, with the scale where they
    were taken at one. match: what comparing the two found, None where that is not on record. holds: digest -> what the
    file holds beside its picture, in words; the reason says it.
    """
    if keeper == other:
        return Kind.EXACT, Match(EXACT_SIMILARITY, Kind.EXACT.words)
    if pixels.get(keeper, "") == pixels.get(other) != "":
        scale, blank, _ = pixels[other].rpartition(" ")
        reason = f"the same pixels{blank and ' at '}{scale}{blank and ' of their size'} in another file"
        return Kind.IDENTICAL, Match(EXACT_SIMILARITY, reason)
    match = match or Match(1.0, "the same picture")
    return Kind.NEAR, replace(match, reason=match.reason + _beside(holds.get(keeper, ""), holds.get(other, "")))


def _beside(keeper: str, other: str) -> str:
    """What the two hold beside the picture that they show, for the end of a reason."""
    if other:
        return f"; it holds {other}, its keeper {keeper or 'does not'}"
    return f"; its keeper holds {keeper} besides" if keeper else ""


def verified_groups(
    members: Iterable[Member],
    pixels: Mapping[str, str],
    matches: Matches,
    verify: Verify,
    rank: Rank,
    facts: Mapping[str, ImageFacts] = NOTHING,
    decided: Decided = UNDECIDED,
) -> list[Group]:
    """Group files by bytes, by pixels and by verified pairs.

    members: every path once, in any order, which does not change the answer. pixels: digest -> digest of the decoded
    pixels, where known. matches: what is verified already, by `pair_of` of digests; those of pictures that are gone
    say where to look. verify: asked, at most once a pair, for a pair of digests that others connect but nobody compared
    yet; it is not asked again about a known variant. rank: order of keepers, total. facts: by digest, where known; they
    tell what a file would lose to its keeper. decided: by users; chosen keepers rank before all others, and no group
    holds two contents that are apart.
    Cost: O(n log n), and in a connected set of m pictures with g keepers up to m g calls of `verify`.
    """
    apart = classes_apart(decided, pixels)
    order = rank_chosen_first(rank_pages_last(without_apart(matches, apart, pixels), pixels, rank), decided)
    classes = _classes(members, pixels, rank_chosen_first(rank, decided))
    groups = []
    for connected in _components(classes, matches, pixels):
        left = sorted(connected, key=lambda name: order(classes[name][0]))
        while left:
            keeper, *others = left
            taken: dict[str, Match] = {}
            for other in others:
                if not apart.get(other, NOBODY).isdisjoint((keeper, *taken)):
                    continue
                match = _compare(classes[keeper], classes[other], matches, verify)
                if match:
                    taken[other] = match
            left = [other for other in others if other not in taken]
            found = [(classes[name], pair) for name, pair in taken.items()]
            groups.append(_group(classes[keeper], found, pixels, facts))
    return number_groups(Group(0, keeper, duplicates) for keeper, duplicates in groups if duplicates)


def _classes(
    members: Iterable[Member], pixels: Mapping[str, str], rank: Callable[[Member], Any]
) -> dict[str, list[Member]]:
    """Files of the same pixels, best first. Equality does not chain, so they may be taken together."""
    classes: defaultdict[str, list[Member]] = defaultdict(list)
    for member in members:
        classes[pixels.get(member.digest) or member.digest].append(member)
    return {name: sorted(alike, key=rank) for name, alike in classes.items()}


def _components(classes: Mapping[str, list[Member]], matches: Matches, pixels: Mapping[str, str]) -> list[list[str]]:
    """Sets of classes that pairs connect: where to look, not yet who belongs together."""
    connected = [
        (pixels.get(one) or one, pixels.get(other) or other)
        for (one, other), match in matches.items()
        if match.relation is Relation.NEAR
    ]
    number = {name: index for index, name in enumerate(dict.fromkeys(chain(classes, *connected)))}
    if not connected:
        return [[name] for name in classes]
    ones, others = np.array([(number[one], number[other]) for one, other in connected]).T
    graph = coo_array((np.ones(len(ones)), (ones, others)), shape=(len(number), len(number)))
    components: defaultdict[int, list[str]] = defaultdict(list)
    for name, label in zip(classes, connected_components(graph, directed=False)[1].tolist(), strict=False):
        components[label].append(name)  # classes are the first of those that are numbered
    return list(components.values())


def _compare(keeper: list[Member], other: list[Member], matches: Matches, verify: Verify) -> Match | None:
    """The best `near` pair known between the classes; where nothing is known, what `verify` says of the best files."""
    digests = {member.digest for member in keeper}
    keys = (pair_of(digest, member.digest) for member in other for digest in digests)
    known = [matches.get(key) for key in keys if key in matches] or [verify(keeper[0].digest, other[0].digest)]
    near = [match for match in known if match and match.relation is Relation.NEAR]
    return max(near, key=lambda match: (match.similarity, match.reason), default=None)


def _group(
    alike: list[Member],
    others: list[tuple[list[Member], Match]],
    pixels: Mapping[str, str],
    facts: Mapping[str, ImageFacts],
) -> tuple[Member, tuple[Duplicate, ...]]:
    keeper, *rest = alike
    found = [(member, None) for member in rest] + [(member, pair) for members, pair in others for member in members]
    duplicates = []
    for member, pair in found:
        holds = {keeper.digest: keeper.holds, member.digest: member.holds}
        kind, match = tell_kind(keeper.digest, member.digest, pixels, pair, holds)
        one, other = facts.get(keeper.digest), facts.get(member.digest)
        loses_nothing = other.loses_nothing_to(one) if one and other and kind is Kind.IDENTICAL else None
        duplicates.append(Duplicate(member, kind, match.similarity, match.reason, loses_nothing))
    return keeper, tuple(duplicates)
