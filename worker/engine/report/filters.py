"""How templates write names, sizes, times and numbers; without the libraries that draw figures."""

import re
from typing import Any, Final

from markupsafe import Markup, escape

from worker.engine.report.wording import decimal, number_of, saving, show, size_of


def breakable(name: str) -> Markup:
    """The name as HTML that may break after each separator."""
    return Markup("<wbr>").join(escape(part) for part in re.split(r"(?<=[/_])", name))


def moment(created: str) -> str:
    """An ISO 8601 time in UTC for people."""
    return created.replace("T", " ").replace("+00:00", " UTC")


def count(number: int) -> str:
    """`2,000`."""
    return f"{number:,}"


FILTERS: Final[dict[str, Any]] = {
    "show": show, "size": size_of, "breakable": breakable, "moment": moment, "count": count,
    "decimal": decimal,
}  # fmt: skip
GLOBALS: Final[dict[str, Any]] = {"number_of": number_of, "saving": saving}
