"""Runs the page: one process, bounded in connections and in what a slow client may hold."""

import asyncio
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS: Final = 10.0  # until a request's head is there
KEEP_ALIVE_SECONDS: Final = 15
CONNECTIONS: Final = 200  # more are told to come back later
HEAD_BYTES: Final = 32 << 10
STOP_SECONDS: Final = 2  # for answers under way, when it ends


class PatientProtocol(H11Protocol):
    """HTTP, and whoever does not send the head of a request in time is let go, which uvicorn does not do by itself."""

    _due: asyncio.TimerHandle | None = None
    seconds = HEADER_SECONDS

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Go on waiting, from when the first byte of this head came, while it is not whole."""
        super().data_received(data)
        if not self._idle:
            self._stop_waiting()
        elif self._due is None:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    @property
    def _idle(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def _wait_for_head(self) -> None:
        self._due = self.loop.call_later(self.seconds, self._let_go)

    def _stop_waiting(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _let_go(self) -> None:
        self._due = None
        if self._idle and not self.transport.is_closing():
            self.transport.close()


def make_server(app: ASGIApp, address: str, port: int) -> uvicorn.Server:
    """The server, which does not run yet. It logs as the other processes do."""
    config = uvicorn.Config(
        app,
        host=address,
        port=port,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    return uvicorn.Server(config)
