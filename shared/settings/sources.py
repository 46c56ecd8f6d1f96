"""Where settings are read: the environment, and files in TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from shared.errors import SettingsError
from shared.paths import own_folder
from shared.permission import why_not
from shared.settings.faults import PREFIX, unknown_in_file
from shared.settings.fields import Fields
from shared.state_folder import CONFIG

ENVIRONMENT: Final = "the environment"
_PATHS: Final = frozenset({"watch_dir", "state_dir", "index_dir", "decisions_dir", "previews_dir", "move_to"})


class _Named(Fields, BaseSettings):
    """What the readers of pydantic-settings look names up in. Nothing is made of it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)


@dataclass(frozen=True)
class Source:
    """What one place says. origin: the place, for people; values: what is written there, by the names of settings."""

    origin: str
    values: Mapping[str, Any]

    def name(self, field: str) -> str:
        """What a setting is called there."""
        return f"{field} in {self.origin}" if self.origin.startswith("/") else PREFIX + field.upper()


def read_environment() -> Source:
    """What the environment says, however the names are spelt."""
    return Source(ENVIRONMENT, EnvSettingsSource(_Named)())


def user_file() -> Path | None:
    """The user's own file, whether it is there or not; None for a user without a home folder."""
    folder = own_folder("XDG_CONFIG_HOME", ".config")
    return folder / CONFIG if folder else None


def read_file(file: Path, inside_state: bool) -> Source:
    """What a file says; nothing where it is not there. Raises SettingsError, with a sentence for each fault.

    inside_state: whether it lies in the state folder, and so cannot say where that is.
    """
    if not is_there(file):
        return Source(str(file), {})
    try:
        found = TomlConfigSettingsSource(_Named, toml_file=file)
    except OSError as error:
        raise SettingsError(f"the settings in {file} cannot be read: {why_not(error)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the settings in {file} cannot be read: {error}; a line of it looks like this: exclude = '*.gif'"
        ) from error
    faults = list(unknown_in_file(found.toml_data, str(file), Fields.model_fields))
    values = {name: value for name, value in found().items() if name in Fields.model_fields}
    faults += [fault for name, value in values.items() if (fault := _fault(name, value, file))]
    if inside_state and "state_dir" in values:
        faults.append(f"state_dir in {file} cannot be used: the file lies in the state folder itself; leave it out")
    if faults:
        raise SettingsError("; ".join(faults))
    return Source(str(file), values)


def is_there(file: Path) -> bool:
    """Whether there is such a file, for who may look: a user without the right to see a folder has no file in it."""
    try:
        return file.is_file()
    except OSError:
        return False


def _fault(name: str, value: Any, file: Path) -> str:
    """What is wrong with a value because of where it stands; "" for nothing."""
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    if not plain and not (isinstance(value, list) and all(isinstance(word, str) for word in value)):
        return f"{name} in {file} is {value!r}, which cannot be used: use a number, words in quotes, or a list of those"
    is_path = name in _PATHS or (name == "weights" and str(value).endswith((".h5", ".hdf5")))
    if is_path and value and not str(value).startswith(("/", "~")):
        return f"{name} in {file} is {value!r}, which cannot be used: name it from / or ~ on"
    return ""
