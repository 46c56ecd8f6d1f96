"""The verdict writer's side of a proposal: what was found out ahead is recalled, what is newer is searched for here.

A proposal knows all that was known at a position in the stream. Contents that came since are ranked among its
candidates by the same scores. Where a group that it names has changed, or more candidates are needed than it brings, or
it is too old, the whole index is searched, as without one. So the same code decides on the same candidates.
"""

from collections import abc
from collections.abc import Callable, Sequence

from shared.records import Match
from worker.engine.search.ranking import WIDER
from worker.pipeline.comparison import File
from worker.pipeline.judging.collection import CANDIDATES, Collection
from worker.pipeline.judging.proposal import Proposal

Search = Callable[[Callable[[str], str]], list[str]]


class Recalled:
    """A proposal as collaborators of `Collection.find_keeper`: search, screen, compare. used: whether it was of use."""

    def __init__(
        self,
        proposal: Proposal,
        collection: Collection,
        unpublished: abc.Collection[str],
        screen: Callable[[Sequence[str]], set[str]],
        compare: Callable[[File], Match | None],
    ) -> None:
        """unpublished: known contents whose verdict is not in the stream, by a mishap. screen, compare: for what the
        proposal does not say."""
        self._proposal = proposal
        self._collection = collection
        self._unpublished = unpublished
        self._screen = screen
        self._compare = compare
        self.used = False

    def search(self, keeper_of: Callable[[str], str]) -> list[str]:
        """Up to CANDIDATES contents, most likely first."""
        proposal, candidates = self._proposal, self._collection.candidates
        since = self._collection.mark_at(proposal.position, self._unpublished)
        newer = candidates.rank(proposal.digest, CANDIDATES, since) if since and self._stands() else None
        if newer:
            found = proposal.ranking.merged(newer, WIDER * CANDIDATES).choose(keeper_of, CANDIDATES)
            if found is not None:
                self.used = True
                return found
        return candidates.search(proposal.digest, keeper_of, CANDIDATES)

    def screen(self, digests: Sequence[str]) -> set[str]:
        """Those that are worth a comparison."""
        screened = self._proposal.screened
        new = [digest for digest in digests if digest not in screened]
        return {digest for digest in digests if screened.get(digest)} | (self._screen(new) if new else set())

    def compare(self, candidate: File) -> Match | None:
        """What the content is to this one. That it is nothing was perhaps said because that file could not be read."""
        path, match = self._proposal.compared.get(candidate.record.digest, ("", None))
        return match if match or path == candidate.path else self._compare(candidate)

    def _stands(self) -> bool:
        """Whether each group that it names is what it was."""
        keeper, proposal = self._collection.known.keeper, self._proposal
        return all(keeper.get(name) == then for name, then in proposal.keepers.items()) and not (
            self._collection.were_split(proposal.keepers.values(), proposal.position)
        )
