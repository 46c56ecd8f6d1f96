"""Which file of several that hold one picture stays: the order of keepers.

Bars and frames of one colour add no pixels: a letterboxed copy would stay otherwise, and the picture itself go.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from worker.engine.groups import Member

KeeperRank = tuple[int | str, ...]
Rank = Callable[[Member], KeeperRank]

_CRITERIA: Final[Mapping[str, tuple[str, Callable[[Member], int | str]]]] = {
    "pixels": ("most pixels", lambda member: -(member.content or member.width * member.height)),
    "bytes": ("largest file", lambda member: -member.bytes),
    "oldest": ("oldest", lambda member: member.mtime_ns),
    "newest": ("newest", lambda member: -member.mtime_ns),
    "shortest": ("shortest path", lambda member: len(member.path)),
    "path": ("first by path", lambda member: member.path),
}


def rank_keepers(order: Sequence[str]) -> Rank:
    """The rank of a file by these criteria (`shared.settings.KEEPER_CRITERIA`); the lowest stays.

    The path decides last, named or not, so the order is total: no two files share one. Raises KeyError for a word that
    is no criterion.
    """
    measures = [_CRITERIA[word][1] for word in (*order, "path")]
    return lambda member: tuple(measure(member) for measure in measures)


def describe_order(order: Sequence[str]) -> str:
    """The order in words, such as `most pixels, then largest file, then first by path`."""
    words = list(dict.fromkeys([*order, "path"]))
    return ", then ".join(_CRITERIA[word][0] for word in words)
