"""Which picture is a variant of which: the same one with something added, covered or changed in a place.

A variant is no duplicate, so both pictures stay. Of two the one that ranks lower in the order of keepers is the
variant, and a page that holds a picture ranks behind all pictures, so no two are variants of each other, nor any number
of them in a circle.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.records import Box, Match, Relation
from worker.engine.groups.groups import Group, Member
from worker.engine.groups.keepers import Rank
from worker.engine.groups.pages import PageRank, rank_pages_last
from worker.engine.groups.verified import Matches, Verify

Places = tuple[Box, Box] | tuple[()]
_Ends = tuple[Member, Member]  # the variant, and the one that it is a variant of


@dataclass(frozen=True, slots=True)
class Variant:
    """A file that is a variant of another one; both stay. similarity: of the two, 0 to 1. reason: in words.

    share: how much of the picture differs, 0 to 1. places: where, a box in the picture of `member` and one in that of
    `of`, () where that is not known.
    """

    member: Member
    of: Member
    similarity: float
    share: float
    reason: str
    places: Places = ()


def find_variants(
    members: Iterable[Member],
    pixels: Mapping[str, str],
    matches: Matches,
    groups: Sequence[Group],
    verify: Verify,
    rank: Rank,
) -> list[Variant]:
    """Of each file that stays and has variant matches the one that ranks first of those that it matches.

    members, pixels, matches, rank: as `verified_groups` takes them, whose answer `groups` is; the order of members and
    matches does not change this one. verify: asked, at most once a pair, for two files that stay and that nobody
    compared, while others of their groups are variants, and for each beside the first of all that variants connect. The
    answer is sorted by the path of what each is a variant of, then by its own. Cost: O(members + matches), and one call
    of `verify` for each such pair.
    """
    staying, order = _staying(members, pixels, groups), rank_pages_last(matches, pixels, rank)
    known: dict[_Ends, Match] = {}
    to_ask: set[_Ends] = set()
    for pair, match in matches.items():
        names = [pixels.get(digest) or digest for digest in pair]
        one, other = (staying.get(name) for name in names)
        if match.relation is not Relation.VARIANT or one is None or other is None or one == other:
            continue
        ends = (other, one) if order(one) < order(other) else (one, other)
        if names != [pixels.get(end.digest) or end.digest for end in (one, other)]:
            to_ask.add(ends)
            continue
        found = _turned(match, ends[0] is one)
        known[ends] = max(known.get(ends, found), found, key=_order)
    to_ask |= _with_first({*known, *to_ask}, order)
    known.update(_asked(to_ask - known.keys(), verify, order))
    return _best(known, order)


def _with_first(pairs: Iterable[_Ends], order: PageRank) -> set[_Ends]:
    """Each file that pairs connect, beside the one of those that ranks first: the picture itself, most likely."""
    first: dict[Member, Member] = {}
    for pair in pairs:
        roots = sorted({_root(first, end) for end in pair}, key=order)
        first.update(dict.fromkeys(roots, roots[0]))
    return {(end, _root(first, end)) for end in list(first) if _root(first, end) != end}


def _root(first: dict[Member, Member], member: Member) -> Member:
    while first.setdefault(member, member) != member:
        member = first[member]
    return member


def _staying(members: Iterable[Member], pixels: Mapping[str, str], groups: Sequence[Group]) -> dict[str, Member]:
    """The file that stays for each content, by the digest of its pixels where that is known, else its own."""
    staying = {pixels.get(member.digest) or member.digest: member for member in members}
    for group in groups:
        for member in (group.keeper, *(duplicate.member for duplicate in group.duplicates)):
            staying[pixels.get(member.digest) or member.digest] = group.keeper
    return staying


def _turned(match: Match, forward: bool) -> Match:
    """The match with its places in the order of the ends. forward: whether that of the digests is the same."""
    return match if forward else Match(match.similarity, match.reason, match.relation, match.share, match.places[::-1])


def _asked(pairs: Iterable[_Ends], verify: Verify, order: PageRank) -> Iterator[tuple[_Ends, Match]]:
    for variant, of in sorted(pairs, key=lambda ends: (order(ends[1]), order(ends[0]))):
        match = verify(of.digest, variant.digest)
        if match and match.relation is Relation.VARIANT:
            yield (variant, of), _turned(match, variant.digest < of.digest)


def _best(known: Mapping[_Ends, Match], order: PageRank) -> list[Variant]:
    best: dict[Member, tuple[Member, Match]] = {}
    for (variant, of), match in sorted(known.items(), key=lambda item: order(item[0][1])):
        best.setdefault(variant, (of, match))
    found = [
        Variant(variant, of, match.similarity, match.share, match.reason, match.places)
        for variant, (of, match) in best.items()
    ]
    return sorted(found, key=lambda variant: (variant.of.path, variant.member.path))


def _order(match: Match) -> tuple[float, str, float, Places]:
    return match.similarity, match.reason, match.share, match.places
