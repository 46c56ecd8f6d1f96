"""Which file of several that hold one picture stays: the order of keepers.

Folders decide first: protected ones, then preferred ones in their order. Then the criteria of the files themselves.
Bars and frames of one colour add no pixels: a letterboxed copy would stay otherwise, and the picture itself go.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from shared.paths import is_in_folder
from shared.setting_checks import KEEPER_FORMATS
from worker.engine.groups.criteria import COMPANIONS, CRITERIA, FORMAT, rank_format
from worker.engine.groups.groups import Member

KeeperRank = tuple[int | str, ...]
Rank = Callable[[Member], KeeperRank]

FOLDER, PAGE, CHOSEN = "folder", "page", "chosen"  # what decides beside the criteria
_RULES: Final[Mapping[str, str]] = {
    FOLDER: "in a protected or preferred folder",
    PAGE: "the others show it on a page",
    CHOSEN: "you chose it",
}


@dataclass(frozen=True, slots=True)
class FolderRules:
    """Folders that decide who stays, relative to the watched one; `.` is that one itself.

    prefer: in order. protect: no file in them is ever acted on; they come before the preferred ones.
    """

    prefer: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()

    def protector(self, path: str) -> str | None:
        """The protected folder that this file is in."""
        return next((folder for folder in self.protect if is_in_folder(path, folder)), None)

    def rank(self, path: str) -> int:
        """0 for a protected file, then the place of the preferred folder that it is in; the lowest stays."""
        if self.protector(path) is not None:
            return 0
        places = (place for place, folder in enumerate(self.prefer, start=1) if is_in_folder(path, folder))
        return next(places, len(self.prefer) + 1)


NO_RULES: Final = FolderRules()


@dataclass(frozen=True)
class Ranking:
    """The rank of a file by its folder, then by criteria (`shared.setting_checks.KEEPER_CRITERIA`); the lowest stays.

    The path decides last, named or not, so the order is total: no two files share one. companions: of how many files
    with a content of their own each one is the picture, by its path; of files that are not there nobody asks. formats:
    `shared.setting_checks.KEEPER_FORMATS` in the order that is set.
    """

    order: Sequence[str]
    folders: FolderRules = NO_RULES
    companions: Mapping[str, int] = field(default_factory=dict)
    formats: tuple[str, ...] = KEEPER_FORMATS

    def __call__(self, member: Member) -> KeeperRank:
        """The rank of a file. Raises KeyError for a word that is no criterion."""
        return self._ranked(member, (*self.order, "path"))

    def contested(self, members: Iterable[Member]) -> set[str]:
        """Paths that nothing tells from one another before their companions do; none where those are not asked for."""
        if COMPANIONS not in self.order:
            return set()
        before = self.order[: self.order.index(COMPANIONS)]
        # Their hashes take a tenth of the memory; one that two ranks share costs one count.
        ranks = {member.path: hash(self._ranked(member, before)) for member in members}
        counted = Counter(ranks.values())
        return {path for path, rank in ranks.items() if counted[rank] > 1}

    def knowing(self, companions: Mapping[str, int]) -> "Ranking":
        """The same, where the companions of contested files are known."""
        return replace(self, companions=companions)

    def rule(self, keeper: Member, others: Iterable[Member]) -> str:
        """What decided: the first criterion in which the keeper is before the best of the others.

        FOLDER where that was not asked; PAGE where another one is before it, and only its picture made it the keeper.
        """
        mine, best = self(keeper), min(map(self, others))
        words = (FOLDER, *self.order, "path")
        decided = next(word for word, one, other in zip(words, mine, best, strict=True) if one != other)
        return decided if mine < best else PAGE

    def _ranked(self, member: Member, words: Sequence[str]) -> KeeperRank:
        return (self.folders.rank(member.path), *(self._measured(member, word) for word in words))

    def _measured(self, member: Member, word: str) -> int | str:
        if word == COMPANIONS:
            return -self.companions.get(member.path, 0)
        return rank_format(member, self.formats) if word == FORMAT else CRITERIA[word][1](member)


def rank_keepers(
    order: Sequence[str], folders: FolderRules = NO_RULES, formats: tuple[str, ...] = KEEPER_FORMATS
) -> Ranking:
    """The order of keepers, before anybody has counted companions."""
    return Ranking(tuple(order), folders, formats=formats)


def word_rule(rule: str) -> str:
    """What decided, for people: `most pixels`; "" where nobody knows."""
    return _RULES.get(rule) or (CRITERIA[rule][0] if rule in CRITERIA else "")


def describe_order(order: Sequence[str], folders: FolderRules = NO_RULES) -> str:
    """The order in words, such as `in a preferred folder ('a'), then most pixels, then first by path`."""
    parts = []
    if folders.protect:
        parts.append(f"in a protected folder ({', '.join(map(ascii, folders.protect))})")
    if folders.prefer:
        parts.append(f"in a preferred folder ({', then '.join(map(ascii, folders.prefer))})")
    words = list(dict.fromkeys([*order, "path"]))
    return ", then ".join([*parts, *(CRITERIA[word][0] for word in words)])
