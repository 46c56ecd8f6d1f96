"""One step of a run: done, put in order after it was cut off, or undone; whatever its action."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

from shared.errors import LeftAlone, SettingsError, Unavailable
from shared.journal import Action, Header, Step
from shared.move_target import check_apart
from worker.pipeline.acting import transfer
from worker.pipeline.acting.contents import dress_alone, holds, is_keeper, is_original
from worker.pipeline.acting.disk import Disk, Model, Place
from worker.pipeline.acting.inspection import Held, placed
from worker.pipeline.acting.links import put_link, settle_link, take_back
from worker.pipeline.acting.trash import absolute, choose_trash, find_in_trash, in_trashes, put_in_trash, remove_info


class TargetAway(OSError):
    """The target folder is not there, perhaps on a drive that is not plugged in."""


class PlaceBlocked(OSError):
    """In the target folder something that is no folder has the name of one."""


NUMBERS = 1000  # names tried in the target folder, where the own one is taken
LONGEST_NAME = 255  # bytes


@dataclass(frozen=True)
class Steps:
    """The steps of one run on the disk. home_trash: where the home trash is. now: seconds since the epoch."""

    header: Header
    disk: Disk
    home_trash: Callable[[], Path]
    now: Callable[[], float]

    @property
    def root(self) -> Path:
        """The watched folder."""
        return Path(self.header.root)

    def do(self, keeper: Held, file: Held, step: Step) -> str:
        """Act on a file that was inspected; where it is in the trash, else "".

        The keeper is looked at again when the file has left its path. Raises OSError or LeftAlone; then `settle` is
        due.
        """
        action, temporary = self.header.action, self._temporary(step)
        if action is Action.MOVE:
            with self._target(step, make=True) as target:
                keeper.check()
                file.check()

                def check() -> None:
                    keeper.check()
                    file.check_lease()

                transfer.transfer(file.place, target, step, temporary, self.disk, check)
        elif action is Action.TRASH:
            keeper.check()
            return self._trash(keeper, file, step)
        else:
            put_link(action, keeper, file, step, temporary, self.disk)
        return ""

    def _trash(self, keeper: Held, file: Held, step: Step) -> str:
        path, home = absolute(self.root, step.path), self.home_trash()
        at = datetime.fromtimestamp(self.now())
        found = put_in_trash(file, path, choose_trash(file, self.root, home), at, self.disk)
        try:
            keeper.check()
        except LeftAlone:
            with self._in_trash(found) as place:
                self.disk.rename(place, file.place)
            remove_info(path, step, home, self.disk, found)
            raise
        return str(found)

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
        path, home = absolute(self.root, step.path), self.home_trash()
        with placed(self.root, step.path) as place:
            here = holds(place, step) or is_original(place, step)  # an edited one was never moved
            found = find_in_trash(path, step, home)
            if here and found:
                with self._in_trash(found) as other, suppress(LeftAlone):
                    transfer.take_second_name(other, place, step, self._temporary(step), self.disk)
            for hidden in in_trashes(path, home, self._temporary(step)) if here else ():
                with self._in_trash(hidden) as other:
                    transfer.drop_second_names(place, self.disk, other)
        if here:
            remove_info(path, step, home, self.disk)
            return False, ""
        if found is None:
            raise LeftAlone("it is neither at its path nor in the trash: somebody else moved or changed it")
        return True, str(found)

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
        path, home = absolute(self.root, step.path), self.home_trash()
        found = find_in_trash(path, step, home, detail) or Path(detail or home / "files" / "nowhere")
        with self._in_trash(found) as source:
            self._bring(source, step)
        remove_info(path, step, home, self.disk, found)

    def _bring(self, source: Place, step: Step) -> None:
        with placed(self.root, step.path) as place:
            if place.status() is None and holds(source, step):
                dress_alone(source, step)
            transfer.bring(source, place, step, self._temporary(step), self.disk)
            dress_alone(place, step)  # its owner may have put the same bytes there himself

    def _is_there(self, step: Step) -> bool:
        """Whether the file is at its path, dressed: it never left it, or somebody has brought it back."""
        with placed(self.root, step.path) as place:
            status = place.status()
            if status is None or is_keeper(status, step) or not holds(place, step):
                return False
            dress_alone(place, step)
            return True

    def _check_apart(self) -> None:
        """Raise LeftAlone where watched folder and target lie in each other by now, by whatever way."""
        try:
            check_apart(self.root, self.header.target)
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
            raise Unavailable(f"the watched folder {self.root} is away: {error.strerror}") from error
        if not inhabited:  # each file that was acted on left its keeper there
            raise Unavailable(f"the watched folder {self.root} is empty: mount it, or put any file into it")
        root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.close(self.disk.open_folder(root, step.path, partial(self._model_in_target, step)))
        except OSError as error:
            raise LeftAlone(f"its folder cannot be used: {error.strerror}") from error
        finally:
            os.close(root)

    def free_place(self, path: str) -> str:
        """A path below the target folder that nothing has: the file's own, or a numbered one. Raises LeftAlone."""
        target, own = Path(self.header.target), PurePosixPath(path)
        for name in numbered_names(own.name):
            place = str(own.with_name(name))
            try:
                (target / place).lstat()
            except FileNotFoundError:
                return place
            except NotADirectoryError as error:
                raise LeftAlone(f"a file or link in {target} has the name of its folder") from error
        raise LeftAlone(f"{NUMBERS} files of its name are in {target} already")

    def _temporary(self, step: Step) -> str:
        """Hidden, so that the watcher passes it over; found again from the journal alone."""
        return f".imagesieve-{self.header.id}-{step.number}"


def numbered_names(name: str) -> Iterator[str]:
    """The name itself, then `name (2).ext` and so on, none longer than file systems take (pure)."""
    own = PurePosixPath(name)
    yield name
    for number in range(2, NUMBERS):
        tail = f" ({number}){own.suffix}"
        stem = os.fsencode(own.stem)[: LONGEST_NAME - len(os.fsencode(tail))]
        yield os.fsdecode(stem) + tail


def _folder(path: str, level: int) -> PurePosixPath:
    return PurePosixPath(*PurePosixPath(path).parts[: level + 1])


def _model(path: Path) -> Model | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mode, status.st_uid, status.st_gid
