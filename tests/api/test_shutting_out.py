"""Nobody shuts out the others: not who reads nothing of what it asks for, nor who asks at once.

An answer that is not read stands in the buffers of its connection, which ends after a while.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from services.api import serving
from services.api.adapters.read_model import open_read_model
from services.api.budgets import query as budgets
from services.api.http.components import READS_AT_ONCE
from services.api.http.dependencies import Reader
from services.api.settings import ApiSettings
from services.projector.tables import payment_orders
from tests.api.environment import (
    ALL_KEY,
    LILLE,
    LILLE_KEY,
    READ_KEY,
    ROUBAIX,
    an_app,
    an_empty_read_model,
    asking,
)
from tests.api.made import Made
from tests.api.processes import api
from tests.api.reads.test_pages import an_order
from tests.api.reads.two_entities import LILLE_BUDGET, both
from tests.integration.command import ecluse
from tests.read_model.filling import fill, with_engine
from tests.waiting import WAIT_S, eventually

SOCKETS: Final = 24
ORDERS: Final = 400
PIPELINED: Final = 50
"""How many answers each asks for: the second is stuck behind the first, which nobody reads."""

SMALL_BYTES: Final = 500
"""Of a segment, and of what a connection holds at the side of who asks: then the server's side
holds little as well, and nobody waits until much was answered for nothing."""

ASKED: Final = 200
LATE_S: Final = 25.0
"""Less than an answer that is not read keeps its connection, more than a busy machine needs."""

LIMIT_S: Final = 5
LARGE: Final = 16 * 1024 * 1024
"""More than all buffers between hold."""

PIECE: Final = 512 * 1024
REST_S: Final = 0.4
"""How long a slow reader rests between two pieces: all of it takes it longer than the limit."""


def many_orders_of_lille(url: str) -> None:
    rows = [
        an_order((number % 4, LILLE_BUDGET, number)) | {"payment_order": f"L/{number}"}
        for number in range(ORDERS, 2 * ORDERS)
    ]

    async def write(engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await connection.execute(insert(payment_orders), rows)

    fill(url, both())
    with_engine(url, write)


def a_key(entity: str, where: dict[str, str]) -> str:
    made = ecluse("api-keys", "create", entity, "--read", entity, "--json", given=b"", **where)
    return str(json.loads(made.out)["key"])


def each_has_its_first_answer(log: Path) -> None:
    """Wait for it: the next one is stuck behind it."""
    eventually(lambda: log.read_text().count("request_handled") >= SOCKETS, "they do not hang yet")


@pytest.mark.rest
@pytest.mark.timeout(120)
def test_who_reads_nothing_keeps_no_other_entity_waiting(
    read_model_url: str, tmp_path: Path
) -> None:
    many_orders_of_lille(read_model_url)
    where = {"ECLUSE_DATABASE_URL": read_model_url, "ECLUSE_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    lille, roubaix = a_key(LILLE, where), a_key(ROUBAIX, where)
    path = f"/payment-orders?limit={ORDERS}"
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {lille}\r\n\r\n"
    ).encode()
    with api(tmp_path / "log", **where) as running, ExitStack() as sockets:
        address = httpx.URL(running.address)
        for _ in range(SOCKETS):
            unread = sockets.enter_context(socket.socket())
            unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BYTES)
            unread.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_BYTES)
            unread.connect((address.host, address.port))
            unread.sendall(request * PIPELINED)
        each_has_its_first_answer(tmp_path / "log")
        headers = {"Authorization": f"Bearer {roubaix}"}
        with httpx.Client(base_url=address, headers=headers, timeout=LATE_S) as client:
            answers = [client.get(path).status_code for _ in range(ASKED)]
    assert [200] * ASKED == answers


@pytest.mark.parametrize(
    "path",
    [
        "/payment-orders",
        f"/budgets/{LILLE_BUDGET}",
        f"/budgets/{LILLE_BUDGET}/execution.csv",
        "/trace/C1",
        "/no-such-budget",
        f"/budgets/{LILLE_BUDGET[:-1]}0",
        "/console/today",
        "/console/grants",
    ],
)
async def test_no_connection_is_held_while_an_answer_is_sent(
    made_in_files: Made, path: str
) -> None:
    app = an_app(open_read_model(made_in_files(both())))
    engine, held = app.state.components.engine, []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            held.append(engine.pool.checkedout())
            await send(message)

        await app(scope, receive, sending)

    transport = httpx.ASGITransport(app=watched)
    headers = {"Authorization": f"Bearer {ALL_KEY}"}
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        await client.get(f"http://ecluse.test{path}")
    await engine.dispose()
    assert {0} == set(held)


async def test_one_caller_has_few_connections_at_once_and_nobody_else_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = an_app(an_empty_read_model(tmp_path))
    in_progress: list[str] = []

    go_on, full = asyncio.Event(), asyncio.Event()

    async def slow(_conn: Any, _entities: Any, budget: str) -> None:
        in_progress.append(budget)
        if len(in_progress) == READS_AT_ONCE:
            full.set()
        await go_on.wait()

    monkeypatch.setattr(budgets, "one", slow)
    async with asking(app, LILLE_KEY) as client:
        path = f"/budgets/{LILLE_BUDGET}"
        many = [asyncio.create_task(client.get(path)) for _ in range(SOCKETS)]
        async with asyncio.timeout(WAIT_S):
            await full.wait()
            other = {"Authorization": f"Bearer {READ_KEY}"}
            others = await client.get("/budgets", headers=other)
        assert (200, READS_AT_ONCE) == (others.status_code, len(in_progress))
        assert READS_AT_ONCE == app.state.components.engine.pool.checkedout()
        go_on.set()
        assert {404} == {answer.status_code for answer in await asyncio.gather(*many)}
    assert SOCKETS == len(in_progress)


@asynccontextmanager
async def a_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[int]:
    """The API with a large answer and a quiet stream, in this process; the port."""
    app = an_app(an_empty_read_model(folder))
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    begun: list[serving.Draining] = []

    @app.get("/large")
    async def large(_caller: Reader) -> Response:
        return Response(bytes(LARGE))

    @app.get("/quiet")
    async def quiet(_caller: Reader) -> StreamingResponse:
        async def pieces() -> AsyncGenerator[bytes]:
            yield b"begin"
            await asyncio.sleep(2 * LIMIT_S)
            yield b"end"

        return StreamingResponse(pieces())

    class Known(serving.Draining):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            begun.append(self)

    monkeypatch.setattr(serving, "UNREAD_LIMIT_S", LIMIT_S)
    monkeypatch.setattr(serving, "Draining", Known)
    served = asyncio.create_task(
        serving.serve(app, ApiSettings(api_port=0), listening.set_result, drain_s=1)
    )
    try:
        yield httpx.URL(await listening).port or 0
    finally:
        begun[0].should_exit = True
        await served
        await app.state.components.engine.dispose()


async def connected(port: int, path: str) -> socket.socket:
    """A connection that has asked for `path`, and reads nothing yet."""
    asks = socket.socket()
    asks.setblocking(False)
    asks.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(asks, ("127.0.0.1", port))
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    await loop.sock_sendall(asks, f"{head}Authorization: Bearer {ALL_KEY}\r\n\r\n".encode())
    return asks


async def read_to_its_end(asks: socket.socket, rest_s: float = 0.0) -> bytes:
    """What comes; where the server has cut it, only what came before."""
    found = bytearray()
    with asks:
        try:
            while piece := await asyncio.get_running_loop().sock_recv(asks, PIECE):
                found += piece
                await asyncio.sleep(rest_s)
        except ConnectionResetError:
            pass
    return bytes(found)


@pytest.mark.rest
async def test_who_takes_nothing_is_cut_off_and_who_takes_it_slowly_has_it_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_server(tmp_path, monkeypatch) as port:
        unread = await connected(port, "/large")
        slow = await connected(port, "/large")
        quiet = await connected(port, "/quiet")
        began_s = time.monotonic()
        taken, whole = await asyncio.gather(read_to_its_end(slow, REST_S), read_to_its_end(quiet))
        assert time.monotonic() - began_s > 2 * LIMIT_S
        assert taken.endswith(bytes(LARGE)), "however slowly it was read"
        assert whole.endswith(b"end\r\n0\r\n\r\n"), "nothing was there to be read"
        assert len(await read_to_its_end(unread)) < LARGE
