"""Runs the page: one process, bounded in connections and in what a slow client may hold."""

import asyncio
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS: Final = 10.0  # until a request's head is there
UNSENT_SECONDS: Final = 60.0  # until the end of an answer is taken
KEEP_ALIVE_SECONDS: Final = 15
CONNECTIONS: Final = 200  # more are told to come back later
HEAD_BYTES: Final = 32 << 10
STOP_SECONDS: Final = 2  # for answers under way, when it ends


class PatientProtocol(H11Protocol):
    """HTTP; who does not send the head of a request in time, or take its answer, is let go, as uvicorn does not."""

    _due: asyncio.TimerHandle | None = None
    seconds = HEADER_SECONDS
    unsent_seconds = UNSENT_SECONDS

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

    def on_response_complete(self) -> None:
        """What is left of an answer is kept in memory until the client takes it: not for ever."""
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self.loop.call_later(self.unsent_seconds, self._drop_unsent)

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

    def _drop_unsent(self) -> None:
        if self._idle and self.transport.get_write_buffer_size():
            self.transport.abort()


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
