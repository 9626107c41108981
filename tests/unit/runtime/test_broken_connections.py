"""What aiokafka and uvloop say of a broker that goes and comes back is no bug of ours."""

import asyncio
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError, RequestTimedOutError
from aiokafka.protocol.coordination import FindCoordinatorRequest

from services.runtime.kafka import clients
from services.runtime.kafka.clients import last_asked_broker, tolerate_broker_restarts


@pytest.fixture(autouse=True)
def _as_our_clients_do() -> Iterator[None]:
    client, connection = AIOKafkaClient, AIOKafkaConnection
    before = client.coordinator_lookup, client.get_random_node
    connecting = connection.connect, connection.send
    tolerate_broker_restarts()
    yield
    client.coordinator_lookup, client.get_random_node = before
    connection.connect, connection.send = connecting


class Closed:
    """A writer as uvloop leaves it once the other side has hung up."""

    def write(self, _: bytes) -> None:
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>")

    def close(self) -> None:
        pass


def test_to_write_to_a_connection_that_uvloop_closed_is_a_broken_connection() -> None:
    async def go() -> None:
        connection = AIOKafkaConnection("localhost", 9, request_timeout_ms=1000)
        connection._writer, connection._reader = Closed(), object()
        connection._read_task = asyncio.get_running_loop().create_future()
        connection._versions = {10: (0, 3)}
        with pytest.raises(KafkaConnectionError, match="TCPTransport closed"):
            connection.send(FindCoordinatorRequest("id", 1))
        assert not connection.connected()

    asyncio.run(go())


def test_a_connection_that_gets_no_answer_is_given_up_sooner_than_a_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clients, "CONNECT_TIMEOUT_S", 0.05)

    async def go(port: int) -> None:
        connection = AIOKafkaConnection("127.0.0.1", port, request_timeout_ms=3_600_000)
        with pytest.raises((RequestTimedOutError, TimeoutError)):
            await connection.connect()
        assert 3600 == connection._request_timeout, "a request may take as long as before"

    with socket.create_server(("127.0.0.1", 0)) as silent:  # Nobody takes its connections.
        asyncio.run(go(silent.getsockname()[1]))


def test_while_no_broker_is_known_none_is_ready() -> None:
    async def go() -> None:
        client = AIOKafkaClient(bootstrap_servers="localhost:9")
        with pytest.raises(NodeNotReadyError, match="no broker is known"):
            await client.coordinator_lookup(1, "id")
        await client.close()

    asyncio.run(go())


def test_where_any_broker_will_do_each_is_asked_after_another() -> None:
    async def go() -> None:
        client = AIOKafkaClient(bootstrap_servers="localhost:9")
        assert client.get_random_node() is None
        assert last_asked_broker(client) is None
        brokers = [SimpleNamespace(nodeId=each, host="here", port=each) for each in (7, 1, 4)]
        cluster: Any = client.cluster
        cluster.brokers = lambda: brokers
        cluster.broker_metadata = lambda node: next(b for b in brokers if b.nodeId == node)
        asked = [client.get_random_node() for _ in range(6)]
        assert {1, 4, 7} == set(asked[:3])
        assert asked[:3] == asked[3:]
        assert f"broker {asked[-1]} (here:{asked[-1]})" == last_asked_broker(client)
        brokers.clear()
        assert client.get_random_node() is None
        await client.close()

    asyncio.run(go())


def test_a_coordinator_is_looked_up_at_another_broker_where_one_does_not_answer() -> None:
    async def go() -> None:
        client = AIOKafkaClient(bootstrap_servers="localhost:9")
        cluster: Any = client.cluster
        cluster.brokers = lambda: [SimpleNamespace(nodeId=each) for each in (1, 2, 3)]
        asked: list[int] = []

        async def send(node: int, _request: object) -> None:
            asked.append(node)
            raise NodeNotReadyError(str(node))

        client.send = send
        for _ in range(3):
            with pytest.raises(NodeNotReadyError):
                await client.coordinator_lookup(1, "id")
        assert [1, 2, 3] == sorted(asked)
        await client.close()

    asyncio.run(go())
