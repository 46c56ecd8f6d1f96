"""Collections of this user: each has a name, a state folder, and the folder that it is of.

What is known of them stands in the state folders themselves: one for each collection, side by side, with the watched
folder written in each. So there is no list that could be lost or be wrong; to find a collection is to read some files.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import SettingsError
from shared.paths import own_folder
from shared.state_folder import is_state_folder, keep_watched, unusable, watched_by

PLACES: Final = "collections"  # the folder of the state folders
LONGEST: Final = 24  # bytes of a name, which is in the path of a socket: Linux takes 107 bytes of that
_PLAIN: Final = re.compile(r"[\w][\w.-]*")


@dataclass(frozen=True)
class Collection:
    """folder: None where it is not written in the state folder, as before a first start."""

    name: str
    state: Path
    folder: Path | None

    @property
    def sentence(self) -> str:
        """For a list in a message."""
        return f"{self.name} (of {self.folder or 'an unknown folder'})"


@dataclass(frozen=True)
class Chosen:
    """A collection, and why it is this one, in words."""

    collection: Collection
    how: str


def home() -> Path:
    """Where the state of all collections is. Up to imagesieve 0.1 it was the state folder of the only one.

    Raises SettingsError for a user without a home folder.
    """
    folder = _home()
    if folder is None:
        raise SettingsError("this user has no home folder to keep the state in: name a folder for it with --state")
    return folder


def _home() -> Path | None:
    return own_folder("XDG_STATE_HOME", ".local/state")


def usual_place() -> Path:
    """The state folder of a collection of the current folder, if nobody says another one."""
    return _new(_real(_here()), known_collections()).state


def known_collections() -> list[Collection]:
    """Those of this user whose state is at its usual place, an earlier version's first. Some files are read of each."""
    found = [_at(home())] if is_state_folder(home()) else []
    try:
        places = sorted(place for place in (home() / PLACES).iterdir() if is_state_folder(place))
    except OSError:
        places = []
    return [*found, *map(_at, places)]


def choose_collection(watched: Path | None, must_be_one: bool) -> Chosen:
    """The collection of a watched folder, which may be new; without one, that of the current folder, or the only one.

    must_be_one: raise SettingsError where it may be any of several; else it is as a new one of the current folder.
    """
    known = known_collections()
    if watched:
        return _of(watched, known)
    here = _here()
    around = {_real(one.folder): one for one in reversed(known) if one.folder}
    for folder in (_real(here), *_real(here).parents):
        if folder in around:
            return Chosen(around[folder], f"found by the folder {folder}")
    candidates = [one for one in known if one.folder or one.state == home()]
    if len(candidates) == 1:
        return Chosen(candidates[0], "the only collection")
    if candidates and must_be_one:
        raise SettingsError(
            f"there are several collections and {here} is in none of them: go to a folder of one, or name one with "
            f"--collection NAME: {', '.join(one.sentence for one in candidates)}"
        )
    return _of(here, known)


def named_collection(name: str, may_be_new: bool) -> Collection:
    """The collection of this name. Raises SettingsError where there is none, unless it `may_be_new`."""
    known = known_collections()
    for one in known:
        if one.name == name:
            return one
    if not may_be_new:
        names = ", ".join(one.sentence for one in known) or "none yet: `imagesieve up FOLDER` makes one"
        raise SettingsError(f"there is no collection {name!a}; those that there are: {names}")
    if not _PLAIN.fullmatch(name) or len(name.encode()) > LONGEST:
        raise SettingsError(
            f"a collection cannot be called {name!a}: use letters, digits, `-`, `_` and `.`, {LONGEST} bytes at most"
        )
    return Collection(name, home() / PLACES / name, None)


def gone_collections() -> Iterator[Collection]:
    """Those whose folder is not there: moved or renamed, perhaps, or not mounted."""
    return (one for one in known_collections() if one.folder and _is_gone(one.folder))


def remember(state: Path, watched: Path) -> None:
    """Write the watched folder into a state folder at a usual place, by which it is found from now on.

    Not at another place: there a start that fails shall take nothing for good. Raises SettingsError, also where the
    folder is another collection's: it would not be clear which of the two is found.
    """
    base = _home()
    try:
        if base is None or state.parent != base / PLACES or watched_by(state):
            return
        for one in known_collections():
            if one.folder and _real(one.folder) == _real(watched):
                raise SettingsError(
                    f"{watched} is the folder of the collection {one.name} already: leave --collection out, or remove "
                    f"that one's state folder {one.state} if nothing in it is needed"
                )
        keep_watched(state, watched)
    except OSError as error:
        raise unusable(state, error) from error


def _of(watched: Path, known: Sequence[Collection]) -> Chosen:
    """The collection of exactly this folder."""
    real = _real(watched)
    for one in known:
        if one.folder and _real(one.folder) == real:
            return Chosen(one, f"found by the folder {watched}")
    for one in known:
        if one.state == home() and not one.folder:  # an earlier version would take it for any folder
            return Chosen(one, "of an earlier version")
    return Chosen(_new(real, known), f"the usual place for {watched}")


def _new(real: Path, known: Sequence[Collection]) -> Collection:
    """The place where a new collection of this folder belongs. The same folder gets the same one."""
    words = re.sub(r"[^\w.-]+", "-", real.name).strip("-.") or "root"
    taken = {one.name for one in known if one.folder and _real(one.folder) != real}
    mark = hashlib.sha256(os.fsencode(real)).hexdigest()
    for length in (0, 4, 12):
        end = f"-{mark[:length]}" if length else ""
        name = words.encode()[: LONGEST - len(end)].decode(errors="ignore") + end
        if name not in taken:
            break
    return Collection(name, home() / PLACES / name, None)


def _at(state: Path) -> Collection:
    try:
        folder = watched_by(state)
    except OSError:
        folder = None  # who opens it says what is wrong
    name = (folder.name or "root") if state == home() and folder else state.name
    return Collection(name, state, folder)


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        return Path("/")  # it was removed


def _is_gone(folder: Path) -> bool:
    try:
        return not folder.exists()
    except OSError:
        return False  # it may not be seen


def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))
