"""A file in the trash is found again: by its bytes, and by what its .trashinfo says, if there is one.

After a loss of power a .trashinfo may be empty, or not there at all; what is in the trash is the user's all the same.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from shared.acting.runs import Step
from worker.pipeline.acting.contents import holds, is_original
from worker.pipeline.acting.disk import Disk
from worker.pipeline.acting.place import Place
from worker.pipeline.acting.trash_folder import Trash, known_trashes, opened_folder
from worker.pipeline.acting.trashinfo import INFO_SUFFIX, Said, info_place, read_info, remove_info


@dataclass(frozen=True, slots=True)
class Trashed:
    """A file in a trash. said: what its .trashinfo said when it was found."""

    file: Path
    said: Said


@dataclass(frozen=True, slots=True)
class Wanted:
    """The file of a step, which is looked for in the trash. path: its own, absolute. mark: of the step.

    home: the home trash, None where nobody knows it.
    """

    path: Path
    step: Step
    mark: str
    home: Path | None

    def find(self, known: str = "") -> Trashed | None:
        """Where it lies; None where nowhere. known: where the journal says that it is, which is looked at first."""
        if known and (found := self._look(_trash_of(Path(known)), Path(known).name)):
            return found
        trashes = list(known_trashes(self.path, self.home))
        names = [(trash, name) for trash in trashes for name in _names(trash) if _size(trash, name) == self.step.size]
        names.sort(key=lambda one: self._rank(read_info(*one)))
        return next((found for one in names if (found := self._look(*one))), None)

    def _rank(self, said: Said) -> int:
        """Its own .trashinfo first, then one that another program made for it, then none."""
        return 0 if said.mark == self.mark else 1 if said.path == self.path else 2

    def _look(self, trash: Trash, name: str) -> Trashed | None:
        """The file with this name in the trash, if it is the step's. One that was trashed from elsewhere is not."""
        said, file = read_info(trash, name), trash.folder / "files" / name
        try:
            with opened_folder(file.parent) as folder:
                place = Place(folder, name)
                ours = self._rank(said) < 2 or said.path is None or is_original(place, self.step)
                return Trashed(file, said) if ours and holds(place, self.step) else None
        except OSError:
            return None

    def hidden(self) -> list[Path]:
        """What has the step's hidden name, which is its mark, in a trash that the file may be in."""
        files = [trash.folder / "files" / self.mark for trash in known_trashes(self.path, self.home)]
        return [file for file in files if os.path.lexists(file)]

    def remove_info(self, found: Trashed | None, disk: Disk) -> None:
        """Remove the .trashinfo of a file that came back from `found`, or never arrived. Raises OSError."""
        if found:
            _remove(_trash_of(found.file), found.file.name, found.said, disk)
            return
        for trash in known_trashes(self.path, self.home):
            for name in _infos(trash) - set(_names(trash)):
                said = read_info(trash, name)
                if said.mark == self.mark:
                    _remove(trash, name, said, disk)


def _remove(trash: Trash, name: str, said: Said, disk: Disk) -> None:
    if said.status is None or os.path.lexists(trash.folder / "files" / name):
        return
    with opened_folder(trash.folder / "info") as infos:
        remove_info(info_place(infos, name), said.status, disk)


def _trash_of(file: Path) -> Trash:
    """The trash that a file lies in. Absolute paths, as the home trash has them, need no base."""
    folder = file.parent.parent
    return Trash(folder, folder.parent.parent if folder.parent.name == ".Trash" else folder.parent, home=False)


def _names(trash: Trash) -> list[str]:
    return _listed(trash.folder / "files")


def _infos(trash: Trash) -> set[str]:
    return {name.removesuffix(INFO_SUFFIX) for name in _listed(trash.folder / "info") if name.endswith(INFO_SUFFIX)}


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []  # there is no such trash


def _size(trash: Trash, name: str) -> int:
    try:
        return (trash.folder / "files" / name).lstat().st_size
    except OSError:
        return -1
