"""Settings from all sources, the first that names one first: command line, environment, state folder, user, default."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.chosen_weights import remembered_weights
from shared.collection import choose_collection
from shared.errors import SettingsError
from shared.paths import absolute
from shared.settings.faults import HANDED_ON, sentence
from shared.settings.model import Settings
from shared.settings.sources import Source, read_environment, read_file, user_file
from shared.state_folder import CONFIG, watched_by

COMMAND_LINE: Final = "the command line"
DEFAULT: Final = "default"


@dataclass(frozen=True)
class Loaded:
    """Settings, and where each of them comes from.

    origins: for people, of every setting. files: those that are read where they are there, the first one first.
    """

    settings: Settings
    origins: Mapping[str, str]
    files: tuple[Path, ...]


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (from the command line) win. Raises SettingsError with one sentence per fault."""
    return load_with_origins(**overrides).settings


def load_with_origins(**overrides: Any) -> Loaded:
    """The same, with where each comes from.

    Whoever started this process and handed all settings on has read the files: they are not read again, so that what
    is written into one while `up` runs counts for all its processes from the next start on, or for none.
    """
    handed_on = HANDED_ON in os.environ
    said = [Source(COMMAND_LINE, overrides), read_environment()]
    own = None if handed_on else user_file()
    user = [read_file(own, inside_state=False)] if own else []
    place = _state_folder([*said, *user])
    files = [] if handed_on else [Path(place.values["state_dir"]) / CONFIG]
    state = [read_file(file, inside_state=True) for file in files if file != own]
    found = {name: source for source in (*user, *state, *reversed(said)) for name in source.values}
    found["state_dir"] = place
    kept = _kept(place)
    left_open = kept.values.keys() - found
    found |= dict.fromkeys(left_open, kept)
    try:
        settings = Settings(**{name: source.values[name] for name, source in found.items()})
    except ValidationError as error:
        names = {name: source.name(name) for name, source in found.items()}
        raise SettingsError("; ".join(sentence(one, Settings.model_fields, names) for one in error.errors())) from error
    settings.model_fields_set.difference_update(left_open)  # it is a default of this collection; nobody said it
    origins = {name: found[name].origin if name in found else DEFAULT for name in Settings.model_fields}
    return Loaded(settings, origins, tuple(dict.fromkeys([*files, *([own] if own else [])])))


def _state_folder(sources: Sequence[Source]) -> Source:
    """The state folder that is named, or else that of the collection. Raises SettingsError where it may be any."""
    for source in sources:
        if named := source.values.get("state_dir"):
            return Source(source.origin, {"state_dir": absolute(Path(named))})

    def said(name: str) -> Any:
        return next((source.values[name] for source in sources if source.values.get(name)), None)

    watched, elsewhere = said("watch_dir"), said("broker_url") and said("store_url")
    chosen = choose_collection(absolute(Path(watched)) if watched else None, must_be_one=not elsewhere)
    return Source(chosen.how, {"state_dir": chosen.collection.state})


def _kept(place: Source) -> Source:
    """What is written in the state folder: the folder that it is of, and the weights that were chosen for it."""
    state = Path(place.values["state_dir"])
    kept: dict[str, Any] = {}
    with suppress(OSError, SettingsError):  # who opens the state folder says what is wrong
        kept = {"watch_dir": watched_by(state), "weights": remembered_weights(state)}
    return Source("the state folder", {name: value for name, value in kept.items() if value})
