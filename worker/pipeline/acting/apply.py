"""Acting on what a plan has chosen, file by file: inspected, written into the journal, done, and noted as done."""

import stat
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import JOURNAL_SUFFIX, Action, Entry, Phase, Run, RunHeader, Step, read_runs
from shared.errors import LeftAlone, SettingsError, Unavailable
from shared.folders import check_target
from shared.permission import why_not
from shared.records import Kind
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.inspection import HeldFile, Prove, held, inspect, record
from worker.pipeline.acting.journal import Journal
from worker.pipeline.acting.plan import LINKS, Skipped
from worker.pipeline.acting.pointing import File, pointed_to
from worker.pipeline.acting.single import Steps
from worker.pipeline.acting.target_names import free_place
from worker.pipeline.acting.trash_folder import choose_trash


@dataclass(frozen=True)
class Collaborators:
    """The collaborators of apply and restore. journals: their folder. compare: two files' pictures in full.

    home_trash: gives its path; raises LeftAlone where nobody knows it. now: seconds since the epoch.
    """

    journals: Path
    compare: Prove
    now: Callable[[], float]
    home_trash: Callable[[], Path]
    disk: Disk = field(default_factory=Disk)

    def steps(self, header: RunHeader) -> Steps:
        """The steps of a run."""
        return Steps(header, self.disk, self.home_trash, self.now)


@dataclass(frozen=True, slots=True)
class Acted:
    """A file that was acted on, or would be in a dry run. to: where it is now. lost: what its keeper does not hold."""

    duplicate: ReportedDuplicate
    to: str
    lost: tuple[str, ...] = ()


