"""The overview, and the stream that keeps it up to date."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from shared.settings import Settings
from worker.web.credentials import LOOPBACK
from worker.web.desk import Desk
from worker.web.pages import Pages
from worker.web.views.overview import found_of, given_of, live_of

TICK_SECONDS: Final = 1.0
SILENT_TICKS: Final = 15  # without news, after which something is sent all the same: a client that has gone is noticed
STREAMS: Final = 40  # open at a time
PARTS: Final = ("found", "live", "past", "verdicts")  # each in a place of its own


def overview_routes(desk: Desk, pages: Pages) -> APIRouter:
    """The overview."""
    router = APIRouter()
    streams = asyncio.Semaphore(STREAMS)

    @router.get("/")
    def overview(request: Request) -> HTMLResponse:
        return pages.show(request, "overview.html", {"here": "/", **_moving(desk)})

    @router.get("/live")
    async def live() -> Response:
        if streams.locked():
            return Response("too many pages are open", 503, headers={"retry-after": "30"})
        return StreamingResponse(stream(), media_type="text/event-stream")

    async def stream() -> AsyncIterator[str]:
        async with streams:
            sent: dict[str, str] = {}
            silent = 0
            while True:
                values = await asyncio.to_thread(_moving, desk)
                parts = {name: pages.render(f"parts/{name}.html", values) for name in PARTS}
                news = [_event(name, html) for name, html in parts.items() if sent.get(name) != html]
                silent = 0 if news else silent + 1
                if news or silent % SILENT_TICKS == 0:
                    yield "".join(news) or ": nothing new\n\n"
                sent = parts
                await asyncio.sleep(TICK_SECONDS)

    return router


def _moving(desk: Desk) -> dict[str, Any]:
    """What the page shows, all of which changes while somebody looks: also what was found, when a report comes."""
    page, index = desk.pulse.page(), desk.newest.index()
    return {
        "found": found_of(index.summary if index else None),
        "links": _links(desk.settings),
        "live": live_of(page),
        "given": given_of(page.events, datetime.now(UTC)),
    }


def _event(name: str, html: str) -> str:
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"event: {name}\n{lines}\n"


def _links(settings: Settings) -> list[tuple[str, str]]:
    """Where else something is told, and its address; of what listens on loopback, which is where a browser reaches it.

    In containers these have the same ports outside as here.
    """
    found = []
    if settings.flower_address in LOOPBACK:
        found.append(("Flower: the tasks, one by one", f"http://{settings.flower_address}:{settings.flower_port}"))
    if settings.metrics_port and settings.metrics_address in LOOPBACK:
        place = f"http://{settings.metrics_address}:{settings.metrics_port}/metrics"
        found.append(("Metrics of the watcher", place))
    return found
