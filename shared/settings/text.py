"""A setting's value as text: as an environment variable has it, and as people may see it (pure)."""

import re
from typing import Any, Final

from shared.settings.fields import Fields
from shared.settings.units import Measure
from shared.settings.words import join_folders

_FOLDERS: Final = frozenset({"prefer_folders", "protect_folders", "exclude"})
# A user and a password before a host, and what redis-py takes for one behind it.
_SECRETS: Final = re.compile(r"(?<=://).*(?=@)|(?<=password=)[^&]*")
HIDDEN: Final = "***"


def as_written(name: str, value: Any) -> str:
    """As an environment variable has it: what is read from that is this value again."""
    if name in _FOLDERS:
        return join_folders(value)
    if isinstance(value, frozenset):
        return " ".join(sorted(value))
    return " ".join(value) if isinstance(value, tuple) else str(value)


def in_words(name: str, value: Any) -> str:
    """As people may see it: durations and sizes with their units, no passwords."""
    measure = measure_of(name)
    if measure:
        return measure.words(value)
    if name == "flower_auth":
        user, colon, _ = value.partition(":")
        return f"{user}:{HIDDEN}" if colon else ""
    if isinstance(value, float):
        return f"{value:g}"
    text = as_written(name, value)
    return _SECRETS.sub(HIDDEN, text) if name in ("broker_url", "store_url") else text


def measure_of(name: str) -> Measure | None:
    """What the number of this setting counts; None where it is no duration and no size."""
    return next((one for one in Fields.model_fields[name].metadata if isinstance(one, Measure)), None)
