"""Addresses on the page. A file is named in a query by its path, whatever bytes are in its name."""

import os
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, quote_from_bytes

from starlette.requests import Request


def query_of(request: Request) -> dict[str, str]:
    """The query of a request; bytes that are not UTF-8 become lone surrogates, as in all paths here."""
    raw = request.scope["query_string"].decode("latin-1")
    return dict(parse_qsl(raw, keep_blank_values=True, errors="surrogateescape"))


def address(place: str, values: Mapping[str, object] | None = None, **more: object) -> str:
    r"""A place on this server, with a query; what is None or "" is left out.

    >>> address("/image", path="a b/\udcff.png", page=None)
    '/image?path=a%20b/%FF.png'
    """
    pairs = {**(values or {}), **more}
    parts = [f"{quote(name)}={_quoted(str(value))}" for name, value in pairs.items() if value not in (None, "")]
    return f"{place}?{'&'.join(parts)}" if parts else place


def whole(text: str, least: int, most: int, usual: int) -> int:
    """A number that somebody wrote into an address; `usual` where it is none, and never beyond the bounds."""
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else usual
    return max(least, min(most, number))


def _quoted(text: str) -> str:
    return quote_from_bytes(os.fsencode(text), safe="/")
