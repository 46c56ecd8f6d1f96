"""What is wrong with settings, in sentences for people (pure)."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic.fields import FieldInfo

from shared.settings.units import Measure

PREFIX: Final = "IMAGESIEVE_"
HANDED_ON: Final = f"{PREFIX}HANDED_ON"  # beside all settings, which the process that started this one read
# Variables of docker-compose.yml, the Makefile and the workers that begin like a setting and are none.
OTHERS: Final = frozenset(
    {
        "REDIS_PASSWORD", "UID", "GRAFANA_PASSWORD", "GRAFANA_PORT", "VERDICTS_HOLDER", "WEIGHTS_FOUND", "SUPERVISED",
        HANDED_ON.removeprefix(PREFIX),
    }
)  # fmt: skip
_USER = re.compile(r"://.*@")


def sentence(fault: Any, fields: Mapping[str, FieldInfo], names: Mapping[str, str]) -> str:
    """A fault as pydantic tells it: which setting, what it is, and what it may be.

    names: what a setting is called where its value comes from; else it is the environment variable.
    """
    field = str(fault["loc"][0]) if fault["loc"] else ""
    name = names.get(field, PREFIX + field.upper())
    why = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "literal_error":
        why = why.replace("Input should be", "use")
    elif field in fields and fields[field].annotation in (int, float):
        why = f"use {_number(fields[field])}"
    elif fault["type"] == "string_type":
        why = "use words in quotes"
    if field == "flower_auth":
        return f"{name} cannot be used: {why}"  # it may be a password
    shown = _USER.sub("://***@", repr(fault["input"]))
    return f"{name} is {shown}, which cannot be used: {why}"


def _number(field: FieldInfo) -> str:
    """What numbers a field takes: `a whole number from 1 to 1000`, with the units where it has some."""
    measure = next((one for one in field.metadata if isinstance(one, Measure)), None)
    allowed = f" {measure.allowed}" if measure else ""
    kind = "a whole number" if field.annotation is int else "a number"
    words = ("ge", "gt", "le")
    bounds = {word: getattr(bound, word) for bound in field.metadata for word in words if hasattr(bound, word)}
    if "ge" in bounds and "le" in bounds:
        return f"{kind} from {bounds['ge']} to {bounds['le']}{allowed}"
    if "ge" in bounds:
        return f"{kind}, {bounds['ge']} or more{allowed}"
    return f"{kind} above {bounds['gt']}{allowed}" if "gt" in bounds else kind + allowed


def unknown_settings(environment: Iterable[str], fields: Collection[str]) -> Iterator[str]:
    """A sentence for each variable that looks like a setting and is not one, such as a newer version's."""
    known = {name.upper() for name in fields} | OTHERS
    for variable in sorted(environment):
        word = variable.upper().removeprefix(PREFIX)
        if word == variable.upper() or word in known:
            continue
        close = nearest(word, known)
        hint = f"did you mean {PREFIX}{close}?" if close else "`imagesieve settings` lists them"
        yield f"{variable} is no setting of this version and is not used; {hint}"


def unknown_in_file(names: Iterable[str], file: str, fields: Collection[str]) -> Iterator[str]:
    """A sentence for each name in a file that is no setting. A file is ours alone, so nothing else may stand in it."""
    for name in names:
        word = name.lower().replace("-", "_").removeprefix(PREFIX.lower())
        if name.lower() in fields:
            continue
        close = nearest(word, fields)
        hint = f"did you mean {close}?" if close else "`imagesieve settings` lists them; they stand in no [section]"
        yield f"{name} in {file} is no setting of this version; {hint}"


def nearest(word: str, known: Collection[str]) -> str:
    """The name that was probably meant; "" for none."""
    return next(iter(difflib.get_close_matches(word, known, 1)), "")
