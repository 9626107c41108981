"""Asking the API over HTTP: kept-alive connections, bytes in, status and headers out.

No client library stands between: who asks shares the machine with who answers.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from services.api.access.caller import EVERYBODY, Scope
from services.api.access.store import AccessStore, access_address
from services.api.adapters.clock_and_chance import wall_clock

HOST: Final = "127.0.0.1"
ANSWER_BYTES_MAX: Final = 2**22
APART: Final = 7
"""How many questions apart the connections begin: they ask different ones at a time."""


class Endpoint(NamedTuple):
    """Where the API listens on this machine, and a key for it."""

    port: int
    key: str


class Connection:
    """A kept-alive connection that asks one question after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes) -> tuple[int, dict[str, str]]:
        """The status of the answer and its headers; the body is read to its end."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        lines = (line.partition(": ") for line in head[1:] if line)
        headers = {name.lower(): value for name, _, value in lines}
        await self._reader.readexactly(int(headers.get("content-length", 0)))
        return int(head[0].split()[1]), headers


def a_request(endpoint: Endpoint, path: str, *headers: str) -> bytes:
    """The bytes that ask for `path`."""
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {HOST}:{endpoint.port}",
        f"Authorization: Bearer {endpoint.key}",
        "Accept-Language: en",
        *headers,
        "",
        "",
    )
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def connected(endpoint: Endpoint) -> AsyncIterator[Connection]:
    """A connection, until it is not needed any more."""
    reader, writer = await asyncio.open_connection(HOST, endpoint.port, limit=ANSWER_BYTES_MAX)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


class Answered(NamedTuple):
    """One answer: to which question of the list, and how long it took in seconds."""

    question: int
    took_s: float


async def asked(
    endpoint: Endpoint,
    requests: Sequence[bytes],
    connections: int,
    limit_s: float,
    status: int = 200,
) -> list[Answered]:
    """All answers that connections have had which asked in turn until the time was over."""

    async def one(number: int) -> list[Answered]:
        answers: list[Answered] = []
        until_s = time.perf_counter() + limit_s
        async with connected(endpoint) as connection:
            while (began_s := time.perf_counter()) < until_s:
                question = (APART * number + len(answers)) % len(requests)
                found, _ = await connection.ask(requests[question])
                if found != status:
                    raise ValueError(f"{found} to {requests[question]!r}")
                answers.append(Answered(question, time.perf_counter() - began_s))
        return answers

    return [each for found in await asyncio.gather(*map(one, range(connections))) for each in found]


async def a_key(database: str) -> str:
    """A key that reads everything, in the database of a read model."""
    store = AccessStore(access_address(database, None), wall_clock)
    try:
        await store.prepare()
        _, written = await store.create("bench", {Scope.READ: EVERYBODY}, "bench")
    finally:
        await store.dispose()
    return written
