"""One step of a run: done, put in order after it was cut off, or undone; whatever its action."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from shared.errors import LeftAlone, Unavailable
from shared.journal import Action, Header, Step
from worker.pipeline.acting import transfer
from worker.pipeline.acting.contents import dress, holds, opened
from worker.pipeline.acting.disk import Disk, Place
from worker.pipeline.acting.inspection import Held, placed
from worker.pipeline.acting.links import put_link, settle_link, take_back
from worker.pipeline.acting.trash import find_in_trash, put_in_trash, remove_info


class TargetAway(OSError):
    """The target folder is not there, perhaps on a drive that is not plugged in."""


NUMBERS = 1000  # names tried in the target folder, where the own one is taken


@dataclass(frozen=True)
class Steps:
    """The steps of one run on the disk."""

    header: Header
    disk: Disk

    @property
    def root(self) -> Path:
        """The watched folder."""
        return Path(self.header.root)

    def do(self, keeper: Held, file: Held, step: Step) -> str:
        """Act on a file that was inspected; where it is in the trash, else "".

        Raises OSError or LeftAlone; then `settle` is due.
        """
        action, temporary = self.header.action, self._temporary(step)
        if action is Action.MOVE:
            with self._target(step) as target:
                keeper.check()
                file.check()
                transfer.transfer(file.place, target, step, temporary, self.disk)
        elif action is Action.TRASH:
            keeper.check()
            put_in_trash(file, self.disk)
            return str(find_in_trash(self.root, step) or "")
        else:
            put_link(action, keeper, file, step, temporary, self.disk)
        return ""

    def settle(self, step: Step) -> tuple[bool, str]:
        """Put in order what was cut off: whether the step is done now, and where in the trash it is.

        Raises LeftAlone where the file is nowhere, OSError.
        """
        action, temporary = self.header.action, self._temporary(step)
        if action is Action.MOVE:
            with placed(self.root, step.path) as place:
                try:
                    with self._target(step) as target:
                        return transfer.settle(place, target, step, temporary, self.disk, finish=False), ""
                except TargetAway:
                    if holds(place, step):
                        return False, ""
                    raise
        if action is Action.TRASH:
            return self._settle_trash(step)
        return settle_link(action, self.root, step, temporary, self.disk), ""

    def _settle_trash(self, step: Step) -> tuple[bool, str]:
        with placed(self.root, step.path) as place:
            here = holds(place, step)
        if here:
            remove_info(self.root, step, self.disk)
            return False, ""
        found = find_in_trash(self.root, step)
        if found is None:
            raise LeftAlone("it is neither at its path nor in the trash: somebody else moved or changed it")
        return True, str(found)

    def undo(self, step: Step, detail: str) -> None:
        """Bring the file back, or go on with that where an earlier try was cut off. detail: where it is in the trash.

        Raises LeftAlone where that cannot be, OSError. Nothing that is at its path now is overwritten.
        """
        self._make_folder(step)
        if self.header.action in (Action.HARDLINK, Action.SYMLINK):
            take_back(self.header.action, self.root, step, self._temporary(step), self.disk)
            return
        with self._source(step, detail) as source, placed(self.root, step.path) as place:
            self._bring(source, place, step)
        if self.header.action is Action.TRASH:
            remove_info(self.root, step, self.disk)

    def _bring(self, source: Place, place: Place, step: Step) -> None:
        temporary = self._temporary(step)
        if transfer.settle(source, place, step, temporary, self.disk, finish=True):
            return  # an earlier try came so far, or its owner put its bytes there
        status = source.status()
        if place.status() is not None:
            raise LeftAlone("something else is at its path now, which is not overwritten")
        if status and (status.st_mode, status.st_mtime_ns) != (step.mode, step.mtime_ns):
            with opened(source) as descriptor:
                dress(descriptor, step)
        try:
            transfer.transfer(source, place, step, temporary, self.disk)
        except (OSError, LeftAlone):
            transfer.settle(source, place, step, temporary, self.disk, finish=True)
            raise

    @contextmanager
    def _source(self, step: Step, detail: str) -> Iterator[Place]:
        """Where the file is brought back from."""
        if self.header.action is Action.MOVE:
            with self._target(step) as target:
                yield target
            return
        found = find_in_trash(self.root, step) or (Path(detail) if detail else None)
        if found is None:
            raise LeftAlone("it is not in the trash any more")
        try:
            folder = os.open(found.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise LeftAlone(f"the trash folder {found.parent} cannot be opened: {error.strerror}") from error
        try:
            yield Place(folder, found.name)
        finally:
            os.close(folder)

    @contextmanager
    def _target(self, step: Step) -> Iterator[Place]:
        """The place below the target folder that the file moves to."""
        with self.target_folder() as top:
            try:
                folder = self.disk.open_folder(top, step.place)
            except OSError as error:
                raise LeftAlone(f"its folder below {self.header.target} cannot be used: {error.strerror}") from error
        try:
            yield Place(folder, PurePosixPath(step.place).name)
        finally:
            os.close(folder)

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
            os.close(self.disk.open_folder(root, step.path))
        except OSError as error:
            raise LeftAlone(f"its folder cannot be used: {error.strerror}") from error
        finally:
            os.close(root)

    def free_place(self, path: str) -> str:
        """A path below the target folder that nothing has: the file's own, or a numbered one. Raises LeftAlone."""
        target, own = Path(self.header.target), Path(path)
        numbered = (str(own.with_name(f"{own.stem} ({number}){own.suffix}")) for number in range(2, NUMBERS))
        for place in (path, *numbered):
            if not os.path.lexists(target / place):
                return place
        raise LeftAlone(f"{NUMBERS} files of its name are in {target} already")

    def _temporary(self, step: Step) -> str:
        """Hidden, so that the watcher passes it over; found again from the journal alone."""
        return f".imagesieve-{self.header.id}-{step.number}"
