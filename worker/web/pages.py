"""Templates, and what every page has: where it is, what else there is, and the token that its forms send."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from worker.engine.report.filters import FILTERS, GLOBALS
from worker.web.addresses import address
from worker.web.credentials import TOKEN_HEADER


@dataclass(frozen=True, slots=True)
class Section:
    """A page that stands in the menu."""

    address: str
    name: str


# In the order of the menu.
SECTIONS: Final = (
    Section("/", "Overview"),
    Section("/duplicates", "Duplicates"),
    Section("/actions", "Actions"),
    Section("/clusters", "Clusters"),
    Section("/failures", "Failures"),
)


class Pages:
    """Renders templates. decides: whether the page may change anything."""

    def __init__(self, decides: bool) -> None:
        self._environment = Environment(
            loader=PackageLoader("worker.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= FILTERS
        self._environment.globals |= {
            **GLOBALS,
            "address": address,
            "preview": preview,
            "sections": SECTIONS,
            "decides": decides,
            "token_header": TOKEN_HEADER,
        }

    def show(self, request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
        """A whole page, or a part of one that is put into it. here: the address of its section."""
        return HTMLResponse(self.render(template, {**values, "token": request.state.token}), status)

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """The HTML."""
        return self._environment.get_template(template).render(values)


def preview(path: str, digest: str, side: int = 320) -> str:
    """Where a preview of a file is served; it stays the same as long as the file does."""
    return address(f"/preview/{side}/{digest}", path=path)
