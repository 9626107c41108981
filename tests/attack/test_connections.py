"""A few hundred sockets lock nobody out: connections are counted, and headers have a time."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import uvicorn

from services.api.http.connection_limits import Limits, limit_connections

LIMITS = Limits(connections=12, of_address=5, headers_s=0.6, proxies={"127.0.0.9"})
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


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        config = uvicorn.Config(
            hello,
            log_config=None,
            lifespan="off",
            http=limit_connections(LIMITS),
            timeout_keep_alive=2,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield int(opened.getsockname()[1])
        server.should_exit = True
        thread.join(10)


def connected(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 5, (source, 0))


def answer(line: socket.socket, wait_s: float = 5) -> bytes:
    line.settimeout(wait_s)
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
        time.sleep(0.1)
        assert b"503" in answer(stack.enter_context(connected(port)))
        assert b"200 OK" in ask(port, "127.0.0.2")


def test_addresses_of_proxies_are_not_counted_alone(port: int) -> None:
    with ExitStack() as stack:
        for _unused in range(LIMITS.of_address + 3):
            stack.enter_context(connected(port, "127.0.0.9"))
        time.sleep(0.1)
        assert b"200 OK" in ask(port, "127.0.0.9")


def test_there_is_a_limit_for_all(port: int) -> None:
    with ExitStack() as stack:
        for number in range(LIMITS.connections):
            stack.enter_context(connected(port, f"127.0.0.{number % 4 + 2}"))
        time.sleep(0.1)
        assert b"503" in ask(port, "127.0.0.20")


def test_connections_that_ended_are_counted_no_more(port: int) -> None:
    for _unused in range(3 * LIMITS.of_address):
        assert b"200 OK" in ask(port, "127.0.0.1")


def test_a_silent_connection_ends(port: int) -> None:
    with connected(port) as line:
        since_s = time.monotonic()
        assert b"408 Request Timeout" in answer(line)
        assert time.monotonic() - since_s == pytest.approx(LIMITS.headers_s, abs=0.4)


def test_headers_that_trickle_end(port: int) -> None:
    with connected(port) as line:
        since_s = time.monotonic()
        line.sendall(b"GET / HTTP/1.1\r\n")
        got = b""
        while not got:
            line.settimeout(0.1)
            try:
                line.sendall(b"X: y\r\n")
                got = line.recv(1000)
            except TimeoutError:
                continue
        assert b"408" in got
        assert time.monotonic() - since_s < 2 * LIMITS.headers_s


def test_headers_of_a_second_request_have_a_time_too(port: int) -> None:
    with connected(port) as line:
        line.sendall(ASK + b"GET / HT")
        first = answer(line)
        assert b"200 OK" in first
        rest = answer(line)
        assert b"408" in (rest if rest.strip(b"hi") else answer(line))


def test_a_slow_body_is_no_slow_header(port: int) -> None:
    with connected(port) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
        time.sleep(2 * LIMITS.headers_s)
        line.sendall(b"ab")
        assert b"200 OK" in answer(line)


def test_an_idle_connection_may_ask_again(port: int) -> None:
    with connected(port) as line:
        line.sendall(ASK)
        assert b"200 OK" in answer(line)
        time.sleep(1.5 * LIMITS.headers_s)
        line.sendall(ASK)
        assert b"200 OK" in (answer(line) + answer(line))


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
        line.settimeout(5)
        assert b"" == line.recv(1000).removeprefix(b"h")
    assert [] == [each for each in caplog.records if each.levelname == "ERROR"]
