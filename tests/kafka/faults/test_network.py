"""The network of a run does to connections what it says, without any broker."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from services.dev.local_broker import HOST, free_port
from tests.kafka.faults.network import Link, Network, Way
from tests.kafka.faults.observer import Backstage
from tests.waiting import WAIT_S

ANSWER = b"0123456789"
SOON_S = 0.2
"""What has not come within this time is held back; nothing that is to come is waited so short."""


@pytest.fixture
def network() -> Iterator[Network]:
    """One broker, which answers whatever it is asked with the same ten bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(100):
                writer.write(ANSWER)
        finally:  # It may be cancelled before it sees the end of its connection.
            writer.transport.abort()

    made = Network(1)
    with Backstage() as stage:
        serving = asyncio.start_server(answer, HOST, made.broker_ports[0])
        server = stage.call(serving)
        with made:
            yield made
        stage.loop.call_soon_threadsafe(server.close)


def connected(network: Network, timeout_s: float = WAIT_S) -> socket.socket:
    return socket.create_connection((HOST, network.ports[0]), timeout_s)


def asked(line: socket.socket) -> bytes:
    """What comes until there is all of it, or its end."""
    line.sendall(b"?")
    found = b""
    while len(found) < len(ANSWER) and (some := line.recv(len(ANSWER))):
        found += some
    return found


def test_an_open_way_passes_everything(network: Network) -> None:
    with connected(network) as line:
        assert [ANSWER, ANSWER] == [asked(line), asked(line)]


def test_a_cut_way_resets_what_stands_and_what_comes(network: Network) -> None:
    with connected(network) as line:
        assert ANSWER == asked(line)
        network.become(Way.CUT)
        with suppress(ConnectionError):
            assert b"" == asked(line), "its end, or a reset"
    network.become(Way.OPEN)
    with connected(network) as line:
        assert ANSWER == asked(line)


def test_a_halved_answer_comes_half_and_then_its_end(network: Network) -> None:
    with connected(network) as line:
        network.become(Way.HALVED)
        assert ANSWER[:5] == asked(line)


def test_a_stalled_way_loses_nothing(network: Network) -> None:
    with connected(network) as line:
        assert ANSWER == asked(line)
        network.become(Way.STALLED)
        line.settimeout(SOON_S)
        with pytest.raises(TimeoutError):
            asked(line)
        network.become(Way.OPEN)
        line.settimeout(WAIT_S)
        assert ANSWER == line.recv(len(ANSWER), socket.MSG_WAITALL)


def test_an_unroutable_address_takes_no_connection_until_it_is_there_again(
    network: Network,
) -> None:
    network.become(Way.UNROUTABLE)
    with pytest.raises(TimeoutError):
        connected(network, SOON_S)
    network.become(Way.OPEN)
    with connected(network) as line:
        assert ANSWER == asked(line)


def test_connections_accepted_just_before_a_link_closes_are_closed() -> None:
    async def closed_meanwhile() -> list[socket.socket]:
        link = Link(free_port(), free_port())
        await link.listen()
        lines = [socket.create_connection((HOST, link.port), WAIT_S) for _ in range(12)]
        for _ in range(2):
            await asyncio.sleep(0)  # They are accepted by then, and not set up.
        await link.close()
        return lines

    for line in asyncio.run(closed_meanwhile()):
        with line, suppress(ConnectionResetError):
            assert b"" == line.recv(1)
