"""The trash as freedesktop.org specifies it, version 1.0: what goes in, and how it comes out by its .trashinfo.

https://specifications.freedesktop.org/trash-spec/latest/

Names are taken by creating the .trashinfo, which fails where anybody else has it, and the file is moved without
overwriting: whoever trashes by the same names at the same time, nothing in the trash is ever lost.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from shared.errors import LeftAlone
from shared.filesystems import mount_of
from shared.journal import Step
from worker.pipeline.acting.contents import holds
from worker.pipeline.acting.disk import Disk, Place, is_same_file
from worker.pipeline.acting.inspection import Held

NUMBERS: Final = 10_000  # names tried where the own one is taken
PROBES: Final = 50  # likely names, tried before the whole trash is looked through
LONGEST: Final = 255 - len(".trashinfo")  # bytes of a name
USE_MOVE: Final = "use --action move"


@dataclass(frozen=True, slots=True)
class Trash:
    """A trash folder. base: the folder that relative paths in it start from. home: whether it is the home trash."""

    folder: Path
    base: Path
    home: bool


def home_trash(environment: Mapping[str, str]) -> Path:
    """The home trash. Raises LeftAlone where the environment names none.

    As the XDG base directory specification has it, an XDG_DATA_HOME that is empty or relative counts as not set.
    """
    data, home = environment.get("XDG_DATA_HOME", ""), environment.get("HOME", "")
    if data.startswith("/"):
        return Path(data) / "Trash"
    if home.startswith("/"):
        return Path(home) / ".local" / "share" / "Trash"
    raise LeftAlone(f"HOME is {home!a}, and names no folder that a trash could be in; {USE_MOVE}")


def choose_trash(file: Held, root: Path, home: Path) -> Trash:
    """The trash for a file: the home trash where it lies on that mount, else the one at the top of its own mount.

    root: the watched folder. home: the home trash. Nothing is made. Raises LeftAlone where the file would have to be
    copied across mounts, or where the trash would be watched.
    """
    mount = mount_of(file.place.folder)
    if _same_mount(_nearest(home), mount):
        if _is_watched(home, root):
            raise LeftAlone(f"the trash {home} lies in the watched folder, and would be watched; {USE_MOVE}")
        return _home(home)
    top = _top_of_mount(Path(os.path.realpath(f"/proc/self/fd/{file.place.folder}")), mount)
    shared = top / ".Trash"
    with suppress(OSError):  # there is none, which is the rule
        status = shared.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX:
            return _checked(Trash(shared / str(os.getuid()), top, home=False), mount)
    return _checked(Trash(top / f".Trash-{os.getuid()}", top, home=False), mount)


def _home(folder: Path) -> Trash:
    return Trash(folder, folder.parent, home=True)


def _checked(trash: Trash, mount: str) -> Trash:
    """The same; raises LeftAlone where it leads elsewhere."""
    for folder in (trash.folder, trash.folder / "info", trash.folder / "files"):
        _check_own(folder)
        if not _same_mount(_nearest(folder), mount):
            raise LeftAlone(f"the trash {trash.folder} is on another mount, which would mean a copy; {USE_MOVE}")
    return trash


def _check_own(folder: Path) -> None:
    with suppress(FileNotFoundError):
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise LeftAlone(f"{folder} is a link, or not this user's folder, and nothing is put in there; {USE_MOVE}")


def _nearest(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _same_mount(folder: Path, mount: str) -> bool:
    with _opened_folder(folder) as descriptor:
        return mount_of(descriptor) == mount


def _is_watched(folder: Path, root: Path) -> bool:
    """Whether a folder would be watched: below the watched one, with no part of its way hidden by a dot."""
    inside, outside = Path(os.path.realpath(folder)), Path(os.path.realpath(root))
    return inside.is_relative_to(outside) and not any(
        part.startswith(".") for part in inside.relative_to(outside).parts
    )


def _top_of_mount(folder: Path, mount: str) -> Path:
    while folder != folder.parent and _same_mount(folder.parent, mount):
        folder = folder.parent
    return folder


def _make(trash: Path) -> None:
    """The folder with its two, for nobody else's eyes. Raises LeftAlone where it is not this user's own."""
    for folder in (trash, trash / "info", trash / "files"):
        try:
            folder.mkdir(mode=0o700, parents=folder == trash, exist_ok=True)
        except OSError as error:
            raise LeftAlone(f"the trash {trash} cannot be made: {error.strerror}; {USE_MOVE}") from error
        _check_own(folder)


def put_in_trash(file: Held, path: Path, trash: Trash, at: datetime, disk: Disk) -> Path:
    """Move a file that was inspected into the trash; where it is now.

    path: its own, absolute. at: local time. Info and file are on the disk before its folder forgets it. Raises OSError
    or LeftAlone; `settle` is due then.
    """
    _make(trash.folder)
    file.check()
    with _opened_folder(trash.folder / "info") as infos, _opened_folder(trash.folder / "files") as files:
        name = _take_name(infos, files, file.place.name, _info(trash, path, at), disk)
        goal = Place(files, name)
        try:
            disk.rename(file.place, goal)
        except OSError:
            if not is_same_file(goal.status(), file.status):  # else `settle` finds it by its .trashinfo
                disk.unlink(_info_of(infos, name))
            raise
        disk.sync(goal, file.place)
    return trash.folder / "files" / name


def _info(trash: Trash, path: Path, at: datetime) -> bytes:
    said = os.fsencode(path if trash.home else path.relative_to(trash.base))
    return f"[Trash Info]\nPath={quote_from_bytes(said)}\nDeletionDate={at:%Y-%m-%dT%H:%M:%S}\n".encode("ascii")


def _take_name(infos: int, files: int, name: str, info: bytes, disk: Disk) -> str:
    """A name that nobody else has; its .trashinfo is on the disk."""
    for candidate in _names(name):
        place = _info_of(infos, candidate)
        if Place(files, candidate).status() is not None:
            continue
        try:
            descriptor = disk.create(place)
        except FileExistsError:
            continue
        try:
            os.write(descriptor, info)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        disk.sync(place)
        return candidate
    raise LeftAlone(f"{NUMBERS:,} files of its name are in the trash already")


def _names(name: str) -> Iterator[str]:
    """The file's own name, then numbered ones; none too long to have its .trashinfo."""
    own = Path(name)
    for number in range(1, NUMBERS):
        tail = own.suffix if number == 1 else f" {number}{own.suffix}"
        stem = os.fsencode(own.stem)[: max(1, LONGEST - len(os.fsencode(tail)))]
        yield (os.fsdecode(stem) + tail)[:LONGEST]


