"""Steps that failed, were cut off, or are to be undone, put in order: a picture and its companions as one.

What of a unit was done is undone where not all of it was: so a picture is never parted from what belongs to it. That
is written down before it begins, as what a restore does is, and by the same word, so that it may be cut off, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.acting.runs import AWAY, JOURNAL_SUFFIX, Entry, Phase, Run, read_runs
from shared.errors import LeftAlone, Unavailable
from shared.permission import why_not
from worker.pipeline.acting.collaborators import Collaborators
from worker.pipeline.acting.journal import Journal
from worker.pipeline.acting.single import PlaceBlocked, Steps, TargetAway


@dataclass(frozen=True, slots=True)
class Settled:
    """A step that an earlier run was cut off in, and how it ended now."""

    run: str
    entry: Entry


def settle(steps: Steps, journal: Journal, unit: Sequence[Entry], reason: str) -> None:
    """Put the steps of a unit in order that failed or were cut off, and note in them and in the journal how they ended.

    reason: why, for people; it is the detail of what is undone now. A file that is nowhere is missing: `restore` looks
    for it again, perhaps when a drive is back. Where even looking fails, as where the watched folder is away, all stay
    in hand, for the next run. Raises Unavailable where that is noticed while files are being brought back.
    """
    before = [entry.phase for entry in unit]
    for entry in unit:
        if entry.phase is Phase.BEGUN:
            _look(steps, entry, reason)
    if any(entry.phase is Phase.BEGUN for entry in unit):
        return
    back = [entry for entry in unit if entry.phase in (Phase.DONE, Phase.RESTORING)]
    if len(back) == len(unit) and Phase.RESTORING not in before:
        back = []
    for entry in back:
        entry.phase = Phase.RESTORING
    changed = [entry for entry, was in zip(unit, before, strict=True) if entry.phase is not was]
    if changed:
        # Of a missing one nothing is known that a restore could use.
        journal.notes([replace(one, detail="") if one.phase is Phase.MISSING else one for one in changed])
    for entry in reversed(back):
        bring_back(steps, journal, entry)


def _look(steps: Steps, entry: Entry, reason: str) -> None:
    try:
        done, detail = steps.settle(entry.step)
    except (OSError, Unavailable) as error:
        entry.detail = f"{reason}; {reason_of(error)}; the next `apply --yes` or `restore` looks how far it came"
    except LeftAlone as error:
        entry.phase, entry.detail = Phase.MISSING, f"{reason}; {error}"
    else:
        entry.phase, entry.detail = (Phase.DONE, detail) if done else (Phase.UNDONE, reason)


def bring_back(steps: Steps, journal: Journal, entry: Entry) -> str:
    """Bring back the file of a step that is noted as being restored; why that could not be, or "".

    What the disk refused may be half done: that stays in hand, and the next run goes on with it. Raises Unavailable,
    JournalFailed.
    """
    reason = ""
    try:
        steps.undo(entry.step, entry.detail)
    except (LeftAlone, TargetAway, PlaceBlocked) as error:
        reason = reason_of(error)
    except OSError as error:
        entry.phase = Phase.RESTORING
        return f"{reason_of(error)}; the next `restore` goes on with it"
    if not reason:
        entry.phase = Phase.RESTORED
    elif entry.phase is Phase.RESTORING:
        entry.phase = Phase.DONE
    journal.notes([entry])
    return reason


def settle_runs(collaborators: Collaborators) -> list[Settled]:
    """Put in order what runs and restores that were killed had in hand; the caller holds the lock."""
    found = []
    for run in read_runs(collaborators.journals):
        if run.in_hand:
            found += [Settled(run.header.id, entry) for entry in _settle_run(collaborators, run)]
    return found


def _settle_run(collaborators: Collaborators, run: Run) -> list[Entry]:
    steps, found = collaborators.steps(run.header), []
    with Journal(collaborators.journals / (run.header.id + JOURNAL_SUFFIX), collaborators.disk.before) as journal:
        for unit in run.units(Phase.BEGUN, Phase.RESTORING):
            before = [entry.phase for entry in unit]
            try:
                settle(steps, journal, unit, "the run was cut off")
            except Unavailable as error:  # of another watched folder than the one that is acted on, perhaps
                for entry in unit:
                    entry.detail = reason_of(error) if entry.phase is Phase.RESTORING else entry.detail
            found += [
                entry
                for entry, was in zip(unit, before, strict=True)
                if was in (Phase.BEGUN, Phase.RESTORING) or entry.phase is not was
            ]
    return found


def is_away(entry: Entry) -> bool:
    """Whether its file is, or may be, somewhere else than at its path."""
    return entry.phase in (*AWAY, Phase.BEGUN, Phase.RESTORING)


def reason_of(error: Exception) -> str:
    """Why a file was left alone, for people."""
    if isinstance(error, FileExistsError):
        return "something was put into its place meanwhile"
    if isinstance(error, OSError):
        return f"the system refused: {why_not(error)}" if error.strerror else str(error)
    return str(error)
