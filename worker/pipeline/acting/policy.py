"""The policy of the stream: what was proved to be a duplicate moves away by itself, when it has waited long enough."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import Action, Phase, read_runs, run_files
from shared.decisions import Decided
from shared.errors import ActionsBusy, ImagesieveError, SettingsError
from shared.paths import is_one_folder
from shared.records import Kind, Record, State
from shared.wording import number_of
from worker.engine.groups.keepers import FolderRules
from worker.pipeline.acting.apply import Acting
from worker.pipeline.acting.collaborators import Collaborators
from worker.pipeline.acting.locks import acting_alone
from worker.pipeline.acting.plan import Request, Skipped, make_plan, needed_paths
from worker.pipeline.acting.settling import settle_runs
from worker.pipeline.acting.waiting import Waiting, WaitingList, Way, find_due
from worker.pipeline.judging.verdicts import PROVED, Given

LARGEST_JOURNAL = 1 << 20  # bytes after which the next file gets a run of its own
WAITING = "waiting"  # file beside the journals

logger = logging.getLogger(__name__)


class Policy:
    """Moves duplicates some time after their verdicts; one at a time, by the same steps as `duplicates apply`."""

    def __init__(
        self,
        collaborators: Collaborators,
        root: Path,
        target: str,
        rules: Callable[[], FolderRules],
        records: Callable[[Sequence[str]], Sequence[Record | None]],
        wait: float,
        decided: Callable[[], Decided] = Decided,
    ) -> None:
        """target: the folder to move to, checked before. rules: folders that decide who stays, as they are now; it
        raises SettingsError while nothing may be moved. records: of paths, as the store has them. wait: seconds, see
        `worker.pipeline.acting.waiting`. decided: by users, as it stands now.
        """
        self._collaborators = collaborators
        self._root = root
        self._target = target
        self._rules = rules
        self._records = records
        self._wait = wait
        self._decided = decided
        self._waiting = WaitingList(collaborators.journals / WAITING)
        self._stirred: dict[Way, float] = {}
        self._not_before = collaborators.now() + wait  # what happened while nobody looked is seen first
        self._said = ""
        self._acting: Acting | None = None
        self._seen: dict[Path, int] = {}
        self._restored: frozenset[tuple[str, str]] = frozenset()
        self._needed: frozenset[str] = frozenset()

    def act(self, given: Sequence[Given]) -> None:
        """Let these wait, to be moved later. Never raises: a verdict stands whatever becomes of the file."""
        now = self._collaborators.now()
        files = [one.file for one in given]
        ones = [Waiting(file.path, file.record.digest, file.record.duplicate_of, now) for file in files]
        try:
            self._waiting.add(ones)
        except OSError:
            logger.exception("%d duplicates may not be moved; `imagesieve duplicates apply` does it", len(ones))

    def look(self) -> None:
        """Move what has waited long enough and is still what it was. To be called every few seconds, by one thread.

        Raises Unavailable.
        """
        now = self._collaborators.now()
        due = find_due(self._waiting.ones(now), self._stirred, now, self._wait)
        if not due or now < self._not_before:
            return
        found = self._current(due, now)
        due = find_due([one for one in due if one.path in found], self._stirred, now, self._wait)
        if not due:
            return
        try:
            rules = self._rules()
            with acting_alone(self._collaborators.journals, self._root):
                self._move([found[one.path] for one in due], rules)
        except (ActionsBusy, SettingsError) as error:
            self._say(f"not moved yet: {number_of(len(due), 'duplicate')}: {error}")
            return
        except (ImagesieveError, OSError):
            logger.exception("%d duplicates were not moved; they are tried again later", len(due))
            self._not_before = now + self._wait
            return
        self._say("")
        self._waiting.remove(due)

    def _current(self, waiting: Sequence[Waiting], now: float) -> dict[str, ReportedDuplicate]:
        """What the store says of them now, by path. One that is no duplicate any more waits no longer.

        Its keeper went, or it did, and more of the same folder are likely to go: the others wait anew.
        """
        records = dict(zip((one.path for one in waiting), self._records([one.path for one in waiting]), strict=True))
        keepers = list({record.duplicate_of for record in records.values() if record and record.duplicate_of})
        kept = dict(zip(keepers, self._records(keepers), strict=True))
        found, gone = {}, []
        for one in waiting:
            record = records[one.path]
            if record is None or record.digest != one.digest or record.verdict not in PROVED:
                gone.append(one)
                self._stirred[one.way] = now
                continue
            keeper = kept[record.duplicate_of]
            if keeper is None or keeper.state is not State.READY:
                self._stirred[one.way] = now  # it is about to get another verdict
            else:
                found[one.path] = _duplicate(one.path, record, keeper.digest)
        if gone:
            self._waiting.remove(gone)
        self._stirred = {way: at for way, at in self._stirred.items() if now - at < self._wait}
        return found

    def _move(self, found: Sequence[ReportedDuplicate], rules: FolderRules) -> None:
        self._look_at_journals()
        movable = [one for one in found if rules.rank(one.path) >= rules.rank(one.keeper)]
        plan = make_plan(movable, Request(Action.MOVE), rules, self._needed, self._decided())
        acting = self._acting or Acting(self._collaborators, Action.MOVE, self._root, self._target, policy=True)
        self._acting = acting
        for left in plan.skipped:
            logger.info("%r stays: %s", left.duplicate.path, left.reason)
        gone: set[str] = set()
        for one in plan.chosen:
            if one.path in gone:
                continue
            if (one.path, one.digest) in self._restored:
                logger.info("%r stays: it was moved before, and restored", one.path)
                continue
            outcome = acting.act(one, plan)
            if isinstance(outcome, Skipped):
                logger.info("%r stays: %s", one.path, outcome.reason)
            else:
                logger.info("%r is %s as its keeper %r: moved to %r", one.path, one.kind, one.keeper, outcome.to)
                for companion in outcome.companions:
                    logger.info("%r went with it to %r", companion.path, companion.to)
                    gone.add(companion.path)
        self._seen = self._sizes()
        if self._seen.get(self._collaborators.journals / acting.file_name, 0) > LARGEST_JOURNAL:
            self._begin_anew()

    def _look_at_journals(self) -> None:
        """What somebody else wrote into them since: steps cut off, files restored, links that lead to files."""
        if self._seen and self._sizes() == self._seen:
            return
        self._begin_anew()  # a run that is being restored gets nothing new
        for settled in settle_runs(self._collaborators):
            logger.warning(
                "%r: run %s was cut off in it; now %s", settled.entry.step.path, settled.run, settled.entry.phase
            )
        runs = [
            run for run in read_runs(self._collaborators.journals) if is_one_folder(run.header.root, str(self._root))
        ]
        self._restored = frozenset(
            (entry.step.path, entry.step.digest) for run in runs for entry in run.in_phase(Phase.RESTORED)
        )
        self._needed = needed_paths(runs, str(self._root))

    def _sizes(self) -> dict[Path, int]:
        return {file: file.stat().st_size for file in run_files(self._collaborators.journals)}

    def _begin_anew(self) -> None:
        if self._acting:
            self._acting.close()
        self._acting = None

    def _say(self, sentence: str) -> None:
        """Once, until it is another."""
        if sentence and sentence != self._said:
            logger.warning("%s", sentence)
        self._said = sentence


def _duplicate(path: str, record: Record, keeper_digest: str) -> ReportedDuplicate:
    return ReportedDuplicate(
        0, path, record.digest, record.size, Kind(record.verdict), record.similarity, record.duplicate_of, keeper_digest
    )
