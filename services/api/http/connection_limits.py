"""Limits of connections: how many in all and of one address, and how long headers may take.

Uvicorn counts connections only when a request has come, and waits for headers without a limit: a
few hundred silent sockets would lock everybody out.
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from functools import partial
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEADERS_LIMIT_S: Final = 10.0
"""Time that the headers of a request may take, and a new connection may be silent."""

CONNECTIONS_MAX: Final = 1_000
CONNECTIONS_OF_ADDRESS_MAX: Final = 100

log: Final = structlog.stdlib.get_logger("ecluse.api")


class Limits(NamedTuple):
    """The limits of a server."""

    connections: int = CONNECTIONS_MAX
    of_address: int = CONNECTIONS_OF_ADDRESS_MAX
    headers_s: float = HEADERS_LIMIT_S
    proxies: Collection[str] = ()
    """Addresses of which no one is counted: behind a proxy everybody comes from its own."""


class Connections:
    """The open connections of a server, by address."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: Counter[str] = Counter()

    def add(self, address: str) -> bool:
        """Count a connection; False if it is one too many."""
        self._open[address] += 1
        return self._open.total() <= self.limits.connections and (
            address in self.limits.proxies or self._open[address] <= self.limits.of_address
        )

    def remove(self, address: str) -> None:
        """Count a connection that has ended."""
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]


class LimitedProtocol(H11Protocol):
    """Uvicorn's protocol for one connection, within these limits."""

    def __init__(self, *arguments: Any, counted: Connections, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._counted = counted
        self._address = ""
        self._headers_limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, or refuse one too many."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        if self._counted.add(self._address):
            self._expect_headers()
        else:
            log.warning("connection_refused", address=self._address)
            self._end(HTTPStatus.SERVICE_UNAVAILABLE)

    def data_received(self, data: bytes) -> None:
        """Handle what came: headers of one request have one limit, however slowly they come."""
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._stop_waiting()
        elif self._headers_limit is None:
            self._expect_headers()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; its request, if it has begun, is answered no more."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Go on to the next request, of which a part may have come already."""
        super().on_response_complete()
        is_idle = self.cycle.response_complete and not self.transport.is_closing()
        if is_idle and self.conn.trailing_data[0]:
            self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self._stop_waiting()
        self._counted.remove(self._address)
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        self._stop_waiting()
        self._headers_limit = self.loop.call_later(
            self._counted.limits.headers_s, self._end, HTTPStatus.REQUEST_TIMEOUT
        )

    def _stop_waiting(self) -> None:
        if self._headers_limit is not None:
            self._headers_limit.cancel()
            self._headers_limit = None

    def _end(self, status: HTTPStatus) -> None:
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n"
        self.transport.write(f"{head}Retry-After: 10\r\nContent-Length: 0\r\n\r\n".encode())
        self.transport.close()


def limit_connections(limits: Limits) -> Any:
    """The class of protocol for `uvicorn.Config(http=…)`."""
    return partial(LimitedProtocol, counted=Connections(limits))
