"""Trash folders as freedesktop.org specifies them: where each is, whether it may be used, and how it is made."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from shared.errors import LeftAlone
from shared.filesystems import mount_of
from shared.ignored import ignores
from shared.mount_table import places_within, read_table
from shared.state_folder import sync_folder

USE_MOVE: Final = "use --action move"
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Trash:
    """A trash folder. base: the folder that relative paths in it start from. home: whether it is the home trash."""

    folder: Path
    base: Path
    home: bool

    @property
    def parts(self) -> tuple[Path, Path, Path]:
        """The folder itself, and its two."""
        return self.folder, self.folder / "info", self.folder / "files"


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


def choose_trash(folder: int, root: Path, home: Path) -> Trash:
    """The trash for a file: the home trash where it lies on that mount, else the one at the top of its own mount.

    folder: a descriptor of the file's own. root: the watched folder. home: the home trash. Nothing is made. Raises
    LeftAlone where the file would have to be copied across mounts, where the trash would be watched, or where others
    have a hand in it.
    """
    mount = mount_of(folder)
    if _same_mount(nearest(home), mount):
        if _is_watched(home, root):
            raise LeftAlone(f"the trash {home} lies in the watched folder, and would be watched; {USE_MOVE}")
        trash = trash_at_home(home)
    else:
        top = top_of_mount(Path(os.path.realpath(f"/proc/self/fd/{folder}")), mount)
        shared, own = trashes_at(top)
        if _is_for_all(shared.base / ".Trash"):
            # As specified, the other one is used without a word where this one cannot be.
            with suppress(LeftAlone):
                _check(shared, mount)
                return shared
        trash = own
    _check(trash, mount)
    return trash


def trash_at_home(folder: Path) -> Trash:
    """The home trash, which holds absolute paths."""
    return Trash(folder, folder.parent, home=True)


def trashes_at(top: Path) -> tuple[Trash, Trash]:
    """The two that a user may have at the top of a mount: in the one for all, and of his own."""
    user = os.getuid()
    return Trash(top / ".Trash" / str(user), top, home=False), Trash(top / f".Trash-{user}", top, home=False)


def known_trashes(path: Path, home: Path | None) -> Iterator[Trash]:
    """Trash folders that the file at `path` may be in. home: None where nobody knows."""
    if home:
        yield trash_at_home(home)
    folder = nearest(path.parent)
    with opened_folder(folder) as descriptor:
        shared, own = trashes_at(top_of_mount(folder, mount_of(descriptor)))
    if _is_for_all(shared.base / ".Trash"):
        yield shared
    yield own


def _is_for_all(folder: Path) -> bool:
    """Whether an administrator made it for the trash of everybody: no link, and nobody removes what is another's."""
    try:
        status = folder.lstat()
    except OSError:
        return False  # there is none, which is the rule
    return stat.S_ISDIR(status.st_mode) and bool(status.st_mode & stat.S_ISVTX) and status.st_uid in (0, os.getuid())


def _check(trash: Trash, mount: str) -> None:
    """Raise LeftAlone where it cannot be made, leads elsewhere, or is not this user's alone."""
    for folder in trash.parts:
        try:
            _check_own(folder, folder.lstat())
        except FileNotFoundError:
            if not os.access(nearest(folder), os.W_OK | os.X_OK):
                raise LeftAlone(
                    f"the trash {trash.folder} cannot be made: {nearest(folder)} may not be written by this user; "
                    f"{USE_MOVE}"
                ) from None
        except OSError as error:
            raise LeftAlone(f"the trash {trash.folder} cannot be opened: {error.strerror}; {USE_MOVE}") from error
        if not _same_mount(nearest(folder), mount):
            raise LeftAlone(f"the trash {trash.folder} is on another mount, which would mean a copy; {USE_MOVE}")


def _check_own(folder: Path, status: os.stat_result) -> None:
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise LeftAlone(f"{folder} is a link, or not this user's folder, and nothing is put in there; {USE_MOVE}")
    if status.st_mode & _OTHERS_WRITE:
        raise LeftAlone(
            f"others may write into the trash {folder}, and could take away what is put in there; `chmod go-w` it, or "
            f"{USE_MOVE}"
        )


@contextmanager
def opened_trash(trash: Trash) -> Iterator[tuple[int, int]]:
    """Descriptors of its folders for infos and for files, made where they are missing.

    Raises LeftAlone where they cannot be made, or are by now what `choose_trash` would not have chosen.
    """
    with ExitStack() as stack:
        opened: list[int] = []
        try:
            for folder in trash.parts:
                _make(folder)
                name, within = (folder.name, opened[0]) if opened else (folder, None)
                opened.append(os.open(name, _FLAGS, dir_fd=within))
                stack.callback(os.close, opened[-1])
                _check_own(folder, os.fstat(opened[-1]))
        except OSError as error:
            raise LeftAlone(f"the trash {trash.folder} cannot be made: {error.strerror}; {USE_MOVE}") from error
        yield opened[1], opened[2]


def _make(folder: Path) -> None:
    """Make a folder and those above it, for nobody else's eyes; the names last when this returns."""
    if os.path.lexists(folder):
        return
    _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    with suppress(PermissionError):  # a `.Trash` for all may be written, and not always read
        sync_folder(folder.parent)


def nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists():
        folder = folder.parent
    return folder


def _same_mount(folder: Path, mount: str) -> bool:
    with opened_folder(folder) as descriptor:
        return mount_of(descriptor) == mount


def top_of_mount(folder: Path, mount: str) -> Path:
    """The outermost folder of the mount with this number that `folder` lies in."""
    while folder != folder.parent and _same_mount(folder.parent, mount):
        folder = folder.parent
    return folder


def _is_watched(folder: Path, root: Path) -> bool:
    """Whether a folder would be watched: below the watched one, by whatever mount, and not hidden by a dot there."""
    watched, table = os.path.realpath(root), read_table()
    inside = PurePosixPath(os.path.realpath(folder))
    shown = [place for _, place in places_within(table.views(str(inside)), table.views(watched))]
    ways = [place.relative_to(watched) for place in (inside, *shown) if place.is_relative_to(watched)]
    return not all(ignores(str(way / "file.png")) for way in ways)


@contextmanager
def opened_folder(folder: Path) -> Iterator[int]:
    """A descriptor of a folder, by whatever way. Raises OSError."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
