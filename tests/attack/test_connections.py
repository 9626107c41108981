"""A few hundred sockets lock nobody out: connections are counted, and headers have a time."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn
from uvicorn.server import ServerState

from services.api.http.connection_limits import Limits, limit_connections
from tests.unit.runtime.harness import now_s, quickly
from tests.waiting import WAIT_S, eventually

LIMITS = Limits(connections=12, of_address=5, headers_s=WAIT_S, proxies={"127.0.0.9"})
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Reads all of a body, and answers; at /early it answers before."""
    begin = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    if scope["path"] == "/early":
        await send(begin)
    while (await receive()).get("more_body"):
        pass
    if scope["path"] != "/early":
        await send(begin)
    await send({"type": "http.response.body", "body": b"hi"})


def a_config() -> uvicorn.Config:
    config = uvicorn.Config(
        hello,
        log_config=None,
        lifespan="off",
        http=limit_connections(LIMITS),
        timeout_keep_alive=int(2 * WAIT_S),
    )
    config.load()
    return config


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        server = uvicorn.Server(a_config())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
        thread.start()
        eventually(lambda: server.started, "it does not start", pause_s=0.01)
        yield int(opened.getsockname()[1])
        server.should_exit = True
        thread.join(WAIT_S)


def connected(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), WAIT_S, (source, 0))


def answer(line: socket.socket) -> bytes:
    try:
        return line.recv(1000)
    except ConnectionResetError:
        return b""


def ask(port: int, source: str) -> bytes:
    with connected(port, source) as line:
        line.sendall(ASK)
        return answer(line)


def test_one_address_cannot_take_all_connections(port: int) -> None:
    with ExitStack() as stack:
        for _unused in range(LIMITS.of_address):
            stack.enter_context(connected(port))
        assert b"503" in answer(stack.enter_context(connected(port)))
        assert b"200 OK" in ask(port, "127.0.0.2")


def test_addresses_of_proxies_are_not_counted_alone(port: int) -> None:
    with ExitStack() as stack:
        for _unused in range(LIMITS.of_address + 3):
            stack.enter_context(connected(port, "127.0.0.9"))
        assert b"200 OK" in ask(port, "127.0.0.9")


def test_there_is_a_limit_for_all(port: int) -> None:
    with ExitStack() as stack:
        for number in range(LIMITS.connections):
            stack.enter_context(connected(port, f"127.0.0.{number % 4 + 2}"))
        assert b"503" in ask(port, "127.0.0.20")


def test_connections_that_ended_are_counted_no_more(port: int) -> None:
    for _unused in range(3 * LIMITS.of_address):
        assert b"200 OK" in ask(port, "127.0.0.1")


def say(*pieces: bytes | float) -> list[tuple[float, bytes]]:
    """The answers to these pieces, with rests of so many seconds between, and when they come."""
    line, answers = Mock(asyncio.Transport), list[tuple[float, bytes]]()
    line.get_extra_info = {"peername": ("127.0.0.1", 9), "sockname": ("127.0.0.1", 80)}.get
    line.write = lambda data: answers.append((now_s(), bytes(data)))
    line.is_closing = lambda: line.close.called

    async def go() -> None:
        protocol = limit_connections(LIMITS)(a_config(), ServerState(), {})
        protocol.connection_made(line)
        for piece in pieces:
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            elif not line.is_closing():
                protocol.data_received(piece)
        await asyncio.sleep(2 * LIMITS.headers_s)
        protocol.connection_lost(None)

    quickly(go())
    return [(at_s, said) for at_s, said in answers if said.startswith(b"HTTP")]


def is_late(at_s: float, said: bytes) -> bool:
    return said.startswith(b"HTTP/1.1 408 Request Timeout") and at_s == LIMITS.headers_s


def test_a_silent_connection_ends() -> None:
    [late] = say()
    assert is_late(*late)


def test_headers_that_trickle_end() -> None:
    [late] = say(b"GET / HTTP/1.1\r\n", *(0.1 * LIMITS.headers_s, b"X: y\r\n") * 20)
    assert is_late(*late)


def test_headers_of_a_second_request_have_a_time_too() -> None:
    [(_, first), late] = say(ASK + b"GET / HT")
    assert b"200 OK" in first
    assert is_late(*late)


def test_a_slow_body_is_no_slow_header() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"
    [(_, only)] = say(head, 2 * LIMITS.headers_s, b"ab")
    assert b"200 OK" in only


def test_an_idle_connection_may_ask_again() -> None:
    answers = say(ASK, 1.5 * LIMITS.headers_s, ASK)
    assert [True, True] == [b"200 OK" in said for _, said in answers]


def test_a_body_that_is_no_http_is_refused_once_and_logged_as_no_error(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for sent in (head + b"zz\r\n", head + b"1\r\nxx0\r\n\r\n", b"GARBAGE\r\n\r\n"):
        with connected(port) as line:
            line.sendall(sent)
            assert answer(line).startswith(b"HTTP/1.1 400 ")
            assert b"" == answer(line)
    assert [] == [each for each in caplog.records if each.levelname == "ERROR"]


def test_a_body_that_is_no_http_behind_the_begin_of_its_answer_ends_it(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(port) as line:
        line.sendall(b"GET /early HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert b"200 OK" in answer(line)
        line.sendall(b"zz\r\n")
        assert b"" == line.recv(1000).removeprefix(b"h")
    assert [] == [each for each in caplog.records if each.levelname == "ERROR"]
