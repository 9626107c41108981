"""What aiokafka and uvloop say of a broker that goes and comes back is no bug of ours."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from aiokafka.protocol.coordination import FindCoordinatorRequest

from services.runtime.clients import survive_a_broker


@pytest.fixture(autouse=True)
def _as_our_clients_do() -> Iterator[None]:
    before = AIOKafkaConnection.send, AIOKafkaClient.coordinator_lookup
    survive_a_broker()
    yield
    AIOKafkaConnection.send, AIOKafkaClient.coordinator_lookup = before


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


def test_while_no_broker_is_known_none_is_ready() -> None:
    async def go() -> None:
        client = AIOKafkaClient(bootstrap_servers="localhost:9")
        with pytest.raises(NodeNotReadyError, match="no broker is known"):
            await client.coordinator_lookup(1, "id")
        await client.close()

    asyncio.run(go())
