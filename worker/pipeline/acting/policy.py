"""The policy of the stream: what was just proved to be a duplicate moves away by itself."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from shared.duplicates import Duplicate
from shared.errors import ActionsBusy
from shared.journal import Action, Phase, acting_alone, read_runs, run_files
from worker.engine.keepers import FolderRules
from worker.pipeline.acting.apply import Acting, Tools
from worker.pipeline.acting.plan import Choice, Skipped, make_plan, needed_paths
from worker.pipeline.acting.restore import settle_runs
from worker.pipeline.verdicts import Given

LARGEST_JOURNAL = 1 << 20  # bytes after which the next file gets a run of its own

logger = logging.getLogger(__name__)


class Policy:
    """Moves duplicates as their verdicts are given; one at a time, by the same steps as `duplicates apply`."""

    def __init__(self, tools: Tools, root: Path, target: str, rules: Callable[[], FolderRules]) -> None:
        """target: the folder to move to, checked before. rules: folders that decide who stays, as they are now."""
        self._tools = tools
        self._root = root
        self._target = target
        self._rules = rules
        self._acting: Acting | None = None
        self._seen: dict[Path, int] = {}
        self._restored: frozenset[tuple[str, str]] = frozenset()
        self._needed: frozenset[str] = frozenset()

    def act(self, given: Sequence[Given]) -> None:
        """Move what may be moved. Never raises: a verdict stands whatever becomes of the file; the log says it."""
        rules = self._rules()
        found = [
            _duplicate(one) for one in given if rules.rank(one.file.path) >= rules.rank(one.file.record.duplicate_of)
        ]
        if not found:
            return
        try:
            with acting_alone(self._tools.journals, self._root):
                self._move(found, rules)
        except ActionsBusy as error:
            logger.warning("%d duplicates were not moved: %s; `imagesieve duplicates apply` does it", len(found), error)
        except Exception:
            logger.exception("%d duplicates were not moved; `imagesieve duplicates apply` does it", len(found))

    def _move(self, found: Sequence[Duplicate], rules: FolderRules) -> None:
        self._look_at_journals()
        plan = make_plan(found, Choice(Action.MOVE), rules, self._needed)
        acting = self._acting or Acting(self._tools, Action.MOVE, self._root, self._target, policy=True)
        self._acting = acting
        for one in plan.chosen:
            if (one.path, one.digest) in self._restored:
                logger.info("%r stays: it was moved before, and restored", one.path)
                continue
            outcome = acting.act(one)
            if isinstance(outcome, Skipped):
                logger.info("%r stays: %s", one.path, outcome.reason)
            else:
                logger.info("%r is %s as its keeper %r: moved to %r", one.path, one.kind, one.keeper, outcome.to)
        self._seen = self._sizes()
        if self._seen.get(self._tools.journals / acting.file_name, 0) > LARGEST_JOURNAL:
            self._begin_anew()

    def _look_at_journals(self) -> None:
        """What somebody else wrote into them since: steps cut off, files restored, links that lead to files."""
        if self._seen and self._sizes() == self._seen:
            return
        self._begin_anew()  # a run that is being restored gets nothing new
        for settled in settle_runs(self._tools):
            logger.warning(
                "%r: run %s was cut off in it; now %s", settled.entry.step.path, settled.run, settled.entry.phase
            )
        runs = [run for run in read_runs(self._tools.journals) if run.header.root == str(self._root)]
        self._restored = frozenset(
            (entry.step.path, entry.step.digest) for run in runs for entry in run.in_phase(Phase.RESTORED)
        )
        self._needed = needed_paths(runs, str(self._root))

    def _sizes(self) -> dict[Path, int]:
        return {file: file.stat().st_size for file in run_files(self._tools.journals)}

    def _begin_anew(self) -> None:
        if self._acting:
            self._acting.close()
        self._acting = None


def _duplicate(given: Given) -> Duplicate:
    record = given.file.record
    return Duplicate(
        0, given.file.path, record.digest, record.size, str(record.verdict), record.similarity,
        record.duplicate_of, given.keeper,
    )  # fmt: skip