def _info_of(infos: int, name: str) -> Place:
    return Place(infos, f"{name}.trashinfo")


def find_in_trash(path: Path, step: Step, home: Path, known: str = "") -> Path | None:
    """Where the step's file lies in a trash: its bytes, and a .trashinfo that names its path. None where nowhere.

    path: its own, absolute. known: where the journal says it is, which needs no .trashinfo.
    """
    if known and _holds(Path(known), step):
        return Path(known)
    for trash in _trashes(path, home):
        for name in _candidates(trash.folder, step):
            if _origin(trash, name) == path and _holds(trash.folder / "files" / name, step):
                return trash.folder / "files" / name
    return None


def _holds(file: Path, step: Step) -> bool:
    try:
        with _opened_folder(file.parent) as folder:
            return holds(Place(folder, file.name), step)
    except OSError:
        return False


def in_trashes(path: Path, home: Path, name: str) -> list[Path]:
    """What has this name in a trash that the file at `path` may be in."""
    files = [trash.folder / "files" / name for trash in _trashes(path, home)]
    return [file for file in files if os.path.lexists(file)]


def remove_info(path: Path, step: Step, home: Path, disk: Disk, found: Path | None = None) -> None:
    """Remove a .trashinfo that names this path and has no file: it came back from `found`, or never arrived."""
    for trash in _trashes(path, home):
        names = [found.name] if found else _probes(step)
        for name in names:
            if _origin(trash, name) == path and not os.path.lexists(trash.folder / "files" / name):
                with _opened_folder(trash.folder / "info") as folder:
                    disk.unlink(_info_of(folder, name))


def absolute(root: Path, path: str) -> Path:
    """A file's path as its .trashinfo has it: the folder without links."""
    whole = root / path
    return Path(os.path.realpath(whole.parent)) / whole.name


def _trashes(path: Path, home: Path) -> Iterator[Trash]:
    """Trash folders that the file at `path` may be in."""
    yield _home(home)
    folder = _nearest(path.parent)
    with _opened_folder(folder) as descriptor:
        top = _top_of_mount(folder, mount_of(descriptor))
    yield Trash(top / ".Trash" / str(os.getuid()), top, home=False)
    yield Trash(top / f".Trash-{os.getuid()}", top, home=False)


def _probes(step: Step) -> list[str]:
    names = _names(Path(step.path).name)
    return [next(names) for _ in range(PROBES)]


def _candidates(trash: Path, step: Step) -> Iterator[str]:
    """Names in the trash whose size is the file's, the likely ones first."""
    probes = _probes(step)
    try:
        others = sorted({path.name for path in (trash / "files").iterdir()} - set(probes))
    except OSError:
        return  # there is no such trash
    yield from (name for name in (*probes, *others) if _size(trash / "files" / name) == step.size)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return -1


def _origin(trash: Trash, name: str) -> Path | None:
    """The path that the .trashinfo of this name says."""
    try:
        info = (trash.folder / "info" / f"{name}.trashinfo").read_bytes()
    except OSError:
        return None
    found = re.search(rb"^Path=(.*)$", info, re.MULTILINE)
    return trash.base / os.fsdecode(unquote_to_bytes(found[1])) if found else None


@contextmanager
def _opened_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
