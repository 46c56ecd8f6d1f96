"""The verdict writer as it lives on: a judge for the extractor that counts, and a new one when another is published."""

from collections.abc import Callable, Sequence

from shared.store import Extractors
from worker.pipeline.judging.judge import Judge
from worker.pipeline.judging.proposal import Proposal
from worker.pipeline.judging.succession import Succession


class Writer:
    """Gives verdicts. What it knows of the collection is learnt from the store when it is first asked."""

    def __init__(self, store: Extractors, open_judge: Callable[[str], Judge]) -> None:
        """open_judge: makes a judge for an extractor id; it has looked at nothing yet."""
        self._judges = Succession(store, open_judge)
        self.duplicates = 0  # among the verdicts of the last look

    def look(self, paths: Sequence[str], proposals: Sequence[Proposal] = ()) -> int:
        """Judge what is new among `paths` and let go what is gone; how many verdicts were given.

        The first look, and the first one after another extractor was published, takes as long as reading the
        collection; what has waited meanwhile is for `pass_on`. Raises LeaseTaken when it is another process's turn.
        """
        judge = self._judges.current()
        before = judge.duplicates
        given = judge.look(paths, [one for one in proposals if one.extractor == self._judges.extractor])
        self.duplicates = judge.duplicates - before
        return given

    def save(self) -> None:
        """Keep what is known of the collection for the next start."""
        if self._judges.opened:
            self._judges.opened.save()

    def pass_on(self, send: Callable[[Sequence[str]], None]) -> None:
        """Send the paths that were found without a verdict and that nobody may ask for: their messages are lost."""
        judge = self._judges.opened
        if judge and judge.waiting:
            send(judge.waiting)
            judge.waiting = []
