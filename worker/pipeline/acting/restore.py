"""Bringing back what a run took away, last step first, through the same journal."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from shared.acting.runs import AWAY, JOURNAL_SUFFIX, Entry, Phase, Run, read_run, read_runs, run_files
from shared.errors import JournalFailed
from shared.paths import is_one_folder
from worker.pipeline.acting.collaborators import Collaborators
from worker.pipeline.acting.journal import Journal
from worker.pipeline.acting.settling import bring_back


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


def restore(collaborators: Collaborators, run: Run, only: Set[int] | None = None) -> Iterator[Restored]:
    """Bring back every file of a run that is not back yet. The caller holds the lock and has settled all runs.

    only: the numbers of some of its steps; what belongs together comes back together.
    A path that a later run acted on again waits for that one: what is there now is not what this run left.
    Raises JournalFailed, Unavailable: then nothing more can be done at all.
    """
    later = {
        entry.step.path: other.header.id
        for other in read_runs(collaborators.journals)
        if other.header.id > run.header.id and is_one_folder(other.header.root, run.header.root)
        for entry in other.in_phase(Phase.BEGUN, *AWAY, Phase.RESTORING)
    }
    steps = collaborators.steps(run.header)
    with Journal(collaborators.journals / (run.header.id + JOURNAL_SUFFIX), collaborators.disk.before) as journal:
        for unit in reversed(run.units(*AWAY)):
            away = [entry for entry in unit if entry.phase in AWAY]
            if only is not None and only.isdisjoint(entry.step.number for entry in unit):
                continue
            waits = next((later[entry.step.path] for entry in away if entry.step.path in later), "")
            if waits:
                reason = f"run {waits} acted on it again; restore that one first"
                yield from (Restored(entry.step.path, reason) for entry in reversed(away))
                continue
            journal.notes([Entry(entry.step, Phase.RESTORING, entry.detail) for entry in away])
            for entry in reversed(away):
                yield Restored(entry.step.path, bring_back(steps, journal, entry))