class Acting:
    """A run of one action. Its journal is made with the first file that is acted on."""

    def __init__(
        self,
        collaborators: Collaborators,
        action: Action,
        root: Path,
        target: str,
        policy: bool = False,
        named: Collection[Kind] = (),
    ) -> None:
        """target: folder of a move, checked before (`shared.folders`), and again when the journal is begun.

        named: kinds that were asked for by name.
        """
        self._collaborators = collaborators
        self._named = named
        self._header = RunHeader("", action, str(root), target, policy)
        self._journal: Journal | None = None
        self._number = 0

    @property
    def run(self) -> str:
        """The name of the run; "" before anything was done."""
        return self._header.id

    @property
    def _root(self) -> Path:
        return Path(self._header.root)

    @property
    def file_name(self) -> str:
        """Of its journal."""
        return self.run + JOURNAL_SUFFIX

    def look(self, one: ReportedDuplicate) -> Acted | Skipped:
        """What `act` would do now; nothing is changed."""
        try:
            with self._inspected(one) as (keeper, file, lost):
                place = free_place(Path(self._header.target), one.path) if self._moves() else ""
                return Acted(one, self._where(record(0, one, keeper, file, place, self._root), ""), lost)
        except (LeftAlone, OSError) as error:
            return Skipped(one, reason_of(error), isinstance(error, OSError))

    def act(self, one: ReportedDuplicate) -> Acted | Skipped:
        """Act on a file, if it and its keeper are still what the report says. The caller holds the lock.

        Raises JournalFailed, Unavailable, SettingsError: then nothing more can be done at all.
        """
        try:
            with self._inspected(one) as (keeper, file, lost):
                found = self._do(one, keeper, file)
                return replace(found, lost=lost) if isinstance(found, Acted) else found
        except (LeftAlone, OSError) as error:
            return Skipped(one, reason_of(error), isinstance(error, OSError))

    @contextmanager
    def _inspected(self, one: ReportedDuplicate) -> Iterator[tuple[HeldFile, HeldFile, tuple[str, ...]]]:
        with ExitStack() as stack:
            root = self._root
            file = stack.enter_context(held(root, one.path, one.digest, "it"))
            keeper = stack.enter_context(held(root, one.keeper, one.keeper_digest, "its keeper"))
            lost = inspect(keeper, file, one.kind, self._header.action, self._collaborators.compare, self._named)
            if self._header.action not in LINKS:
                self._check_pointed_to(file)
            if self._header.action is Action.TRASH:
                choose_trash(file.place.folder, root, self._collaborators.home_trash())
            yield keeper, file, lost

    @cached_property
    def _pointed_to(self) -> dict[File, str]:
        return pointed_to(self._root)

    def _check_pointed_to(self, file: HeldFile) -> None:
        link = self._pointed_to.get((file.status.st_dev, file.status.st_ino))
        if link is not None:
            raise LeftAlone(f"the symbolic link {link!a} leads to it, and would lead nowhere")

    def _do(self, one: ReportedDuplicate, keeper: HeldFile, file: HeldFile) -> Acted | Skipped:
        journal, steps = self._begin()
        place = free_place(Path(self._header.target), one.path) if self._moves() else ""
        step = record(self._number + 1, one, keeper, file, place, self._root)
        journal.step(step)
        self._number += 1
        try:
            detail = steps.do(keeper, file, step)
        except (LeftAlone, OSError) as error:
            phase, detail = settle(steps, journal, step, reason_of(error))
            if phase is Phase.DONE:
                return Acted(one, self._where(step, detail))
            return Skipped(one, detail, isinstance(error, OSError) or phase is not Phase.UNDONE)
        journal.note(step.number, Phase.DONE, detail)
        return Acted(one, self._where(step, detail))

    def _begin(self) -> tuple[Journal, Steps]:
        if self._journal is None:
            header, collaborators = self._header, self._collaborators
            if self._moves():
                check_target(Path(header.root), header.target)  # mounts may have come since `up` was started
                _make_target(Path(header.target), self._root)
            self._journal, self._header = Journal.begin(
                collaborators.journals, header.action, Path(header.root), header.target, header.policy,
                collaborators.now(), collaborators.disk.before,
            )  # fmt: skip
        return self._journal, self._collaborators.steps(self._header)

    def _moves(self) -> bool:
        return self._header.action is Action.MOVE

    def _where(self, step: Step, detail: str) -> str:
        if self._moves():
            return str(Path(self._header.target) / step.place)
        if self._header.action is Action.TRASH:
            return detail or "the trash"
        return f"{self._header.action} to {step.keeper}"

    def close(self) -> None:
        """Nothing more is done."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None


def _make_target(target: Path, root: Path) -> None:
    """The folders made here may be read by those who may read the watched folder, and by nobody else."""
    try:
        if not target.is_dir():
            target.mkdir(parents=True, mode=0o700)
            target.chmod(stat.S_IMODE(root.stat().st_mode) | stat.S_IRWXU)
        with tempfile.TemporaryFile(dir=target):
            pass
    except OSError as error:
        raise SettingsError(f"{target} cannot be moved to: {why_not(error)}; nothing was done") from error


def settle(steps: Steps, journal: Journal, step: Step, reason: str) -> tuple[Phase, str]:
    """Put a step in order that failed or was cut off, and note how it ended. reason: why, for people.

    A file that is nowhere is missing: `restore` looks for it again, perhaps when a drive is back. Where even looking
    fails, as where the watched folder is away, the step stays in hand, for the next run.
    """
    try:
        done, detail = steps.settle(step)
    except (OSError, Unavailable) as error:
        return Phase.BEGUN, f"{reason}; {reason_of(error)}; the next `apply --yes` or `restore` looks how far it came"
    except LeftAlone as error:
        journal.note(step.number, Phase.MISSING)
        return Phase.MISSING, f"{reason}; {error}"
    phase = Phase.DONE if done else Phase.UNDONE
    journal.note(step.number, phase, detail if done else reason)
    return phase, detail if done else reason


@dataclass(frozen=True, slots=True)
class Settled:
    """A step that an earlier run was cut off in, and how it ended now."""

    run: str
    entry: Entry


def settle_all(collaborators: Collaborators, undo: Callable[[Run, Entry, Journal], None]) -> list[Settled]:
    """Put in order what runs that were killed had in hand; the caller holds the lock. undo: goes on with a restore."""
    found = []
    for run in read_runs(collaborators.journals):
        if not run.in_hand:
            continue
        steps = collaborators.steps(run.header)
        with Journal(collaborators.journals / (run.header.id + JOURNAL_SUFFIX), collaborators.disk.before) as journal:
            for entry in run.in_hand:
                if entry.phase is Phase.BEGUN:
                    entry.phase, entry.detail = settle(steps, journal, entry.step, "the run was cut off")
                else:
                    try:
                        undo(run, entry, journal)
                    except Unavailable as error:  # of another watched folder than the one that is acted on, perhaps
                        entry.detail = reason_of(error)
                found.append(Settled(run.header.id, entry))
    return found


def act_on(acting: Acting, duplicates: Iterable[ReportedDuplicate], dry: bool) -> Iterator[Acted | Skipped]:
    """Each of `duplicates` in turn; with `dry` nothing is changed."""
    for one in duplicates:
        yield acting.look(one) if dry else acting.act(one)


def reason_of(error: Exception) -> str:
    """Why a file was left alone, for people."""
    if isinstance(error, FileExistsError):
        return "something was put into its place meanwhile"
    if isinstance(error, OSError):
        return f"the system refused: {why_not(error)}" if error.strerror else str(error)
    return str(error)
