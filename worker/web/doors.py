"""What every request passes before a route sees it: name, password, origin, token, size and time.

An ASGI application around another one.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.web import credentials

HEALTH: Final = "/healthcheck"
CHECK: Final = "/api/check"  # for programs: it changes nothing, and so needs no token and is there where one only reads
LARGEST_BODY: Final = 1 << 20  # bytes of a request; a list of decisions is the longest
BODY_SECONDS: Final = 30.0  # until all of it is there
SEND_SECONDS: Final = 30.0  # for a part of an answer that a client does not take
WRONG_PASSWORD_SECONDS: Final = 0.5  # before it is said
_READS: Final = ("GET", "HEAD")

POLICY: Final = (
    "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # without any, a browser says no Origin either
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class TooLarge(Exception):
    """More bytes than a request may have."""


class TooSlow(Exception):
    """A client that does not send, or does not take, in time."""


@dataclass(frozen=True)
class Doors:
    """app: what is behind. auth: user:password. names: by which this server may be called.

    decides: whether anything may be changed. bodies: paths whose requests may have more bytes than others.
    """

    app: ASGIApp
    auth: str
    names: Collection[str]
    decides: bool = True
    bodies: Mapping[str, int] = field(default_factory=dict)
    body_seconds: float = BODY_SECONDS
    send_seconds: float = SEND_SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it in, or say why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Request(Headers(scope=scope), scope["method"], scope["path"])
        cookie = request.cookie or secrets.token_urlsafe(18)
        answer = _Answer(send, self.send_seconds, "" if request.cookie else cookie)
        refusal = await self._refusal(request)
        if refusal:
            await refusal(scope, receive, answer.send)
            return
        scope.setdefault("state", {})["token"] = credentials.token_of(cookie, self.auth)
        body = _Body(self.bodies.get(request.path, LARGEST_BODY), time.monotonic() + self.body_seconds)
        try:
            await body.take(receive)
        except TooLarge:
            await _refuse(413, f"a request may have {body.limit:,} bytes")(scope, receive, answer.send)
            return
        except TooSlow:
            await _refuse(408, "the request did not arrive in time")(scope, receive, answer.send)
            return
        with contextlib.suppress(TooSlow):  # the connection ends, and nobody is there to be told
            await self.app(scope, body.receive(receive), answer.send)

    async def _refusal(self, request: "_Request") -> Response | None:
        headers = request.headers
        if not credentials.is_own_host(headers.get("host", ""), self.names):
            return _refuse(403, "this server is not called that; add the name to IMAGESIEVE_WEB_HOSTS if it is yours")
        if request.path == HEALTH:
            return PlainTextResponse("OK", headers=HEADERS)
        if not credentials.is_user(headers.get("authorization", ""), self.auth):
            if headers.get("authorization"):
                await asyncio.sleep(WRONG_PASSWORD_SECONDS)
            return _refuse(401, "user and password, please: they are Flower's", {"www-authenticate": _REALM})
        if request.method not in _READS:
            return self._refuse_change(request)
        return None

    def _refuse_change(self, request: "_Request") -> Response | None:
        headers = request.headers
        if request.method != "POST":
            return _refuse(405, "only GET and POST", {"allow": "GET, HEAD, POST"})
        origin = headers.get("origin")
        asked_by_us = origin is None or credentials.is_own_origin(origin, headers["host"])
        if not asked_by_us or headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return _refuse(403, "another site's page asked for this")
        if _declared(headers) > self.bodies.get(request.path, LARGEST_BODY):
            return _refuse(413, "the request has too many bytes")
        if request.path == CHECK:
            return None
        if not self.decides:
            return _refuse(403, "this page only shows: IMAGESIEVE_WEB is `read`")
        if not credentials.is_token(headers.get(credentials.TOKEN_HEADER, ""), request.cookie, self.auth):
            return _refuse(403, "the page is older than its password, or cookies are off: load it again")
        return None


_REALM: Final = 'Basic realm="imagesieve", charset="UTF-8"'


@dataclass(frozen=True, slots=True)
class _Request:
    headers: Headers
    method: str
    path: str

    @property
    def cookie(self) -> str:
        """The browser's, "" for none."""
        try:
            found = SimpleCookie(self.headers.get("cookie", "")).get(credentials.COOKIE)
        except CookieError:
            return ""
        return found.value if found else ""


@dataclass(slots=True)
class _Body:
    """What a client sends, up to a limit of bytes and until a time; a route sees it when it is whole."""

    limit: int
    deadline: float
    parts: list[bytes] = field(default_factory=list)

    async def take(self, receive: Receive) -> None:
        """Wait for all of it. Raises TooLarge, TooSlow."""
        taken, more = 0, True
        while more:
            try:
                message = await asyncio.wait_for(receive(), max(0.0, self.deadline - time.monotonic()))
            except TimeoutError:
                raise TooSlow from None
            if message["type"] != "http.request":  # the client has gone
                return
            self.parts.append(message.get("body", b""))
            taken += len(self.parts[-1])
            if taken > self.limit:
                raise TooLarge
            more = message.get("more_body", False)

    def receive(self, inner: Receive) -> Receive:
        """For the route: the body, then whatever comes, which says only that the client has gone."""
        waiting = [b"".join(self.parts)]
        self.parts.clear()

        async def receive() -> Message:
            if waiting:
                return {"type": "http.request", "body": waiting.pop(), "more_body": False}
            return await inner()

        return receive


@dataclass(slots=True)
class _Answer:
    """An answer on its way. cookie: to be kept by the browser, "" for none."""

    inner: Send
    seconds: float
    cookie: str

    async def send(self, message: Message) -> None:
        """See ASGI; with our headers. Raises TooSlow."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self.cookie and headers.get("content-type", "").startswith("text/html"):
                kept = f"{credentials.COOKIE}={self.cookie}; Path=/; HttpOnly; SameSite=Strict"
                headers.append("set-cookie", kept)
        try:
            await asyncio.wait_for(self.inner(message), self.seconds)
        except TimeoutError:
            raise TooSlow from None


def _refuse(status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    # The connection ends: what is left of the request is not read.
    return PlainTextResponse(f"{why}\n", status, headers={"connection": "close", **(headers or {})})


def _declared(headers: Headers) -> int:
    length: Any = headers.get("content-length", "0")
    return int(length) if length.isdecimal() else 0
