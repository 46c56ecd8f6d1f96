"""Pages around pictures: screenshots, posts, a picture on another one.

A page has more pixels than the picture that it shows; still the picture is the one to keep, and the page its variant.
"""

from collections.abc import Callable, Mapping

from shared.records import Match, Pair, Relation
from worker.engine.groups.groups import Member
from worker.engine.groups.keepers import KeeperRank, Rank

PageRank = Callable[[Member], tuple[bool, KeeperRank]]


def rank_pages_last(matches: Mapping[Pair, Match], pixels: Mapping[str, str], rank: Rank) -> PageRank:
    """The rank of keepers with pages behind all pictures.

    matches: by which pictures are held by others. pixels: digest -> digest of the decoded pixels, where known.
    """
    pages = {
        pixels.get(pair[match.holder]) or pair[match.holder]
        for pair, match in matches.items()
        if match.relation is Relation.VARIANT and match.holder is not None
    }
    return lambda member: ((pixels.get(member.digest) or member.digest) in pages, rank(member))
