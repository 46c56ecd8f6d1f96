"""The trash as freedesktop.org specifies it. Files go in by send2trash, and come out by their .trashinfo.

https://specifications.freedesktop.org/trash-spec/latest/
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from send2trash import plat_other

from shared.errors import LeftAlone
from shared.journal import Step
from worker.pipeline.acting.contents import holds
from worker.pipeline.acting.disk import Disk, Place
from worker.pipeline.acting.inspection import Held

PROBES: Final = 50  # names that send2trash may have chosen, tried before the whole trash is looked through


def put_in_trash(file: Held, disk: Disk) -> None:
    """Let send2trash have the file. Raises OSError or LeftAlone; then `settle_trash` is due."""
    file.check()
    disk.before("trash")
    # By its name in its own folder: no folder on the way can be exchanged for a link.
    with _inside(file.place.folder):
        plat_other.send2trash(os.fsencode(file.place.name))
    disk.sync(file.place)


def check_trash(file: Held) -> None:
    """Raise LeftAlone where send2trash does not take this file, or not safely.

    It would copy across mounts, and remove the file before the copy is on the disk.
    """
    if not os.access(file.place.name, os.W_OK, dir_fd=file.place.folder):
        raise LeftAlone("it is write-protected, and the trash takes no such file; use --action move")
    if plat_other.get_dev(os.path.realpath(Path.home())) == file.status.st_dev:
        near = Path(os.fsdecode(plat_other.HOMETRASH_B))
        while not near.exists():
            near = near.parent
    else:
        with _inside(file.place.folder):
            near = Path(plat_other.find_mount_point("."))
    with _opened_folder(near) as descriptor:
        if _mount(descriptor) != _mount(file.place.folder):
            raise LeftAlone(f"the trash below {near} is on another mount, which would mean a copy; use --action move")


def _mount(descriptor: int) -> str:
    found = re.search(r"^mnt_id:\s*(\d+)", Path(f"/proc/self/fdinfo/{descriptor}").read_text(), re.MULTILINE)
    return found[1] if found else ""


@contextmanager
def _inside(folder: int) -> Iterator[None]:
    before = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fchdir(folder)
        yield
    finally:
        os.fchdir(before)
        os.close(before)


def find_in_trash(root: Path, step: Step) -> Path | None:
    """Where the step's file lies in a trash: the bytes, and a .trashinfo that names its path. None where nowhere."""
    path = _absolute(root, step.path)
    for trash, base in _trashes(path):
        for name in _candidates(trash, step):
            if _origin(trash, base, name) == path:
                with _opened_folder(trash / "files") as folder:
                    if holds(Place(folder, name), step):
                        return trash / "files" / name
    return None


def remove_info(root: Path, step: Step, disk: Disk) -> None:
    """Remove the .trashinfo of the step's file where it has no file: it came back, or never arrived."""
    path = _absolute(root, step.path)
    for trash, base in _trashes(path):
        for name in _probes(step):
            if _origin(trash, base, name) == path and not os.path.lexists(trash / "files" / name):
                with _opened_folder(trash / "info") as folder:
                    disk.unlink(Place(folder, f"{name}.trashinfo"))


def _absolute(root: Path, path: str) -> Path:
    """As send2trash writes it: the folder without links."""
    whole = root / path
    return Path(os.path.realpath(whole.parent)) / whole.name


def _trashes(path: Path) -> Iterator[tuple[Path, Path]]:
    """Trash folders that the file at `path` may be in, each with the folder that relative paths in it start from."""
    yield Path(os.fsdecode(plat_other.HOMETRASH_B)), Path(os.fsdecode(plat_other.XDG_DATA_HOME))
    top = Path(plat_other.find_mount_point(str(path.parent)))
    user = os.getuid()
    yield top / ".Trash" / str(user), top
    yield top / f".Trash-{user}", top


def _candidates(trash: Path, step: Step) -> Iterator[str]:
    """Names in the trash whose size is the file's, the likely ones first."""
    seen = set()
    for name in _probes(step):
        seen.add(name)
        if _size(trash / "files" / name) == step.size:
            yield name
    try:
        names = sorted({path.name for path in (trash / "files").iterdir()} - seen)
    except OSError:
        return  # there is no such trash
    yield from (name for name in names if _size(trash / "files" / name) == step.size)


def _probes(step: Step) -> list[str]:
    path = Path(step.path)
    return [path.name, *(f"{path.stem} {number}{path.suffix}" for number in range(1, PROBES))]


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return -1


def _origin(trash: Path, base: Path, name: str) -> Path | None:
    """The path that the .trashinfo of this name says."""
    try:
        info = (trash / "info" / f"{name}.trashinfo").read_bytes()
    except OSError:
        return None
    found = re.search(rb"^Path=(.*)$", info, re.MULTILINE)
    return base / os.fsdecode(unquote_to_bytes(found[1])) if found else None


@contextmanager
def _opened_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
