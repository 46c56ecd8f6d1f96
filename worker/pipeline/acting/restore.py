"""Bringing back what a run took away, last step first, through the same journal."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from shared.acting.runs import AWAY, JOURNAL_SUFFIX, Entry, Phase, Run, read_run, read_runs, run_files
from shared.errors import JournalFailed, LeftAlone
from shared.paths import is_one_folder
from worker.pipeline.acting.apply import Collaborators, Settled, reason_of, settle_all
from worker.pipeline.acting.journal import Journal
from worker.pipeline.acting.single import PlaceBlocked, TargetAway


@dataclass(frozen=True, slots=True)
class Restored:
    """A file, and why it could not be brought back; "" where it was."""

    path: str
    reason: str


def choose_run(collaborators: Collaborators, name: str, runs: Sequence[Run]) -> Run | None:
    """The run called `name`; without one the newest that has something to restore, None where none has.

    Raises JournalFailed for a name that no run has.
    """
    if name:
        file = collaborators.journals / (name + JOURNAL_SUFFIX)
        found = read_run(file) if file in run_files(collaborators.journals) else None
        if found is None:
            raise JournalFailed(f"there is no run called {name!r}; `imagesieve duplicates restore --list` names them")
        return found
    return next((run for run in reversed(runs) if run.in_phase(*AWAY)), None)


def restore(collaborators: Collaborators, run: Run, only: Collection[int] | None = None) -> Iterator[Restored]:
    """Bring back every file of a run that is not back yet. The caller holds the lock and has settled all runs.

    only: the numbers of some of its steps.
    A path that a later run acted on again waits for that one: what is there now is not what this run left.
    Raises JournalFailed, Unavailable: then nothing more can be done at all.
    """
    later = {
        entry.step.path: other.header.id
        for other in read_runs(collaborators.journals)
        if other.header.id > run.header.id and is_one_folder(other.header.root, run.header.root)
        for entry in other.in_phase(Phase.BEGUN, *AWAY, Phase.RESTORING)
    }
    with Journal(collaborators.journals / (run.header.id + JOURNAL_SUFFIX), collaborators.disk.before) as journal:
        for entry in reversed(run.in_phase(*AWAY)):
            if only is not None and entry.step.number not in only:
                continue
            if entry.step.path in later:
                yield Restored(
                    entry.step.path, f"run {later[entry.step.path]} acted on it again; restore that one first"
                )
                continue
            journal.note(entry.step.number, Phase.RESTORING, entry.detail)
            yield _undo(collaborators, run, entry, journal)


def settle_runs(collaborators: Collaborators) -> list[Settled]:
    """Put in order what runs and restores that were killed had in hand; the caller holds the lock."""

    def go_on(run: Run, entry: Entry, journal: Journal) -> None:
        _undo(collaborators, run, entry, journal)

    return settle_all(collaborators, go_on)


def _undo(collaborators: Collaborators, run: Run, entry: Entry, journal: Journal) -> Restored:
    """What the disk refused may be half done: that stays in hand, and the next run goes on with it."""
    step, reason = entry.step, ""
    try:
        collaborators.steps(run.header).undo(step, entry.detail)
    except (LeftAlone, TargetAway, PlaceBlocked) as error:
        reason = reason_of(error)
    except OSError as error:
        entry.phase = Phase.RESTORING
        return Restored(step.path, f"{reason_of(error)}; the next `restore` goes on with it")
    if not reason:
        entry.phase = Phase.RESTORED
    elif entry.phase is Phase.RESTORING:
        entry.phase = Phase.DONE
    journal.note(step.number, entry.phase, entry.detail)
    return Restored(step.path, reason)
