"""What is wrong with settings, in sentences for people (pure)."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic.fields import FieldInfo

PREFIX: Final = "IMAGESIEVE_"
# Variables of docker-compose.yml, the Makefile and the workers that begin like a setting and are none.
OTHERS: Final = frozenset(
    {"REDIS_PASSWORD", "UID", "GRAFANA_PASSWORD", "GRAFANA_PORT", "VERDICTS_HOLDER", "WEIGHTS_FOUND", "SUPERVISED"}
)
_USER = re.compile(r"://.*@")


def sentence(fault: Any, fields: Mapping[str, FieldInfo]) -> str:
    """A fault as pydantic tells it: which setting, what it is, and what it may be."""
    field = str(fault["loc"][0]) if fault["loc"] else ""
    name = PREFIX + field.upper()
    why = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "literal_error":
        why = why.replace("Input should be", "use")
    elif field in fields and fields[field].annotation in (int, float):
        why = f"use {_number(fields[field])}"
    if name == PREFIX + "FLOWER_AUTH":
        return f"{name} cannot be used: {why}"  # it may be a password
    shown = _USER.sub("://***@", repr(fault["input"]))
    return f"{name} is {shown}, which cannot be used: {why}"


def _number(field: FieldInfo) -> str:
    """What numbers a field takes: `a whole number from 1 to 1000`."""
    kind = "a whole number" if field.annotation is int else "a number"
    words = ("ge", "gt", "le")
    bounds = {word: getattr(bound, word) for bound in field.metadata for word in words if hasattr(bound, word)}
    if "ge" in bounds and "le" in bounds:
        return f"{kind} from {bounds['ge']} to {bounds['le']}"
    if "ge" in bounds:
        return f"{kind}, {bounds['ge']} or more"
    return f"{kind} above {bounds['gt']}" if "gt" in bounds else kind


def unknown_settings(environment: Iterable[str], fields: Collection[str]) -> Iterator[str]:
    """A sentence for each variable that looks like a setting and is not one, such as a newer version's."""
    known = {name.upper() for name in fields} | OTHERS
    for variable in sorted(environment):
        word = variable.upper().removeprefix(PREFIX)
        if word == variable.upper() or word in known:
            continue
        close = difflib.get_close_matches(word, known, 1)
        hint = f"did you mean {PREFIX}{close[0]}?" if close else "the README lists the settings"
        yield f"{variable} is no setting of this version and is not used; {hint}"
