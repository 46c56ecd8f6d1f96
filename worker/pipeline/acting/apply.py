"""Acting on what a plan has chosen, file by file: inspected, written into the journal, done, and noted as done."""

import stat
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shared.acting.duplicates import ReportedDuplicate
from shared.acting.runs import JOURNAL_SUFFIX, Action, Entry, Phase, RunHeader, Step
from shared.errors import LeftAlone, SettingsError
from shared.folders import check_target
from shared.permission import why_not
from shared.records import Kind
from worker.pipeline.acting.collaborators import Collaborators
from worker.pipeline.acting.company import Company, Stays, Unit, belonging
from worker.pipeline.acting.inspection import Going, HeldFile, held, inspect, record
from worker.pipeline.acting.journal import Journal
from worker.pipeline.acting.plan import LINKS, NOTHING_ELSE, Plan, Skipped
from worker.pipeline.acting.pointing import File, pointed_to
from worker.pipeline.acting.settling import is_away, reason_of, settle
from worker.pipeline.acting.single import Steps
from worker.pipeline.acting.target_names import free_place, is_taken
from worker.pipeline.acting.trash_folder import choose_trash


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that went with a duplicate, or would in a dry run. to: where it is now."""

    path: str
    bytes: int
    to: str


@dataclass(frozen=True, slots=True)
class Acted:
    """A file that was acted on, or would be in a dry run. to: where it is now. lost: what its keeper does not hold.

    companions: what went with it. stays: what belongs to it, and to others, too.
    """

    duplicate: ReportedDuplicate
    to: str
    lost: tuple[str, ...] = ()
    companions: tuple[Companion, ...] = ()
    stays: tuple[Stays, ...] = ()


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

    def look(self, one: ReportedDuplicate, plan: Plan = NOTHING_ELSE, gone: Collection[str] = ()) -> Acted | Skipped:
        """What `act` would do now; nothing is changed. gone: paths that would have gone by then."""
        try:
            with self._inspected(one, plan, gone) as unit:
                return self._acted(one, unit, self._record(unit), [""] * len(unit.going))
        except (LeftAlone, OSError) as error:
            return Skipped(one, reason_of(error), isinstance(error, OSError))

    def act(self, one: ReportedDuplicate, plan: Plan = NOTHING_ELSE) -> Acted | Skipped:
        """Act on a file and its companions, if it and its keeper are still what the report says.

        plan: what else is to go, and what must stay. The caller holds the lock. Raises JournalFailed, Unavailable,
        SettingsError: then nothing more can be done at all.
        """
        try:
            with self._inspected(one, plan) as unit:
                return self._do(one, unit)
        except (LeftAlone, OSError) as error:
            return Skipped(one, reason_of(error), isinstance(error, OSError))

    @contextmanager
    def _inspected(self, one: ReportedDuplicate, plan: Plan, gone: Collection[str] = ()) -> Iterator[Unit]:
        with ExitStack() as stack:
            going, lost = self._inspect(one, stack)
            if self._header.action in LINKS:  # its path stays, and what belongs to it stays beside it
                yield Unit((going,), lost=lost)
                return
            company = Company(self._root, one, going.file, going.keeper, plan, self._named, stack, gone)
            others, missing = company.others()
            lost += tuple(f"{name!a} beside it" for name in missing)
            for other in company.duplicates():
                with belonging(other.path):
                    found, more = self._inspect(other, stack)
                others.append(found)
                lost += more
            for companion in others:
                with belonging(companion.path):
                    self._check_pointed_to(companion.file)
            yield Unit((*others, going), company.stays(), lost)

    def _inspect(self, one: ReportedDuplicate, stack: ExitStack) -> tuple[Going, tuple[str, ...]]:
        """The duplicate and its keeper, open, and what would be lost with it."""
        root = self._root
        file = stack.enter_context(held(root, one.path, one.digest, "it"))
        keeper = stack.enter_context(held(root, one.keeper, one.keeper_digest, "its keeper"))
        lost = inspect(keeper, file, one.kind, self._header.action, self._collaborators.compare, self._named)
        if self._header.action not in LINKS:
            self._check_pointed_to(file)
        if self._header.action is Action.TRASH:
            choose_trash(file.place.folder, root, self._collaborators.home_trash())
        return Going(one.path, one.kind, file, one.keeper, keeper), lost

    @cached_property
    def _pointed_to(self) -> dict[File, str]:
        return pointed_to(self._root)

    def _check_pointed_to(self, file: HeldFile) -> None:
        link = self._pointed_to.get((file.status.st_dev, file.status.st_ino))
        if link is not None:
            raise LeftAlone(f"the symbolic link {link!a} leads to it, and would lead nowhere")

    def _record(self, unit: Unit) -> list[Step]:
        """The steps that the journal gets. Raises LeftAlone where one of several has no name at the target."""
        alone, first = len(unit.going) == 1, self._number + 1
        last = first + len(unit.going) - 1
        return [
            record(number, going, self._place_of(going.path, alone), self._root, 0 if alone else last)
            for number, going in enumerate(unit.going, start=first)
        ]

    def _place_of(self, path: str, alone: bool) -> str:
        """Below the target folder. A number would part the names of files that are known by them."""
        target = Path(self._header.target)
        if not self._moves():
            return ""
        if alone:
            return free_place(target, path)
        if is_taken(target, path):
            raise LeftAlone(f"{path!a} is in {target} already, and what belongs together keeps its names")
        return path

    def _do(self, one: ReportedDuplicate, unit: Unit) -> Acted | Skipped:
        journal, steps = self._begin()
        recorded = self._record(unit)
        unit.check()
        journal.step(*recorded)
        self._number += len(recorded)
        entries = [Entry(step, Phase.BEGUN) for step in recorded]
        try:
            for going, entry in zip(unit.going, entries, strict=True):
                with belonging("" if going.path == one.path else going.path):
                    entry.detail = steps.do(going.keeper, going.file, entry.step)
        except (LeftAlone, OSError) as error:
            settle(steps, journal, entries, reason_of(error))
            if any(entry.phase is not Phase.DONE for entry in entries):
                return _skipped(one, entries, error)
        else:
            for entry in entries:
                entry.phase = Phase.DONE
            journal.notes(entries)
        return self._acted(one, unit, recorded, [entry.detail for entry in entries])

    def _acted(self, one: ReportedDuplicate, unit: Unit, recorded: list[Step], details: list[str]) -> Acted:
        places = [self._where(step, detail) for step, detail in zip(recorded, details, strict=True)]
        went = [Companion(step.path, step.size, place) for step, place in zip(recorded[:-1], places[:-1], strict=True)]
        return Acted(one, places[-1], unit.lost, tuple(went), unit.stays)

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


def _skipped(one: ReportedDuplicate, entries: Sequence[Entry], error: Exception) -> Skipped:
    """What became of a unit that was not done, in words."""
    sound = all(entry.phase in (Phase.UNDONE, Phase.RESTORED) for entry in entries)
    picture = entries[-1]
    reason = reason_of(error) if picture.phase is Phase.RESTORED else picture.detail
    if picture.phase is Phase.UNDONE and not sound:
        away = [entry.step.path for entry in entries if is_away(entry)]
        reason += f"; not back at its path yet: {', '.join(map(ascii, away))}; the next `restore` sees to it"
    return Skipped(one, reason, isinstance(error, OSError) or not sound)


def act_on(acting: Acting, plan: Plan, dry: bool) -> Iterator[Acted | Skipped]:
    """Each of the chosen ones in turn, but for those that went with another; with `dry` nothing is changed."""
    gone: set[str] = set()
    for one in plan.chosen:
        if one.path in gone:
            continue
        found = acting.look(one, plan, gone) if dry else acting.act(one, plan)
        if isinstance(found, Acted):
            gone |= {one.path, *(companion.path for companion in found.companions)}
        yield found
