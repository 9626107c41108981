"""What is kept of an attempt that fails: nothing of an address but its host."""

import asyncio
from asyncio import StreamReader, StreamWriter

from services.api.access.caller import EVERYBODY
from services.api.access.webhook_store import Webhook
from services.api.webhooks.delivery import Deliverer, Message
from services.api.webhooks.signature import secret_of
from tests.api.environment import NOON


def test_what_speaks_no_http_makes_no_secret_of_the_address_known() -> None:
    async def babble(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readline()
        writer.write(b"no HTTP\r\n\r\n")
        writer.close()

    async def go() -> str | None:
        server = await asyncio.start_server(babble, "127.0.0.1")
        host, port = server.sockets[0].getsockname()
        address = f"http://{host}:{port}/hook?token=hidden"
        key = secret_of(b"0" * 32)
        webhook = Webhook("w", address, key, EVERYBODY, None, NOON, "me", "", 0, None, None, None)
        deliverer = Deliverer(frozenset({host}), lambda: NOON)
        async with server, deliverer.opened() as session:
            return (await deliverer.attempt(session, webhook, Message("b/1", b"{}"))).error

    assert "what answers does not speak HTTP" == asyncio.run(go())
