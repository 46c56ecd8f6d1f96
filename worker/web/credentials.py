"""Who may come in, and whether what is asked for was asked for by our own page (pure).

A password, Flower's (HTTP Basic), says who. A browser sends it whoever's page asks, so what changes anything also needs
a token that only our pages hold: it belongs to a cookie, which other sites' requests do not carry (SameSite=Strict).
The Host says by which name we were called: a name of somebody else's that leads here (DNS rebinding) is not ours.
"""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Collection
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

COOKIE: Final = "imagesieve"
TOKEN_HEADER: Final = "x-imagesieve-token"  # noqa: S105 - a name
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_ANYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - names no host


def own_names(address: str, hosts: Collection[str]) -> frozenset[str]:
    """By which names this server may be called: those of loopback, its address, and `hosts`."""
    return frozenset(name.lower() for name in (*LOOPBACK, *hosts, address) if name not in _ANYWHERE)


def is_own_host(host: str, names: Collection[str]) -> bool:
    """Whether a Host header names us, at whatever port: another one may lead here through a tunnel.

    >>> [is_own_host(host, {"127.0.0.1", "::1"}) for host in ("127.0.0.1:5558", "[::1]:80", "evil.example", "")]
    [True, True, False, False]
    """
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and name in names


def is_own_origin(origin: str, host: str) -> bool:
    """Whether an Origin header is of a page of ours: the host that is asked, at the port that is asked.

    >>> [is_own_origin(origin, "localhost:80") for origin in ("http://localhost:80", "http://localhost:81", "null")]
    [True, False, False]
    """
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and place.lower() == host.lower()


def is_user(authorization: str, auth: str) -> bool:
    """Whether an Authorization header has this `user:password`. Takes as long whichever sign is wrong."""
    scheme, _, value = authorization.partition(" ")
    try:
        given = b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(given, auth.encode())


def token_of(cookie: str, auth: str) -> str:
    """The token that belongs to a browser's cookie. It lasts over restarts, and ends with the password."""
    return hmac.new(sha256(f"token {auth}".encode()).digest(), cookie.encode(), sha256).hexdigest()


def is_token(token: str, cookie: str, auth: str) -> bool:
    """Whether a token belongs to a cookie."""
    return bool(cookie) and hmac.compare_digest(token.encode(), token_of(cookie, auth).encode())
