"""One step of a run: done, put in order after it was cut off, or undone; whatever its action."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

from shared.acting.runs import Action, RunHeader, Step
from shared.errors import LeftAlone, SettingsError, Unavailable
from shared.folders import check_target_apart
from worker.pipeline.acting import bringing, transfer
from worker.pipeline.acting.contents import give_metadata_if_alone, holds, is_keeper, is_original
from worker.pipeline.acting.disk import Disk, Model
from worker.pipeline.acting.inspection import HeldFile, placed
from worker.pipeline.acting.links import put_link, settle_link, take_back
from worker.pipeline.acting.place import Place
from worker.pipeline.acting.trash import put_in_trash
from worker.pipeline.acting.trash_folder import choose_trash
from worker.pipeline.acting.trash_search import Wanted
from worker.pipeline.acting.trashinfo import info_text
from worker.pipeline.local_folder import BRING_BACK


class TargetAway(OSError):
    """The target folder is not there, perhaps on a drive that is not plugged in."""


class PlaceBlocked(OSError):
    """In the target folder something that is no folder has the name of one."""


@dataclass(frozen=True)
class Steps:
    """The steps of one run on the disk. home_trash: where the home trash is. now: seconds since the epoch."""

    header: RunHeader
    disk: Disk
    home_trash: Callable[[], Path]
    now: Callable[[], float]

    @property
    def root(self) -> Path:
        """The watched folder."""
        return Path(self.header.root)

    def do(self, keeper: HeldFile, file: HeldFile, step: Step) -> str:
        """Act on a file that was inspected; where it is in the trash, else "".

        The keeper is looked at again when the file has left its path. Raises OSError or LeftAlone; then `settle` is
        due.
        """
        action, temporary = self.header.action, self._temporary(step)

        def check() -> None:
            keeper.check()
            file.check_lease()

        if action is Action.MOVE:
            with self._target(step, make=True) as target:
                keeper.check()
                file.check()
                transfer.transfer(file.place, target, step, temporary, self.disk, check)
        elif action is Action.TRASH:
            keeper.check()
            wanted = self._wanted(step)
            trash = choose_trash(file.place.folder, self.root, self.home_trash())
            info = info_text(trash, wanted.path, datetime.fromtimestamp(self.now()), wanted.mark)
            return str(put_in_trash(file, trash, info, self.disk, check))
        else:
            put_link(action, keeper, file, step, temporary, self.disk)
        return ""

    def settle(self, step: Step) -> tuple[bool, str]:
        """Put in order what was cut off: whether the step is done now, and where in the trash it is.

        Raises LeftAlone where the file is nowhere, OSError.
        """
        action, temporary = self.header.action, self._temporary(step)
        if action is Action.TRASH:
            return self._settle_trash(step)
        if action is not Action.MOVE:
            return settle_link(action, self.root, step, temporary, self.disk), ""
        with placed(self.root, step.path) as place:
            try:
                with self._target(step, make=False) as target:
                    return transfer.settle(place, target, step, temporary, self.disk), ""
            except (TargetAway, PlaceBlocked) as error:
                if holds(place, step) or (isinstance(error, PlaceBlocked) and is_original(place, step)):
                    return False, ""
                if isinstance(error, PlaceBlocked):
                    raise LeftAlone(f"it is not at its path, and {error.strerror}") from error
                raise

    def _settle_trash(self, step: Step) -> tuple[bool, str]:
        wanted = self._wanted(step)
        with placed(self.root, step.path) as place:
            here = holds(place, step) or is_original(place, step)  # an edited one was never moved
            found = wanted.find()
            if here and found:
                with self._in_trash(found.file) as other, suppress(LeftAlone):
                    transfer.take_second_name(other, place, step, self._temporary(step), self.disk)
            for hidden in wanted.hidden() if here else ():
                with self._in_trash(hidden) as other:
                    transfer.drop_second_names(place, self.disk, other)
        if here:
            wanted.remove_info(None, self.disk)
            return False, ""
        if found is None:
            raise LeftAlone("it is neither at its path nor in the trash: somebody else moved or changed it")
        return True, str(found.file)

    def _wanted(self, step: Step) -> Wanted:
        """The step's file, as it is looked for in the trash: its path as a .trashinfo has it, without links."""
        whole = self.root / step.path
        path = Path(os.path.realpath(whole.parent)) / whole.name
        try:
            home = self.home_trash()
        except LeftAlone:
            home = None  # it may be at the top of another disk, or never have left its path
        return Wanted(path, step, self._temporary(step), home)

    def undo(self, step: Step, detail: str) -> None:
        """Bring the file back, or go on with that where an earlier try was cut off. detail: where it is in the trash.

        Raises LeftAlone where that cannot be, OSError. Nothing that is at its path now is overwritten, unless it has
        the very same bytes.
        """
        if self.header.action is Action.MOVE:
            self._check_apart()
        self._make_folder(step)
        if self.header.action in (Action.HARDLINK, Action.SYMLINK):
            take_back(self.header.action, self.root, step, self._temporary(step), self.disk)
            return
        if self.header.action is Action.MOVE:
            try:
                with self._target(step, make=False) as source:
                    self._bring(source, step)
            except PlaceBlocked:
                if not self._is_there(step):
                    raise
            return
        self._bring_from_trash(step, detail)

    def _bring_from_trash(self, step: Step, detail: str) -> None:
        wanted = self._wanted(step)
        found = wanted.find(detail)
        file = found.file if found else Path(detail or self.home_trash() / "files" / "nowhere")
        if found or not os.path.lexists(file):
            with self._in_trash(file) as source:
                self._bring(source, step)
        elif not self._is_there(step):
            raise LeftAlone("it is neither at its path nor in the trash any more: another file has its name there")
        wanted.remove_info(found, self.disk)

    def _bring(self, source: Place, step: Step) -> None:
        with placed(self.root, step.path) as place:
            if place.status() is None and holds(source, step):
                give_metadata_if_alone(source, step)
            bringing.bring(source, place, step, self._temporary(step), self.disk)
            give_metadata_if_alone(place, step)  # its owner may have put the same bytes there himself

    def _is_there(self, step: Step) -> bool:
        """Whether the file is at its path with its mode and mtime: it never left, or somebody has brought it back."""
        with placed(self.root, step.path) as place:
            status = place.status()
            if status is None or is_keeper(status, step) or not holds(place, step):
                return False
            give_metadata_if_alone(place, step)
            return True

    def _check_apart(self) -> None:
        """Raise LeftAlone where watched folder and target lie in each other by now, by whatever way."""
        try:
            check_target_apart(self.root, self.header.target)
        except SettingsError as error:
            raise LeftAlone(f"nothing was touched, for {error}") from error

    @contextmanager
    def _in_trash(self, found: Path) -> Iterator[Place]:
        try:
            folder = os.open(found.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise LeftAlone(f"the trash folder {found.parent} cannot be opened: {error.strerror}") from error
        try:
            yield Place(folder, found.name)
        finally:
            os.close(folder)

    @contextmanager
    def _target(self, step: Step, make: bool) -> Iterator[Place]:
        """The place below the target folder that the file moves to. Raises TargetAway, PlaceBlocked."""
        with self.target_folder() as top:
            try:
                folder = self.disk.open_folder(top, step.place, partial(self._model_in_root, step) if make else None)
            except OSError as error:
                raise PlaceBlocked(
                    error.errno, f"its folder below {self.header.target} cannot be used: {error.strerror}"
                ) from error
        try:
            yield Place(folder, PurePosixPath(step.place).name)
        finally:
            os.close(folder)

    def _model_in_root(self, step: Step, level: int) -> Model | None:
        return step.folders[level] if step.folders else _model(self.root / _folder(step.path, level))

    def _model_in_target(self, step: Step, level: int) -> Model | None:
        if step.folders:
            return step.folders[level]
        moved = self.header.action is Action.MOVE
        return _model(Path(self.header.target) / _folder(step.place, level)) if moved else None

    @contextmanager
    def target_folder(self) -> Iterator[int]:
        """A descriptor of the target folder. Raises TargetAway."""
        target = self.header.target
        try:
            descriptor = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise TargetAway(f"the folder {target} that it was to move to cannot be used: {error.strerror}") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _make_folder(self, step: Step) -> None:
        """The folder that the file was in, which may have been removed since."""
        try:
            inhabited = any(self.root.iterdir())
        except OSError as error:
            raise Unavailable(f"the watched folder {self.root}", f"is away: {error.strerror}", BRING_BACK) from error
        if not inhabited:  # each file that was acted on left its keeper there
            raise Unavailable(f"the watched folder {self.root}", "is empty", "mount it, or put any file into it")
        root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.close(self.disk.open_folder(root, step.path, partial(self._model_in_target, step)))
        except OSError as error:
            raise LeftAlone(f"its folder cannot be used: {error.strerror}") from error
        finally:
            os.close(root)

    def _temporary(self, step: Step) -> str:
        """Hidden, so that the watcher passes it over; found again from the journal alone."""
        return f".imagesieve-{self.header.id}-{step.number}"


def _folder(path: str, level: int) -> PurePosixPath:
    return PurePosixPath(*PurePosixPath(path).parts[: level + 1])


def _model(path: Path) -> Model | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mode, status.st_uid, status.st_gid
